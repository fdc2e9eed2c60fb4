"""One commit: changes and deletions into the ledger."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeVar

import numpy as np

from shelfsight.core.errors import Changed, NotFound, UsageError
from shelfsight.core.protocols import Change, StoredItem
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import records

__all__ = ["Writer", "check_unchanged", "checked", "unanswered"]

_LENGTH_TOLERANCE = 1e-4
_ROWS = 64  # a statement

_Values = tuple[str | int | bytes | None, ...]
T = TypeVar("T")


def checked(changes: Sequence[Change], dimension: int) -> None:
    """Refuse what no collection may hold, before a lock is taken.

    Raises:
        UsageError: an id that is none or comes twice, vectors of a wrong shape or length,
            or as many pictures as there are not vectors.
    """
    seen: set[str] = set()
    for change in changes:
        records.check_id(change.item.id)
        if change.item.id in seen:
            raise UsageError(f"the id {change.item.id!r} comes twice in one commit")
        seen.add(change.item.id)
        if change.vectors is not None:
            _check_shape(change.item.id, change.vectors, len(change.item.pictures), dimension)
    _check_lengths([(change.item.id, change.vectors) for change in changes if change.vectors is not None])


def _check_shape(id: str, vectors: FloatArray, pictures: int, dimension: int) -> None:
    if vectors.shape != (pictures, dimension) or pictures == 0:
        raise UsageError(f"item {id!r} has {pictures} pictures and vectors {vectors.shape}, dimension {dimension}")


def _check_lengths(items: Sequence[tuple[str, FloatArray]]) -> None:
    if not items:
        return
    lengths = np.linalg.norm(np.concatenate([vectors for _, vectors in items]), axis=1)
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE))
    if len(wrong):
        owners = [id for id, vectors in items for _ in range(len(vectors))]
        raise UsageError(f"item {owners[wrong[0]]!r} has a vector that is not of length 1")


class Writer:
    """Applies one commit inside a write transaction of ``connection``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._generation = self._bump("generation", 1)
        self._count_on()

    @property
    def generation(self) -> int:
        """The one that this commit makes."""
        return self._generation

    def apply(self, changes: Sequence[Change], deletes: Sequence[str]) -> int:
        """Upsert ``changes``, then delete; returns how many of ``deletes`` were there.

        Raises:
            NotFound: a change of metadata only for an item that is not there.
        """
        new = [(change, change.vectors) for change in changes if change.vectors is not None]
        for change in changes:
            if change.vectors is None:
                self._update(change)
        self._replace(new)
        return sum(self._delete(id) for id in dict.fromkeys(deletes) if records.is_text(id))

    def _replace(self, changes: Sequence[tuple[Change, FloatArray]]) -> None:
        """All of them in a few statements: between two of them any other thread of the program may run first."""
        ids = [change.item.id for change, _ in changes]
        kept = self._kept_fields([change.item.id for change, _ in changes if change.keep_fields])
        dropped = self._drop_all(ids)
        for part in _parts(ids):
            self._execute(f"DELETE FROM deleted WHERE id IN ({_marks(len(part))})", part)
        total = sum(len(vectors) for _, vectors in changes)
        first = self._bump("next_vector", total) - total
        self._bump("items", len(ids) - len(dropped))
        self._bump("pictures", total - sum(dropped))
        items: list[_Values] = []
        delta: list[_Values] = []
        previews: list[_Values] = []
        for change, vectors in changes:
            items.append(self._row(change.item, first, len(vectors), kept.get(change.item.id)))
            delta += [(first + i, row.tobytes()) for i, row in enumerate(np.asarray(vectors, "<f4"))]
            previews += [(first + i, p.preview) for i, p in enumerate(change.item.pictures) if p.preview is not None]
            first += len(vectors)
        self._insert("INSERT OR REPLACE INTO items", items)
        self._insert("INSERT INTO delta", delta)
        self._insert("INSERT INTO previews", previews)

    def _row(self, item: StoredItem, first: int, pictures: int, fields_of: bytes | None) -> _Values:
        prints = item.fingerprints
        record = records.encode(item)
        if fields_of is not None:
            record = records.with_fields_of(record, fields_of)
        return item.id, self._generation, first, pictures, prints.pictures, prints.metadata, record

    def _kept_fields(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Records, of those of ``ids`` that are there."""
        return {
            row[0]: row[1]
            for part in _parts(ids)
            for row in self._execute(f"SELECT id, record FROM items WHERE id IN ({_marks(len(part))})", part)
        }

    def _insert(self, statement: str, rows: Sequence[_Values]) -> None:
        for part in _parts(rows):
            row = f"({_marks(len(part[0]))})"
            self._execute(f"{statement} VALUES {','.join([row] * len(part))}", list(chain.from_iterable(part)))

    def _drop_all(self, ids: Sequence[str]) -> list[int]:
        """:meth:`_drop_vectors` of those of ``ids`` that are there."""
        spans: list[tuple[int, int]] = []
        for part in _parts(ids):
            sql = f"SELECT first_vector, pictures FROM items WHERE id IN ({_marks(len(part))})"
            spans += self._execute(sql, part)
        for numbers in _parts([first + i for first, pictures in spans for i in range(pictures)]):
            for table in ("delta", "previews"):
                self._execute(f"DELETE FROM {table} WHERE vector_id IN ({_marks(len(numbers))})", numbers)
        return [pictures for _, pictures in spans]

    def _update(self, change: Change) -> None:
        item = change.item
        old = self._execute("SELECT record FROM items WHERE id = ?", (item.id,)).fetchone()
        if old is None:
            raise NotFound(f"there is no item {item.id!r} whose metadata could change", hint="commit it with vectors")
        record = records.with_pictures_of(records.encode(item), old[0])
        if change.keep_fields:
            record = records.with_fields_of(record, old[0])
        self._execute(
            "UPDATE items SET generation = ?, metadata_hash = ?, record = ? WHERE id = ?",
            (self._generation, item.fingerprints.metadata, record, item.id),
        )

    def _delete(self, id: str) -> bool:
        pictures = self._drop_vectors(id)
        if not pictures:
            return False
        self._bump("items", -1)
        self._bump("pictures", -pictures)
        self._execute("DELETE FROM items WHERE id = ?", (id,))
        self._execute("INSERT OR REPLACE INTO deleted VALUES (?, ?)", (id, self._generation))
        return True

    def _drop_vectors(self, id: str) -> int:
        """Forget the vectors an item has, and say how many; sealed ones stay in their file, belonging to nobody."""
        row = self._execute("SELECT first_vector, pictures FROM items WHERE id = ?", (id,)).fetchone()
        if row is None:
            return 0
        span = (row[0], row[0] + row[1] - 1)
        self._execute("DELETE FROM delta WHERE vector_id BETWEEN ? AND ?", span)
        self._execute("DELETE FROM previews WHERE vector_id BETWEEN ? AND ?", span)
        return int(row[1])

    def _count_on(self) -> None:
        """Keep the counts of items and pictures, which hold for the generation that ``counted`` names; whoever else
        wrote to the ledger did not, so that they are counted anew then."""
        row = self._execute("SELECT value FROM counters WHERE name = 'counted'").fetchone()
        if row is None or row[0] != self._generation - 1:
            self._execute(
                "INSERT OR REPLACE INTO counters SELECT 'items', count(*) FROM items"
                " UNION ALL SELECT 'pictures', coalesce(sum(pictures), 0) FROM items"
            )
        self._execute("INSERT OR REPLACE INTO counters VALUES ('counted', ?)", (self._generation,))

    def _bump(self, counter: str, by: int) -> int:
        """The counter after adding ``by``."""
        self._execute("UPDATE counters SET value = value + ? WHERE name = ?", (by, counter))
        return int(self._execute("SELECT value FROM counters WHERE name = ?", (counter,)).fetchone()[0])


def unanswered(
    connection: sqlite3.Connection, changes: Sequence[Change], deletes: Sequence[str], since: int
) -> tuple[list[Change], list[str]]:
    """Those of a commit that nothing written after generation ``since`` speaks against; see
    :meth:`shelfsight.core.protocols.Store.commit`."""
    ids = [change.item.id for change in changes]
    gone = set(_found(connection, "SELECT id FROM deleted WHERE generation > ? AND id IN", ids, since))
    there = set(_found(connection, "SELECT id FROM items WHERE generation >= ? AND id IN", ids, 0))
    wanted = [
        each for each in changes if each.item.id not in gone and (each.vectors is not None or each.item.id in there)
    ]
    mine = [*filter(records.is_text, deletes)]
    newer = set(_found(connection, "SELECT id FROM items WHERE generation > ? AND id IN", mine, since))
    return wanted, [id for id in mine if id not in newer]


def check_unchanged(
    connection: sqlite3.Connection, changes: Sequence[Change], deletes: Sequence[str], since: int
) -> None:
    """Refuse a commit where somebody wrote to one of its items, or deleted it, after generation ``since``.

    Raises:
        Changed: names one.
    """
    ids = [*(change.item.id for change in changes), *filter(records.is_text, deletes)]
    for table in ("items", "deleted"):
        for id in _found(connection, f"SELECT id FROM {table} WHERE generation > ? AND id IN", ids, since):
            raise Changed(f"the item {id!r} was written to meanwhile", hint="read it again, and look what is different")


def _found(connection: sqlite3.Connection, sql: str, ids: Sequence[str], generation: int) -> Iterator[str]:
    for part in _parts(ids):
        for row in connection.execute(f"{sql} ({_marks(len(part))})", (generation, *part)):
            yield row[0]


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS))


def _marks(count: int) -> str:
    return ",".join("?" * count)
