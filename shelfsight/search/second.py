"""The stages behind retrieval: a model is had, looks at the head of the list, and what it made of it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shelfsight.core.errors import ShelfsightError
from shelfsight.core.protocols import Match, StoredItem
from shelfsight.core.types import StageReport
from shelfsight.search.look import OpenLook, Viewing
from shelfsight.search.patience import Budget, Patience, TimeUp
from shelfsight.search.planning import Plan
from shelfsight.search.rerank import STAGE, Inquiry, rerank
from shelfsight.search.trace import Trace

__all__ = ["SecondLook", "Seen"]

_KEEPING = 0.25
"""Seconds that a search waits for what it saw to be kept; then that goes on behind its back."""
_MOMENT = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A list of matches, after the stages that there were.

    Attributes:
        matches: best first, from the first place on.
        ranks: stage -> id -> rank in that stage.
        relevance: id -> calibrated probability, where there is one.
        graded: whether those rest on grades in words.
        stages: what the stages behind retrieval did.
        warnings: what was degraded.
    """

    matches: Sequence[Match]
    ranks: Mapping[str, Mapping[str, int]]
    relevance: Mapping[str, float] = field(default_factory=dict)
    graded: bool = False
    stages: tuple[StageReport, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def first(cls, matches: Sequence[Match]) -> "Seen":
        """As retrieval has them."""
        return cls(matches=matches, ranks={"retrieval": _places(matches)})

    @property
    def failed(self) -> bool:
        """Whether a stage failed."""
        return any(stage.ended == "failed" for stage in self.stages)


class SecondLook:
    """Has a model look at the matches of searches. Safe to share between threads."""

    def __init__(self, open_look: OpenLook) -> None:
        self._open = open_look
        self._patience = Patience()
        self._keeping = Patience()

    def over(self, plan: Plan, matches: Sequence[Match], items: Mapping[str, StoredItem], trace: Trace) -> Seen:
        """``matches`` as the plan wants them looked at. Never raises for what a model or a picture does.

        Args:
            matches: those that retrieval found, best first, :attr:`~shelfsight.search.planning.Plan.reach` at most.
            items: those of the candidates and of the page, by id.
            trace: gets the stages ``look`` (the model is opened, where it was not), ``rerank`` and ``keep``.
        """
        budget = Budget(plan.query.budget_ms)
        first = Seen.first(matches)
        try:
            with trace.stage("look"):
                viewing = Viewing(self._open(budget.left), items)
        except ShelfsightError as error:
            return _blind(first, len(matches[: plan.depth]), error)
        with trace.stage(STAGE):
            seen = self._reranked(plan, first, viewing, budget)
        with trace.stage("keep"):
            return replace(seen, warnings=(*seen.warnings, *self._keep(viewing, budget)))

    def _reranked(self, plan: Plan, seen: Seen, viewing: Viewing, budget: Budget) -> Seen:
        candidates, others = seen.matches[: plan.depth], seen.matches[plan.depth :]
        look = viewing.look
        inquiry = Inquiry.of(plan.positive, plan.asked, look.calibration)
        done = rerank(candidates, inquiry, viewing, window=plan.window, budget=budget, patience=self._patience)
        ordered = (*done.matches, *others)
        return Seen(
            matches=ordered,
            ranks=seen.ranks if done.report.ended == "failed" else {**seen.ranks, STAGE: _places(ordered)},
            relevance=done.relevance,
            graded=look.vlm.graded,
            stages=(done.report,),
            warnings=done.warnings,
        )

    def _keep(self, viewing: Viewing, budget: Budget) -> tuple[str, ...]:
        """Keep what was made of the pictures; a warning where it cannot be. A search waits for it but briefly, because
        whoever writes to the collection may hold it up."""
        left = _KEEPING if budget.left is None else min(max(budget.left, _MOMENT), _KEEPING)
        try:
            self._keeping.call(viewing.keep, left)
        except TimeUp:
            return ()  # it goes on, or a later search makes and keeps what is still missing
        except ShelfsightError as error:
            return (f"what was seen of the pictures could not be kept: {error.message}",)
        return ()


def _blind(seen: Seen, candidates: int, error: ShelfsightError) -> Seen:
    report = StageReport(
        name=STAGE, model="", candidates=candidates, scored=0, moved=0, ended="failed", milliseconds=0.0
    )
    warning = f"the order is that of the first stage, because no model could look: {error.message}"
    return replace(seen, stages=(report,), warnings=(warning,))


def _places(matches: Sequence[Match]) -> dict[str, int]:
    return {match.id: place for place, match in enumerate(matches, start=1)}
