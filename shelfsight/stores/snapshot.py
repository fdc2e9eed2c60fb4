"""A :class:`~shelfsight.core.protocols.Snapshot` over a :class:`~shelfsight.stores.state.State`."""

import heapq
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.filters.tree import Expr, FieldPath
from shelfsight.core.protocols import Match, StoredItem
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import masks, records
from shelfsight.stores.blocks import BoolArray
from shelfsight.stores.columns import OWN_FIELDS, Column, Columns, Type, facet_text
from shelfsight.stores.ranking import Rows, best_items
from shelfsight.stores.state import State

__all__ = ["LocalSnapshot"]

_MASKS = 16  # filters remembered: one search asks for hits, their number and facets under the same one


class LocalSnapshot:
    """One committed state, held in memory; later commits do not reach it."""

    def __init__(self, state: State, columns: Columns, dimension: int) -> None:
        self._state = state
        self._columns = columns
        self._dimension = dimension
        self._rows = Rows(state.row_slot, state.first_row, state.slots.ids)
        self._masks: dict[str, BoolArray] = {}
        self._lock = threading.Lock()
        self._all_alive = bool(np.all(state.row_slot >= 0))

    @property
    def generation(self) -> int:
        """Which commit this is the state after; two equal ones are the same state."""
        return self._state.generation

    def search(
        self, vectors: FloatArray, k: int, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[list[Match]]:
        """See :meth:`shelfsight.core.protocols.Snapshot.search`. Queries of any length are normalised.

        Raises:
            UnknownField: ``where`` names a field no item has.
            UsageError: k below 1, or vectors that are not (q, d) with a direction each.
        """
        queries = self._queries(vectors)
        if k < 1:
            raise UsageError(f"k is {k}", hint="ask for at least one hit")
        return best_items(self._state.blocks, self._rows, queries, k, self._allowed_rows(where, exclude))

    def count(self, where: Expr | None = None) -> int:
        return int(np.count_nonzero(self._passing(where)))

    def facets(self, fields: Sequence[str], where: Expr | None = None, *, limit: int = 50) -> dict[str, dict[str, int]]:
        """See the protocol. Each element of a list counts once an item; objects do not count.

        Raises:
            UnknownField: one of ``fields``, or one in ``where``, that no item has.
        """
        passing = self._passing(where)
        return {name: _facet(self._column(FieldPath(name)), passing, limit) for name in dict.fromkeys(fields)}

    def fields(self) -> dict[str, str]:
        """Metadata field -> type, by name; ``json`` where a list or object, or more than one type, occurs.
        A field that is null in every item is none. ``id`` and ``title`` can be filtered by and are not listed."""
        found = {}
        for name in sorted(set(self._names()) - OWN_FIELDS):
            held = self._held(self._columns.column((name,), len(self._state.alive)))
            if held:
                found[name] = _WORDS.get(held.pop(), "json") if len(held) == 1 else "json"
        return found

    def items(self, ids: Sequence[str]) -> dict[str, StoredItem]:
        records_by_slot = self._state.slots.records
        return {
            id: records.decode(id, records_by_slot[slot]) for id in ids if (slot := self._state.find(id)) is not None
        }

    def vectors(self, id: str) -> FloatArray:
        slot = self._state.find(id)
        if slot is None:
            raise NotFound(f"there is no item {id!r}")
        first = int(self._state.first_row[slot])
        return self._state.blocks.gather(np.arange(first, first + int(self._state.pictures[slot])))

    def contains(self, ids: Iterable[str]) -> set[str]:
        return {id for id in ids if self._state.find(id) is not None}

    def _queries(self, vectors: FloatArray) -> FloatArray:
        if vectors.ndim != 2 or vectors.shape[1] != self._dimension:
            raise UsageError(f"query vectors have shape {vectors.shape}, (queries, {self._dimension}) is needed")
        try:
            return np.ascontiguousarray(normalise(vectors))
        except ValueError as error:
            raise UsageError(f"a query vector cannot be used: {error}") from error

    def _passing(self, where: Expr | None) -> BoolArray:
        """(slots,) alive and passing."""
        if where is None:
            return self._state.alive
        key = repr(where)  # not the tree itself: 1 == True, and a filter tells them apart
        with self._lock:
            mask = self._masks.pop(key, None)
        if mask is None:
            mask = masks.evaluate(where, self._column).yes & self._state.alive
        with self._lock:
            self._masks[key] = mask
            if len(self._masks) > _MASKS:
                del self._masks[next(iter(self._masks))]
        return mask

    def _allowed_rows(self, where: Expr | None, exclude: Sequence[str]) -> BoolArray | None:
        """(rows,) that may be found; ``None`` when all may."""
        slots = self._passing(where)
        excluded = [slot for id in exclude if (slot := self._state.find(id)) is not None]
        if where is None and not excluded and self._all_alive:
            return None
        if excluded:
            slots = slots.copy()
            slots[excluded] = False
        owners = self._state.row_slot
        return np.asarray(np.append(slots, False)[owners])  # owner -1, nobody, reads the appended False

    def _column(self, field: FieldPath) -> Column:
        column = self._columns.column((field.name, *field.keys), len(self._state.alive))
        if not self._held(column):
            raise masks.unknown_field(field, {*self.fields(), *OWN_FIELDS})
        return replace(column, types=column.types * self._state.alive)  # what the dead held is nobody's type

    def _names(self) -> list[str]:
        return self._columns.names(len(self._state.alive))

    def _held(self, column: Column) -> set[int]:
        """Types of values that items alive in this state have."""
        counts = np.bincount(column.types[self._state.alive], minlength=len(Type))
        return {int(kind) for kind in np.flatnonzero(counts)} - {int(Type.NULL)}


_WORDS = {int(Type.TEXT): "text", int(Type.NUMBER): "number", int(Type.BOOLEAN): "boolean"}


def _facet(column: Column, passing: BoolArray, limit: int) -> dict[str, int]:
    """Counts of what a column holds where ``passing``, most frequent first, ties by value."""
    counts: Counter[str] = Counter()
    codes, found = np.unique(column.codes[passing & (column.types == Type.TEXT)], return_counts=True)
    counts.update({column.texts[code]: n for code, n in zip(codes.tolist(), found.tolist(), strict=True)})
    numbers, found = np.unique(column.numbers[passing & (column.types == Type.NUMBER)], return_counts=True)
    counts.update({facet_text(value) or "": n for value, n in zip(numbers.tolist(), found.tolist(), strict=True)})
    flags, found = np.unique(column.flags[passing & (column.types == Type.BOOLEAN)], return_counts=True)
    counts.update({facet_text(flag) or "": n for flag, n in zip(flags.tolist(), found.tolist(), strict=True)})
    for slot in np.flatnonzero(passing & (column.types == Type.JSON)).tolist():
        counts.update(column.lists.get(slot, ()))
    return dict(heapq.nsmallest(limit, counts.items(), key=lambda pair: (-pair[1], pair[0])))
