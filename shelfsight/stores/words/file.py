"""``words.sqlite``: the words of a collection's items in SQLite's full-text index, beside the ledger.

It is a cache that follows the ledger, commit by commit: it may be deleted at any time, and is thrown away where it is
damaged. What it says of itself is in ``about``: the commit of the ledger that it has arrived at among them, written in
the transaction that arrives there, so that it is right at whatever instant a process dies.

A document is a version of an item's words; its number is never used twice and rises with the commit that wrote it. One
that an item no longer has stays until all are written anew, marked with the commit that ended it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock

from shelfsight.core.errors import StoreError
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import locked
from shelfsight.stores.ledger import BUSY_SECONDS, reading, writing
from shelfsight.stores.words.document import COLUMNS

__all__ = ["FORMAT", "WORDS", "WORDS_LOCK", "WordsFile", "about", "make", "say"]

WORDS = "words.sqlite"
WORDS_LOCK = "words.lock"
FORMAT = 2
"""Of the file, and of the words in it: another one where words are folded or stemmed otherwise."""

_SCHEMA = f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE docs (
    doc INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    born INTEGER NOT NULL,
    died INTEGER NOT NULL DEFAULT 0,
    digest INTEGER NOT NULL,
    lengths INTEGER NOT NULL
);
CREATE INDEX docs_id ON docs (id);
CREATE INDEX docs_died ON docs (died) WHERE died > 0;
CREATE TABLE vocabulary (number INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE words USING fts5(
    {", ".join(COLUMNS)}, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 0'
);
INSERT INTO about VALUES ('format', {FORMAT}), ('generation', 0), ('base', 0), ('last', 0), ('dead', 0), ('epoch', 0)
"""
_TABLES = ("about", "docs", "vocabulary", "words")


class WordsFile:
    """The file of the collection at ``path``: one connection to read and one to write, each made when it is first
    needed, and anew where the file was replaced."""

    def __init__(self, path: Path, name: str = WORDS) -> None:
        self._path = path
        self._name = name
        self._file = path / name
        self._lock = path / Path(name).with_suffix(".lock").name
        self._reading = RLock()
        self._writing = RLock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._inodes: dict[str, int] = {}
        self._closed = False

    def exists(self) -> bool:
        return self._file.exists()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection | None]:
        """One committed state, for this thread alone; ``None`` where nothing was ever written, or in another format.

        Raises:
            CorruptCollection: the file is damaged.
            StoreError: it cannot be read.
        """
        with self._reading, self._faults():
            self._check_open()
            if not self.exists():
                _close(self._reader)
                self._reader = None
                yield None
                return
            if self._reader is None or self._replaced("reader"):
                _close(self._reader)
                self._reader = self._connected("reader")
            with reading(self._reader):
                yield self._reader if _is_ours(self._reader) else None

    @contextmanager
    def write(self, *, wait: bool = True) -> Iterator[sqlite3.Connection | None]:
        """A connection to write by, while nobody else does; ``None`` where somebody does, unless ``wait``. What is
        there of another format is dropped.

        Raises:
            CorruptCollection: the file is damaged.
            StoreError, StoreFull: it cannot be made.
        """
        with self._writing, self._faults(), locked(self._lock, wait=wait) as lock:
            self._check_open()
            if lock is None:
                yield None
                return
            if self._writer is None or not self.exists() or self._replaced("writer"):
                _close(self._writer)
                self._writer = self._connected("writer")
                self._prepare(self._writer)
            yield self._writer

    def discard(self) -> None:
        """Delete the file.

        Raises:
            StoreError: that is not possible.
        """
        with self._reading, self._writing, self._faults(), locked(self._lock, wait=True):
            self._release()
            for suffix in ("-shm", "-wal", ""):  # a log that outlives its database would be taken for a new one's
                self._file.with_name(self._name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        with self._reading, self._writing, self._faults():
            self._closed = True
            self._release()

    def _faults(self) -> AbstractContextManager[None]:
        remedy = f"delete {self._name}*: it is made again from the items"
        return storage_faults(self._path, database=self._name, remedy=remedy)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the collection {self._path} is closed")

    def _release(self) -> None:
        _close(self._reader)
        _close(self._writer)
        self._reader = self._writer = None

    def _replaced(self, role: str) -> bool:
        return self._file.stat().st_ino != self._inodes[role]

    def _connected(self, role: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._inodes[role] = self._file.stat().st_ino
        connection.execute("PRAGMA synchronous = NORMAL")  # what a power failure takes back is followed again
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA wal_autocheckpoint = 8192")
        with writing(connection):
            if not _is_ours(connection):
                make(connection)


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Whether there are tables, and of this format."""
    made = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'about'").fetchone()
    return made == (1,) and about(connection).get("format") == FORMAT


def about(connection: sqlite3.Connection) -> dict[str, int]:
    """What the file says of itself: ``generation`` of the ledger that it has arrived at, ``base``: that at which it was
    begun, ``last``: the newest document, ``dead``: how many no item has, ``epoch``: another one is another file."""
    return dict(connection.execute("SELECT name, value FROM about").fetchall())


def say(connection: sqlite3.Connection, **values: int) -> None:
    """Change what the file says of itself."""
    connection.executemany("UPDATE about SET value = ? WHERE name = ?", [(v, name) for name, v in values.items()])


def make(connection: sqlite3.Connection) -> None:
    """Empty tables in place of those that are there. Call it inside a transaction."""
    for table in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _SCHEMA.split(";\n"):
        connection.execute(statement)
    say(connection, epoch=int.from_bytes(os.urandom(6), "big"))


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()
