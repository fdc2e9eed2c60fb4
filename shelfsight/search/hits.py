"""From matches to hits: what an item is beside where it stands."""

from collections.abc import Mapping

from shelfsight.core.errors import StoreError
from shelfsight.core.protocols import Match, StoredItem
from shelfsight.core.types import Hit
from shelfsight.search.second import Seen

__all__ = ["hits_of"]


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
        ranks={stage: places[match.id] for stage, places in seen.ranks.items()},
        relevance=relevance,
        graded=seen.graded and relevance is not None,
    )
