"""What retrieval and the model say, put together: the order, the relevance, and when no more needs to be asked.

Evidence is what :class:`~shelfsight.search.rerank.inquiry.Inquiry` makes of the model's answers: log-probabilities, at
most 0, and 0 where the model objects to nothing. Evidence by comparison
(:mod:`~shelfsight.search.rerank.listwise`) is on both sides of 0, its mean. Arrays are over the candidates in the first
stage's order, and evidence is NaN where the model did not look: time was up, the page was settled, or the picture
cannot be opened.

**Candidates that were not looked at.** Nothing is known of them but their retrieval score, and they must neither gain
nor lose against each other, nor gain from not having been looked at. All are given the same evidence, so that retrieval
alone decides between them: the median of the evidence there is, which is what a candidate of this query can be
expected to have, and never more than 0. It is not 0: that would rank what nobody looked at with what the model finds no
fault in. So one that was looked at falls behind one that was not, and that retrieval liked less, only where the model
objects to it more than to most. If it says the same of all, nothing moves.

**The gate.** Evidence nearer to 0 than the fusion's ``dead_zone`` counts for nothing, and other evidence by what it
goes beyond: a slight doubt does not move a candidate, and where there is no more than that about any the first stage's
order is kept. It is a gate for each candidate, so that an answer, however extreme, moves the one that it is about and
opens nothing for the others.
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
    said = _gated(evidence, fusion)
    missing = np.isnan(said)
    expected = 0.0 if missing.all() else min(float(np.median(said[~missing])), 0.0)
    return fusion.bias + np.where(missing, expected, said) + fusion.retrieval * retrieval


def order(log_odds: Weights) -> list[int]:
    """Places in the first stage's order, best first; ties stay as the first stage has them."""
    return [int(place) for place in np.argsort(-log_odds, kind="stable")]


def relevance(log_odds: Weights) -> Weights:
    """Log-odds to probabilities."""
    # Beyond 500 the exponential nears the end of what floats hold, and the probability is 0 or 1 to rounding.
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500.0, 500.0)))


def says_nothing(evidence: Weights, fusion: Fusion) -> bool:
    """Whether, beyond what the gate holds back, the model objects to no candidate (compared: prefers none)."""
    return not np.nan_to_num(_gated(evidence, fusion)).any()


def is_settled(evidence: Weights, retrieval: Weights, fusion: Fusion, *, most: float, window: int) -> bool:
    """Whether the first ``window`` places are what they will be when all candidates have been looked at.

    They are when the last of them stands before the best that any other could become, with evidence ``most``.
    """
    said = _gated(evidence, fusion)
    missing = np.isnan(said)
    looked = int((~missing).sum())
    if not missing.any() or looked < window or says_nothing(evidence, fusion):
        return False
    standing = said[~missing] + fusion.retrieval * retrieval[~missing]
    last_in_window = np.partition(standing, looked - window)[looked - window]
    best_rival = float(_gated(np.array([most]), fusion)[0]) + float((fusion.retrieval * retrieval[missing]).max())
    return bool(last_in_window > best_rival)


def _gated(evidence: Weights, fusion: Fusion) -> Weights:
    """Evidence, less what the gate holds back."""
    return np.sign(evidence) * np.maximum(np.abs(evidence) - fusion.dead_zone, 0.0)
