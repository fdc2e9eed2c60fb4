"""Items by words, found by Milvus's full-text search: for collections whose word index no machine should have to hold.

Milvus finds, and what it finds is scored here by the formula that every store has (:mod:`shelfsight.stores.words`), for
BM25 in Milvus knows no fields, no whole values and no phrases, and counts statistics by segment. So answers are those
of the other stores wherever all items with a word of the query are looked at, as they are for queries that some
hundreds of items answer; of more, Milvus's BM25 says which are looked at, and of those that are equal to it, Milvus
does: ties are told apart by id only among them. Exact names come first always: they are
looked up by themselves. What was mistyped is put right by the vocabulary in the directory (:mod:`.spelling`). How
common a word is, is counted by Milvus, and includes, until upkeep drops them, items that were replaced.
"""

import heapq
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from shelfsight.core.errors import UsageError
from shelfsight.core.listing import WordQuery, WordsFound
from shelfsight.stores import records
from shelfsight.stores.blocks import BoolArray, IntArray
from shelfsight.stores.milvus.blocks import RemoteBlocks
from shelfsight.stores.milvus.client import AT_ONCE
from shelfsight.stores.milvus.fulltext import match_all, match_any, tokens
from shelfsight.stores.milvus.rows import Wanted
from shelfsight.stores.milvus.spelling import Spelling
from shelfsight.stores.records import is_text
from shelfsight.stores.state import State
from shelfsight.stores.words.concepts import Concept
from shelfsight.stores.words.document import COLUMNS, KEY, Document, document
from shelfsight.stores.words.index import told
from shelfsight.stores.words.lookup import Scores, look_up
from shelfsight.stores.words.postings import DocArray, Posting, posted, within

if TYPE_CHECKING:
    from shelfsight.stores.snapshot import LocalSnapshot

__all__ = ["FullText"]

_FEW = 400  # items that are looked at outright, without a search
_SCANNED = 50_000  # and so many, where Milvus finds too few of them
_HEAD = 512  # rows that Milvus is asked for first
_GROWTH = 8
_LISTED = 256  # rows up to which items that have a word are counted one by one
_COUNTS = 20_000
_READ = 10_000  # documents that are kept, of some kilobytes


class FullText:
    """What :meth:`MilvusSnapshot.words` asks where words are Milvus's. Safe to share between threads."""

    def __init__(self, path: Path, *, few: int = _FEW, head: int = _HEAD, most: int = AT_ONCE) -> None:
        """
        Args:
            few: items that are looked at outright, without a search.
            head: rows that Milvus is asked for first.
            most: rows that it is asked for at last.
        """
        self._spelling = Spelling(path)
        self._few = few
        self._head = head
        self._most = most
        self._counts = _Counts()

    def find(
        self, snapshot: "LocalSnapshot", query: WordQuery, k: int, allowed: BoolArray, where: str | None = None
    ) -> WordsFound:
        """See :meth:`shelfsight.core.snapshot.Snapshot.words`.

        Args:
            allowed: (slots,) of the snapshot, whose items may be found.
            where: an expression true of all these.

        Raises:
            UsageError: k below 1.
            StoreError: Milvus does not answer.
        """
        if k < 1:
            raise UsageError(f"k is {k}", hint="ask for at least one item")
        limit = min(max(self._head, 4 * k), self._most)
        count = int(np.count_nonzero(allowed))
        outright = count <= self._few
        while True:
            asked = _Asked(query.text.strip(), allowed, where, outright=outright, limit=limit)
            found = _Candidates(snapshot.state, asked, self._spelling, self._counts)
            scores = look_up(found, query)
            chosen = _chosen(found, scores, k)
            exhausted = limit == self._most
            if len(chosen) >= k or found.whole or (exhausted and count > _SCANNED):
                return told(snapshot, query, scores, chosen)
            outright = exhausted  # what may be found is little of what Milvus finds
            limit = min(limit * _GROWTH, self._most)

    def keep_up(self) -> None:
        """Follow a commit just made, where that is quick."""
        self._spelling.keep_up()

    def maintain(self) -> None:
        """Follow to the end."""
        self._spelling.maintain()

    def purge(self) -> None:
        """Leave no word that no item has."""
        self._spelling.discard()

    def close(self) -> None:
        self._spelling.close()


class _Counts:
    """(commit, words) -> items that have them; the one that was not asked for longest goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str], int] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[int, str]) -> int | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple[int, str], count: int) -> None:
        with self._lock:
            self._kept[key] = count
            while len(self._kept) > _COUNTS:
                self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What may be found, and how.

    Attributes:
        id: an item of that id is looked at, though it may be all signs and no words.
        allowed: (slots,) items that may.
        where: an expression true of all these.
        outright: they are few enough to be looked at one by one.
        limit: rows of one request.
    """

    id: str
    allowed: BoolArray
    where: str | None
    outright: bool
    limit: int


class _Candidates:
    """The items that Milvus finds for one query, as a :class:`shelfsight.stores.words.lookup.Source`.

    Attributes:
        whole: whether these are all that could be found.
        ids: of documents, from 1 on; place 0 is nobody's.
    """

    def __init__(self, state: State, asked: _Asked, spelling: Spelling, counts: _Counts) -> None:
        assert isinstance(state.blocks, RemoteBlocks)
        self._state = state
        self._blocks = state.blocks
        self._asked = asked
        self._spelling = spelling
        self._counts = counts
        self._documents: list[Document] = []
        self._lengths = np.zeros(1, np.int32)
        self._postings: dict[str, Posting] = {}
        self.whole = True
        self.ids: list[str] = [""]

    @property
    def items(self) -> int:
        return int(np.count_nonzero(self._state.alive))

    @property
    def last(self) -> int:
        return len(self._documents)

    def gather(self, concepts: Sequence[Concept], keys: Sequence[str]) -> None:
        if self._asked.outright:
            self._take(np.flatnonzero(self._asked.allowed))
        else:
            found = [self._by_id(), self._by_key(keys), self._by_words(concepts)]
            self._take(np.unique(np.concatenate(found)))

    def posting(self, terms: str) -> Posting:
        if terms not in self._postings:
            self._postings[terms] = _posting(self._documents, self._lengths, terms)
        return self._postings[terms]

    def having(self, terms: str) -> int:
        key = (self._state.generation, terms)
        count = self._counts.get(key)
        if count is None:
            count = self._count(match_all(terms), [terms]) if tokens(terms) else 0
            self._counts.keep(key, count)
        return count

    def having_any(self, terms: Sequence[str], docs: DocArray) -> int:  # noqa: ARG002 - not all documents are here
        if len(terms) == 1:
            return self.having(terms[0])
        return self._count(match_any(terms), terms)

    def called(self, id: str) -> DocArray:
        return np.array([place for place, known in enumerate(self.ids) if known == id and place], np.int32)

    def near(self, word: str, slips: int) -> dict[str, int]:
        return self._spelling.near(self._state.generation, word, slips)

    def beginning(self, start: str) -> list[str]:
        return self._spelling.beginning(self._state.generation, start)

    def _count(self, match: str, terms: Sequence[str]) -> int:
        """Items of the state that have one of ``terms``: the few are looked at, for ``match`` knows no order of words
        and, of scripts that an analyser cuts in its own way, no words."""
        wanted = self._wanted(match)
        rows = self._blocks.source.matching(wanted, _LISTED)
        if len(rows) == _LISTED:
            return self._blocks.source.count_matching(wanted)
        made = [_document(self._state, slot) for slot in self._slots(rows).tolist()]
        lengths = np.zeros(len(made) + 1, np.int32)
        return len({doc for each in terms for doc in _posting(made, lengths, each).docs.tolist()})

    def _by_id(self) -> IntArray:
        slot = self._state.find(self._asked.id) if is_text(self._asked.id) else None
        return np.array([] if slot is None or not self._asked.allowed[slot] else [slot], np.int64)

    def _by_words(self, concepts: Sequence[Concept]) -> IntArray:
        ways = [way.terms for concept in concepts for way in concept.ways]
        words = " ".join(dict.fromkeys(token for way in ways for token in tokens(way)))
        if not words:
            return np.zeros(0, np.int64)
        needed = [match_any([way.terms for way in concept.ways]) for concept in concepts if concept.required]
        if any(len(tokens(way)) > 1 for way in ways):  # one of several words, which BM25 would take one by one
            needed.append(match_any([way for way in ways if tokens(way)]))
        rows = self._blocks.source.worded(words, self._asked.limit, self._wanted(self._asked.where, *needed))
        self.whole = self.whole and len(rows) < self._asked.limit
        return self._found(rows)

    def _by_key(self, keys: Sequence[str]) -> IntArray:
        keys = [key for key in keys if tokens(key)]
        if not keys:
            return np.zeros(0, np.int64)
        rows = self._blocks.source.matching(self._wanted(self._asked.where, match_any(keys)), self._asked.limit)
        self.whole = self.whole and len(rows) < self._asked.limit
        return self._found(rows)

    def _wanted(self, *where: str | None) -> Wanted:
        first, end = self._blocks.span
        return Wanted(first, end, " and ".join(part for part in where if part) or None)

    def _slots(self, rows: IntArray) -> IntArray:
        """Of rows by number, the items that have them in the state."""
        places, there = self._blocks.places(rows)
        slots = self._state.row_slot[places[there]].astype(np.int64)
        return np.unique(slots[slots >= 0])

    def _found(self, rows: IntArray) -> IntArray:
        slots = self._slots(rows)
        return slots[self._asked.allowed[slots]]

    def _take(self, slots: IntArray) -> None:
        self._documents = [_document(self._state, slot) for slot in slots.tolist()]
        self._lengths = np.array([0, *(_packed(each) for each in self._documents)], np.int32)
        self._postings = {}
        self.ids = ["", *(self._state.slots.ids[slot] for slot in slots.tolist())]


def _document(state: State, slot: int) -> Document:
    return _read(state.slots.ids[slot], state.slots.records[slot])


@lru_cache(maxsize=_READ)
def _read(id: str, record: bytes) -> Document:
    stored = records.decode(id, record)
    return document(id, stored.title, dict(stored.metadata))


def _packed(made: Document) -> int:
    return made.lengths[0] | made.lengths[1] << 8 | made.lengths[2] << 16


def _posting(documents: Sequence[Document], lengths: np.ndarray, terms: str) -> Posting:
    """As the index in SQLite has it: words one behind the other, in one value of a column."""
    looked_for = f" {terms} "
    columns = range(3, 4) if terms.startswith(KEY) else range(len(COLUMNS))
    found = []
    for column in columns:
        having = [place for place, made in enumerate(documents, 1) if looked_for in f" {made.columns[column]} "]
        found.append((column, np.array(having, np.int32)))
    return posted(found, lengths)


def _chosen(found: _Candidates, scores: Scores, k: int) -> list[tuple[str, int]]:
    """(id, document) of the k best: by id, then other exact ones, then by score descending, ties by id."""
    docs = np.flatnonzero(scores.score).astype(np.int32)
    by_id, exact = within(docs, scores.ids), within(docs, scores.exact)
    order = [
        (not named, not whole, -float(scores.score[doc]), found.ids[doc], doc)
        for doc, named, whole in zip(docs.tolist(), by_id.tolist(), exact.tolist(), strict=True)
    ]
    return [(id, doc) for *_, id, doc in heapq.nsmallest(k, order)]
