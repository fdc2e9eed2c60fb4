"""Converted networks on disk, each with its checksums; what is damaged counts as absent.

::

    CACHE/openvino/KEY-pictures/{model.xml, model.bin, entry.json}
    CACHE/openvino/KEY-texts/...
    CACHE/openvino/KEY-MACHINE.json          the verdict of a trial

An entry is written as a draft beside the others and renamed, so a killed process leaves no half of one, and of two
processes that write the same, one wins. Where nothing can be written there is no cache, and no error.
"""

import contextlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["ModelCache", "cache_folder"]

_MODEL, _WEIGHTS, _ENTRY = "model.xml", "model.bin", "entry.json"
_DRAFT = "draft-"
_DRAFT_SECONDS = 24 * 3600.0
_UNUSED_SECONDS = 90 * 24 * 3600.0
_CHUNK = 1 << 22


def cache_folder() -> Path:
    """``SHELFSIGHT_CACHE``, else ``shelfsight`` in ``XDG_CACHE_HOME``, else in ``~/.cache``."""
    named = os.environ.get("SHELFSIGHT_CACHE")
    try:
        return Path(named or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "shelfsight")).expanduser()
    except RuntimeError:  # a user without a home, as in some containers
        return Path(os.devnull) / "no-cache"


class ModelCache:
    """The entries of one model under one version of everything that makes them."""

    def __init__(self, folder: Path, key: str) -> None:
        """
        Args:
            folder: made when something is written.
            key: of the model; part of file names.
        """
        self._folder = folder
        self._key = key

    def find(self, tower: str) -> Path | None:
        """The model file of ``tower``, where there is one and its files are those that were written."""
        entry = self._entry(tower)
        try:
            said = json.loads((entry / _ENTRY).read_bytes())
            if said != _checksums(entry):
                return None
            os.utime(entry)  # still in use: see _sweep
        except (OSError, ValueError):
            return None
        return entry / _MODEL

    def write(self, tower: str, save: Callable[[Path], None]) -> Path | None:
        """Keep a model; returns its file, or ``None`` where the disk refuses.

        Args:
            save: writes ``model.xml``, and ``model.bin`` beside it, at the path it is given.
        """
        with contextlib.suppress(OSError, RuntimeError):  # the library tells of a full disk as a RuntimeError
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            with _draft(self._folder) as draft:
                save(draft / _MODEL)
                (draft / _ENTRY).write_text(json.dumps(_checksums(draft)))
                self._publish(draft, tower)
        return self.find(tower)

    def read_verdict(self, machine: str) -> bytes | None:
        """What :meth:`write_verdict` kept for this machine."""
        with contextlib.suppress(OSError):
            return self._verdict(machine).read_bytes()
        return None

    def write_verdict(self, machine: str, verdict: bytes) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with _draft(self._folder) as draft:
                (draft / _ENTRY).write_bytes(verdict)
                (draft / _ENTRY).replace(self._verdict(machine))

    def _entry(self, tower: str) -> Path:
        return self._folder / f"{self._key}-{tower}"

    def _verdict(self, machine: str) -> Path:
        return self._folder / f"{self._key}-{machine}.json"

    def _publish(self, draft: Path, tower: str) -> None:
        """Put ``draft`` in the place of a damaged entry or of none; a whole one is as good and stays, since another
        process may be about to open it."""
        with contextlib.suppress(OSError):  # something is there
            draft.rename(self._entry(tower))
            return
        if self.find(tower) is None:
            with _draft(self._folder) as bin:
                with contextlib.suppress(FileNotFoundError):
                    self._entry(tower).rename(bin / "damaged")
                draft.rename(self._entry(tower))

    def _sweep(self) -> None:
        """Delete drafts of processes that were killed, and entries that nobody opened for months."""
        now = time.time()
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                age = now - path.stat().st_mtime
                if age > (_DRAFT_SECONDS if path.name.startswith(_DRAFT) else _UNUSED_SECONDS):
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


@contextlib.contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder that is gone afterwards, unless it was renamed."""
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _checksums(entry: Path) -> dict[str, int]:
    """File name -> CRC-32: against damage, not against malice; whoever may write here needs no tricks."""
    return {name: _checksum(entry / name) for name in (_MODEL, _WEIGHTS)}


def _checksum(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found
