"""What a report has to be handed of a collection: it knows neither stores nor files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shelfsight.evaluation.ranking import Answer

__all__ = ["Side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A collection as a report shows it.

    Attributes:
        name: what a person calls it.
        facts: what there is to know of it, by name: encoder, items, ...
        picture: item id -> its main picture as small JPEG bytes; ``None`` where it cannot be had (any more).
        titles: id -> title, for those of the given ids that are in the collection.
        query_picture: the picture that a query asks with, as small JPEG bytes; ``None`` where it cannot be had.
        answer: what the rankings came from; asked again, deeper, for the few queries that are shown.
        depth: how many hits ``answer`` gives at most.
    """

    name: str
    facts: Mapping[str, str]
    picture: Callable[[str], bytes | None]
    titles: Callable[[Sequence[str]], Mapping[str, str | None]]
    query_picture: Callable[[Path], bytes | None]
    answer: Answer
    depth: int
