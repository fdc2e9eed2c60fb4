"""What was learnt on judged queries about an encoder's cosines: how probable it is that a hit is what was asked for.

A cosine says little by itself: those of "shoe" spread otherwise than those of "navy striped shirt", and a picture's
otherwise than a text's. So a query is first held against a background, pictures of all kinds that stay the same
whatever is searched: its cosine with an item counts as far as it stands out of its cosines with these. The background
is not the collection, because in a shop that sells shoes only, every shoe is an ordinary one and still a shoe.

Three readings of a query vector q and a cosine c are weighed, and their sum is log-odds (logistic regression):

* standing: (c - mean) / standard deviation of the cosines of q with the background's pictures;
* the cosine c itself;
* familiarity, of texts: the share of their words that the encoder was trained with. It depends on the query alone: what
  an encoder never read it places somewhere all the same, and surely so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from shelfsight.core.vectors import FloatArray

__all__ = ["LEAST_SPREAD", "Asked", "Curve", "RelevanceScale", "ScalesRelevance", "Standing", "log_odds_of"]

Asked = Literal["text", "minus", "picture", "both"]
"""What a query is made of: a text, one less minus terms, a picture, or text and picture. The cosines of each with
pictures are a scale of their own."""

LEAST_SPREAD = 1e-4
"""Standard deviation of cosines below which a background says nothing of a query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A query vector as the background sees it.

    Attributes:
        mean, deviation: of its cosines with the background's pictures.
        familiarity: the share of the query's words that the encoder knows, in [0, 1].
    """

    mean: float
    deviation: float
    familiarity: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Log-odds from the readings of a query and a cosine.

    ``bias + standing * (c - mean) / deviation + cosine * c + familiarity * f``; neither ``standing`` nor ``cosine`` is
    negative, so that of two hits of a query the one with the higher cosine is never the less probable.
    """

    bias: float
    standing: float
    cosine: float
    familiarity: float = 0.0

    def log_odds(self, of: Standing, cosine: float) -> float:
        """Of one cosine."""
        return self._offset(of) + self._slope(of) * cosine

    def cosine_at(self, of: Standing, log_odds: float) -> float:
        """The cosine from which on the log-odds are reached; minus or plus infinity where all or none reach them."""
        slope, missing = self._slope(of), log_odds - self._offset(of)
        if slope > 0.0:
            return missing / slope
        return -math.inf if missing <= 0.0 else math.inf

    def _offset(self, of: Standing) -> float:
        return self.bias - self.standing * of.mean / of.deviation + self.familiarity * of.familiarity

    def _slope(self, of: Standing) -> float:
        return self.standing / of.deviation + self.cosine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelevanceScale:
    """All that is known of one encoder.

    Attributes:
        source: what it was fitted on, in a sentence.
        revision: that of the encoder whose vectors these are.
        hits: what a query is made of -> that a hit is relevant. A kind that is left out is not judged.
        best: likewise -> that the collection has what was asked for, by the cosine of the best hit.
        nothing_below: likewise -> the probability of ``best`` below which nothing matches.
        cutoff: a probability of relevance that suits as ``min_relevance``: the one with the best F1 on validation.
        words: log-odds that an item gains which has all words of the query in its title and fields; in proportion for
            a part of them.
        pictures: (n, d) float32 of length 1, the background.
        vocabulary: words that the encoder was trained with, as keys (lower case, singular); empty where that is not
            known, and every word counts as known.
    """

    source: str
    revision: str
    hits: Mapping[Asked, Curve]
    best: Mapping[Asked, Curve]
    nothing_below: Mapping[Asked, float]
    cutoff: float
    words: float = 2.0
    pictures: FloatArray = field(repr=False)
    vocabulary: frozenset[str] = field(default=frozenset(), repr=False)

    def stand(self, vector: FloatArray, words: Sequence[str] = ()) -> Standing:
        """How a query stands to the background.

        Args:
            vector: (d,) float32 of length 1.
            words: those of its text that mean something, as keys.
        """
        cosines = self.pictures @ vector
        known = [word in self.vocabulary for word in words] if self.vocabulary else []
        return Standing(
            mean=float(np.mean(cosines)),
            deviation=max(float(np.std(cosines)), LEAST_SPREAD),
            familiarity=sum(known) / len(known) if known else 1.0,
        )


@runtime_checkable
class ScalesRelevance(Protocol):
    """An encoder whose cosines were held against judged queries."""

    @property
    def relevance(self) -> RelevanceScale | None:
        """What was learnt; ``None`` where nothing was."""
        ...


def log_odds_of(probability: float) -> float:
    """Of a probability in [0, 1]; minus and plus infinity at its ends."""
    if probability <= 0.0:
        return -math.inf
    return math.inf if probability >= 1.0 else math.log(probability / (1.0 - probability))
