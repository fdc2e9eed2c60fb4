"""One search, from its plan and vector to its page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shelfsight.core.errors import ModelError
from shelfsight.core.listing import Histogram
from shelfsight.core.protocols import Match, Snapshot
from shelfsight.core.relevance import RelevanceScale
from shelfsight.core.settings import SearchSettings
from shelfsight.core.types import Hit, Page
from shelfsight.core.vectors import FloatArray
from shelfsight.search.arrange import Groups, Line, variants_of
from shelfsight.search.candidates import Candidate
from shelfsight.search.counting import Counted
from shelfsight.search.hits import Shown
from shelfsight.search.listing import Listing
from shelfsight.search.planning import Plan
from shelfsight.search.relevance import asked_for, open_judge
from shelfsight.search.retrieval import Retrieval
from shelfsight.search.rules.ruling import RuleStage
from shelfsight.search.second import EXPLAIN, RERANK, SecondLook, Sitting
from shelfsight.search.trace import Trace

__all__ = ["Answer", "Tools"]

_EMPTY = "the collection is empty; index a catalogue into it first"
_NOTHING = "nothing in the collection seems to be what was asked for; what is nearest is shown"
_NOTHING_LEFT = "nothing in the collection seems to be what was asked for"
_UNLIKELY = "nothing in the collection is as likely to be what was asked for as it has to be"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What all searches of a collection share.

    Attributes:
        name: what pages call a state of the collection.
        second: has a model look at hits; ``None``: there is none.
        scale: what is known of the encoder's cosines; ``None``: nothing.
    """

    settings: SearchSettings
    name: Callable[[Snapshot], str]
    second: SecondLook | None = None
    scale: RelevanceScale | None = None


class Answer:
    """One query on one state of a collection; asked for once."""

    def __init__(
        self,
        plan: Plan,
        snapshot: Snapshot,
        vector: FloatArray | None,
        tools: Tools,
        trace: Trace,
        *,
        known: Sequence[Match] | None = None,
    ) -> None:
        """
        Args:
            vector: (d,) float32 of length 1; ``None``: nothing is looked up.
            known: as :class:`~shelfsight.search.retrieval.Retrieval` has it.
        """
        self._plan, self._snapshot, self._tools, self._trace = plan, snapshot, tools, trace
        pictured = plan.query.image is not None or plan.query.vector is not None
        asked = asked_for(
            text=plan.words.text is not None,
            picture=pictured,
            minus=bool(plan.words.negative),
            image_weight=plan.query.image_weight,
        )
        self._by = None if vector is None else open_judge(tools.scale, vector, asked, plan.encoded)
        self._retrieval = Retrieval(plan, snapshot, vector, by=self._by, known=known)
        self._listing = Listing(plan, snapshot, self._retrieval, tools.settings, self._by)
        self._rules: RuleStage | None = None
        if vector is not None and plan.ruling is not None and plan.ruled:
            self._rules = plan.ruling.stage(snapshot, vector, plan.ranked, self._by)
        self._sitting: Sitting | None = None
        self._groups: int | None = None

    def page(self) -> Page:
        """The page that was asked for."""
        query, trace = self._plan.query, self._trace
        line, shown = self._shown()
        with trace.stage("items"):
            items = self._snapshot.items(shown.ids)
            hits = shown.hits(items)
        if query.explain:
            sitting = self._sat()
            sitting.know(items)
            with trace.stage(EXPLAIN):
                hits = sitting.explain(hits)
        if self._sitting is not None:
            with trace.stage("keep"):
                self._sitting.keep()
        return self._counted(line, hits)

    def pairs(self) -> list[tuple[str, float]]:
        """The (id, score) pairs of the page.

        Raises:
            ModelError: re-ranking failed.
        """
        _, shown = self._shown()
        if self._sitting is not None and self._sitting.failed:
            raise ModelError(self._sitting.warnings[0])
        return [(row.lead.match.id, row.lead.match.score) for row in shown.rows]

    def nothing(self) -> Page:
        """The page of a collection without items."""
        query = self._plan.query
        return Page(
            hits=(),
            total=0,
            facets={field: {} for field in query.facets},
            histograms={field: Histogram() for field in query.histograms},
            groups=None if query.group_by is None else 0,
            nothing_matches=True,
            snapshot=self._tools.name(self._snapshot),
            trace=self._trace.finish(),
            warnings=(_EMPTY,),
            atoms=self._plan.atoms,
        )

    def _shown(self) -> tuple[Line, Shown]:
        plan = self._plan
        with self._trace.stage("retrieve"):
            first = self._listing.first(self._rules)
        if plan.depth and first is not None:
            looked = self._look(first.free)
            first = replace(first, free=looked if self._rules is None else self._rules.last_last(looked))
        with self._trace.stage("arrange" if plan.arranged else "retrieve"):
            line = self._listing.line(first)
            return line, self._cut(line)

    def _cut(self, line: Line) -> Shown:
        """The page that was asked for, cut from its line."""
        plan, query, variants = self._plan, self._plan.query, dict[str, Sequence[Candidate]]()
        if query.group_by is None:
            rows = line.rows(plan.window)[query.offset - line.skipped :]
        else:
            self._groups = Counted(self._snapshot, plan.ranked, line.among).groups(query.group_by)
            groups, window = Groups(self._snapshot, query.group_by), min(plan.window, self._groups)
            rows = line.grouped(window, groups, plan.where, query.exclude)[query.offset :]
            found = variants_of(rows, line, groups, self._snapshot, plan.where, query.exclude)
            variants = {id: self._retrieval.judged(others) for id, others in found.items()}
        leads = self._retrieval.judged([row.lead for row in rows])
        return Shown(
            rows=[replace(row, lead=lead) for row, lead in zip(rows, leads, strict=True)],
            start=query.offset,
            variants=variants,
            folded=line.folded,
            graded=self._sitting.graded if self._sitting is not None else frozenset(),
        )

    def _look(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        with self._trace.stage("items"):
            items = self._snapshot.items([each.match.id for each in candidates[: self._plan.depth]])
        sitting = self._sat()
        sitting.know(items)
        with self._trace.stage(RERANK):
            return sitting.rerank(candidates)

    def _sat(self) -> Sitting:
        """The second look of this search, begun where it was not."""
        if self._sitting is None:
            assert self._tools.second is not None
            with self._trace.stage("look"):
                self._sitting = self._tools.second.begin(self._plan)
        return self._sitting

    def _counted(self, line: Line, hits: tuple[Hit, ...]) -> Page:
        plan, query, sitting = self._plan, self._plan.query, self._sitting
        with self._trace.stage("facets"):
            counted = Counted(self._snapshot, plan.ranked, line.among)
            total, facets = counted.total, counted.facets(query.facets)
            histograms = counted.histograms(query.histograms)
            nothing = self._nothing_matches()
        ruled = () if plan.ruling is None else plan.ruling.warnings
        warnings = [*ruled, *self._listing.warnings, *(sitting.warnings if sitting is not None else ())]
        if nothing:
            warnings.append(_NOTHING if hits else _NOTHING_LEFT)
        elif not total and line.among is not None:
            warnings.append(_UNLIKELY)
        return Page(
            hits=hits,
            total=total,
            facets=facets,
            histograms=histograms,
            groups=self._groups,
            snapshot=self._tools.name(self._snapshot),
            nothing_matches=nothing or not total,
            corrections=self._retrieval.corrections,
            trace=self._trace.finish(),
            warnings=tuple(warnings),
            atoms=plan.atoms,
            stages=tuple(sitting.stages) if sitting is not None else (),
        )

    def _nothing_matches(self) -> bool:
        """Whether what is nearest is too far away."""
        if self._by is None or self._retrieval.named:
            return False
        return self._by.nothing_matches(self._listing.best_cosine())
