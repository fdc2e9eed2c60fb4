"""What a process keeps in memory of ``words.sqlite``, and which documents a snapshot may see."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from shelfsight.stores.blocks import IntArray
from shelfsight.stores.state import State
from shelfsight.stores.words.file import about
from shelfsight.stores.words.postings import DocArray, Lengths, Posting, Postings
from shelfsight.stores.words.vocabulary import Vocabulary

__all__ = ["Links", "Memory"]

NEVER = np.iinfo(np.int64).max
_UNKNOWN = -2
_MARKS = 500

T = TypeVar("T")


class Memory:
    """One file's documents, words and lists, as of one commit. The caller keeps threads apart."""

    def __init__(self) -> None:
        self.generation = -1
        self.epoch = -1
        self._forget()

    def follow(self, connection: sqlite3.Connection) -> None:
        """Take up what is newer, inside the connection's transaction."""
        known = about(connection)
        if known["epoch"] != self.epoch:
            self._forget()
            self.epoch = known["epoch"]
        if known["generation"] != self.generation:
            self._lengthen(connection)
            self._bury(connection)
            self.vocabulary.follow(connection)
            self._having.clear()
            self.generation = known["generation"]

    @property
    def items(self) -> int:
        """Documents that items have now."""
        return len(self.died) - 1 - self.dead

    def posting(self, connection: sqlite3.Connection, terms: str) -> Posting:
        """The documents that hold a word, words one behind the other, or a key; dead ones included."""
        return self._postings.of(connection, self.lengths, terms)

    def having(self, connection: sqlite3.Connection, terms: str) -> int:
        """Items that hold it now."""
        if terms not in self._having:
            self._having[terms] = self.count(self.posting(connection, terms).docs)
        return self._having[terms]

    def count(self, docs: DocArray) -> int:
        """Of these documents, those that items have now."""
        return int(np.count_nonzero(self.died[docs] == NEVER)) if self.dead else len(docs)

    def newest(self, connection: sqlite3.Connection, generation: int) -> int:
        """The newest document that was there at a commit."""
        if generation >= self.generation:
            return len(self.died) - 1
        row = connection.execute("SELECT doc FROM docs WHERE born <= ? ORDER BY doc DESC LIMIT 1", (generation,))
        return int((row.fetchone() or (0,))[0])

    def _forget(self) -> None:
        self.generation = -1
        self.lengths: Lengths = np.zeros(1, np.int32)
        self.died: IntArray = np.full(1, -1, np.int64)
        self.dead = 0
        self._postings = Postings()
        self._having: dict[str, int] = {}
        self.vocabulary = Vocabulary()
        self.links = Links()

    def _lengthen(self, connection: sqlite3.Connection) -> None:
        row = connection.execute(
            "SELECT group_concat(lengths) FROM (SELECT lengths FROM docs WHERE doc > ? ORDER BY doc)",
            (len(self.lengths) - 1,),
        ).fetchone()
        fresh = np.fromstring(row[0] or "", np.int32, sep=",")
        self.lengths = np.concatenate([self.lengths, fresh])
        self.died = np.concatenate([self.died, np.full(len(fresh), NEVER)])

    def _bury(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT doc, died FROM docs WHERE died > ?", (max(self.generation, 0),)).fetchall()
        if rows:
            table = np.array(rows, np.int64)
            self.died[table[:, 0]] = table[:, 1]
            self.dead += len(rows)


class Links:
    """Documents to the slots of the newest state asked about, each looked up when it is first met.

    A slot stays right until its item takes another. A state from before the newest has its slots looked up every time.
    """

    def __init__(self) -> None:
        self._state: State | None = None
        self._known: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def slots(self, connection: sqlite3.Connection, docs: DocArray, last: int, state: State) -> IntArray:
        """(n,) the slot in ``state`` of each document's item, -1 where it has none; ``last``: the newest document."""
        newest = self._state
        if newest is not None and state.generation < newest.generation:
            return _found(connection, docs, state)
        if newest is None or state.slots is not newest.slots:
            self._known = np.zeros(0, np.int32)
        elif len(newest.alive) < len(state.alive):
            changed = state.slots.ids[len(newest.alive) : len(state.alive)]
            self._known[[doc for doc in _documents(connection, changed) if doc < len(self._known)]] = _UNKNOWN
        self._state = state
        self._known = np.concatenate([self._known, np.full(max(0, last + 1 - len(self._known)), _UNKNOWN, np.int32)])
        unknown = docs[self._known[docs] == _UNKNOWN]
        self._known[unknown] = _found(connection, unknown, state)
        return self._known[docs].astype(np.int64)


def _found(connection: sqlite3.Connection, docs: DocArray, state: State) -> IntArray:
    ids: list[str] = []
    for part in _parts(docs.tolist()):
        marks = ",".join("?" * len(part))
        ids += [row[0] for row in connection.execute(f"SELECT id FROM docs WHERE doc IN ({marks}) ORDER BY doc", part)]
    return state.find_all(ids)


def _documents(connection: sqlite3.Connection, ids: Sequence[str]) -> list[int]:
    found: list[int] = []
    for part in _parts(ids):
        marks = ",".join("?" * len(part))
        found += [row[0] for row in connection.execute(f"SELECT doc FROM docs WHERE id IN ({marks})", part)]
    return found


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + _MARKS] for start in range(0, len(values), _MARKS))
