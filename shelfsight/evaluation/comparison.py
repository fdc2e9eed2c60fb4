"""Two reports on the same queries, or on the same pictures: which is better, by how much, and could it be chance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import UsageError
from shelfsight.evaluation.classification import ClassifyReport
from shelfsight.evaluation.metrics import Interval, interval
from shelfsight.evaluation.ranking import EvaluationReport, families_of
from shelfsight.evaluation.significance import holm, mcnemar, sign_flips

__all__ = ["LEVEL", "ClassifyComparison", "Comparison", "Difference", "Winner", "chance", "compare"]

LEVEL = 0.05
"""A corrected p-value below this is a significant difference."""

Winner = Literal["A", "B"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What A has more than B.

    Attributes:
        a, b: the two means.
        difference: mean of a - b over the cases.
        interval: 95 % bootstrap interval of that mean.
        p: two-sided p-value of no difference, of this test alone.
        p_holm: the same, corrected for the other tests beside it.
        wins, ties, losses: cases in which A has more, the same, and less.
    """

    a: float
    b: float
    difference: float
    interval: Interval
    p: float
    p_holm: float
    wins: int
    ties: int
    losses: int

    @property
    def better(self) -> Winner:
        """``"A"`` or ``"B"`` where the corrected p-value is below :data:`LEVEL`, else ``None``."""
        if self.p_holm >= LEVEL:
            return None
        return "A" if self.difference > 0 else "B"

    def sentence(self, metric: str) -> str:
        """The verdict in plain words; the interval is on the side of the winner."""
        sign = -1 if self.better == "B" else 1
        low, high = sorted((sign * self.interval.low, sign * self.interval.high))
        amount = f"{sign * self.difference:.3f} [{low:.3f}, {high:.3f}], {chance(self.p_holm)}"
        if self.better is None:
            return f"no significant difference on {metric}: A - B is {amount}"
        return f"{self.better} is better on {metric} by {amount}"

    def to_json(self) -> dict[str, Any]:
        return {
            "a": self.a,
            "b": self.b,
            "difference": self.difference,
            "interval": [self.interval.low, self.interval.high],
            "p": self.p,
            "p_holm": self.p_holm,
            "wins": self.wins,
            "ties": self.ties,
            "losses": self.losses,
            "better": self.better,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two collections on the same queries.

    Attributes:
        a, b: their reports.
        metrics: metric -> difference over all queries; p-values corrected over all metrics.
        families: family -> metric -> difference over its queries; corrected over all families and metrics.
    """

    a: EvaluationReport
    b: EvaluationReport
    metrics: Mapping[str, Difference]
    families: Mapping[str, Mapping[str, Difference]]

    @property
    def verdicts(self) -> dict[str, str]:
        """A sentence for each headline metric."""
        return {name: self.metrics[name].sentence(name) for name in self.a.headline}

    def differences(self) -> npt.NDArray[np.float64]:
        """(q,) float64: A minus B in ``a.telling``, in the order of the queries."""
        name = self.a.telling
        return self.a.values[name] - self.b.values[name]

    def extremes(self, count: int) -> tuple[list[int], list[int]]:
        """Places of the worst losses and of the best wins of A in ``a.telling``, ``count`` in all at most; half for
        each, unless one has fewer. The greatest difference first, equal ones in the order asked."""
        moved = self.differences()
        order = np.argsort(moved, kind="stable")
        losses = [int(i) for i in order if moved[i] < 0]
        wins = [int(i) for i in np.argsort(-moved, kind="stable") if moved[i] > 0]
        kept = max(count - count // 2, count - len(wins))
        losses = losses[:kept]
        return losses, wins[: count - len(losses)]

    def rows(self) -> Iterator[dict[str, Any]]:
        """As :meth:`EvaluationReport.rows`; what B answered is under ``against``."""
        for a, b in zip(self.a.rows(), self.b.rows(), strict=True):
            yield {**a, "against": {"metrics": b["metrics"], "ranking": b["ranking"]}}

    def to_json(self, *, worst: int = 10) -> dict[str, Any]:
        """Plain values for ``evaluate --against --json``: A's report, B's under ``against``, and ``comparison``."""
        return {
            **self.a.to_json(worst=worst),
            "against": self.b.to_json(worst=worst),
            "comparison": {
                "test": "paired randomisation",
                "correction": "holm",
                "tests": len(self.metrics),
                "level": LEVEL,
                "metrics": {name: each.to_json() for name, each in self.metrics.items()},
                "families": {
                    family: {name: each.to_json() for name, each in metrics.items()}
                    for family, metrics in self.families.items()
                },
                "verdicts": self.verdicts,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyComparison:
    """Two collections guessing the same field.

    Attributes:
        a, b: their reports, each over all of its own items.
        top1: difference over the common items; its p-value is McNemar's exact one.
        common: ids of the items that are in both with the same value.
        only_a, only_b: judged items of one that are not common: absent in the other, or of another value there.
    """

    a: ClassifyReport
    b: ClassifyReport
    top1: Difference
    common: tuple[str, ...] = field(repr=False)
    only_a: int
    only_b: int

    @property
    def verdicts(self) -> dict[str, str]:
        return {"top-1": self.top1.sentence("top-1")}

    def extremes(self) -> tuple[list[str], list[str]]:
        """Ids of the common items that only B gets right, and of those that only A does."""
        a, b = self.a.guesses, self.b.guesses
        losses = [id for id in self.common if b[id].right and not a[id].right]
        return losses, [id for id in self.common if a[id].right and not b[id].right]

    def rows(self) -> Iterator[dict[str, Any]]:
        """As :meth:`ClassifyReport.rows`; B's guess is under ``against``, ``None`` where it has no such item."""
        for row in self.a.rows():
            other = self.b.guesses.get(row["id"])
            yield {**row, "against": None if other is None else {"guess": other.guessed, "right": other.right}}

    def to_json(self, *, worst: int = 10) -> dict[str, Any]:
        """Plain values for ``evaluate --classify --against --json``."""
        return {
            **self.a.to_json(worst=worst),
            "against": self.b.to_json(worst=worst),
            "comparison": {
                "test": "mcnemar exact",
                "level": LEVEL,
                "common": len(self.common),
                "only_a": self.only_a,
                "only_b": self.only_b,
                "top1": self.top1.to_json(),
                "verdicts": self.verdicts,
            },
        }


@overload
def compare(a: EvaluationReport, b: EvaluationReport) -> Comparison: ...
@overload
def compare(a: ClassifyReport, b: ClassifyReport) -> ClassifyComparison: ...
def compare(
    a: EvaluationReport | ClassifyReport, b: EvaluationReport | ClassifyReport
) -> Comparison | ClassifyComparison:
    """Hold two reports against each other, case by case.

    Rankings are compared by the paired randomisation test of
    :func:`~shelfsight.evaluation.significance.sign_flip`, classifications by the exact test of
    :func:`~shelfsight.evaluation.significance.mcnemar` over the items that both know by the same value.

    Raises:
        UsageError: the reports are not about the same queries and depths, or not about the same field;
            or no item is common.
    """
    if isinstance(a, EvaluationReport) and isinstance(b, EvaluationReport):
        return _compare_rankings(a, b)
    if isinstance(a, ClassifyReport) and isinstance(b, ClassifyReport):
        return _compare_guesses(a, b)
    raise UsageError("a ranking and a classification cannot be compared", hint="compare two reports of one kind")


def _compare_rankings(a: EvaluationReport, b: EvaluationReport) -> Comparison:
    if a.judged != b.judged or a.ks != b.ks:
        raise UsageError(
            "the reports are not about the same queries and depths", hint="evaluate both with one file and the same k"
        )
    everything = range(a.queries)
    overall = _differences(a, b, {"": everything})
    return Comparison(a=a, b=b, metrics=overall[""], families=_differences(a, b, families_of(a.judged)))


def _differences(
    a: EvaluationReport, b: EvaluationReport, groups: Mapping[str, Sequence[int]]
) -> dict[str, dict[str, Difference]]:
    """group -> metric -> difference, corrected over all of them."""
    pairs = [(group, name) for group in groups for name in a.values]
    values = [(a.values[name][groups[group]], b.values[name][groups[group]]) for group, name in pairs]
    chances = sign_flips([first - second for first, second in values], level=LEVEL)
    found: dict[str, dict[str, Difference]] = {group: {} for group in groups}
    for (group, name), (first, second), p, corrected in zip(pairs, values, chances, holm(chances), strict=True):
        found[group][name] = _difference(first, second, p, corrected)
    return found


def _difference(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], p: float, corrected: float) -> Difference:
    moved = a - b
    return Difference(
        a=float(a.mean()),
        b=float(b.mean()),
        difference=float(moved.mean()),
        interval=interval(moved),
        p=p,
        p_holm=corrected,
        wins=int(np.count_nonzero(moved > 0)),
        ties=int(np.count_nonzero(moved == 0)),
        losses=int(np.count_nonzero(moved < 0)),
    )


def _compare_guesses(a: ClassifyReport, b: ClassifyReport) -> ClassifyComparison:
    if a.field != b.field:
        raise UsageError(f"the reports are about different fields, {a.field!r} and {b.field!r}")
    common = tuple(id for id, guess in a.guesses.items() if id in b.guesses and b.guesses[id].own == guess.own)
    if not common:
        raise UsageError(
            f"no item is in both collections with the same {a.field!r}",
            hint="compare collections of one catalogue: items are matched by id",
        )
    right_a = np.array([a.guesses[id].right for id in common], dtype=np.float64)
    right_b = np.array([b.guesses[id].right for id in common], dtype=np.float64)
    p = mcnemar(int(np.count_nonzero(right_a > right_b)), int(np.count_nonzero(right_a < right_b)))
    return ClassifyComparison(
        a=a,
        b=b,
        top1=_difference(right_a, right_b, p, p),
        common=common,
        only_a=len(a.guesses) - len(common),
        only_b=len(b.guesses) - len(common),
    )


def chance(value: float) -> str:
    """A p-value in words: ``p = 0.012``, ``p < 0.001``."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
