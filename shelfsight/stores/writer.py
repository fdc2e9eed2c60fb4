"""One commit: changes and deletions into the ledger."""

import sqlite3
from collections.abc import Sequence

import numpy as np

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.protocols import Change
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import records

__all__ = ["Writer", "checked"]

_LENGTH_TOLERANCE = 1e-4


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
            _check_vectors(change.item.id, change.vectors, len(change.item.pictures), dimension)


def _check_vectors(id: str, vectors: FloatArray, pictures: int, dimension: int) -> None:
    if vectors.shape != (pictures, dimension) or pictures == 0:
        raise UsageError(f"item {id!r} has {pictures} pictures and vectors {vectors.shape}, dimension {dimension}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) <= _LENGTH_TOLERANCE):
        raise UsageError(f"item {id!r} has a vector that is not of length 1")


class Writer:
    """Applies one commit inside a write transaction of ``connection``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._many = connection.executemany
        self._generation = self._bump("generation", 1)

    def apply(self, changes: Sequence[Change], deletes: Sequence[str]) -> int:
        """Upsert ``changes``, then delete; returns how many of ``deletes`` were there.

        Raises:
            NotFound: a change of metadata only for an item that is not there.
        """
        for change in changes:
            if change.vectors is None:
                self._update(change)
            else:
                self._replace(change, change.vectors)
        return sum(self._delete(id) for id in dict.fromkeys(deletes) if records.is_text(id))

    def _replace(self, change: Change, vectors: FloatArray) -> None:
        item = change.item
        self._drop_vectors(item.id)
        first = self._bump("next_vector", len(vectors)) - len(vectors)
        self._execute(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                item.id,
                self._generation,
                first,
                len(vectors),
                item.fingerprints.pictures,
                item.fingerprints.metadata,
                records.encode(item),
            ),
        )
        self._execute("DELETE FROM deleted WHERE id = ?", (item.id,))
        self._many(
            "INSERT INTO delta VALUES (?, ?)",
            [(first + i, row.tobytes()) for i, row in enumerate(np.asarray(vectors, "<f4"))],
        )
        self._many(
            "INSERT INTO previews VALUES (?, ?)",
            [(first + i, p.preview) for i, p in enumerate(item.pictures) if p.preview is not None],
        )

    def _update(self, change: Change) -> None:
        item = change.item
        old = self._execute("SELECT record FROM items WHERE id = ?", (item.id,)).fetchone()
        if old is None:
            raise NotFound(f"there is no item {item.id!r} whose metadata could change", hint="commit it with vectors")
        self._execute(
            "UPDATE items SET generation = ?, metadata_hash = ?, record = ? WHERE id = ?",
            (
                self._generation,
                item.fingerprints.metadata,
                records.with_pictures_of(records.encode(item), old[0]),
                item.id,
            ),
        )

    def _delete(self, id: str) -> bool:
        if not self._drop_vectors(id):
            return False
        self._execute("DELETE FROM items WHERE id = ?", (id,))
        self._execute("INSERT OR REPLACE INTO deleted VALUES (?, ?)", (id, self._generation))
        return True

    def _drop_vectors(self, id: str) -> bool:
        """Forget the vectors an item has; sealed ones stay in their file, belonging to nobody."""
        row = self._execute("SELECT first_vector, pictures FROM items WHERE id = ?", (id,)).fetchone()
        if row is None:
            return False
        span = (row[0], row[0] + row[1] - 1)
        self._execute("DELETE FROM delta WHERE vector_id BETWEEN ? AND ?", span)
        self._execute("DELETE FROM previews WHERE vector_id BETWEEN ? AND ?", span)
        return True

    def _bump(self, counter: str, by: int) -> int:
        """The counter after adding ``by``."""
        self._execute("UPDATE counters SET value = value + ? WHERE name = ?", (by, counter))
        return int(self._execute("SELECT value FROM counters WHERE name = ?", (counter,)).fetchone()[0])
