"""How much words and vectors count beside one another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["FUSION", "Floats", "Readings", "WordFusion", "reciprocal_ranks", "standardised"]

Floats = npt.NDArray[np.float64]

_LEAST_SPREAD = 1e-4
_FARTHEST = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What is known of the candidates of one query.

    Attributes:
        cosines: (n,) :func:`standardised`.
        shares: (n,) in [0, 1]: of the words asked for, the weighted share that an item has.
        scores: (n,) in [0, 1]: how well they fit, as a part of the best.
        silent: (n,) 1 where an item has no words that could fit, else 0.
    """

    cosines: Floats
    shares: Floats
    scores: Floats
    silent: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WordFusion:
    """What a candidate is ordered by: a weighted sum of its readings.

    ``cosine + share * s + part * s / s_max + score * b + silent * m``: the share counts by itself and as a part of the
    best item's, because a sentence has words that no item has; and an item without words is not one whose words do not
    fit. Fitted by coordinate search for the greatest nDCG@10.

    Attributes:
        source: what it was fitted on, in a sentence.
    """

    share: float
    part: float
    score: float
    silent: float
    source: str

    def order(self, of: Readings) -> Floats:
        """(n,) higher is better."""
        best = max(float(of.shares.max(initial=0.0)), 1e-6)
        words = self.share * of.shares + self.part * of.shares / best + self.score * of.scores
        return np.asarray(of.cosines + words + self.silent * of.silent)


FUSION = WordFusion(
    share=4.0,
    part=8.0,
    score=8.0,
    silent=16.0,
    source="nDCG@10 over the families and shelves of benchmarks/hybrid.py, validation split, embedded encoder",
)


def standardised(cosines: Floats, best: Sequence[float]) -> Floats:
    """(n,) cosines in standard deviations from the mean of ``best``; those far below are all the same."""
    spread = max(float(np.std(best)), _LEAST_SPREAD) if len(best) else 1.0
    mean = float(np.mean(best)) if len(best) else 0.0
    return np.asarray(np.maximum((cosines - mean) / spread, -_FARTHEST))


def reciprocal_ranks(*ranks: Sequence[int | None], constant: int = 60) -> Floats:
    """(n,) the sum over lists of 1 / (constant + rank), 0 where an item is not in a list.

    G. Cormack, C. Clarke, S. Büttcher, *Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
    Methods* (2009). What :class:`WordFusion` was chosen over.
    """
    parts = [[0.0 if rank is None else 1.0 / (constant + rank) for rank in each] for each in ranks]
    return np.asarray(np.sum(parts, axis=0))
