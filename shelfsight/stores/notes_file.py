"""``notes.sqlite``: what models made of the pictures, in a database of its own beside the ledger.

It is a cache. It is made by the first note, may be deleted at any time, and is thrown away where it is damaged.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock

from shelfsight.core.errors import StoreError
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.ledger import BUSY_SECONDS, DATABASE, writing

__all__ = ["NOTES", "NotesFile"]

NOTES = "notes.sqlite"
_FORMAT = 1

# Features lie apart from what they belong to, so that looking for what is missing or stale does not read them.
_SCHEMA = f"""
CREATE TABLE versions (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, used INTEGER NOT NULL);
CREATE TABLE noted (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    picture INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    UNIQUE (id, version, picture)
);
CREATE TABLE features (key INTEGER PRIMARY KEY, t INTEGER NOT NULL, d INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TRIGGER noted_gone AFTER DELETE ON noted BEGIN DELETE FROM features WHERE key = old.key; END;
CREATE TABLE suggestions (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    probability REAL,
    model TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    UNIQUE (id, field)
);
PRAGMA user_version = {_FORMAT};
"""


class NotesFile:
    """One connection to the notes of the collection at ``path``: opened when it is first needed, and anew where the
    file was replaced. The ledger is attached to it as ``ledger``, to be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path / NOTES
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._closed = False

    @contextmanager
    def open(self, *, create: bool = False) -> Iterator[sqlite3.Connection | None]:
        """The connection, for this thread alone; ``None`` where there are no notes.

        Args:
            create: make the file where there is none. Nobody else may be doing so: hold the ledger's write lock.

        Raises:
            CorruptCollection: the file is damaged.
            StoreError, StoreFull: it cannot be read or made, or a newer Shelfsight wrote it.
        """
        with self._lock, self._faults():
            yield self._current(create)

    def discard(self) -> None:
        """Delete the file. Hold the ledger's write lock.

        Raises:
            StoreError: that is not possible.
        """
        with self._lock, self._faults():
            self._release()
            for suffix in ("-shm", "-wal", ""):  # a log that outlives its database would be taken for a new one's
                self._file.with_name(NOTES + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock, self._faults():
            self._closed = True
            self._release()

    def _faults(self) -> AbstractContextManager[None]:
        return storage_faults(self._path, database=NOTES, remedy=f"delete {NOTES}*: what is in it can be made again")

    def _current(self, create: bool) -> sqlite3.Connection | None:
        if self._closed:
            raise StoreError(f"the collection {self._path} is closed")
        inode = self._file.stat().st_ino if self._file.exists() else None
        if self._connection is None or inode != self._inode:
            self._release()
            if inode is not None or create:
                self._connection = self._connected(create)
                self._inode = self._file.stat().st_ino
        return self._connection

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self, create: bool) -> sqlite3.Connection | None:
        """A connection to notes of this format; ``None`` where their making was interrupted, unless ``create``."""
        connection = _connect(self._file, create=create)
        try:
            # Read-only: a write transaction locks every database of its connection that can be written.
            connection.execute("ATTACH ? AS ledger", (_uri(self._path / DATABASE, "ro"),))
            made = connection.execute("PRAGMA user_version").fetchone()[0]
            if made not in (0, _FORMAT):
                raise StoreError(
                    f"a newer Shelfsight wrote {self._file}", hint=f"upgrade shelfsight, or delete {NOTES}*"
                )
            if made == 0 and create:
                _make(connection)
                made = _FORMAT
        except BaseException:
            connection.close()
            raise
        if made == 0:
            connection.close()
            return None
        return connection


def _connect(file: Path, *, create: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _uri(file, "rwc" if create else "rw"),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    # Notes that were to go must be gone for good before the ledger says that their item is.
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _make(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    with writing(connection):
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)


def _uri(file: Path, mode: str) -> str:
    return f"{file.absolute().as_uri()}?mode={mode}"
