"""How hard to look, by what is asked for.

The ten best of the tenth part of all rows are spread about as wide as the hundred best of all. So how hard a search has
to look depends on one number, its *reach*: k / 10 over the share of rows that may be found. Plans are tuned at a few
reaches, by filters that pass a half, a tenth and a hundredth; a search takes the plan of the next greater one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shelfsight.stores.ann.finding import EVERYTHING

__all__ = ["TUNED_K", "TUNED_SHARES", "Plan", "Plans"]

TUNED_K = 42
"""Rows that blocks are asked for when ten items are wanted: see :data:`shelfsight.stores.ranking.SPARE`."""
TUNED_SHARES = (1.0, 0.5, 0.1, 0.01)
_DEPTH_GROWTH = 0.85  # ten times the items take seven times the candidates: estimates err less far out
_LENIENT = 1.3  # a few dead rows are no filter, nor are 20 items instead of 10 a wider search


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to search.

    Attributes:
        share: of the rows that pass, for which it was tuned.
        effort: the finder's; see :class:`~shelfsight.stores.ann.finding.Finder`.
        depth: candidates whose exact scores are looked at.
    """

    share: float
    effort: float
    depth: int


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans by falling share."""

    plans: tuple[Plan, ...]

    def chosen(self, k: int, share: float) -> Plan:
        """For k rows where ``share`` of all rows pass (above 0, at most 1)."""
        tens = max(1.0, (k - TUNED_K) / 10 + 1)
        scale, reach = tens**_DEPTH_GROWTH, tens / share
        for plan in self.plans:
            if reach <= _LENIENT / plan.share:
                return plan if scale == 1 else Plan(plan.share, plan.effort, round(plan.depth * scale))
        return Plan(0.0, EVERYTHING, round(2 * self.plans[-1].depth * scale))

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(plan) for plan in self.plans]

    @classmethod
    def from_json(cls, plans: Sequence[Mapping[str, Any]]) -> "Plans":
        """
        Raises:
            TypeError, ValueError, KeyError: they are none.
        """
        made = tuple(Plan(float(p["share"]), float(p["effort"]), int(p["depth"])) for p in plans)
        if not made or any(not 0 < plan.share <= 1 or plan.depth < 1 for plan in made):
            raise ValueError("no plans")
        return cls(made)
