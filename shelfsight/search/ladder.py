"""The first stage's list, of which each page sees the same order however far down it asks."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from shelfsight.search.candidates import Candidate

__all__ = ["Ladder"]

_STEP = 4
FIRST = "retrieval"
"""Name of the first stage in a candidate's ranks."""


class Ladder:
    """Asks for so many, then for four times as many, and so on; what a later answer has and no earlier one is added
    behind. So the list does not change as it grows, even where a store or a fusion, asked for more, answers another
    order."""

    def __init__(self, fetch: Callable[[int], Sequence[Candidate]], first: int) -> None:
        """
        Args:
            fetch: the n best, best first; fewer only where there are no more.
            first: how many are asked for at first; must not depend on the page.
        """
        self._fetch = fetch
        self._rung = first
        self._found: list[Candidate] = []
        self._places: dict[str, int] = {}
        self.exhausted = False

    def upto(self, end: int) -> list[Candidate]:
        """The first ``end``; fewer where there are no more."""
        self._reach(end)
        return self._found[:end]

    def below(self, start: int) -> Iterator[Candidate]:
        """Those behind the first ``start``, as they are needed."""
        for place in count(start):
            self._reach(place + 1)
            if place >= len(self._found):
                return
            yield self._found[place]

    def found(self, id: str) -> Candidate | None:
        """``id`` as it was found so far."""
        place = self._places.get(id)
        return None if place is None else self._found[place]

    def _reach(self, end: int) -> None:
        while len(self._found) < end and not self.exhausted:
            self._climb()

    def _climb(self) -> None:
        answer = self._fetch(self._rung)
        for each in answer:
            if each.match.id not in self._places:
                self._places[each.match.id] = len(self._found)
                self._found.append(each.placed({FIRST: len(self._found) + 1, **each.ranks}))
        self.exhausted = len(answer) < self._rung
        self._rung *= _STEP
