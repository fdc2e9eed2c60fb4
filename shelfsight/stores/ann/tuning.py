"""How hard a finder has to look, found out by looking.

Queries are rows of the segment that were held out of what the finder learned from. A row is no answer to itself: what
is sought are the ten nearest *other* rows, so a query is what a new vector of the same kind would be. Half of the
queries choose the plans, the other half say what these are worth; the recall that is reported is of that half, and no
parameter was chosen by it. Queries of another kind, such as texts, may find more or less than pictures do. (Growing
from an index that learned from them, queries are held out no longer; a few hundred rows among all it learned from.)
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, IntArray
from shelfsight.stores.ann.block import ApproximateBlock
from shelfsight.stores.ann.finding import Finder
from shelfsight.stores.ann.plans import TUNED_K, TUNED_SHARES, Plan, Plans

__all__ = ["Measured", "held_out", "tune"]

_QUERIES = 800
_K = 10
_DEEPEST = 256
_DEPTHS = (43, 50, 60, 70, 80, 100, 120, 150, 200, _DEEPEST)
_MARGIN = 0.005  # so much better than asked for where plans are chosen: a sample flatters what it chose
_FILTERED_MARGIN = 0.01  # filters are of many kinds, and searches under them less often in a hurry
_SPARED = 0.15  # of what may be missed, left for a lesser depth to miss
_TIE = 1e-6
_STEP = 32_768


@dataclass(frozen=True, slots=True)
class Measured:
    """Plans, and what they find: recall@10 of unfiltered searches, over ``queries`` that chose nothing."""

    plans: Plans
    recall: float
    queries: int


def held_out(rows: int, seed: int = 0) -> IntArray:
    """Rows that are queries, at most a tenth of all, ascending."""
    count = min(_QUERIES, rows // 10)
    return np.sort(np.random.default_rng([seed, rows]).choice(rows, count, replace=False))


def tune(finder: Finder, vectors: FloatArray, queries: IntArray, target: float) -> Measured:
    """Plans by which at least ``target`` of the ten nearest are found, or the most that the finder can.

    Args:
        vectors: (n, d) float32, those of the finder.
        queries: (q,) :func:`held_out` rows, q >= 2.
    """
    mixed = np.random.default_rng(len(queries)).permutation(queries)
    choosing, judging = np.array_split(mixed, 2)
    masks = [_mask(len(vectors), share) for share in TUNED_SHARES]
    plans: list[Plan] = []
    for share, mask in zip(TUNED_SHARES, masks, strict=True):
        trial = _Trial(finder, vectors, choosing, mask)
        plans.append(trial.cheapest(share, target, plans[-1] if plans else Plan(1.0, 0.0, 1)))
    found = Plans(tuple(plans))
    return Measured(found, _Trial(finder, vectors, judging, None).recall(plans[0]), len(judging))


class _Trial:
    """Some queries under one filter, and their exact answers."""

    def __init__(self, finder: Finder, vectors: FloatArray, rows: IntArray, allowed: Allowed | None) -> None:
        self._block = ApproximateBlock(vectors, finder, Plans((Plan(1.0, 0.0, 1),)))
        self._rows = rows
        self._queries = np.ascontiguousarray(vectors[rows])
        self._allowed = allowed
        self._least = _tenth(vectors, self._queries, rows, allowed)

    def cheapest(self, share: float, target: float, least: Plan) -> Plan:
        """That reaches ``target``, at no less than ``least`` costs."""
        margin = _MARGIN if self._allowed is None else _FILTERED_MARGIN
        wanted = target + min(margin, (1 - target) / 2)
        spare = wanted + _SPARED * (1 - wanted)
        efforts = [effort for effort in self._block.finder.efforts if effort >= least.effort]
        place = bisect_left(efforts, True, key=lambda e: self.recall(Plan(share, e, _DEEPEST)) >= spare)
        effort = efforts[min(place, len(efforts) - 1)]
        depths = [depth for depth in _DEPTHS if depth >= least.depth]
        place = bisect_left(depths, True, key=lambda d: self.recall(Plan(share, effort, d)) >= wanted)
        return Plan(share, effort, depths[min(place, len(depths) - 1)])

    def recall(self, plan: Plan) -> float:
        """Share of the ten nearest other rows (of equals, any) that are found."""
        scores, rows = self._block.planned(self._queries, TUNED_K + 1, self._allowed, plan)
        near = (scores >= self._least[:, None] - _TIE) & (rows != self._rows[:, None])
        return float(np.minimum(np.count_nonzero(near, axis=1), _K).mean() / _K)


def _mask(rows: int, share: float) -> Allowed | None:
    if share == 1.0:
        return None
    mask = np.random.default_rng([rows, round(1 / share)]).random(rows) < share
    mask[: _K + 1] = True
    return Allowed(mask)


def _tenth(vectors: FloatArray, queries: FloatArray, own: IntArray, allowed: Allowed | None) -> FloatArray:
    """(q,) the score of the tenth best row that is not the query's ``own``."""
    best = np.full((len(queries), _K), -np.inf, np.float32)
    places = np.arange(len(vectors)) if allowed is None else allowed.rows
    for start in range(0, len(places), _STEP):
        here = places[start : start + _STEP]
        products = queries @ (vectors[start : start + len(here)] if allowed is None else vectors[here]).T
        mine = np.searchsorted(here, own)
        inside = np.flatnonzero(here[np.minimum(mine, len(here) - 1)] == own)
        products[inside, mine[inside]] = -np.inf
        better = products[:, (products > best.min(axis=1, keepdims=True)).any(axis=0)]  # few after the first rows
        best = _largest(np.concatenate([best, better], axis=1))
    return np.asarray(best.min(axis=1))


def _largest(scores: FloatArray) -> FloatArray:
    if scores.shape[1] <= _K:
        return scores
    return np.asarray(np.partition(scores, scores.shape[1] - _K, axis=1)[:, -_K:])
