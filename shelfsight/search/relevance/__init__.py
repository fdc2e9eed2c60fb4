"""The calibrated probability of relevance: of each hit, and that nothing matches at all."""

from shelfsight.search.relevance.fitting import Judgement, fit_relevance
from shelfsight.search.relevance.judging import EXACT, Judge, asked_for, judge, open_judge, require_judge
from shelfsight.search.relevance.words import meaning

__all__ = [
    "EXACT",
    "Judge",
    "Judgement",
    "asked_for",
    "fit_relevance",
    "judge",
    "meaning",
    "open_judge",
    "require_judge",
]
