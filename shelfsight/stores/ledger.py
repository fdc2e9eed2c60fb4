"""The SQLite side of a collection, and the only truth: what a commit says is so once SQLite says it is.

Every commit takes the next generation. Items carry the generation that wrote them and deletions leave a
mark with theirs, so a reader that knows generation g follows by reading what is newer (:meth:`Ledger.since`).
Vector ids rise and are never used twice; the vectors of one item have consecutive ids.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import CorruptCollection
from shelfsight.core.vectors import FloatArray

__all__ = ["BUSY_SECONDS", "DATABASE", "Ledger", "Replay", "SegmentRow", "Upsert", "connect", "create_database"]

DATABASE = "items.sqlite"
BUSY_SECONDS = 30.0
_CACHE = 64 * 1024  # KiB of pages a connection keeps, at most: a commit touches many, and is written once it is whole
_LOG = 8192  # pages of the log before they are copied into the database, 32 MB: many are of the same few

_SCHEMA = """
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    id TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    first_vector INTEGER NOT NULL,
    pictures INTEGER NOT NULL,
    pictures_hash TEXT NOT NULL,
    metadata_hash TEXT NOT NULL,
    record BLOB NOT NULL
);
CREATE INDEX items_generation ON items (generation);
CREATE TABLE deleted (id TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX deleted_generation ON deleted (generation);
CREATE TABLE delta (vector_id INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE previews (vector_id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE segments (
    name TEXT PRIMARY KEY,
    last_vector INTEGER NOT NULL,
    vector_ids BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO counters VALUES ('generation', 0), ('next_vector', 1), ('forgotten', 0);
"""

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Upsert:
    """An item newer than the reader: its vectors are ``first_vector .. first_vector + pictures - 1``."""

    id: str
    first_vector: int
    pictures: int
    record: bytes


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A sealed file; ``vector_ids[i]`` names its row i."""

    name: str
    vector_ids: Ids


@dataclass(frozen=True, slots=True)
class Replay:
    """What a reader at an older generation has to do to arrive at ``generation``.

    ``complete`` says that the older state is to be thrown away first: it is from before deletions
    that are no longer remembered one by one.
    """

    generation: int
    complete: bool
    upserts: list[Upsert]
    deletes: list[str]
    delta_ids: Ids
    delta_vectors: FloatArray
    segments: list[SegmentRow]


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection to the database of the collection at ``path``, usable from any one thread at a time.

    Raises:
        CorruptCollection: the database is not there, unless ``create``.
    """
    file = path / DATABASE
    if not create and not file.exists():
        raise CorruptCollection(f"{file} is missing", hint="restore it, or index the catalogue again")
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG}")
    return connection


def create_database(path: Path) -> None:
    """The empty ledger of a new collection; keeps one that an interrupted creation left."""
    with closing(connect(path, create=True)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        with writing(connection):
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself rolls back when the disk is full
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """One committed state for several reads."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


class Ledger:
    """Reads of the database over one connection. The caller keeps threads apart."""

    def __init__(self, connection: sqlite3.Connection, dimension: int) -> None:
        self._connection = connection
        self._dimension = dimension

    def generation(self) -> int:
        """The newest commit."""
        return self.counter("generation")

    def counter(self, name: str) -> int:
        """One of the counters, 0 for one that was never set."""
        row = self._connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def rows(self) -> Iterator[tuple[str, int, int, bytes]]:
        """(id, first vector, pictures, record) of every item, by id."""
        return self._connection.execute("SELECT id, first_vector, pictures, record FROM items ORDER BY id")

    def spans(self) -> Ids:
        """(items, 2): the first vector of each item and its number of pictures, by the first."""
        rows = self._connection.execute("SELECT first_vector, pictures FROM items ORDER BY first_vector").fetchall()
        return np.array(rows, np.int64).reshape(-1, 2)

    def changed(self, generation: int) -> int:
        """Items that were changed or deleted since a commit."""
        row = self._connection.execute(
            "SELECT (SELECT count(*) FROM items WHERE generation > ?1)"
            " + (SELECT count(*) FROM deleted WHERE generation > ?1)",
            (generation,),
        ).fetchone()
        return int(row[0])

    def counts(self) -> tuple[int, int]:
        """(items, pictures). Writers count as they go; what others wrote is counted anew."""
        if self.counter("counted") == self.generation():
            return self.counter("items"), self.counter("pictures")
        row = self._connection.execute("SELECT count(*), coalesce(sum(pictures), 0) FROM items").fetchone()
        return int(row[0]), int(row[1])

    def since(self, generation: int, last_vector: int) -> Replay:
        """What is newer than ``generation``; vectors newer than ``last_vector``. Call it inside :func:`reading`."""
        complete = generation < self.counter("forgotten")
        if complete:
            generation, last_vector = 0, 0
        execute = self._connection.execute
        upserts = [
            Upsert(*row)
            for row in execute(
                "SELECT id, first_vector, pictures, record FROM items WHERE generation > ?", (generation,)
            )
        ]
        deletes = [
            row[0] for row in execute("SELECT id FROM deleted WHERE generation > ?", (generation,)) if generation
        ]
        ids, vectors = self.delta(last_vector)
        return Replay(self.generation(), complete, upserts, deletes, ids, vectors, self.segments(last_vector))

    def delta(self, after: int = 0) -> tuple[Ids, FloatArray]:
        """Ids (n,) and vectors (n, d) not sealed yet, with an id above ``after``, by id."""
        rows = self._connection.execute(
            "SELECT vector_id, vector FROM delta WHERE vector_id > ? ORDER BY vector_id", (after,)
        ).fetchall()
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), self._dimension)
        return ids, vectors

    def segments(self, after: int = 0) -> list[SegmentRow]:
        """Sealed files that hold a vector with an id above ``after``."""
        rows = self._connection.execute(
            "SELECT name, vector_ids FROM segments WHERE last_vector > ? ORDER BY last_vector", (after,)
        )
        return [SegmentRow(name, np.frombuffer(ids, "<i8")) for name, ids in rows]

    def records(self, ids: Sequence[str], columns: str) -> dict[str, tuple[str, ...]]:
        """``columns`` of those items that are there, by id."""
        found = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            sql = f"SELECT id, {columns} FROM items WHERE id IN ({marks})"
            found.update({row[0]: row[1:] for row in self._connection.execute(sql, part)})
        return found

    def preview(self, id: str, picture_index: int) -> tuple[int, bytes | None] | None:
        """(number of pictures, preview of the one asked for), or ``None`` without such an item."""
        row: tuple[int, bytes | None] | None = self._connection.execute(
            "SELECT i.pictures, p.data FROM items i LEFT JOIN previews p ON p.vector_id = i.first_vector + ?"
            " WHERE i.id = ?",
            (picture_index, id),
        ).fetchone()
        return row
