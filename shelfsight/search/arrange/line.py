"""All that passes, in the order that pages are cut from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from shelfsight.core.filters import Expr
from shelfsight.search.arrange.grouping import Groups, Row
from shelfsight.search.arrange.pins import Pins, put_back
from shelfsight.search.candidates import Candidate

__all__ = ["Line", "More"]

_GROUPED = 4096
"""Candidates that are gone through in their order for the groups they lead; then only other groups are asked for."""

More = Callable[[Expr | None, Sequence[str], int], Sequence[Candidate]]
"""The k best that pass a filter, less the ids left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """All that passes, in order.

    Attributes:
        pins: those whose places are given away.
        free: all others, best first; an iterator, gone through once.
        head: those at the beginning of ``free`` that stages put into their order.
        whole: all of ``free``, where it is known; ``None``: ``more`` finds what is further down.
        folded: id -> ids of hits that show the same and were folded into it.
        among: ids that count, where a cutoff says which; ``None``: all that pass the filter.
        skipped: places before the first of ``free`` that were not gone through.
    """

    pins: Pins = ()
    free: Iterator[Candidate]
    head: Sequence[Candidate] = ()
    whole: Sequence[Candidate] | None = None
    more: More
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    among: frozenset[str] | None = None
    skipped: int = 0

    @property
    def gone(self) -> tuple[str, ...]:
        """Ids that were folded into others."""
        return tuple(id for ids in self.folded.values() for id in ids)

    def counts(self, id: str) -> bool:
        """Whether an item that passes the filter has a place, or another that has one stands for it."""
        return self.among is None or id in self.among

    def rows(self, window: int) -> list[Row]:
        """The first ``window`` places, less those skipped."""
        free = (Row(lead=each) for each in self.free)
        return self._placed([(place, Row(lead=pin)) for place, pin in self.pins], free, window - self.skipped)

    def grouped(self, window: int, groups: Groups, where: Expr | None, exclude: Sequence[str]) -> list[Row]:
        """The first ``window`` places where each group takes one; fewer only where there are fewer groups.

        Args:
            where, exclude: what items must pass, and ids left out, in the further search for groups.
        """
        pinned = []
        for place, pin in self.pins:
            pinned += [(place, row) for row in groups.leads([pin])]
        return self._placed(pinned, self._leads(groups, where, exclude), window)

    def _placed(self, pinned: Sequence[tuple[int, Row]], free: Iterable[Row], window: int) -> list[Row]:
        return put_back(list(islice(free, window)), pinned)[:window]

    def _leads(self, groups: Groups, where: Expr | None, exclude: Sequence[str]) -> Iterator[Row]:
        if self.whole is not None or not groups.can_be_named:
            yield from groups.leads(self.free)
            return
        yield from groups.leads(islice(self.free, _GROUPED))
        while True:
            left_out = (*exclude, *self.gone, *groups.alone)
            found = self.more(groups.others(where), left_out, _GROUPED)
            yield from groups.leads(found)
            if len(found) < _GROUPED:
                return
