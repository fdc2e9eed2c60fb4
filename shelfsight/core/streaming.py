"""A search told step by step: what is found at once, what a second look made of it, and why hits are there."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from threading import Event
from typing import Generic, TypeVar

from shelfsight.core.types import Explanation, Page

__all__ = ["HitExplained", "HitsFound", "OrderChanged", "SearchDone", "SearchEvent", "Stream", "joined"]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsFound:
    """The first event. ``page`` is that of the first stage: nobody has looked at the hits yet."""

    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """The second event where hits are re-ranked: ``page`` as it is behind the second look. Its hits may be others, and
    with a cutoff so may the total and the counts."""

    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class HitExplained:
    """One hit of the last page is explained.

    Attributes:
        id, rank: the hit.
    """

    id: str
    rank: int
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDone:
    """The last event. ``page`` is the answer, whole, with its explanations, stages, warnings and times."""

    page: Page


SearchEvent = HitsFound | OrderChanged | HitExplained | SearchDone


def joined(events: Iterable[SearchEvent]) -> Page:
    """The page that events add up to: the hits of the last page, the explanations, and what the end says beside hits.

    Raises:
        ValueError: the first event or the last is missing.
    """
    page: Page | None = None
    explanations: dict[str, Explanation] = {}
    for event in events:
        match event:
            case HitsFound() | OrderChanged():
                page = event.page
            case HitExplained():
                explanations[event.id] = event.explanation
            case SearchDone() if page is not None:
                hits = (replace(hit, explanation=explanations.get(hit.id)) for hit in page.hits)
                return replace(event.page, hits=tuple(hits))
    raise ValueError("the events are not those of a whole search")


class Stream(Iterator[T], Generic[T]):
    """Values as they are made, each when it is asked for. Whoever wants no more of them closes it, also from another
    thread while one is being made."""

    def __init__(self, values: Iterator[T], stopped: Event) -> None:
        """
        Args:
            stopped: is set when it is closed, for those who make the values to look at.
        """
        self._values = values
        self._stopped = stopped

    def __next__(self) -> T:
        if self._stopped.is_set():
            raise StopIteration
        value = next(self._values)
        if self._stopped.is_set():
            raise StopIteration
        return value

    def map(self, change: Callable[[T], U]) -> "Stream[U]":
        """What ``change`` makes of each; closed, this one is too."""
        return Stream(map(change, self._values), self._stopped)

    def around(self, tell: Callable[[Iterator[T]], Iterator[U]]) -> "Stream[U]":
        """What ``tell`` makes of all of them together; closed, this one is too."""
        return Stream(tell(self._values), self._stopped)

    def close(self) -> None:
        """No more is wanted: what is being made is given up as soon as that can be."""
        self._stopped.set()

    def __enter__(self) -> "Stream[T]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
