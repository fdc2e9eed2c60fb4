"""From a plan to the line that its pages are cut from: retrieval, cutoff, rules, second look, sorting, folding.

Every stage works on candidates that do not depend on the page, so that pages of any size are parts of one order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from shelfsight.core.protocols import Snapshot
from shelfsight.core.settings import SearchSettings
from shelfsight.search.arrange import Line, Pins, diversify, fold, in_order, parted
from shelfsight.search.candidates import Candidate
from shelfsight.search.ladder import FIRST, Ladder
from shelfsight.search.planning import DIVERSE, HEAD, Plan
from shelfsight.search.relevance import Judge, require_judge
from shelfsight.search.retrieval import Retrieval
from shelfsight.search.rules.ruling import RuleStage
from shelfsight.search.second import RERANK, ranked

__all__ = ["First", "Listing", "Note"]

Note = Callable[[str, Sequence[Candidate]], None]
"""Is told of a stage, by name, and the candidates in the order that it gave them, best first."""

_Arranged = tuple[Sequence[Candidate], Mapping[str, tuple[str, ...]]]

_CUT = 1024
"""Candidates of a fusion that are gone through at first for those above a cutoff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """What is known before a second look.

    Attributes:
        pins: those whose places are given away.
        free: the first of all others, which stages may move.
        taken: ids of all these, and of those that rules took out.
        passing: all that is above the cutoff, or is to be sorted; ``None``: all that passes the filter.
        cutoff: the probability from which on candidates count.
    """

    pins: Pins = ()
    free: Sequence[Candidate] = ()
    taken: frozenset[str] = frozenset()
    passing: Sequence[Candidate] | None = None
    cutoff: float | None = None


class Listing:
    """Makes the line of one query on one state of a collection.

    Attributes:
        warnings: what was degraded.
    """

    def __init__(
        self,
        plan: Plan,
        snapshot: Snapshot,
        retrieval: Retrieval,
        settings: SearchSettings,
        by: Judge | None,
        note: Note,
    ) -> None:
        """
        Args:
            note: is told what each stage made of the candidates.
        """
        self._plan, self._snapshot, self._retrieval = plan, snapshot, retrieval
        self._most, self._by = settings.max_window, by
        self._ladder = Ladder(retrieval.best, plan.first)
        self._rules: RuleStage | None = None
        self._note = note
        self._last: tuple[First, _Arranged] | None = None
        self.warnings: list[str] = []

    def first(self, rules: RuleStage | None = None) -> First | None:
        """What is retrieved first, after ``rules`` moved and pinned candidates, which they do where hits are not
        sorted; ``None`` where the order is that of fields over all that passes the filter, so that nothing is.

        Raises:
            UsageError: ``min_relevance`` is given and nobody can judge.
            UnknownField: no item has a field of the filter.
        """
        plan, cutoff = self._plan, self._cutoff()
        if self._is_by_fields(cutoff):
            return None
        passing = self._passing(cutoff)
        head = self._retrieval.judged(
            self._ladder.upto(plan.head) if passing is None or plan.depth else passing[: plan.head]
        )
        self._rules = None if plan.query.sort else rules
        self._note(FIRST, head)
        ruled = head if self._rules is None else self._rules(head)
        if self._rules is not None:
            self._note("rules", ruled)
        pins, free = parted(ruled)
        free = free if self._rules is None else _falling(free)
        taken = frozenset(each.match.id for each in (*head, *(pin for _, pin in pins)))
        return First(pins=pins, free=free, taken=taken, passing=passing, cutoff=cutoff)

    def line(self, first: First | None) -> Line:
        """The line, as far as it must be known; the rest is found as it is needed. It may be made again, to go through
        it once more.

        Args:
            first: what :meth:`first` found, after a second look at its ``free``, if any.

        Raises:
            UnknownField: no item has a field that is sorted by.
        """
        if first is None:
            return self._by_fields()
        rest = self._ladder.below(self._plan.head) if first.passing is None else first.passing
        behind = _behind(first.free, (each for each in rest if each.match.id not in first.taken))
        if first.passing is None:
            return self._open(first, behind)
        kept = self._above(first.free, first.cutoff) if self._plan.depth else first.free
        return self._whole(first, [*kept, *behind])

    def found(self, id: str) -> Candidate | None:
        """``id`` as retrieval found it so far."""
        return self._ladder.found(id)

    def best(self, count: int) -> Sequence[Candidate]:
        """The first stage's first candidates, judged."""
        return self._retrieval.judged(self._ladder.upto(count))

    def best_cosine(self) -> float | None:
        """That of the best picture among all that pass the filter; ``None`` where nothing passes."""
        if self._retrieval.best_cosine is None:
            self._ladder.upto(1)
        return self._retrieval.best_cosine

    def _cutoff(self) -> float | None:
        """The probability from which on candidates count; ``None``: all do."""
        query = self._plan.query
        if query.min_relevance:
            require_judge(self._by)
            return query.min_relevance
        suggested = query.sort and query.min_relevance is None and self._by is not None
        return self._by.scale.cutoff if suggested and self._by is not None else None

    def _is_by_fields(self, cutoff: float | None) -> bool:
        """Whether the order is that of fields over all that passes the filter."""
        plan = self._plan
        if plan.browses:
            return True
        return bool(plan.query.sort) and cutoff is None and not plan.depth and self._fits()

    def _fits(self) -> bool:
        return self._snapshot.count(self._plan.ranked) <= self._most

    def _passing(self, cutoff: float | None) -> list[Candidate] | None:
        """All that are above the cutoff, or are to be sorted, best first; ``None`` where that is all there is."""
        if cutoff is not None:
            if self._plan.hybrid:
                return self._above_in_fusion(cutoff)
            assert self._by is not None
            return self._retrieval.above(self._by.cosine_at(cutoff))
        if not self._plan.query.sort:
            return None
        if not self._fits():
            self.warnings.append(f"sorted are the {self._most} best hits; a filter or a cutoff makes them fewer")
        return self._ladder.upto(self._most)

    def _above_in_fusion(self, cutoff: float) -> list[Candidate]:
        """All that is relevant, in the fusion's order, which is not that of relevance: it is gone down until it has all
        of them, or none among three quarters more. What it has not reached by then stands behind."""
        relevant = self._retrieval.fitting(cutoff)
        ids, passing = {each.match.id for each in relevant}, list[Candidate]()
        start, end = 0, _CUT
        while len(passing) < len(ids):
            met = [each for each in self._ladder.upto(end)[start:] if each.match.id in ids]
            passing += met
            if not met or end >= self._most:
                break
            start, end = end, min(4 * end, self._most)
        reached = {each.match.id for each in passing}
        least = min((each.order for each in passing), default=0.0)
        others = enumerate((each for each in relevant if each.match.id not in reached), start=end + 1)
        return [*passing, *(replace(each, order=least, ranks={FIRST: place}) for place, each in others)]

    def _above(self, candidates: Sequence[Candidate], cutoff: float | None) -> list[Candidate]:
        if cutoff is None:
            return list(candidates)
        return [each for each in candidates if each.relevance is not None and each.relevance >= cutoff]

    def _open(self, first: First, behind: Iterator[Candidate]) -> Line:
        """The line of all that passes the filter, of which the end is not looked for."""
        head, folded = self._arranged_once(first, first.free)
        return Line(pins=first.pins, free=chain(head, behind), head=head, more=self._retrieval.more, folded=folded)

    def _whole(self, first: First, free: list[Candidate]) -> Line:
        """The line of those that were found to count."""
        among = frozenset(each.match.id for each in (*free, *(pin for _, pin in first.pins)))
        if self._plan.query.sort:
            free = self._sorted(free)
        head, folded = self._arranged_once(first, free[:HEAD])
        whole = [*head, *free[HEAD:]]
        return Line(
            pins=first.pins,
            free=iter(whole),
            head=head,
            whole=whole,
            more=self._retrieval.more,
            folded=folded,
            among=None if first.cutoff is None and self._fits() else among,
        )

    def _by_fields(self) -> Line:
        """The line of all that passes the filter in the order of fields, or of ids where none is asked for."""
        query = self._plan.query
        if query.duplicates is None:
            skipped = query.offset if query.group_by is None else 0
            found = self._retrieval.by_fields(skipped)
            return Line(free=found, more=self._retrieval.more, skipped=skipped)
        found = self._retrieval.by_fields()
        head, folded = self._arranged((), list(islice(found, HEAD)))
        return Line(free=chain(head, found), head=head, more=self._retrieval.more, folded=folded)

    def _sorted(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        keys = self._plan.query.sort
        by_id = {each.match.id: each for each in candidates}
        values = self._snapshot.values([*by_id], [key.field for key in keys])
        ordered = [by_id[id] for id in in_order(by_id, values, keys)]
        self._note("sort", ordered)
        return ordered

    def _arranged_once(self, first: First, free: Sequence[Candidate]) -> _Arranged:
        """:meth:`_arranged`, remembered for the next line of the same ``first``."""
        if self._last is None or self._last[0] is not first:
            self._last = first, self._arranged(first.pins, free)
        return self._last[1]

    def _arranged(self, pins: Pins, free: Sequence[Candidate]) -> _Arranged:
        """The first candidates without those that repeat, and with those in front that differ, as the query asks; and
        which were folded into which."""
        query, pinned = self._plan.query, [pin for _, pin in pins]
        folded: Mapping[str, tuple[str, ...]] = {}
        if query.duplicates is not None and free:
            done = fold(free, pinned, self._retrieval.pictures([*pinned, *free]), query.duplicates)
            free, folded = done.kept, done.into
            self._note("duplicates", free)
        if query.diversity and not query.sort and free:
            first = free[:DIVERSE]
            moved = diversify(first, pinned, self._retrieval.pictures([*pinned, *first]), query.diversity)
            free = [*moved, *free[DIVERSE:]]
            free = free if self._rules is None else self._rules.last_last(free)
            self._note("diversity", free)
        return free, folded


def _falling(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates in their order, what they are ordered by dealt out anew so that it says the same."""
    orders = sorted((each.order for each in candidates), reverse=True)
    return [replace(each, order=order) for each, order in zip(candidates, orders, strict=True)]


def _behind(free: Sequence[Candidate], rest: Iterable[Candidate]) -> Iterator[Candidate]:
    """``rest``, which stands behind ``free``, with its ranks where ``free`` was re-ranked."""
    if not free or RERANK not in free[0].ranks:
        return iter(rest)
    return (ranked(each, place) for place, each in enumerate(rest, start=len(free) + 1))
