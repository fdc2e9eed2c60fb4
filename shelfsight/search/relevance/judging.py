"""How probable it is that what was found is what was asked for, and whether anything is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shelfsight.core.errors import UsageError
from shelfsight.core.relevance import Asked, Curve, RelevanceScale, Standing, log_odds_of
from shelfsight.core.vectors import FloatArray
from shelfsight.search.candidates import Candidate
from shelfsight.search.relevance.words import meaning

__all__ = ["EXACT", "Judge", "asked_for", "judge", "open_judge", "require_judge"]

EXACT = 0.99
"""An item whose SKU or brand is what was typed is at least so probably what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """One query, ready to judge cosines with its vector."""

    scale: RelevanceScale
    standing: Standing
    hits: Curve
    best: Curve | None
    nothing_below: float = 0.0

    def probability(self, cosine: float, share: float = 0.0) -> float:
        """That an item is what was asked for. ``share``: of the query's words, the part that its title and fields have,
        in [0, 1]."""
        return _probability(self.hits.log_odds(self.standing, cosine) + self.scale.words * share)

    def cosine_at(self, probability: float, share: float = 0.0) -> float:
        """The cosine from which on items are at least so probable: the inverse of :meth:`probability`.

        Minus infinity for a probability of 0, plus infinity for 1. Hits and counts are cut by this cosine, not by
        the probability, which rounding may put on the other side.
        """
        return self.hits.cosine_at(self.standing, log_odds_of(probability) - self.scale.words * share)

    def least_cosine(self, probability: float) -> float:
        """Below it nothing is so probable, whatever share of the words it has."""
        return min(self.cosine_at(probability, share) for share in (0.0, 1.0))

    def nothing_matches(self, best: float | None) -> bool:
        """Whether a collection whose best picture has the cosine ``best`` (``None``: there is no item) has nothing of
        what was asked for. Never claimed where that was not calibrated."""
        if best is None or self.best is None:
            return False
        return _probability(self.best.log_odds(self.standing, best)) < self.nothing_below


def asked_for(*, text: bool, picture: bool, minus: bool = False, image_weight: float = 0.5) -> Asked:
    """What a query is made of. One of text and picture counts as that alone which has nearly all of the weight; minus
    terms make a difference beside a text only."""
    if picture and not (text and image_weight < 0.1):
        return "both" if text and image_weight <= 0.9 else "picture"
    return "minus" if minus else "text"


def open_judge(scale: RelevanceScale | None, vector: FloatArray, asked: Asked, text: str | None = None) -> Judge | None:
    """Who judges the hits of a (d,) query vector of length 1; ``None`` where nothing is known of such queries.

    Args:
        text: what was typed, where something was.
    """
    if scale is None or asked not in scale.hits:
        return None
    return Judge(
        scale=scale,
        standing=scale.stand(vector, meaning(text or "")),
        hits=scale.hits[asked],
        best=scale.best.get(asked),
        nothing_below=scale.nothing_below.get(asked, 0.0),
    )


def require_judge(judge: Judge | None) -> Judge:
    """The judge, for a search that cannot do without.

    Raises:
        UsageError: there is none; the hint says how to calibrate.
    """
    if judge is None:
        raise UsageError(
            "min_relevance needs an encoder whose scores were calibrated, and this one's were not",
            hint="leave it out, or calibrate: shelfsight evaluate -c COLLECTION --queries Q.jsonl --calibrate",
        )
    return judge


def judge(candidates: Sequence[Candidate], by: Judge | None) -> tuple[Candidate, ...]:
    """The candidates in their order, each with its relevance: what has one keeps it, and where nobody judges all do."""
    if by is None:
        return tuple(candidates)
    return tuple(each if each.relevance is not None else each.judged(_relevance(each, by)) for each in candidates)


def _relevance(candidate: Candidate, by: Judge) -> float:
    probability = by.probability(candidate.match.score, candidate.share)
    return max(probability, EXACT) if candidate.exact is not None else probability


def _probability(log_odds: float) -> float:
    # Beyond 500 the exponential nears the end of what floats hold, and the probability is 0 or 1 to rounding.
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -500.0), 500.0)))
