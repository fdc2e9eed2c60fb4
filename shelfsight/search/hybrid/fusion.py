"""How much words and vectors count beside one another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["FUSION", "WordFusion", "reciprocal_ranks", "standardised"]

Floats = npt.NDArray[np.float64]

_LEAST_SPREAD = 1e-4
_FARTHEST = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WordFusion:
    """What a candidate is ordered by: ``z + share * s + whole * [s = 1] + score * b``.

    z is its cosine, standardised by those of the best by vector; s the share of the query's words that it has, and b
    how well they fit (BM25), as a part of the best. Fitted by coordinate search for the greatest nDCG@10.

    Attributes:
        source: what it was fitted on, in a sentence.
    """

    share: float
    whole: float
    score: float
    source: str

    def order(self, cosines: Floats, shares: Floats, scores: Floats) -> Floats:
        """(n,) higher is better.

        Args:
            cosines: (n,) standardised.
            shares: (n,) in [0, 1].
            scores: (n,) in [0, 1].
        """
        whole = self.whole * (shares > 1.0 - 1e-6)
        return np.asarray(cosines + self.share * shares + whole + self.score * scores)


FUSION = WordFusion(share=4.0, whole=0.5, score=1.0, source="not fitted yet")


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
