"""Filtered search that knows when it has not looked deep enough.

What passes a filter may be far from a query, and all about as far: then the codes' estimates err by more than the best
rows differ, and a depth that was tuned on rows near their queries leaves most of these out. So candidates are scored a
few at a time, best estimate first, until the estimates err too little for one that was left out to be among the best:
until the last one's estimate, and the usual error of those about it, and three times the spread of that, are less than
what was found. Queries near what passes end where their plan does.
"""

import numpy as np

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, IntArray
from shelfsight.stores.ann.finding import EVERYTHING, Finder
from shelfsight.stores.ann.plans import TUNED_K, Plan
from shelfsight.stores.blocks import Top, best_by_product

__all__ = ["checked", "dense"]

_DEEP = 20_000  # more candidates than this,
_DENSE = 8  # or more than one of so many rows, cost more than scoring everything
_DEEPER = 4  # times as many candidates at a time
_AHEAD = 32  # times the plan's depth are estimated at once, at most: scanning costs about the same
_MOST_AHEAD = 4096
_NEARLY = 0.9  # of all rows pass: the others may be no more than dead, and few queries need a second look
_SURE = 3.0  # standard deviations
_EFFORT = 1.5  # times as much where a query is looked at again


def dense(depth: int, count: int) -> bool:
    """Whether scoring all of ``count`` rows costs less than finding ``depth`` of them."""
    return depth > _DEEP or depth * _DENSE > count


def checked(
    vectors: FloatArray, finder: Finder, queries: FloatArray, k: int, allowed: Allowed, plan: Plan
) -> Top | None:
    """:meth:`shelfsight.stores.blocks.Block.top` as ``plan`` says, and deeper for queries that need it; ``None``: the
    finder does not say how good it thinks its candidates."""
    depth = max(k, plan.depth)
    if dense(depth, allowed.count):
        return best_by_product(vectors, queries, k, allowed)
    times = _DEEPER if allowed.count > _NEARLY * len(vectors) else _AHEAD
    ahead = min(max(depth, min(depth * times, _MOST_AHEAD)), allowed.count)
    found = finder.estimated(queries, ahead, plan.effort, allowed)
    if found is None:
        return None
    looks = [_look(vectors, finder, *each, depth, k) for each in zip(queries, *found, strict=True)]
    doubtful = np.flatnonzero([look is None for look in looks])
    if len(doubtful):
        again = _again(vectors, finder, queries[doubtful], k, allowed, plan, ahead)
        for place, look in zip(doubtful.tolist(), again, strict=True):
            looks[place] = look
    return _together([look for look in looks if look is not None])


def _again(
    vectors: FloatArray, finder: Finder, queries: FloatArray, k: int, allowed: Allowed, plan: Plan, ahead: int
) -> list[tuple[FloatArray, IntArray]]:
    """A second time, much deeper and farther: whatever comes then is taken, unless it is less than may be had."""
    depth = max(ahead * _DEEPER, min(_MOST_AHEAD, plan.depth * _AHEAD))
    if dense(depth, allowed.count):
        return list(zip(*best_by_product(vectors, queries, k, allowed), strict=True))
    found = finder.estimated(queries, depth, plan.effort * _EFFORT, allowed)
    looks = []
    for query, rows in zip(queries, found[1] if found else (), strict=True):
        if np.count_nonzero(rows >= 0) < k:
            rows = finder.candidates(query[None], ahead, EVERYTHING, allowed)[0]
        rows = rows[rows >= 0]
        looks.append((finder.products(vectors, query[None], rows[None])[0], rows))
    return looks


def _look(
    vectors: FloatArray, finder: Finder, query: FloatArray, estimates: FloatArray, rows: IntArray, depth: int, k: int
) -> tuple[FloatArray, IntArray] | None:
    """Exact scores of the first ``depth`` rows or, where that may leave out one of the best, of more; ``None``: all
    are not enough."""
    there = int(np.count_nonzero(rows >= 0))
    if there < k:
        return None
    scores = np.empty(0, np.float32)
    while True:
        end = min(depth, there)
        more = finder.products(vectors, query[None], rows[None, len(scores) : end])[0]
        scores = np.concatenate([scores, more])
        if end == there < len(rows) or not _doubtful(estimates[:end], scores, k):
            return scores, rows[:end]
        if end == there:
            return None
        depth *= _DEEPER


def _doubtful(estimates: FloatArray, scores: FloatArray, k: int) -> bool:
    """Whether a row estimated lower than all of these may be better than the best that are wanted of k."""
    wanted = max(1, k - TUNED_K + 10)
    least = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
    late = len(scores) // 2
    errors = scores[late:] - estimates[late:]
    return bool(estimates[-1] + errors.mean() + _SURE * errors.std() > least)


def _together(looks: list[tuple[FloatArray, IntArray]]) -> Top:
    """Padded to one width."""
    width = max(len(rows) for _, rows in looks)
    scores = np.full((len(looks), width), -np.inf, np.float32)
    rows = np.full((len(looks), width), -1, np.int64)
    for i, (some, here) in enumerate(looks):
        scores[i, : len(here)] = some
        rows[i, : len(here)] = here
    return scores, rows
