"""The words of a local collection: :class:`WordIndex`, what :meth:`LocalSnapshot.words` asks."""

import heapq
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from shelfsight.core import wording
from shelfsight.core.errors import CorruptCollection, StoreError, UsageError
from shelfsight.core.listing import WordMatch, WordQuery, WordsFound
from shelfsight.core.stored import StoredItem
from shelfsight.stores.blocks import BoolArray, IntArray
from shelfsight.stores.ledger import writing
from shelfsight.stores.purging import vacuum
from shelfsight.stores.state import State
from shelfsight.stores.words.concepts import code_keys
from shelfsight.stores.words.document import keys_of
from shelfsight.stores.words.file import WordsFile
from shelfsight.stores.words.following import Follower
from shelfsight.stores.words.forgetting import ended, forget
from shelfsight.stores.words.lookup import Floats, Indexed, Scores, look_up
from shelfsight.stores.words.memory import Memory
from shelfsight.stores.words.postings import DocArray, within

if TYPE_CHECKING:
    from shelfsight.stores.snapshot import LocalSnapshot

__all__ = ["WordIndex", "told"]

_HEAD = 512  # documents that are looked at first, before all that may be better
_WIDER = 16
_SAMPLED = 64
_ATTEMPTS = 5
_FORGOTTEN = 20_000  # documents that are taken out one by one, at most: their words are held in memory

T = TypeVar("T")


class WordIndex:
    """Words to items, for any snapshot of the collection at ``path``. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._file = WordsFile(path)
        self._follower = Follower(path)
        self._memory = Memory()
        self._lock = RLock()
        self._last: tuple[tuple[int, int, str], Scores] | None = None

    def find(self, snapshot: "LocalSnapshot", query: WordQuery, k: int, allowed: BoolArray) -> WordsFound:
        """See :meth:`shelfsight.core.snapshot.Snapshot.words`. The index is brought up to the snapshot first.

        Args:
            allowed: (slots,) of the snapshot, whose items may be found.

        An item whose words changed twice between two searches by words is not found by those it had in between.

        Raises:
            UsageError: k below 1.
        """
        if k < 1:
            raise UsageError(f"k is {k}", hint="ask for at least one item")
        return self._healed(lambda: self._find(snapshot, query, k, allowed))

    def keep_up(self) -> None:
        """Follow a commit just made, where there is an index and nobody else is at it."""
        try:
            if self._file.exists():
                with self._file.write(wait=False) as connection:
                    if connection is not None:
                        self._follower.follow(connection)
        except StoreError:
            return  # the commit stands; the next search by words follows, and says what is wrong

    def maintain(self) -> None:
        """Follow to the end, and write anew what is mostly of the past."""
        self._healed(self._maintain)

    def purge(self) -> None:
        """Leave nothing of what items were once."""
        self._healed(self._purge)

    def close(self) -> None:
        self._file.close()

    def _healed(self, work: Callable[[], T]) -> T:
        """A damaged file is dropped and made again: nothing is in it that is not in the ledger."""
        try:
            return work()
        except CorruptCollection:
            self._file.discard()
            with self._lock:
                self._memory = Memory()
            return work()

    def _maintain(self) -> None:
        with self._file.write() as connection:
            assert connection is not None
            self._follower.follow(connection)
            self._follower.renew(connection)

    def _purge(self) -> None:
        if not self._file.exists():
            return
        with self._file.write() as connection:
            assert connection is not None
            self._follower.follow(connection)
            docs = ended(connection)
            if len(docs) > _FORGOTTEN:
                self._follower.renew(connection, always=True)
            else:
                with writing(connection):
                    forget(connection, docs)
            vacuum(connection)
        with self._lock:
            self._memory, self._last = Memory(), None

    def _follow(self) -> None:
        with self._file.write() as connection:
            assert connection is not None
            self._follower.follow(connection)

    def _find(self, snapshot: "LocalSnapshot", query: WordQuery, k: int, allowed: BoolArray) -> WordsFound:
        for _ in range(_ATTEMPTS):  # another process may remove a damaged file between two steps
            if (found := self._try(snapshot, query, k, allowed)) is not None:
                return found
            self._follow()
        raise StoreError("the index of words is removed as often as it is made", hint="search again")

    def _try(self, snapshot: "LocalSnapshot", query: WordQuery, k: int, allowed: BoolArray) -> WordsFound | None:
        """The answer; ``None`` where the index is behind the snapshot."""
        with self._lock, self._file.read() as connection:
            if connection is None:
                return None
            self._memory.follow(connection)
            if self._memory.generation < snapshot.generation:
                return None
            scores = self._scores(connection, query)
            chosen = _Chooser(connection, self._memory, snapshot.state, allowed).choose(scores, k)
        return told(snapshot, query, scores, chosen)

    def _scores(self, connection: sqlite3.Connection, query: WordQuery) -> Scores:
        """Of the last query too: one search asks for the best, and for what the words say of those found otherwise."""
        key = (self._memory.epoch, self._memory.generation, repr(query))
        if self._last is None or self._last[0] != key:
            self._last = (key, look_up(Indexed(connection, self._memory), query))
        return self._last[1]


def told(snapshot: "LocalSnapshot", query: WordQuery, scores: Scores, chosen: Sequence[tuple[str, int]]) -> WordsFound:
    """The answer: (id, document) of what was chosen, in order."""
    docs = np.array([doc for _, doc in chosen], np.int32)
    shares = scores.shares(docs).tolist()
    exact_docs = set(docs[within(docs, scores.exact)].tolist())
    exact = snapshot.items([id for id, doc in chosen if doc in exact_docs])
    keys = {wording.key(query.text), *code_keys(query.text)}
    matches = (
        WordMatch(
            id=id,
            score=float(scores.score[doc]),
            share=share,
            exact=_exact_field(exact[id], keys, query.text) if id in exact else None,
        )
        for (id, doc), share in zip(chosen, shares, strict=True)
    )
    return WordsFound(matches=tuple(matches), corrections=scores.corrections)


class _Chooser:
    """Picks the best documents among those whose items are in a state and allowed."""

    def __init__(self, connection: sqlite3.Connection, memory: Memory, state: State, allowed: BoolArray) -> None:
        self._connection = connection
        self._memory = memory
        self._state = state
        self._allowed = allowed
        self._passing = max(np.count_nonzero(allowed) / max(len(allowed), 1), 1e-9)
        self._newest = memory.newest(connection, state.generation)

    def choose(self, scores: Scores, k: int) -> list[tuple[str, int]]:
        """(id, document) of the k best: by id, then other exact ones, then by score descending, ties by id."""
        first = self._best(scores.ids, scores.score, k)
        if len(first) < k and len(scores.exact):
            others = scores.exact[~within(scores.exact, scores.ids)]
            first += self._best(others, scores.score, k - len(first))
        if len(first) < k:
            others = np.flatnonzero(scores.score).astype(np.int32)
            others = others[~within(others, scores.exact)]
            first += self._best(others, scores.score, k - len(first))
        return first

    def _best(self, docs: DocArray, score: Floats, k: int) -> list[tuple[str, int]]:
        docs = docs[docs <= self._newest]
        if self._memory.dead:
            docs = docs[self._memory.died[docs] > self._state.generation]
        order = score[docs]
        head = max(_HEAD, 4 * k, int(2 * k / self._passing))
        while head < len(docs):
            part = docs[order >= _nth(order, head)]
            slots = self._slots(part)
            if np.count_nonzero(slots >= 0) >= k:
                return self._first(part, slots, score, k)
            head *= _WIDER
        return self._first(docs, self._slots(docs), score, k)

    def _slots(self, docs: DocArray) -> IntArray:
        """The slot of each document's item, -1 where it may not be found."""
        last = len(self._memory.died) - 1
        slots = self._memory.links.slots(self._connection, docs, last, self._state)
        return np.where((slots >= 0) & np.append(self._allowed, False)[slots], slots, -1)

    def _first(self, docs: DocArray, slots: IntArray, score: Floats, k: int) -> list[tuple[str, int]]:
        docs, slots = docs[slots >= 0], slots[slots >= 0]
        order = score[docs]
        ids = self._state.slots.ids
        chosen = list(range(len(docs)))
        if len(docs) > k:  # those with the k-th best score are told apart by id, the better ones are all in
            least = _nth(order, k)
            sure = np.flatnonzero(order > least).tolist()
            tied = np.flatnonzero(order == least).tolist()
            chosen = [*sure, *heapq.nsmallest(k - len(sure), tied, key=lambda i: ids[slots[i]])]
        ranked = sorted(chosen, key=lambda i: (-order[i], ids[slots[i]]))
        return [(ids[slots[i]], int(docs[i])) for i in ranked]


def _nth(values: Floats, n: int) -> np.float32:
    """The n-th largest. Every 64th value tells which need not be looked at, where they are many: selecting among very
    many equal ones takes long."""
    sample = np.sort(values[::_SAMPLED])
    rank = 2 * n // _SAMPLED + 8
    if rank < len(sample):
        head = values[values >= sample[-rank]]
        values = head if len(head) >= n else values
    return np.float32(np.partition(values, len(values) - n)[len(values) - n])


def _exact_field(item: StoredItem, keys: set[str], text: str) -> str | None:
    """``id``, or the first field of an item whose whole value, or a part of a path, is one of ``keys``."""
    if item.id == text.strip() or wording.key(item.id) in keys:
        return "id"
    for name, value in item.metadata.items():
        if any(key in keys for key in keys_of(value)):
            return name
    return "title" if any(key in keys for key in keys_of(item.title, title=True)) else None
