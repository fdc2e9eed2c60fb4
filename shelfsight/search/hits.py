"""From rows to hits: what an item is beside where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shelfsight.core.errors import StoreError
from shelfsight.core.protocols import StoredItem
from shelfsight.core.types import Hit, Value
from shelfsight.search.arrange import Row, Variants
from shelfsight.search.candidates import Candidate

__all__ = ["Shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The rows of one page.

    Attributes:
        rows: best first.
        start: places before the first.
        variants: id of a row's lead -> the others of its group.
        folded: id -> ids folded into it.
        graded: ids whose relevance rests on grades in words.
    """

    rows: Sequence[Row]
    start: int
    variants: Variants = field(default_factory=dict)
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    graded: frozenset[str] = frozenset()

    @property
    def ids(self) -> list[str]:
        """Of all items on the page."""
        leads = [row.lead.match.id for row in self.rows]
        return [*leads, *(each.match.id for id in leads for each in self.variants.get(id, ()))]

    def hits(self, items: Mapping[str, StoredItem]) -> tuple[Hit, ...]:
        """The page's hits; a variant has the rank of the hit that it is in.

        Args:
            items: those of :attr:`ids`.

        Raises:
            StoreError: an item or picture that was found is not in the collection.
        """
        return tuple(self._row(row, items, place) for place, row in enumerate(self.rows, start=self.start + 1))

    def _row(self, row: Row, items: Mapping[str, StoredItem], place: int) -> Hit:
        others = self.variants.get(row.lead.match.id, ())
        variants = tuple(self._hit(each, items, place, group=row.group) for each in others)
        return self._hit(row.lead, items, place, group=row.group, variants=variants)

    def _hit(
        self,
        candidate: Candidate,
        items: Mapping[str, StoredItem],
        place: int,
        *,
        group: Value,
        variants: tuple[Hit, ...] = (),
    ) -> Hit:
        match = candidate.match
        item = items.get(match.id)
        if item is None or match.picture_index >= len(item.pictures):
            raise StoreError(
                f"item {match.id!r} was found by its picture but is not in the same state of the collection"
            )
        return Hit(
            id=match.id,
            rank=place,
            score=match.score,
            title=item.title,
            picture=item.pictures[match.picture_index].name,
            picture_index=match.picture_index,
            metadata=item.metadata,
            ranks=dict(candidate.ranks),
            relevance=candidate.relevance,
            graded=match.id in self.graded,
            reasons=candidate.reasons,
            group=group,
            variants=variants,
            duplicates=self.folded.get(match.id, ()),
        )
