"""What retrieval and the model say, put together: the order, the relevance, and when no more needs to be asked.

Evidence is what :class:`~shelfsight.search.rerank.inquiry.Inquiry` makes of the model's answers; arrays are over the
candidates in the first stage's order, and evidence is NaN where the model did not look: time was up, the page was
settled, or the picture cannot be opened.

**Candidates that were not looked at.** Nothing is known of them but their retrieval score, and they must neither gain
nor lose against each other, nor gain from not having been looked at. All are given the same evidence, so that retrieval
alone decides between them: the mean of the evidence there is, which is what a candidate of this query can be expected
to have, but never more than 0, the evidence of a model that cannot tell. So one that was looked at falls behind one
that was not, and that retrieval liked less, only where the model's word on it is worse than no word at all and worse
than what it says on average. If it says the same of all, nothing moves.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.calibration import Fusion
from shelfsight.search.rerank.inquiry import Weights

__all__ = ["fused", "is_settled", "order", "relevance", "says_nothing", "standardised"]


def standardised(scores: npt.NDArray[Any]) -> Weights:
    """(n,) retrieval scores to mean 0 and standard deviation 1; zeros where they are all the same."""
    wide = scores.astype(np.float64)
    spread = float(wide.std()) if wide.size else 0.0
    return (wide - wide.mean()) / spread if spread > 1e-9 else np.zeros_like(wide)


def fused(evidence: Weights, retrieval: Weights, fusion: Fusion) -> Weights:
    """The log-odds of relevance, (n,), by which candidates are ordered. ``retrieval`` is standardised."""
    missing = np.isnan(evidence)
    expected = 0.0 if missing.all() else min(float(evidence[~missing].mean()), 0.0)
    return fusion.bias + np.where(missing, expected, evidence) + fusion.retrieval * retrieval


def order(log_odds: Weights) -> list[int]:
    """Places in the first stage's order, best first; ties stay as the first stage has them."""
    return [int(place) for place in np.argsort(-log_odds, kind="stable")]


def relevance(log_odds: Weights) -> Weights:
    """Log-odds to probabilities."""
    # Beyond 500 the exponential nears the end of what floats hold, and the probability is 0 or 1 to rounding.
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500.0, 500.0)))


def says_nothing(evidence: Weights, fusion: Fusion) -> bool:
    """The gate: the model cannot tell the candidates that it looked at apart."""
    looked = evidence[~np.isnan(evidence)]
    return looked.size == 0 or float(looked.std()) < fusion.least_spread


def is_settled(evidence: Weights, retrieval: Weights, fusion: Fusion, *, most: float, window: int) -> bool:
    """Whether the first ``window`` places are what they will be when all candidates have been looked at.

    They are when the last of them stands before the best that any other could become, with evidence ``most``, and when
    the gate stays open whatever is said of the others: among n candidates the variance is at least s/n of that among
    s of them, and that little only where the others all have the mean.
    """
    missing = np.isnan(evidence)
    looked = int((~missing).sum())
    if not missing.any() or looked < window:
        return False
    spread = np.sqrt(looked / len(evidence)) * evidence[~missing].std()
    if spread < fusion.least_spread * (1.0 + 1e-9):
        return False
    standing = evidence[~missing] + fusion.retrieval * retrieval[~missing]
    last_in_window = np.partition(standing, looked - window)[looked - window]
    best_rival = most + float((fusion.retrieval * retrieval[missing]).max())
    return bool(last_in_window > best_rival)
