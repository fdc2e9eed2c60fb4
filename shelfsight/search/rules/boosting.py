"""How boosts move candidates: by their odds, and no further than they say.

A candidate's *merit* is the log-odds that it is relevant, where that is calibrated. Otherwise it is its place on the
scale of the first stage: how many standard deviations of the candidates' order it stands above their mean, each of
which counts as 1. The first stage's order need not be that of relevance (words count in it too), so merits are first
made to fall along it, as little as that takes (isotonic regression; Barlow et al., "Statistical Inference under Order
Restrictions", 1972). A boost adds the logarithm of its factor. So

* candidates with the same boost keep their order, and without boosts all do;
* a boost of 2 moves an item past others of up to twice its odds, never past better ones, and never past those asked
  for by name;
* boosts of one item together count as a factor of 10 at most and a tenth at least.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shelfsight.core.relevance import log_odds_of
from shelfsight.core.rules import MOST_FACTOR
from shelfsight.search.arrange import named
from shelfsight.search.candidates import Candidate

__all__ = ["falling", "merits", "moved", "worths"]

Floats = npt.NDArray[np.float64]

_SUREST = 1e-6


def moved(candidates: Sequence[Candidate], boosts: Floats) -> list[int]:
    """Places of the candidates, best first, after (n,) sums of logarithms of factors; ties stay as they are."""
    worth, front = worths(candidates, boosts), named(candidates)
    order = np.lexsort((-worth, np.arange(len(worth)) >= front))
    return [int(place) for place in order]


def worths(candidates: Sequence[Candidate], boosts: Floats) -> Floats:
    """(n,) merits with (n,) sums of logarithms of factors, as far as these count."""
    most = math.log(MOST_FACTOR)
    return np.asarray(merits(candidates) + np.clip(boosts, -most, most))


def merits(candidates: Sequence[Candidate]) -> Floats:
    """(n,) of candidates in the first stage's order, never rising."""
    known = [each.relevance for each in candidates if each.relevance is not None]
    if len(known) == len(candidates):
        return falling(np.array([log_odds_of(min(max(each, _SUREST), 1 - _SUREST)) for each in known]))
    orders = np.array([each.order for each in candidates], dtype=np.float64)
    spread = float(orders.std()) if len(orders) else 0.0
    return falling((orders - orders.mean()) / spread if spread > 1e-9 else np.zeros_like(orders))


def falling(values: Floats) -> Floats:
    """The non-increasing sequence that is nearest to (n,) values: runs that rise are given their mean."""
    blocks: list[tuple[float, int]] = []
    for value in values.tolist():
        total, size = value, 1
        while blocks and blocks[-1][0] / blocks[-1][1] < total / size:
            before, length = blocks.pop()
            total, size = total + before, size + length
        blocks.append((total, size))
    return np.repeat([total / size for total, size in blocks], [size for _, size in blocks]).astype(np.float64)
