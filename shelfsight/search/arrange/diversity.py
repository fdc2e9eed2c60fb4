"""Hits that look alike make room for others."""

from collections.abc import Sequence

import numpy as np

from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.arrange.pins import named
from shelfsight.search.candidates import Candidate

__all__ = ["diversify"]


def diversify(
    free: Sequence[Candidate], fixed: Sequence[Candidate], vectors: FloatArray, diversity: float
) -> list[Candidate]:
    """``free`` by maximal marginal relevance (Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for
    Reordering Documents and Producing Summaries", SIGIR 1998): the next is always the one with the greatest
    ``(1 - x) relevance - x likeness``.

    ``relevance`` is the candidate's ``order`` among the others, 1 for the greatest and 0 for the least; ``likeness`` is
    the greatest cosine of its best picture with that of one before it, and with a fixed one's. Those asked for by name
    stay in front. Equals stay in their order.

    Args:
        free: candidates, best first.
        fixed: those that are shown in any case.
        vectors: (fixed + free, d) float32, the best picture of each: the fixed first.
        diversity: x in [0, 1).
    """
    front, left = list(range(named(free))), list(range(named(free), len(free)))
    directions = normalise(vectors)
    shown, others = directions[: len(fixed)], directions[len(fixed) :]
    relevance = _spread(np.array([free[place].order for place in left]))
    candidates = others[left]
    likeness = np.full(len(left), -1.0)
    for vector in (*shown, *others[front]):
        likeness = np.maximum(likeness, candidates @ vector)
    waiting = np.ones(len(left), dtype=bool)
    chosen = list(front)
    for _ in left:
        worth = np.where(waiting, (1 - diversity) * relevance - diversity * likeness, -np.inf)
        best = int(np.argmax(worth))
        waiting[best] = False
        chosen.append(left[best])
        likeness = np.maximum(likeness, candidates @ candidates[best])
    return [free[place] for place in chosen]


def _spread(orders: FloatArray) -> FloatArray:
    """To [0, 1], the least to 0 and the greatest to 1; all 0 where they are the same."""
    if not orders.size or orders.max() == orders.min():
        return np.zeros(len(orders), np.float32)
    spread: FloatArray = (orders - orders.min()) / (orders.max() - orders.min())
    return spread
