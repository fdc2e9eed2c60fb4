"""The stages behind retrieval: a model is had, looks at the head of the list, and what it made of it is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Event

from shelfsight.core.errors import ShelfsightError
from shelfsight.core.protocols import Match, StoredItem
from shelfsight.core.types import Hit, StageReport
from shelfsight.search.arrange import named
from shelfsight.search.candidates import Candidate
from shelfsight.search.explain import STAGE as EXPLAIN
from shelfsight.search.explain import Explaining
from shelfsight.search.look import OpenLook, Viewing
from shelfsight.search.patience import Budget, Patience, TimeUp
from shelfsight.search.planning import Plan
from shelfsight.search.rerank import STAGE as RERANK
from shelfsight.search.rerank import Inquiry, Reranked, rerank

__all__ = ["EXPLAIN", "RERANK", "SecondLook", "Sitting"]

_FOR_THE_ORDER = 0.7
"""Share of a budget that re-ranking may take where explanations come behind it."""

_KEEPING = 0.25
"""Seconds that a search waits for what it saw to be kept; then that goes on behind its back."""
_MOMENT = 0.001


class SecondLook:
    """Has a model look at what searches found. Safe to share between threads."""

    def __init__(self, open_look: OpenLook) -> None:
        self._open = open_look
        self.patience = Patience()
        self.keeping = Patience()

    def begin(self, plan: Plan, stopped: Event | None = None) -> "Sitting":
        """One search's look; the model is opened now where it is not. The budget runs from here on.

        Args:
            stopped: once it is set, the look ends as it does when the budget is spent.
        """
        budget, items = Budget(plan.query.budget_ms, stopped), dict[str, StoredItem]()
        try:
            return Sitting(plan, items, Viewing(self._open(budget.left), items), budget, self)
        except ShelfsightError as error:
            sitting = Sitting(plan, items, None, budget, self)
            sitting.warnings.append(f"no vision-language model could look at the hits: {error.message}")
            return sitting


class Sitting:
    """What a model sees in one search. Never raises for what the model or a picture does.

    Attributes:
        stages: what each stage did so far.
        warnings: what was degraded so far.
        graded: ids whose relevance rests on a grade in words.
    """

    def __init__(
        self, plan: Plan, items: dict[str, StoredItem], viewing: Viewing | None, budget: Budget, look: SecondLook
    ) -> None:
        self._plan, self._items, self._viewing, self._budget, self._look = plan, items, viewing, budget, look
        self.stages: list[StageReport] = []
        self.warnings: list[str] = []
        self.graded: frozenset[str] = frozenset()

    @property
    def failed(self) -> bool:
        """Whether a stage failed."""
        return any(stage.ended == "failed" for stage in self.stages)

    def know(self, items: Mapping[str, StoredItem]) -> None:
        """Tell of items whose pictures will be looked at."""
        self._items.update(items)

    def rerank(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The first :attr:`~shelfsight.search.planning.Plan.depth` of ``candidates`` in the order that the model and
        retrieval together give them; the others as they come. Those asked for by name stay in front. The best
        keeps the greatest ``order`` there was, the next the next, and so on."""
        first, others = candidates[: self._plan.depth], candidates[self._plan.depth :]
        if self._viewing is None:
            self.stages.append(_failed(len(first)))
            return list(candidates)
        look = self._viewing.look
        inquiry = Inquiry.of(self._plan.positive, self._plan.claimed, look.calibration)
        budget = self._budget.part(_FOR_THE_ORDER) if self._plan.query.explain else self._budget
        done = rerank(
            _scored(first),
            inquiry,
            self._viewing,
            window=self._plan.judged,
            budget=budget,
            patience=self._look.patience,
        )
        self.stages.append(done.report)
        self.warnings.extend(done.warnings)
        if look.vlm.graded:
            self.graded = frozenset(done.relevance)
        ordered = [*_ordered(first, done), *others]
        return ordered if done.report.ended == "failed" else [ranked(each, at + 1) for at, each in enumerate(ordered)]

    def explain(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """``hits``, the first of them with an explanation, as the query asks."""
        first, others = hits[: self._plan.query.explain], hits[self._plan.query.explain :]
        done = self._explaining(first).all()
        self._tell(done.report, done.warnings)
        return (*done.hits, *others)

    def explained(self, hits: Sequence[Hit]) -> Iterator[Hit]:
        """Those of ``hits`` that :meth:`explain` would explain, one by one."""
        explaining = self._explaining(hits[: self._plan.query.explain], awaited=True)
        yield from explaining
        self._tell(explaining.report, explaining.warnings)

    def _explaining(self, hits: Sequence[Hit], awaited: bool = False) -> Explaining:
        patience, atoms = self._look.patience, self._plan.claimed
        return Explaining(hits, atoms, self._viewing, budget=self._budget, patience=patience, awaited=awaited)

    def _tell(self, report: StageReport, warnings: Sequence[str]) -> None:
        self.stages.append(report)
        self.warnings.extend(warnings)

    def keep(self) -> None:
        """Keep what was made of the pictures. A search waits for it but briefly, because whoever writes to the
        collection may hold it up."""
        if self._viewing is None or not self._viewing.has_unkept:
            return
        left = _KEEPING if self._budget.left is None else min(max(self._budget.left, _MOMENT), _KEEPING)
        try:
            self._look.keeping.call(self._viewing.keep, left)
        except TimeUp:
            return  # it goes on, or a later search makes and keeps what is still missing
        except ShelfsightError as error:
            self.warnings.append(f"what was seen of the pictures could not be kept: {error.message}")


def ranked(candidate: Candidate, place: int) -> Candidate:
    """``candidate`` with its rank behind the second look."""
    return replace(candidate, ranks={**candidate.ranks, RERANK: place})


def _scored(candidates: Sequence[Candidate]) -> list[Match]:
    """Matches whose scores are what candidates are ordered by. What lifts those asked for by name above all others is
    taken off: it would leave no difference among these."""
    front = named(candidates)
    lift = 0.0
    if 0 < front < len(candidates):
        lift = max(candidates[front - 1].order - max(each.order for each in candidates[front:]), 0.0)
    return [
        replace(each.match, score=each.order - (lift if place < front else 0.0))
        for place, each in enumerate(candidates)
    ]


def _ordered(candidates: Sequence[Candidate], done: Reranked) -> list[Candidate]:
    known = {each.match.id: each for each in candidates}
    front = {each.match.id for each in candidates[: named(candidates)]}
    ordered = sorted((known[match.id] for match in done.matches), key=lambda each: each.match.id not in front)
    orders = sorted((each.order for each in candidates), reverse=True)
    return [
        replace(each, order=order, relevance=done.relevance.get(each.match.id, each.relevance))
        for each, order in zip(ordered, orders, strict=True)
    ]


def _failed(candidates: int) -> StageReport:
    """Of a stage without a model."""
    return StageReport(
        name=RERANK, model="", candidates=candidates, scored=0, moved=0, ended="failed", milliseconds=0.0
    )
