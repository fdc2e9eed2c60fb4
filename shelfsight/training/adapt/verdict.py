"""Better or not: the same questions before and after, paired, with intervals; and the rule for promotion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.evaluation.metrics import Interval
from shelfsight.training.adapt.facts import Ints
from shelfsight.training.adapt.questions import Questions, Values

__all__ = ["Comparison", "Verdict", "crossed_interval", "judge"]

_RESAMPLES = 2000
_SEED = 20260
_BLOCK = 100
_LEAST_OF_A_FAMILY = 10
"""Questions below which the interval of a family says nothing."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric over some questions: means before and after, and the 95 % interval of the mean paired difference."""

    queries: int
    before: float
    after: float
    interval: Interval

    @classmethod
    def of(cls, before: npt.NDArray[np.float64], after: npt.NDArray[np.float64], stated: Ints) -> "Comparison":
        """Of the values of each question, in one order, and the facts that each states."""
        return cls(len(before), float(before.mean()), float(after.mean()), crossed_interval(after - before, stated))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "queries": self.queries,
            "before": self.before,
            "after": self.after,
            "difference": self.after - self.before,
            "interval": [self.interval.low, self.interval.high],
        }

    def __str__(self) -> str:
        low, high = self.interval.low, self.interval.high
        return f"{self.before:.4f} -> {self.after:.4f}, difference 95 % interval {low:+.4f} to {high:+.4f}"


@dataclass(frozen=True)
class Verdict:
    """Whether the adapted encoder may take the place of its base.

    Attributes:
        metric: the figure that decides.
        metrics: every metric over all questions.
        families: family -> the deciding metric over its questions.
        objections: why not, in sentences; none: promoted.
    """

    metric: str
    metrics: Mapping[str, Comparison]
    families: Mapping[str, Comparison]
    objections: tuple[str, ...]

    @property
    def better(self) -> bool:
        return not self.objections

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "metric": self.metric,
            "metrics": {name: each.to_json() for name, each in self.metrics.items()},
            "families": {name: each.to_json() for name, each in self.families.items()},
            "objections": list(self.objections),
        }


def judge(
    questions: Questions, before: Values, after: Values, metric: str, *, validation: tuple[float, float]
) -> Verdict:
    """Compare the answers to the same questions.

    Promoted is what has its whole 95 % interval of the mean paired difference (:func:`crossed_interval`) above zero,
    no family of ten questions and more whose interval lies below zero, and a gain on validation too.

    Args:
        validation: mean figure of the validation questions before and after.
    """
    metrics = {name: Comparison.of(before[name], after[name], questions.stated) for name in before}
    families = {}
    for family in dict.fromkeys(str(each) for each in questions.families):
        rows = questions.families == family
        families[family] = Comparison.of(before[metric][rows], after[metric][rows], questions.stated[rows])
    objections = _objections(metric, metrics[metric], families)
    if validation[1] <= validation[0]:
        objections.append(f"{metric} of the validation texts is no better ({validation[0]:.4f} -> {validation[1]:.4f})")
    return Verdict(metric, metrics, families, tuple(objections))


def crossed_interval(values: npt.NDArray[np.float64], stated: Ints) -> Interval:
    """The middle 95 % of 2,000 seeded bootstrap means, where questions that state the same fact go together.

    "Red shoes" and "red bags" are no two independent trials: both are about the same red items. So not questions are
    drawn but facts, and a question weighs the product of its facts' weights (Owen and Eckles 2012, "Bootstrapping data
    arrays of arbitrary order", with the exponential weights of Rubin's Bayesian bootstrap). Where no fact is stated
    twice, as with titles, this is the bootstrap over questions.

    Args:
        values: (n,) float64, n >= 1.
        stated: (n, 3) facts of each question, -1 where it states fewer.
    """
    random = np.random.default_rng(_SEED)
    _, places = np.unique(stated, return_inverse=True)
    places, count = places.reshape(stated.shape), int(places.max()) + 1
    means = []
    for _ in range(_RESAMPLES // _BLOCK):
        of_fact = random.standard_exponential((_BLOCK, count))
        weights = np.where(stated >= 0, of_fact[:, places], 1.0).prod(axis=2)
        means.append(weights @ values / weights.sum(axis=1))
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return Interval(float(low), float(high))


def _objections(metric: str, overall: Comparison, families: Mapping[str, Comparison]) -> list[str]:
    found = []
    if overall.interval.low <= 0:
        found.append(f"{metric} of the held-out texts is not certainly better ({overall})")
    for family, each in families.items():
        if each.queries >= _LEAST_OF_A_FAMILY and each.interval.high < 0:
            found.append(f"{metric} of the family {family!r} is certainly worse ({each})")
    return found
