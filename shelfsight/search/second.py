"""The stages behind retrieval: a model is had, looks at the head of the list, and what it made of it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shelfsight.core.errors import ShelfsightError
from shelfsight.core.protocols import Match, StoredItem
from shelfsight.core.types import Hit, StageReport
from shelfsight.search.explain import STAGE as EXPLAIN
from shelfsight.search.explain import explain
from shelfsight.search.hits import Seen, hits_of, places
from shelfsight.search.look import OpenLook, Viewing
from shelfsight.search.patience import Budget, Patience, TimeUp
from shelfsight.search.planning import Plan
from shelfsight.search.rerank import STAGE as RERANK
from shelfsight.search.rerank import Inquiry, rerank
from shelfsight.search.trace import Trace

__all__ = ["SecondLook", "Shown"]

_FOR_THE_ORDER = 0.7
"""Share of a budget that re-ranking may take where explanations come behind it."""

_KEEPING = 0.25
"""Seconds that a search waits for what it saw to be kept; then that goes on behind its back."""
_MOMENT = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page: its hits, what the stages behind retrieval did, and what was degraded."""

    hits: tuple[Hit, ...]
    stages: tuple[StageReport, ...] = ()
    warnings: tuple[str, ...] = ()


class SecondLook:
    """Has a model look at the matches of searches. Safe to share between threads."""

    def __init__(self, open_look: OpenLook) -> None:
        self._open = open_look
        self._patience = Patience()
        self._keeping = Patience()

    def order(self, plan: Plan, matches: Sequence[Match], items: Mapping[str, StoredItem]) -> Seen:
        """``matches`` with the plan's candidates re-ranked. Never raises for what a model or a picture does.

        Args:
            matches: those that retrieval found, best first, :attr:`~shelfsight.search.planning.Plan.reach` at most.
            items: those of the candidates, by id.
        """
        viewing, budget, missing = self._begin(plan, items)
        seen = self._reranked(plan, Seen.first(matches), viewing, budget)
        return replace(seen, warnings=(*missing, *seen.warnings, *self._keep(viewing, budget)))

    def page(self, plan: Plan, matches: Sequence[Match], items: Mapping[str, StoredItem], trace: Trace) -> Shown:
        """The page of ``plan``, re-ranked and explained as it asks. As :meth:`order`; ``items`` are those of the page
        too, and ``trace`` gets the stages ``look`` (the model is opened), ``rerank``, ``explain`` and ``keep``."""
        query = plan.query
        with trace.stage("look"):
            viewing, budget, missing = self._begin(plan, items)
        seen = Seen.first(matches)
        if plan.depth:
            with trace.stage(RERANK):
                allowed = budget.part(_FOR_THE_ORDER) if query.explain else budget
                seen = self._reranked(plan, seen, viewing, allowed)
        shown = Shown(
            hits=hits_of(seen, items, offset=query.offset, k=query.k),
            stages=seen.stages,
            warnings=(*missing, *seen.warnings),
        )
        if query.explain:
            with trace.stage(EXPLAIN):
                shown = self._explained(plan, shown, viewing, budget)
        with trace.stage("keep"):
            return replace(shown, warnings=(*shown.warnings, *self._keep(viewing, budget)))

    def _begin(self, plan: Plan, items: Mapping[str, StoredItem]) -> tuple[Viewing | None, Budget, tuple[str, ...]]:
        """A viewing of ``items``, the time there is for it, and a warning where nobody can look."""
        budget = Budget(plan.query.budget_ms)
        try:
            return Viewing(self._open(budget.left), items), budget, ()
        except ShelfsightError as error:
            return None, budget, (f"no vision-language model could look at the hits: {error.message}",)

    def _explained(self, plan: Plan, shown: Shown, viewing: Viewing | None, budget: Budget) -> Shown:
        first, others = shown.hits[: plan.query.explain], shown.hits[plan.query.explain :]
        done = explain(first, plan.claimed, viewing, budget=budget, patience=self._patience)
        return Shown(
            hits=(*done.hits, *others),
            stages=(*shown.stages, done.report),
            warnings=(*shown.warnings, *done.warnings),
        )

    def _reranked(self, plan: Plan, seen: Seen, viewing: Viewing | None, budget: Budget) -> Seen:
        candidates, others = seen.matches[: plan.depth], seen.matches[plan.depth :]
        if viewing is None:
            return replace(seen, stages=(_failed(len(candidates)),))
        look = viewing.look
        inquiry = Inquiry.of(plan.positive, plan.claimed, look.calibration)
        done = rerank(candidates, inquiry, viewing, window=plan.window, budget=budget, patience=self._patience)
        ordered = (*done.matches, *others)
        return Seen(
            matches=ordered,
            ranks=seen.ranks if done.report.ended == "failed" else {**seen.ranks, RERANK: places(ordered)},
            relevance=done.relevance,
            graded=look.vlm.graded,
            stages=(done.report,),
            warnings=done.warnings,
        )

    def _keep(self, viewing: Viewing | None, budget: Budget) -> tuple[str, ...]:
        """Keep what was made of the pictures; a warning where it cannot be. A search waits for it but briefly, because
        whoever writes to the collection may hold it up."""
        if viewing is None or not viewing.has_unkept:
            return ()
        left = _KEEPING if budget.left is None else min(max(budget.left, _MOMENT), _KEEPING)
        try:
            self._keeping.call(viewing.keep, left)
        except TimeUp:
            return ()  # it goes on, or a later search makes and keeps what is still missing
        except ShelfsightError as error:
            return (f"what was seen of the pictures could not be kept: {error.message}",)
        return ()


def _failed(candidates: int) -> StageReport:
    """Of a stage without a model."""
    return StageReport(
        name=RERANK, model="", candidates=candidates, scored=0, moved=0, ended="failed", milliseconds=0.0
    )
