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
    """

    slope: float = 1.0
    intercept: float = 0.0
    yes_from: float = 0.9
    no_below: float = 0.1

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

    log-odds = ``bias + model * m + atoms * a + negation * n + retrieval * z`` where m is the calibrated log-odds of the
    whole query, a the mean calibrated log-odds of its atoms (m where there are none), n the sum of the calibrated
    log-odds of ``not`` for what it excludes (0 where nothing), and z the standardised retrieval score among candidates.

    Attributes:
        dead_zone: the gate: ``e = model * m + atoms * a + negation * n`` counts for nothing where it is nearer to 0
            than this, and else by what it goes beyond. Where it counts for no candidate, the first stage's order is
            kept.
    """

    bias: float = 0.0
    model: float = 0.5
    atoms: float = 0.0
    negation: float = 0.5
    retrieval: float = 1.0
    dead_zone: float = 0.1


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
