"""How many items a page is a window on, and what they are like."""

from collections.abc import Sequence
from dataclasses import dataclass

from shelfsight.core.filters import Expr
from shelfsight.core.listing import Histogram
from shelfsight.core.protocols import Snapshot
from shelfsight.search.arrange.grouping import scalar

__all__ = ["Counted"]


@dataclass(frozen=True, slots=True)
class Counted:
    """The items that a search is about, for counting: exact, whatever page is shown.

    Attributes:
        where: what they pass.
        among: the only ids that count, where a cutoff says so.
    """

    snapshot: Snapshot
    where: Expr | None
    among: frozenset[str] | None = None

    @property
    def total(self) -> int:
        return self.snapshot.count(self.where) if self.among is None else len(self.among)

    def facets(self, fields: Sequence[str]) -> dict[str, dict[str, int]]:
        """Value counts of each field."""
        return self.snapshot.facets(fields, self.where, among=self.among) if fields else {}

    def histograms(self, fields: Sequence[str]) -> dict[str, Histogram]:
        """The spread of each field's numbers."""
        return {name: self.snapshot.histogram(name, self.where, among=self.among) for name in fields}

    def groups(self, field: str) -> int:
        """Distinct values of ``field``; an item without one, or with a list or an object, is a group of its own."""
        total = self.total
        if self.snapshot.fields().get(field, "text") != "json":  # each item has one value then, or none
            counts = self.snapshot.facets((field,), self.where, limit=None, among=self.among)[field]
            return len(counts) + total - sum(counts.values())
        ids = self.snapshot.select(max(total, 1), where=self.where) if self.among is None else [*self.among]
        keys = [scalar(found[0]) for found in self.snapshot.values(ids, (field,)).values()]
        return len({key for key in keys if key is not None}) + keys.count(None)
