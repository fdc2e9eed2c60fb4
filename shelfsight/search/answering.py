"""One search, from its plan and vector to its page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event

from shelfsight.core.errors import ModelError
from shelfsight.core.listing import Histogram
from shelfsight.core.protocols import Match, Snapshot, StoredItem
from shelfsight.core.relevance import RelevanceScale
from shelfsight.core.settings import SearchSettings
from shelfsight.core.streaming import HitExplained, HitsFound, OrderChanged, SearchDone, SearchEvent
from shelfsight.core.types import Hit, Page
from shelfsight.core.vectors import FloatArray
from shelfsight.search.arrange import Groups, Line, Row, variants_of
from shelfsight.search.candidates import Candidate
from shelfsight.search.counting import Counted
from shelfsight.search.hits import Shown
from shelfsight.search.inspection import Inspection, Stages, Walk
from shelfsight.search.listing import First, Listing
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


_FARTHER = 4
"""How many times as far a line is gone down where that was not far enough."""


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


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is counted of all that a page is a window on."""

    total: int
    facets: Mapping[str, Mapping[str, int]]
    histograms: Mapping[str, Histogram]


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
        stopped: Event | None = None,
    ) -> None:
        """
        Args:
            vector: (d,) float32 of length 1; ``None``: nothing is looked up.
            known: as :class:`~shelfsight.search.retrieval.Retrieval` has it.
            stopped: once it is set nobody waits for the answer, and a second look ends as soon as it can.
        """
        self._plan, self._snapshot, self._tools, self._trace = plan, snapshot, tools, trace
        self._vector = vector
        asked = asked_for(
            text=plan.words.text is not None,
            picture=plan.pictured,
            minus=bool(plan.words.negative or plan.unlike),
            image_weight=plan.query.image_weight,
        )
        self._by = None if vector is None else open_judge(tools.scale, vector, asked, plan.encoded)
        self._retrieval = Retrieval(plan, snapshot, vector, by=self._by, known=known)
        self._stages = Stages()
        self._listing = Listing(plan, snapshot, self._retrieval, tools.settings, self._by, self._stages.note)
        self._rules: RuleStage | None = None
        if vector is not None and plan.ruling is not None and plan.ruled:
            self._rules = plan.ruling.stage(snapshot, vector, plan.ranked, self._by)
        self._sitting: Sitting | None = None
        self._stopped = stopped
        self._groups: int | None = None
        self._counts: dict[frozenset[str] | None, _Counts] = {}

    def page(self) -> Page:
        """The page that was asked for."""
        line, hits, items = self._placed(self._looked(self._first()))
        if self._plan.query.explain:
            sitting = self._sat()
            sitting.know(items)
            with self._trace.stage(EXPLAIN):
                hits = sitting.explain(hits)
        self._keep()
        return self._counted(line, hits)

    def events(self) -> Iterator[SearchEvent]:
        """The page that was asked for, told as it comes about; :func:`~shelfsight.core.streaming.joined` it is
        :meth:`page`, but for times."""
        first = self._first()
        line, hits, items = self._placed(first)
        yield HitsFound(page=self._counted(line, hits))
        if self._plan.depth and first is not None:
            line, hits, items = self._placed(self._looked(first))
            yield OrderChanged(page=self._counted(line, hits))
        explained: dict[str, Hit] = {}
        if self._plan.query.explain:
            for hit in self._explained(hits, items):
                explained[hit.id] = hit
                assert hit.explanation is not None
                yield HitExplained(id=hit.id, rank=hit.rank, explanation=hit.explanation)
        self._keep()
        yield SearchDone(page=self._counted(line, tuple(explained.get(hit.id, hit) for hit in hits)))

    @property
    def plan(self) -> Plan:
        """What is asked."""
        return self._plan

    @property
    def snapshot(self) -> Snapshot:
        """What it is asked of."""
        return self._snapshot

    def pairs(self) -> list[tuple[str, float]]:
        """The (id, score) pairs of the page.

        Raises:
            ModelError: re-ranking failed.
        """
        _, shown = self._arranged(self._looked(self._first()))
        if self._sitting is not None and self._sitting.failed:
            raise ModelError(self._sitting.warnings[0])
        return [(row.lead.match.id, row.lead.match.score) for row in shown.rows]

    def inspected(self, far_enough: Callable[[Line, Sequence[Row]], bool]) -> Inspection:
        """The search laid open: what each stage made of the candidates, and its line, gone down until that is
        ``far_enough``, or to the last place that can be asked for.

        Args:
            far_enough: of the line and its rows so far.
        """
        assert self._vector is not None
        walk = self._walked(far_enough)
        page = self._counted(walk.line, ())
        return Inspection(
            plan=self._plan,
            snapshot=self._snapshot,
            vector=self._vector,
            retrieval=self._retrieval,
            listing=self._listing,
            rules=self._rules,
            stages=self._stages,
            walk=walk,
            total=page.total,
            looks=sum(stage.scored for stage in page.stages),
            warnings=page.warnings,
            trace=self._trace.finish(),
        )

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

    def _first(self) -> First | None:
        with self._trace.stage("retrieve"):
            return self._listing.first(self._rules)

    def _looked(self, first: First | None) -> First | None:
        """``first`` behind a second look, where the query wants one."""
        if not self._plan.depth or first is None:
            return first
        looked = self._look(first.free)
        self._stages.note(RERANK, looked)
        return replace(first, free=looked if self._rules is None else self._rules.last_last(looked))

    def _arranged(self, first: First | None) -> tuple[Line, Shown]:
        with self._trace.stage("arrange" if self._plan.arranged else "retrieve"):
            line = self._listing.line(first)
            return line, self._cut(line)

    def _placed(self, first: First | None) -> tuple[Line, tuple[Hit, ...], Mapping[str, StoredItem]]:
        """The line, the hits of the page, and their items."""
        line, shown = self._arranged(first)
        with self._trace.stage("items"):
            items = self._snapshot.items(shown.ids)
            return line, shown.hits(items), items

    def _explained(self, hits: Sequence[Hit], items: Mapping[str, StoredItem]) -> Iterator[Hit]:
        """Those that are to be explained, one by one."""
        sitting = self._sat()
        sitting.know(items)
        explained = sitting.explained(hits)
        while True:
            with self._trace.stage(EXPLAIN):
                hit = next(explained, None)
            if hit is None:
                return
            yield hit

    def _keep(self) -> None:
        if self._sitting is not None:
            with self._trace.stage("keep"):
                self._sitting.keep()

    def _walked(self, far_enough: Callable[[Line, Sequence[Row]], bool]) -> Walk:
        first = self._looked(self._first())
        window, most = self._plan.window, self._tools.settings.max_window
        with self._trace.stage("arrange" if self._plan.arranged else "retrieve"):
            while True:
                line = self._listing.line(first)
                rows, _ = self._rows(line, window)
                if far_enough(line, rows) or len(rows) < window or window >= most:
                    cutoff = None if first is None else first.cutoff
                    return Walk(line=line, rows=rows, cutoff=cutoff)
                window = min(max(_FARTHER * window, self._plan.first), most)

    def _rows(self, line: Line, window: int) -> tuple[list[Row], Groups | None]:
        """The first places of a line, less those that it skipped, and the groups that took them."""
        plan, field = self._plan, self._plan.query.group_by
        if field is None:
            return line.rows(window), None
        self._groups = Counted(self._snapshot, plan.ranked, line.among).groups(field)
        groups = Groups(self._snapshot, field)
        return line.grouped(min(window, self._groups), groups, plan.where, plan.query.exclude), groups

    def _cut(self, line: Line) -> Shown:
        """The page that was asked for, cut from its line."""
        plan, query, variants = self._plan, self._plan.query, dict[str, Sequence[Candidate]]()
        rows, groups = self._rows(line, plan.window)
        rows = rows[query.offset - line.skipped :]
        if groups is not None:
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
                self._sitting = self._tools.second.begin(self._plan, self._stopped)
        return self._sitting

    def _counted(self, line: Line, hits: tuple[Hit, ...]) -> Page:
        plan, sitting = self._plan, self._sitting
        with self._trace.stage("facets"):
            counts = self._counts_of(line.among)
            nothing = self._nothing_matches()
        ruled = () if plan.ruling is None else plan.ruling.warnings
        warnings = [*ruled, *self._listing.warnings, *(sitting.warnings if sitting is not None else ())]
        if nothing:
            warnings.append(_NOTHING if hits else _NOTHING_LEFT)
        elif not counts.total and line.among is not None:
            warnings.append(_UNLIKELY)
        return Page(
            hits=hits,
            total=counts.total,
            facets=counts.facets,
            histograms=counts.histograms,
            groups=self._groups,
            snapshot=self._tools.name(self._snapshot),
            nothing_matches=nothing or not counts.total,
            corrections=self._retrieval.corrections,
            trace=self._trace.finish(),
            warnings=tuple(warnings),
            atoms=plan.atoms,
            stages=tuple(sitting.stages) if sitting is not None else (),
        )

    def _counts_of(self, among: frozenset[str] | None) -> "_Counts":
        """Counted once, though several pages of one answer show it."""
        if among not in self._counts:
            query, counted = self._plan.query, Counted(self._snapshot, self._plan.ranked, among)
            facets, histograms = counted.facets(query.facets), counted.histograms(query.histograms)
            self._counts[among] = _Counts(counted.total, facets, histograms)
        return self._counts[among]

    def _nothing_matches(self) -> bool:
        """Whether what is nearest is too far away."""
        if self._by is None:
            return False
        best = self._listing.best_cosine()  # looked for now where it was not; so is whether anything is called so
        return not self._retrieval.named and self._by.nothing_matches(best)
