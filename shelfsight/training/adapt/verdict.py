"""Better or not: the same questions before and after, paired, with intervals; and the rule for promotion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.evaluation.metrics import Interval, interval
from shelfsight.training.adapt.questions import Questions, Values

__all__ = ["Comparison", "Verdict", "judge"]

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
    def of(cls, before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> "Comparison":
        """Of the values of each question, in one order."""
        return cls(len(before), float(before.mean()), float(after.mean()), interval(after - before))

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


def judge(questions: Questions, before: Values, after: Values, metric: str) -> Verdict:
    """Compare the answers to the same questions.

    Promoted is what has its whole 95 % interval of the mean paired difference (percentile bootstrap over questions)
    above zero, and no family of ten questions and more whose interval lies below zero.
    """
    metrics = {name: Comparison.of(before[name], after[name]) for name in before}
    families = {}
    for family in dict.fromkeys(str(each) for each in questions.families):
        rows = questions.families == family
        families[family] = Comparison.of(before[metric][rows], after[metric][rows])
    return Verdict(metric, metrics, families, tuple(_objections(metric, metrics[metric], families)))


def _objections(metric: str, overall: Comparison, families: Mapping[str, Comparison]) -> list[str]:
    found = []
    if overall.interval.low <= 0:
        found.append(f"{metric} of the held-out texts is not certainly better ({overall})")
    for family, each in families.items():
        if each.queries >= _LEAST_OF_A_FAMILY and each.interval.high < 0:
            found.append(f"{metric} of the family {family!r} is certainly worse ({each})")
    return found
