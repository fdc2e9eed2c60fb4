"""A folder of collections: each is opened when it is first asked for, and they can be made and taken away."""

import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, RLock

from shelfsight.api.engine import Engine
from shelfsight.api.matching import check_asked
from shelfsight.api.service.names import SUFFIX, check_name, is_name, name_of
from shelfsight.core.errors import Conflict, NotFound, StoreError

__all__ = ["Root"]

Opener = Callable[..., Engine]
"""``open_engine`` with what all collections of a server share: a path, and ``encoder``, ``store`` and ``create``."""

_REMOVED = ".removed-"
_GRACE = 120.0
"""Seconds that an engine stays open behind the end of its collection, for requests that have it in hand."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """An engine and its directory, held open: as long as it is, no other directory gets its inode."""

    engine: Engine
    path: Path
    handle: int

    def is_there(self) -> bool:
        """Whether its path still leads to it."""
        try:
            return os.path.samestat(os.fstat(self.handle), self.path.stat())
        except OSError:
            return False

    def close(self) -> None:
        self.engine.close()
        os.close(self.handle)


class Root:
    """The collections of a folder. Safe to share between threads, and the folder between processes: what another one
    makes or takes away is there or gone for the next request."""

    def __init__(self, folder: Path, opener: Opener) -> None:
        """
        Args:
            folder: its directories ``NAME`` and ``NAME.collection`` that are collections are served.
        """
        self.folder = folder
        self._opener = opener
        self._lock = RLock()
        self._locks: dict[str, Lock] = {}
        self._opened: dict[str, _Opened] = {}
        self._left: list[tuple[float, _Opened]] = []

    def names(self) -> list[str]:
        """Those that are there, ascending.

        Raises:
            StoreError: the folder cannot be read.
        """
        try:
            entries = {entry.removesuffix(SUFFIX) for entry in os.listdir(self.folder)}  # noqa: PTH208
        except OSError as error:
            raise StoreError(f"{self.folder}: {error.strerror}", hint="check the folder of --root") from error
        return sorted(name for name in entries if is_name(name) and self._is_there(name))

    def path(self, name: str) -> Path | None:
        """The directory of a collection, if it is there.

        Raises:
            StoreError: that cannot be told.
        """
        return next((path for path in self.places(name) if is_name(name) and _is_collection(path)), None)

    def places(self, name: str) -> tuple[Path, Path]:
        """The directories that a collection may have, whether or not it is there."""
        return self.folder / name, self.folder / f"{name}{SUFFIX}"

    def opened(self) -> list[Engine]:
        """Those that are open just now."""
        return [each.engine for each in [*self._opened.values()]]  # copied at once: others open more meanwhile

    def encoders(self) -> set[str]:
        """Names of the encoders that collections here were built with. Those that cannot be read are left out."""
        from shelfsight.stores.manifest import read_header
        from shelfsight.stores.versions import active

        found = set()
        for name in self.names():
            with suppress(NotFound, StoreError):
                if (path := self.path(name)) is not None:
                    found.add(read_header(active(path)).encoder.name)
        return found

    def engine(self, name: str) -> Engine | None:
        """That of a collection, opened now if it was not; ``None`` where there is no such collection.

        Raises:
            StoreError: it cannot be opened.
        """
        found = self._opened.get(name)
        if found is None and self.path(name) is None:
            return None  # no lock is kept for each name that anybody thinks of
        if found is None or not found.is_there():
            with self._locked(name):
                found = self._found(name)
        self._sweep()
        return found.engine if found is not None else None

    def create(self, name: str, encoder: str, store: str) -> tuple[Engine, bool]:
        """A collection, and whether it is new; one that is there has to have that encoder and that store.

        Raises:
            UsageError: it cannot be called that.
            Conflict, EncoderMismatch: there is one that is something else.
            ModelError, MissingExtra: the encoder cannot be opened.
        """
        check_name(name)
        with self._locked(name):
            found = self._found(name)
            if found is not None:
                check_asked(found.path, found.engine.manifest, encoder, store)
                return found.engine, False
            opened = self._open(self.folder / f"{name}{SUFFIX}", encoder=encoder, store=store, create=True)
            self._opened[name] = opened
            return opened.engine, True

    def remove(self, name: str) -> None:
        """Take a collection away, with everything in it. Requests that have it in hand are answered.

        Raises:
            NotFound: there is none.
            LeaseHeld: a job is at work on it.
            Conflict: its directory is a link, or its rows are on a Milvus server.
            StoreError: it cannot be taken away.
        """
        with self._locked(name):
            found = self._found(name)
            if found is None:
                raise NotFound(f"there is no collection {name!r}")
            _check_own(found.path)
            milvus = found.engine.manifest.store == "milvus"
            with found.engine.lease("deletion of the collection"):
                _take_away(found.path)
            if milvus:  # its one open file must not meet a successor of the same name
                self._opened.pop(name).close()
            else:
                self._leave(name)

    def close(self) -> None:
        """Close every engine."""
        with self._lock:
            for name in list(self._opened):
                self._leave(name)
            self._sweep(grace=-1.0)

    def _is_there(self, name: str) -> bool:
        """Whether it is to be listed: also where it is damaged, which opening it tells."""
        try:
            return self.path(name) is not None
        except StoreError:
            return True

    def _found(self, name: str) -> _Opened | None:
        """The one that is there now, opened; called with its lock held."""
        found = self._opened.get(name)
        if found is not None and found.is_there():
            return found
        if found is not None:
            self._leave(name)
        path = self.path(name)
        if path is None:
            return None
        try:
            self._opened[name] = self._open(path)
        except NotFound:  # taken away by another process just now
            return None
        return self._opened[name]

    def _open(self, path: Path, **given: object) -> _Opened:
        engine = self._opener(path, **given)
        try:
            return _Opened(engine, path, os.open(path, os.O_RDONLY))
        except OSError as error:
            engine.close()
            raise NotFound(f"the collection {path.name!r} is gone") from error

    def _locked(self, name: str) -> Lock:
        with self._lock:
            return self._locks.setdefault(name, Lock())

    def _leave(self, name: str) -> None:
        with self._lock:
            self._left.append((time.monotonic(), self._opened.pop(name)))

    def _sweep(self, grace: float = _GRACE) -> None:
        """Close what was left longer ago than ``grace`` seconds."""
        if not self._left:
            return
        before = time.monotonic() - grace
        with self._lock:
            over = [opened for when, opened in self._left if when < before]
            self._left = [each for each in self._left if each[0] >= before]
        for opened in over:
            opened.close()


def _is_collection(path: Path) -> bool:
    from shelfsight.stores.manifest import MANIFEST
    from shelfsight.stores.versions import active

    return path.is_dir() and (active(path) / MANIFEST).exists()


def _check_own(path: Path) -> None:
    """Refuse to take away what others may have in use.

    Raises:
        Conflict: the directory is a link, or what is in Milvus lies elsewhere.
    """
    from shelfsight.stores.milvus.place import PLACE, read_place
    from shelfsight.stores.versions import VERSIONS

    if path.is_symlink():
        raise Conflict(f"the directory of {name_of(path)!r} is a link to elsewhere", hint="take it away there")
    for folder in (path, *(path / VERSIONS).glob("*")):
        if (folder / PLACE).exists() and not read_place(folder).own(folder):
            hint = "drop it there, then take the directory away"
            raise Conflict(f"the rows of {name_of(path)!r} are on a Milvus server, which others may ask", hint=hint)


def _take_away(path: Path) -> None:
    """First it is no collection any more, at once; then its files go."""
    aside = path.with_name(f"{_REMOVED}{secrets.token_hex(8)}")
    try:
        path.rename(aside)
        shutil.rmtree(aside)
        for left in path.parent.glob(f"{_REMOVED}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}", hint="check that it can be written") from error
