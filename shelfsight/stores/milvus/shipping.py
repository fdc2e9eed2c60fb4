"""A commit that stands in the ledger's open transaction, written to Milvus.

Rows first, under numbers that are nobody's until the journal says so; what it deletes; last, its entry in the journal.
Whoever is killed before that leaves rows that the next writer drops, whoever is killed after it has committed: the
ledger's transaction is gone then, and the ledger learns of the commit from Milvus, as those of other machines do.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shelfsight.core.errors import CorruptCollection, UsageError
from shelfsight.core.stored import StoredItem
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import records
from shelfsight.stores.blocks import IntArray
from shelfsight.stores.milvus.bulk import loading
from shelfsight.stores.milvus.fulltext import NO_WORDS, text_of
from shelfsight.stores.milvus.journal import Commit, Journal, now
from shelfsight.stores.milvus.replica import counter, set_counter
from shelfsight.stores.milvus.rows import Rows
from shelfsight.stores.milvus.scalars import scalars
from shelfsight.stores.milvus.schema import LONGEST_ID, LONGEST_TEXT, WORDS
from shelfsight.stores.words.document import document

__all__ = ["Shipped", "checked_id", "rows_of", "ship"]

_TITLE = 1000  # characters, for people who look into Milvus


@dataclass(slots=True)
class Shipped:
    """An item of a commit; ``old`` is its first row before, where its pictures stay."""

    id: str
    first: int
    pictures: int
    record: bytes
    old: int | None = None

    def numbers(self, first: int) -> range:
        return range(first, first + self.pictures)


def ship(
    connection: sqlite3.Connection, journal: Journal, rows: Rows, dimension: int, next_row: int, directory: Path
) -> None:
    """Write the ledger's newest generation to Milvus, durable on return.

    Args:
        directory: of the collection.
        next_row: the ledger's counter when the transaction began; Milvus has no row from there on.

    Raises:
        UsageError: an id that is too long for Milvus; nothing is in.
        CorruptCollection: Milvus has lost the pictures of an item that is written anew; nothing is in.
        StoreError, StoreFull: Milvus does not take it; nothing is in.
    """
    generation = counter(connection, "generation")
    items = _items(connection, generation, next_row)
    blobs: dict[str, bytes] = {}
    vectors, previews = _vectors(connection, rows, items, dimension), _previews(connection, rows, items, blobs)
    written = rows_of(items, vectors, previews, blobs, words=rows.has_words)
    journal.write_blobs(blobs)
    with loading(rows, journal, directory, len(written)) as write:
        write(written)
    gone = [row[0] for row in connection.execute("SELECT id FROM deleted WHERE generation = ?", (generation,))]
    parts = journal.write_deleted(generation, gone)
    connection.execute("DELETE FROM delta")
    connection.execute("DELETE FROM previews")
    next_row = counter(connection, "next_vector")
    journal.commit(Commit(generation=generation, next=next_row, deleted=parts, time=now(), rows=rows.name))


def _items(connection: sqlite3.Connection, generation: int, next_row: int) -> list[Shipped]:
    """What the commit changed. Items whose pictures stay get new rows all the same, for Milvus filters by rows, and
    snapshots from before the commit by the old ones."""
    found = connection.execute(
        "SELECT id, first_vector, pictures, record FROM items WHERE generation = ? ORDER BY first_vector", (generation,)
    )
    items = [Shipped(*row) for row in found]
    end = counter(connection, "next_vector")
    for item in items:
        checked_id(item.id)
        if item.first < next_row:
            item.old, item.first = item.first, end
            end += item.pictures
            connection.execute("UPDATE items SET first_vector = ? WHERE id = ?", (item.first, item.id))
    set_counter(connection, "next_vector", end)
    return items


def checked_id(id: str) -> str:
    """Itself.

    Raises:
        UsageError: it is too long for Milvus.
    """
    if len(id.encode()) > LONGEST_ID:
        raise UsageError(f"the id {id[:40]!r}… is longer than the {LONGEST_ID:,} bytes that Milvus takes")
    return id


def _vectors(
    connection: sqlite3.Connection, rows: Rows, items: Sequence[Shipped], dimension: int
) -> dict[int, FloatArray]:
    """row -> its vector: those of the commit, and those of old rows that are written anew."""
    new = connection.execute("SELECT vector_id, vector FROM delta").fetchall()
    found = {row: np.frombuffer(data, "<f4") for row, data in new}
    old = _old(items)
    kept = rows.vectors(old, dimension)
    _check_there(rows, old[np.isnan(kept).any(axis=1)])
    found.update(zip(old.tolist(), kept, strict=True))
    return found


def _old(items: Sequence[Shipped]) -> IntArray:
    """Rows that are written anew."""
    return np.array([n for item in items if item.old is not None for n in item.numbers(item.old)], np.int64)


def _check_there(rows: Rows, missing: IntArray) -> None:
    if len(missing):
        raise CorruptCollection(
            f"Milvus has lost row {int(missing[0])} of {rows.name}",
            hint="restore it, or index the catalogue again",
        )


def _previews(
    connection: sqlite3.Connection, rows: Rows, items: Sequence[Shipped], blobs: dict[str, bytes]
) -> dict[int, str]:
    """row -> the name of its preview; the bytes of new ones go to ``blobs``."""
    old = _old(items)
    found = rows.previews(old)
    _check_there(rows, old[~np.isin(old, [*found])])
    for row, data in connection.execute("SELECT vector_id, data FROM previews"):
        found[row] = Journal.digest(data)
        blobs[found[row]] = data
    return found


def rows_of(
    items: Iterable[Shipped],
    vectors: Mapping[int, FloatArray],
    previews: Mapping[int, str],
    blobs: dict[str, bytes],
    *,
    words: bool,
) -> list[dict[str, Any]]:
    """Rows of the schema.

    Args:
        vectors, previews: by row; a preview is named by :meth:`Journal.digest`.
        blobs: takes what is too large for a row, by that name.
        words: whether Milvus finds words, :attr:`Rows.has_words`.
    """
    written = []
    for item in items:
        stored = records.decode(item.id, item.record)
        fields = scalars(stored.title, stored.metadata)
        record, overflow = item.record.decode(), ""
        if len(item.record) > LONGEST_TEXT:
            record, overflow = "", Journal.digest(item.record)
            blobs[overflow] = item.record
        common = {
            "id": item.id,
            "pictures": item.pictures,
            "whole": fields is not None,
            "title": (stored.title or "").encode(errors="replace").decode()[:_TITLE],
            **(fields or {}),
        }
        for picture, row in enumerate(item.numbers(item.first)):
            source = row if item.old is None else item.old + picture
            own = {"row": row, "picture": picture, "preview": previews.get(source, "")}
            kept = {"record": record, "overflow": overflow} if picture == 0 else {"record": "", "overflow": ""}
            if words:
                kept[WORDS] = _words(stored) if picture == 0 else NO_WORDS
            written.append({**common, **own, **kept, "vector": vectors[source]})
    return written


def _words(stored: StoredItem) -> str:
    return text_of(document(stored.id, stored.title, dict(stored.metadata)))
