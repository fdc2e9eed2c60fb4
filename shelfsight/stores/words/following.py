"""Bringing ``words.sqlite`` to the ledger's newest commit: what is newer is read, and deletions with it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from shelfsight.stores import records
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.ledger import connect, reading, writing
from shelfsight.stores.words.document import COLUMNS, Document, document
from shelfsight.stores.words.file import about, make, say

__all__ = ["Follower"]

_ITEMS = 20_000
_MARKS = 500
_SPARE = 20_000

_Item = tuple[str, int, bytes]


@dataclass(slots=True)
class _Newer:
    """What the ledger holds beyond a commit, up to ``generation``."""

    generation: int
    items: list[_Item] = field(default_factory=list)
    deleted: list[tuple[str, int]] = field(default_factory=list)


class Follower:
    """Follows the ledger of the collection at ``path``. One at a time a collection: hold the lock of the file."""

    def __init__(self, path: Path, *, items: int = _ITEMS, spare: int = _SPARE, vocabulary: bool = False) -> None:
        """
        Args:
            items: a transaction, at most; more where one commit has more.
            spare: dead documents that are never worth writing everything anew.
            vocabulary: take up the words that items have, and no documents.
        """
        self._path = path
        self._apply = _spell if vocabulary else _apply
        self._items = items
        self._spare = spare

    def follow(self, connection: sqlite3.Connection) -> None:
        """All that is newer, some thousand items a transaction."""
        with closing(self._ledger()) as ledger:
            self._start(connection, ledger)
            while self._step(connection, ledger):
                pass

    def renew(self, connection: sqlite3.Connection, *, always: bool = False) -> None:
        """Write everything anew where the dead outweigh the living, or ``always``; readers keep the old until it is
        done."""
        known = about(connection)
        if not always and known["dead"] <= self._spare + (known["last"] - known["dead"]) // 2:
            return
        with closing(self._ledger()) as ledger, writing(connection):
            make(connection)
            say(connection, base=_counter(ledger, "generation"))
            while (newer := self._newer(connection, ledger)) is not None:
                self._apply(connection, newer)
            _optimise(connection)

    def _start(self, connection: sqlite3.Connection, ledger: sqlite3.Connection) -> None:
        """Begin anew where the ledger no longer tells what was deleted since, or is another's."""
        known = about(connection)
        with storage_faults(self._path), reading(ledger):
            newest, forgotten = _counter(ledger, "generation"), _counter(ledger, "forgotten")
        lost = forgotten > max(known["generation"], known["base"])
        if known["generation"] > newest or (known["last"] and lost):
            with writing(connection):
                make(connection)
        if not about(connection)["generation"]:
            with writing(connection):
                say(connection, base=newest)

    def _ledger(self) -> sqlite3.Connection:
        with storage_faults(self._path):  # it is not the index that is at fault then
            return connect(self._path)

    def _newer(self, connection: sqlite3.Connection, ledger: sqlite3.Connection) -> _Newer | None:
        after = about(connection)["generation"]
        with storage_faults(self._path):
            return _read(ledger, after, self._items)

    def _step(self, connection: sqlite3.Connection, ledger: sqlite3.Connection) -> bool:
        with writing(connection):
            newer = self._newer(connection, ledger)
            if newer is not None:
                self._apply(connection, newer)
        return newer is not None


def _counter(ledger: sqlite3.Connection, name: str) -> int:
    return int(ledger.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()[0])


def _read(ledger: sqlite3.Connection, after: int, most: int) -> _Newer | None:
    """Whole commits beyond ``after``, some ``most`` items of them; ``None`` where there are none."""
    with reading(ledger):
        newest = _counter(ledger, "generation")
        if newest <= after:
            return None
        select = "SELECT id, generation, record FROM items WHERE generation > ?"
        items: list[_Item] = ledger.execute(f"{select} ORDER BY generation LIMIT ?", (after, most)).fetchall()
        upto = newest
        if len(items) == most:
            upto = items[-1][1] - 1
            if items[0][1] > upto:  # one commit holds more than that
                upto += 1
                items = ledger.execute(f"{select} AND generation <= ?", (after, upto)).fetchall()
            items = [item for item in items if item[1] <= upto]
        deleted = ledger.execute(
            "SELECT id, generation FROM deleted WHERE generation > ? AND generation <= ?", (after, upto)
        ).fetchall()
    return _Newer(upto, items, deleted)


def _apply(connection: sqlite3.Connection, newer: _Newer) -> None:
    """The documents of ``newer``; an item whose words are the same keeps the one it has."""
    known = about(connection)
    last = known["last"]
    old = _living(connection, [item[0] for item in newer.items] + [id for id, _ in newer.deleted])
    died = [(generation, old[id][0]) for id, generation in newer.deleted if id in old]
    rows, texts = [], []
    words: set[str] = set()
    for id, generation, record in newer.items:
        made = _document(id, record)
        digest = made.digest
        if id in old:
            if old[id][1] == digest:
                continue
            died.append((generation, old[id][0]))
        last += 1
        rows.append((last, id, generation, digest, made.lengths[0] | made.lengths[1] << 8 | made.lengths[2] << 16))
        texts.append((last, *made.columns))
        words.update(made.words)
    connection.executemany("UPDATE docs SET died = ? WHERE doc = ?", died)
    connection.executemany("INSERT INTO docs (doc, id, born, digest, lengths) VALUES (?, ?, ?, ?, ?)", rows)
    columns = ", ".join(COLUMNS)
    connection.executemany(f"INSERT INTO words (rowid, {columns}) VALUES (?, ?, ?, ?, ?)", texts)
    _learn(connection, words)
    say(connection, generation=newer.generation, last=last, dead=known["dead"] + len(died))


def _spell(connection: sqlite3.Connection, newer: _Newer) -> None:
    """The words of ``newer``; those that items no longer have stay."""
    _learn(connection, {word for id, _, record in newer.items for word in _document(id, record).words})
    say(connection, generation=newer.generation)


def _learn(connection: sqlite3.Connection, words: set[str]) -> None:
    rows = [(word,) for word in sorted(words) if word.isalpha()]
    connection.executemany("INSERT OR IGNORE INTO vocabulary (word) VALUES (?)", rows)


def _document(id: str, record: bytes) -> Document:
    item = records.decode(id, record)
    return document(id, item.title, dict(item.metadata))


def _living(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """id -> (document, digest) of those that have one."""
    parts = (ids[start : start + _MARKS] for start in range(0, len(ids), _MARKS))
    found = chain.from_iterable(
        connection.execute(
            f"SELECT id, doc, digest FROM docs WHERE died = 0 AND id IN ({','.join('?' * len(part))})", part
        )
        for part in parts
    )
    return {id: (doc, digest) for id, doc, digest in found}


def _optimise(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
