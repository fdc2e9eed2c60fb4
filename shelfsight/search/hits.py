"""From matches to hits: what an item is beside where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shelfsight.core.errors import StoreError
from shelfsight.core.protocols import Match, StoredItem
from shelfsight.core.types import Hit, StageReport

__all__ = ["Seen", "hits_of", "places"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A list of matches, after the stages that there were.

    Attributes:
        matches: best first, from the first place on.
        ranks: stage -> id -> rank in that stage.
        relevance: id -> calibrated probability, where there is one.
        graded: whether those rest on grades in words.
        stages: what the stages behind retrieval did.
        warnings: what was degraded.
    """

    matches: Sequence[Match]
    ranks: Mapping[str, Mapping[str, int]]
    relevance: Mapping[str, float] = field(default_factory=dict)
    graded: bool = False
    stages: tuple[StageReport, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def first(cls, matches: Sequence[Match], start: int = 0) -> "Seen":
        """As retrieval has them; ranks are told from place ``start`` on."""
        return cls(matches=matches, ranks={"retrieval": places(matches, start)})

    @property
    def failed(self) -> bool:
        """Whether a stage failed."""
        return any(stage.ended == "failed" for stage in self.stages)


def places(matches: Sequence[Match], start: int = 0) -> dict[str, int]:
    """id -> rank, counted from 1, of matches that are best first; those before place ``start`` left out."""
    return {match.id: place for place, match in enumerate(matches[start:], start=start + 1)}


def hits_of(seen: Seen, items: Mapping[str, StoredItem], *, offset: int, k: int) -> tuple[Hit, ...]:
    """The hits ``offset + 1`` to ``offset + k``.

    Args:
        items: those of the page at least, by id.

    Raises:
        StoreError: an item or picture that was found is not in the collection.
    """
    page = enumerate(seen.matches[offset : offset + k], start=offset + 1)
    return tuple(_hit(match, items.get(match.id), rank, seen) for rank, match in page)


def _hit(match: Match, item: StoredItem | None, rank: int, seen: Seen) -> Hit:
    if item is None or match.picture_index >= len(item.pictures):
        raise StoreError(f"item {match.id!r} was found by its picture but is not in the same state of the collection")
    relevance = seen.relevance.get(match.id)
    return Hit(
        id=match.id,
        rank=rank,
        score=match.score,
        title=item.title,
        picture=item.pictures[match.picture_index].name,
        picture_index=match.picture_index,
        metadata=item.metadata,
        ranks={stage: place[match.id] for stage, place in seen.ranks.items()},
        relevance=relevance,
        graded=seen.graded and relevance is not None,
    )
