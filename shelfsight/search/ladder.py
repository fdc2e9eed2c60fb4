"""The first stage's list, of which each page sees the same order however far down it asks."""

from collections.abc import Callable, Iterator, Sequence

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
        self._ids: set[str] = set()
        self.exhausted = False

    def upto(self, count: int) -> list[Candidate]:
        """The first ``count``; fewer where there are no more."""
        while len(self._found) < count and not self.exhausted:
            self._climb()
        return self._found[:count]

    def below(self, start: int) -> Iterator[Candidate]:
        """Those behind the first ``start``, as they are needed."""
        while self.upto(start + 1)[start:]:
            yield self._found[start]
            start += 1

    def found(self, id: str) -> Candidate | None:
        """``id`` as it was found so far."""
        return next((each for each in self._found if each.match.id == id), None) if id in self._ids else None

    def _climb(self) -> None:
        answer = self._fetch(self._rung)
        for each in answer:
            if each.match.id not in self._ids:
                self._ids.add(each.match.id)
                self._found.append(each.placed({FIRST: len(self._found) + 1, **each.ranks}))
        self.exhausted = len(answer) < self._rung
        self._rung *= _STEP
