"""The files in which several processes of a server count together: see prometheus_client's multiprocess mode."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shelfsight.api.service.state import made
from shelfsight.core.errors import StoreError
from shelfsight.stores.files import locked

__all__ = ["SHARED", "alone", "bury", "prepare"]

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the directory, for this process and its children."""
_FOLDER = "metrics"
_DEAD = "0"
"""The process that counts what those counted who are gone."""
_DRAFT = ".draft"


def prepare(state: Path) -> None:
    """Let this process and those that it starts count together, from zero. To be called before any of them counts.

    Raises:
        StoreError: there is no place for the files.
    """
    folder = made(state) / _FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
    except OSError as error:
        raise StoreError(f"metrics cannot be kept in {folder}: {error.strerror}") from error
    os.environ[SHARED] = str(folder)


def bury(process: int) -> None:
    """A worker is gone: its gauges count no longer, and what it counted goes to the files of all who are gone, so that
    no total falls, and the files of workers that come and go do not pile up.

    Raises:
        StoreError: the files cannot be written.
    """
    named = os.environ.get(SHARED)
    if not named:
        return
    folder = Path(named)
    with alone(folder):
        for file in folder.glob(f"gauge_live*_{process}.db"):
            file.unlink()
        for kind in ("counter", "histogram"):
            left = folder / f"{kind}_{process}.db"
            if left.exists():
                _add(folder / f"{kind}_{_DEAD}.db", left)
                left.unlink()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else reads or buries meanwhile: nothing is counted twice, or not at all.

    Raises:
        StoreError: the files cannot be read or written.
    """
    try:
        with locked(folder / "lock", wait=True):
            yield
    except OSError as error:
        raise StoreError(f"metrics cannot be kept in {folder}: {error.strerror}") from error


def _add(total: Path, left: Path) -> None:
    """Add what is in ``left`` to ``total``; a crash leaves either the one or the other."""
    from prometheus_client.mmap_dict import MmapedDict

    sums: dict[str, float] = {}
    for key, value in [*_values(total), *_values(left)]:
        sums[key] = sums.get(key, 0.0) + value
    draft = total.with_name(total.name + _DRAFT)
    draft.unlink(missing_ok=True)
    written = MmapedDict(str(draft))  # type: ignore[no-untyped-call]
    for key, value in sums.items():
        written.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]
    written.close()  # type: ignore[no-untyped-call]
    draft.replace(total)


def _values(file: Path) -> Iterable[tuple[str, float]]:
    from prometheus_client.mmap_dict import MmapedDict

    if not file.exists():
        return []
    found = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
    return [(key, value) for key, value, *_ in found]
