"""Which items of a state pass, and the columns that decide it. What was asked once is kept as long as the state is."""

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from shelfsight.core.filters.tree import Expr, FieldPath
from shelfsight.stores import masks
from shelfsight.stores.allowed import Allowed
from shelfsight.stores.blocks import BoolArray, IntArray
from shelfsight.stores.columns import OWN_FIELDS, Column, Columns, Type
from shelfsight.stores.state import State

__all__ = ["Sieve"]

_FILTERS = 16  # remembered: one search asks for hits, their number and facets under the same one
_DEAD = 8  # up to one row in so many, the dead are found and dropped
_WORDS = {Type.TEXT: "text", Type.NUMBER: "number", Type.BOOLEAN: "boolean"}
_APART = 8  # up to one row in so many, those with another number than their item's are looked up
T = TypeVar("T")


class Sieve:
    """Filters over the items of one state; safe to share between threads."""

    def __init__(self, state: State, columns: Columns) -> None:
        self._state = state
        self.columns = columns
        self._lock = threading.Lock()
        self._mostly_alive: bool | None = None
        self._others: IntArray | None = None
        self._compared = False
        self._masks: dict[str, BoolArray] = {}
        self._allowed: dict[str, Allowed] = {}
        self._known: dict[tuple[str, ...], Column] = {}

    def passing(
        self, where: Expr | None, exclude: Iterable[str] = (), among: Collection[str] | None = None
    ) -> BoolArray:
        """(slots,) alive and passing, not excluded, and one of ``among`` where that is given; not to be written to.

        Raises:
            UnknownField: ``where`` names a field no item has.
        """
        passing = self._filtered(where)
        if among is not None:
            chosen = np.zeros(len(passing), np.bool_)
            chosen[self.slots(among)] = True
            passing = passing & chosen
        excluded = self.slots(exclude)
        if excluded:
            passing = passing.copy()
            passing[excluded] = False
        return passing

    def _filtered(self, where: Expr | None) -> BoolArray:
        if where is None:
            return self._state.alive
        key = repr(where)  # not the tree itself: 1 == True, and a filter tells them apart
        return self._kept(self._masks, key, lambda: masks.evaluate(where, self.column).yes & self._state.alive)

    def allowed(self, where: Expr | None) -> Allowed | None:
        """Rows that may be found; ``None`` when all may."""
        if where is None:
            found = self._kept(self._allowed, "", lambda: Allowed(self._state.row_slot >= 0))
            return None if found.count == len(found) else found
        return self._kept(self._allowed, repr(where), lambda: Allowed(self.rows_of(self.passing(where))))

    def searchable(self, where: Expr | None) -> Allowed | None:
        """:meth:`allowed`, for searches that drop rows of nobody: ``None`` without a filter, while these are few."""
        if where is None:
            if self._mostly_alive is None:
                owned = np.count_nonzero(self._state.row_slot >= 0)
                self._mostly_alive = bool(owned * _DEAD > len(self._state.row_slot) * (_DEAD - 1))
            if self._mostly_alive:
                return None
        return self.allowed(where)

    def of_same_items(self, state: State) -> "Sieve":
        """For a state of the same items and rows; what was asked once is known there."""
        other = Sieve(state, self.columns)
        with self._lock:
            other._masks.update(self._masks)
        other._known.update(self._known.copy())
        return other

    def rows_of(self, slots: BoolArray) -> BoolArray:
        """(rows,) those of (slots,) items. Copying, where nearly every item's row has its number, takes a tenth of the
        time that looking up each row's item does."""
        owners, others = self._state.row_slot, self._apart()
        slots = np.append(slots, False)  # owner -1, nobody, reads the appended False
        if others is None:
            return slots.take(owners)
        rows = np.zeros(len(owners), np.bool_)
        rows[: len(slots)] = slots[: len(owners)]
        rows[others] = slots[owners[others]]
        return rows

    def _apart(self) -> IntArray | None:
        """Rows whose number is not that of their item's slot; ``None``: they are many."""
        if not self._compared:
            owners = self._state.row_slot
            others = np.flatnonzero(owners != np.arange(len(owners), dtype=owners.dtype))
            self._others = others if len(others) * _APART <= len(owners) else None
            self._compared = True
        return self._others

    def slots(self, ids: Iterable[str]) -> list[int]:
        """Of those of ``ids`` that are there."""
        wanted = [*ids]
        if not wanted:
            return []
        found = self._state.find_all(wanted)
        slots: list[int] = found[found >= 0].tolist()
        return slots

    def column(self, field: FieldPath) -> Column:
        """What a field holds, with what the dead have there taken for null.

        Raises:
            UnknownField: it is null in every item.
        """
        path = (field.name, *field.keys)
        known = self._known.get(path)
        if known is None:
            known = self._living(path)
            if not known.kinds():
                raise masks.unknown_field(field, {*self.fields(), *OWN_FIELDS})
            self._known[path] = known
        return known

    def fields(self) -> dict[str, str]:
        """See :meth:`shelfsight.core.snapshot.Snapshot.fields`."""
        found = {}
        for name in sorted(set(self.columns.names(len(self._state.alive))) - OWN_FIELDS):
            column = self._known.get((name,)) or self._living((name,))
            kinds = column.kinds()
            if kinds:
                self._known[(name,)] = column
                found[name] = _WORDS.get(next(iter(kinds)), "json") if len(kinds) == 1 else "json"
        return found

    def _living(self, path: tuple[str, ...]) -> Column:
        column = self.columns.column(path, len(self._state.alive))
        return replace(column, types=column.types * self._state.alive).settled()

    def _kept(self, memory: dict[str, T], key: str, make: Callable[[], T]) -> T:
        with self._lock:
            found = memory.pop(key, None)
        if found is None:
            found = make()
        with self._lock:
            memory[key] = found
            if len(memory) > _FILTERS:
                del memory[next(iter(memory))]
        return found
