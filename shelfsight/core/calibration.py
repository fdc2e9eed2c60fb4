"""What was learnt on validation pictures about a vision-language model's probabilities: how far they can be trusted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from shelfsight.core.questions import Subject
from shelfsight.core.types import Verdict

__all__ = ["UNCALIBRATED", "Calibration", "Fusion", "Scale"]

_LEAST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Platt scaling of P(yes), and the bounds of the verdicts.

    Attributes:
        slope, intercept: calibrated log-odds are ``slope * log-odds + intercept``.
        yes_from: a calibrated probability from here on is a yes.
        no_below: one below is a no; between the two: cannot tell.
        sure_from: a claim of at least this probability may be said in a sentence; a yes below it is likely.
    """

    slope: float = 1.0
    intercept: float = 0.0
    yes_from: float = 0.9
    no_below: float = 0.1
    sure_from: float = 0.97

    def log_odds(self, probability: float) -> float:
        """Calibrated log-odds of a raw P(yes) in [0, 1]."""
        clipped = min(max(float(probability), _LEAST), 1.0 - _LEAST)
        return self.slope * math.log(clipped / (1.0 - clipped)) + self.intercept

    def probability(self, probability: float) -> float:
        """Calibrated probability of a raw P(yes) in [0, 1]."""
        return 1.0 / (1.0 + math.exp(-self.log_odds(probability)))

    def verdict(self, calibrated: float) -> Verdict:
        """What a calibrated probability allows to say."""
        if calibrated >= self.yes_from:
            return "yes"
        return "no" if calibrated < self.no_below else "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """Logistic regression of relevance on what the stages say of a candidate.

    log-odds = ``bias + e + retrieval * z``, where z is the standardised retrieval score among the candidates, and the
    evidence is what the model objects to it: ``e = model * w + atoms * a + negation * n`` with the log-probability w
    that it shows the whole query, the sum a of those of its atoms (w where there are none), and the sum n of those that
    it does not show what the query excludes. Log-probabilities, so that one thing that is wrong is not made up for by
    others that are right; each is at least ``-floor``, so that one answer does not decide alone.

    Attributes:
        dead_zone: the gate: evidence nearer to 0 than this counts for nothing, and other by what it goes beyond. Where
            the model objects to no candidate, the first stage's order is kept.
    """

    bias: float = 0.0
    model: float = 0.5
    atoms: float = 0.0
    negation: float = 0.5
    retrieval: float = 1.0
    floor: float = 3.0
    dead_zone: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All that is known of one model.

    Attributes:
        scales: by subject of the question; a subject that is not there has the scale of ``other``.
        source: what it was fitted on, in a sentence; empty where it was not.
    """

    scales: Mapping[Subject, Scale] = field(default_factory=dict)
    fusion: Fusion = Fusion()
    source: str = ""

    def scale(self, subject: Subject) -> Scale:
        """The scale of a subject."""
        return self.scales.get(subject) or self.scales.get("other") or Scale()


UNCALIBRATED = Calibration()
"""For a model of which nothing is known: its own probabilities, and wide bounds."""
