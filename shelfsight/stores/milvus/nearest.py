"""The best items from what Milvus finds.

Milvus is asked by an expression that lets through at least what may be found, and for more rows than are wanted; what
it finds is looked at again in memory, where the filter holds exactly and it is known which rows count. The rest is as
in :mod:`shelfsight.stores.ranking`: rows that may belong to the answer are scored again in float64, and the answer
stands when no row that was not seen can. If it does not stand, more rows are asked for; behind the largest number that
Milvus gives, slices of the collection are asked for whole, or, where its index is approximate, vectors themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shelfsight.core.protocols import Match
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import BoolArray, IntArray
from shelfsight.stores.milvus.blocks import RemoteBlocks
from shelfsight.stores.milvus.client import AT_ONCE
from shelfsight.stores.milvus.rows import Wanted
from shelfsight.stores.ranking import Rows, cosines, ranked

__all__ = ["Finder"]

_FEW = 256  # rows that are fetched and scored outright
_SPARE = 32
_GROWTH = 8
_EXCLUDED = 500  # dead rows that are named in an expression
_STEP = 4096


@dataclass(frozen=True, slots=True)
class Finder:
    """Searches of one snapshot under one filter.

    Attributes:
        blocks: the rows of the snapshot; a *place* is one's index there.
        rows: whose they are.
        allowed: (places,) that may be found, ``None`` for all.
        where: an expression true of all these.
        exact: whether the index finds everything.
    """

    blocks: RemoteBlocks
    rows: Rows
    allowed: BoolArray | None
    where: str | None
    exact: bool

    @property
    def total(self) -> int:
        """Rows that may be found."""
        return len(self.blocks) if self.allowed is None else int(np.count_nonzero(self.allowed))

    def best(self, queries: FloatArray, k: int) -> list[list[Match]]:
        """The k best items for each of (q, d) queries: score descending, ties by id."""
        total = self.total
        if total <= _FEW:
            return [self.scored(self._places(), query)[:k] for query in queries]
        found: list[list[Match] | None] = [None] * len(queries)
        limit, wanted = min(k + _SPARE, AT_ONCE), self._wanted()
        while pending := [i for i, matches in enumerate(found) if matches is None]:
            seen = self._top(queries[pending], limit, wanted)
            for i, (places, scores, all_seen) in zip(pending, seen, strict=True):
                found[i] = self._proven(queries[i], k, places, scores, all_seen)
            if limit == AT_ONCE:
                found = [self._all(queries[i])[:k] if each is None else each for i, each in enumerate(found)]
            limit = min(limit * _GROWTH, AT_ONCE)
        return [matches for matches in found if matches is not None]

    def above(self, query: FloatArray, score: float) -> list[Match]:
        """All items that score at least ``score``."""
        return [match for match in self._all(query, score) if match.score >= score]

    def _proven(
        self, query: FloatArray, k: int, places: IntArray, scores: FloatArray, all_seen: bool
    ) -> list[Match] | None:
        """The answer from the best rows, or ``None`` when a row that is not among them may belong to it."""
        if all_seen and len(places) < self.total and (self.exact or self._items(places) < k):
            return self.scored(self._places(), query)[:k]  # the index, or the expression, missed some
        matches = self.scored(places, query)
        if all_seen:
            return matches[:k]
        unseen = float(scores.min(initial=np.inf)) + self._slack(query)
        return matches[:k] if len(matches) >= k and matches[k - 1].score > unseen else None

    def _items(self, places: IntArray) -> int:
        return len(np.unique(self.rows.slot[places]))

    def _slack(self, query: FloatArray) -> float:
        """What two float32 inner products may be off; see ranking."""
        return 2 * len(query) * 2.0**-24

    def _places(self) -> IntArray:
        return np.arange(len(self.blocks)) if self.allowed is None else np.flatnonzero(self.allowed)

    def scored(self, places: IntArray, query: FloatArray) -> list[Match]:
        """The items of the rows at ``places``, best first; what was dropped meanwhile is left out."""
        if not len(places):
            return []
        scores = np.concatenate([cosines(self.blocks.gather(part), query) for part in _parts(places)])
        there = ~np.isnan(scores)
        return ranked(self.rows, places[there], scores[there])

    def _top(self, queries: FloatArray, limit: int, wanted: Wanted) -> list[tuple[IntArray, FloatArray, bool]]:
        """For each query places and scores of rows that may be found, out of Milvus's best ``limit``; whether these
        were all it has. Places are in no order."""
        found = self.blocks.source.top(queries, limit, wanted)
        return [(*self._known(numbers, scores), len(numbers) < limit) for numbers, scores in found]

    def _wanted(self) -> Wanted:
        first, end = self.blocks.span
        return Wanted(first, end, self.where, self._dead())

    def _dead(self) -> tuple[int, ...]:
        """Rows that Milvus still has, as far as is known, and that nobody has; the few that are cheaply named."""
        if self.allowed is None:
            return ()
        nobody = np.flatnonzero(self.rows.slot < 0)
        return tuple(self.blocks.numbers[nobody].tolist()) if len(nobody) <= _EXCLUDED else ()

    def _known(self, numbers: IntArray, scores: FloatArray) -> tuple[IntArray, FloatArray]:
        """Of rows by number, the places that may be found and their scores."""
        places, there = self.blocks.places(numbers)
        if self.allowed is not None:
            there = there & self.allowed[places]
        return places[there], scores[there]

    def _all(self, query: FloatArray, least: float = -2.0) -> list[Match]:
        """Every item that may score at least ``least``, best first."""
        if not self.exact or self.total <= _FEW:
            return self.scored(self._places(), query)
        bound = least - self._slack(query)
        found = [np.zeros(0, np.int64)]
        for wanted in self._slices():
            ((places, scores, _),) = self._top(query[None], AT_ONCE, wanted)
            found.append(places[scores >= bound])
        return self.scored(np.concatenate(found), query)

    def _slices(self) -> Iterator[Wanted]:
        """Parts that Milvus answers whole, whatever else it has in between."""
        numbers = self.blocks.numbers
        start = 0
        while start < len(numbers):
            first = int(numbers[start])
            yield Wanted(first, first + AT_ONCE, self.where)
            start = int(np.searchsorted(numbers, first + AT_ONCE))


def _parts(places: IntArray) -> Iterator[IntArray]:
    return (places[start : start + _STEP] for start in range(0, len(places), _STEP))
