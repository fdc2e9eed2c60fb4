"""The ledger in the directory as a copy of what Milvus says: brought up to date, a commit at a time."""

import hashlib
import json
import shutil
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from shelfsight.stores.checkpoint import CACHE
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.ledger import DATABASE, connect, create_database, writing
from shelfsight.stores.milvus.journal import Commit, Journal
from shelfsight.stores.milvus.rows import Rows
from shelfsight.stores.milvus.spelling import SPELLING
from shelfsight.stores.words.file import WORDS

__all__ = ["apply", "counter", "own_ledger", "set_counter"]

_ITEM = "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)"
_MANY = 1000
Item = tuple[str, int, int, int, str, str, bytes]


def own_ledger(path: Path, name: str) -> None:
    """See that there is a ledger at ``path``, and that it repeats the Milvus collection ``name``; one that repeats
    another, for an alias was switched or Milvus restored, goes, with what was made from it."""
    stamp = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7])
    with storage_faults(path):
        if _stamped(path, stamp):
            return
        for file in (file for name in (DATABASE, WORDS, SPELLING) for file in path.glob(f"{name}*")):
            file.unlink()
        shutil.rmtree(path / CACHE, ignore_errors=True)
        create_database(path)
        _stamped(path, stamp)


def _stamped(path: Path, stamp: int) -> bool:
    """Whether the ledger carries the stamp; one that has none gets it."""
    create_database(path)
    with closing(connect(path)) as connection, writing(connection):
        connection.execute("INSERT OR IGNORE INTO counters VALUES ('milvus', ?)", (stamp,))
        return counter(connection, "milvus") == stamp


def counter(connection: sqlite3.Connection, name: str) -> int:
    """A counter of the ledger."""
    return int(connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()[0])


def set_counter(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute("UPDATE counters SET value = ? WHERE name = ?", (value, name))


def apply(connection: sqlite3.Connection, journal: Journal, rows: Rows, commits: Sequence[Commit]) -> None:
    """Bring the ledger, in a write transaction, to the state after the last of ``commits``, which are those after its
    own; where some of them are no longer in the journal, by reading everything anew.

    Raises:
        CorruptCollection: an entry or a record is missing.
    """
    if commits[0].generation != counter(connection, "generation") + 1:
        for table in ("items", "deleted", "delta", "previews"):
            connection.execute(f"DELETE FROM {table}")
        set_counter(connection, "forgotten", commits[-1].generation)
        set_counter(connection, "next_vector", 1)
    deleted = journal.deleted(commits)
    found = _items(journal, rows, counter(connection, "next_vector"), commits)
    while part := [*islice(found, _MANY)]:
        connection.executemany("DELETE FROM deleted WHERE id = ?", [(item[0],) for item in part])
        connection.executemany(_ITEM, part)
    _delete(connection, deleted.items())
    set_counter(connection, "generation", commits[-1].generation)
    set_counter(connection, "next_vector", commits[-1].next)


def _items(journal: Journal, rows: Rows, first: int, commits: Sequence[Commit]) -> Iterator[Item]:
    """Rows of the ledger, in the order in which they were committed: of an id that comes twice, the later counts."""
    ends = [commit.next for commit in commits]
    for row in rows.items(first, ends[-1]):
        generation = commits[bisect_right(ends, row["row"])].generation
        record = _record(journal, row)
        fields = json.loads(record)
        yield row["id"], generation, row["row"], row["pictures"], fields[3], fields[4], record


def _record(journal: Journal, row: dict[str, Any]) -> bytes:
    """The record of an item, from its first picture's row."""
    return journal.blob(row["overflow"]) if row["overflow"] else str(row["record"]).encode()


def _delete(connection: sqlite3.Connection, deleted: Iterable[tuple[str, int]]) -> None:
    """Those that did not come back in a later commit."""
    for id, generation in deleted:
        connection.execute("DELETE FROM items WHERE id = ? AND generation <= ?", (id, generation))
        connection.execute(
            "INSERT OR REPLACE INTO deleted SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM items WHERE id = ?)",
            (id, generation, id),
        )
