"""Finding candidates of one query in one state of a collection: by vector, by words too, or by fields alone."""

from collections.abc import Iterator, Sequence

import numpy as np

from shelfsight.core.filters import Expr
from shelfsight.core.protocols import Match, Snapshot
from shelfsight.core.vectors import FloatArray
from shelfsight.search.candidates import Candidate
from shelfsight.search.hybrid import everything, retrieve
from shelfsight.search.ladder import FIRST
from shelfsight.search.planning import Plan
from shelfsight.search.relevance import Judge, judge

__all__ = ["Retrieval"]

_ROUNDING = 1e-6
_CHUNK = 64
_MOST = 8192


class Retrieval:
    """How candidates are found, each with its relevance where somebody judges.

    Attributes:
        corrections: word as typed -> the word that was looked up in its place, so far.
        best_cosine: the greatest cosine of all that passes the plan's filter; ``None`` where it was not looked for.
        named: whether anything was found by its whole name, or by all words asked for.
    """

    def __init__(
        self,
        plan: Plan,
        snapshot: Snapshot,
        vector: FloatArray | None,
        *,
        by: Judge | None = None,
        known: Sequence[Match] | None = None,
    ) -> None:
        """
        Args:
            vector: (d,) float32 of length 1; ``None``: nothing is looked up.
            by: who judges.
            known: the :attr:`~shelfsight.search.planning.Plan.first` best matches by vector, where they were looked up
                together with those of other queries.
        """
        self._plan, self._snapshot, self._vector = plan, snapshot, vector
        self._by, self._known = by, known
        self.corrections: dict[str, str] = {}
        self.best_cosine: float | None = None
        self.named = False

    def best(self, k: int) -> Sequence[Candidate]:
        """The first stage's k best."""
        assert self._vector is not None
        if not self._plan.hybrid:
            if self._known is not None and k == self._plan.first:
                return self._seen(self.judged(_candidates(self._known)))
            return self._seen(self.more(self._plan.where, self._plan.query.exclude, k))
        found = retrieve(self._snapshot, self._plan, self._vector, k)
        self.corrections.update(found.corrections)
        self.named |= any(each.exact is not None or each.share >= 1.0 for each in found.candidates)
        return self._seen(self.judged(found.candidates))

    def more(self, where: Expr | None, exclude: Sequence[str], k: int) -> Sequence[Candidate]:
        """The k best that pass ``where``, by vector, or where none is looked up by the query's sort."""
        if self._vector is None:
            return self._selected(where, exclude, k, 0)
        found = self._snapshot.search(self._vector[np.newaxis], k, where=where, exclude=exclude)[0]
        return self.judged(_candidates(found))

    def above(self, cosine: float) -> list[Candidate]:
        """All that pass the plan's filter with at least this cosine, best first; not judged, for they may be many."""
        assert self._vector is not None
        plan = self._plan
        found = self._snapshot.above(self._vector, cosine, where=plan.where, exclude=plan.query.exclude)
        ranked = enumerate(found, start=1)
        candidates = [Candidate(match=each, order=each.score, ranks={FIRST: place}) for place, each in ranked]
        self._seen(candidates[:1])
        return candidates

    def fitting(self, least: float) -> list[Candidate]:
        """All that pass the plan's filter and are at least so probable, the most probable first: exact, whatever a
        fusion looks at."""
        assert self._vector is not None
        assert self._by is not None
        near = self._by.least_cosine(least) - _ROUNDING
        found = self.judged(everything(self._snapshot, self._plan, self._vector, near))
        fitting = [each for each in found if (each.relevance or 0.0) >= least]
        return sorted(fitting, key=lambda each: (-(each.relevance or 0.0), each.match.id))

    def by_fields(self, start: int = 0) -> Iterator[Candidate]:
        """All that pass the plan's filter in the order of its sort, from place ``start`` on, as they are needed."""
        plan, count = self._plan, max(_CHUNK, self._plan.query.k)
        while found := self._selected(plan.where, plan.query.exclude, count, start):
            yield from found
            if len(found) < count:
                return
            start += count
            count = min(2 * count, _MOST)

    def pictures(self, candidates: Sequence[Candidate]) -> FloatArray:
        """(n, d) float32: the best picture of each."""
        return self._snapshot.picture_vectors([(each.match.id, each.match.picture_index) for each in candidates])

    def _selected(self, where: Expr | None, exclude: Sequence[str], k: int, start: int) -> Sequence[Candidate]:
        sort = self._plan.query.sort
        ids = self._snapshot.select(k, sort=sort, offset=start, where=where, exclude=exclude)
        if self._vector is None:
            return [Candidate(match=Match(id, 0.0, 0), order=0.0) for id in ids]
        scored = self._snapshot.scored(self._vector, ids)
        return self.judged([Candidate(match=scored[id], order=scored[id].score) for id in ids])

    def judged(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """``candidates``, each with its relevance where somebody judges; what has one keeps it."""
        return judge(candidates, self._by)

    def _seen(self, best: Sequence[Candidate]) -> Sequence[Candidate]:
        """``best``, with what is the best of all among them."""
        if best:
            greatest = max(each.match.score for each in best)
            self.best_cosine = greatest if self.best_cosine is None else max(self.best_cosine, greatest)
        return best


def _candidates(matches: Sequence[Match]) -> list[Candidate]:
    return [Candidate(match=match, order=match.score) for match in matches]
