"""What SQLite and the file system raise, said in the words of the one exception tree."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shelfsight.core.errors import CorruptCollection, StoreError, StoreFull

__all__ = ["storage_faults"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SQLITE_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_LITTLE_SPACE = 64 * 1024


@contextmanager
def storage_faults(
    path: Path, *, database: str = "items.sqlite", remedy: str = "restore it, or index again"
) -> Iterator[None]:
    """Inside, an error of SQLite or the operating system leaves as a :class:`StoreError` naming ``path``.

    Args:
        database: the file in ``path`` that SQLite is at work on.
        remedy: what to do where it is damaged.

    Raises:
        StoreFull: no space, quota or file size left.
        CorruptCollection: SQLite finds its file damaged.
        StoreError: anything else.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(error, path, database, remedy) from error
    except OSError as error:
        raise _from_system(error, path) from error


def _full(path: Path) -> StoreFull:
    return StoreFull(
        f"no space left for the collection {path}",
        hint="free some space and run again: what was committed is still there",
    )


def _from_system(error: OSError, path: Path) -> StoreError:
    if error.errno in _FULL:
        return _full(path)
    place = error.filename or path
    return StoreError(f"{place}: {error.strerror or error}", hint="check that the collection can be read and written")


def _from_sqlite(error: sqlite3.Error, path: Path, database: str, remedy: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_room(path)):
        return _full(path)
    if code in _SQLITE_DAMAGE:
        return CorruptCollection(f"{path / database} is damaged: {error}", hint=remedy)
    if code in _SQLITE_BUSY:
        return StoreError(f"the collection {path} is being written by another process", hint="try again in a moment")
    return StoreError(f"the collection {path}: {error}", hint="check that it can be read and written")


def _no_room(path: Path) -> bool:
    """SQLite reports a full disk as a plain I/O error where it grows its shared memory or a temporary file."""
    try:
        space = os.statvfs(path)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < _LITTLE_SPACE
