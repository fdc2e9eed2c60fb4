"""The first of many items in the order of their fields, without sorting them all.

Of the slots that may come, those strictly before the k-th in the first field are sorted outright; those that tie with
it are told apart by the next field, and at last by id. See :class:`~shelfsight.core.listing.SortKey` for the order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.stores.blocks import IntArray
from shelfsight.stores.columns import Column, Type

__all__ = ["Order", "first_slots", "order_of"]

_LAST = 3


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; ``text_ranks`` (texts,) are the places of its distinct texts in their order."""

    column: Column
    descending: bool
    text_ranks: IntArray

    def keys(self, slots: IntArray) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
        """(n,) which kind comes first, and (n,) what comes first within a kind; lower is earlier."""
        types = self.column.types[slots]
        kinds = np.full(len(slots), _LAST, np.int8)
        values = np.zeros(len(slots))
        sign = -1 if self.descending else 1
        for place, kind in enumerate((Type.NUMBER, Type.TEXT, Type.BOOLEAN)):
            here = types == kind
            if here.any():
                kinds[here] = _LAST - 1 - place if self.descending else place
                values[here] = sign * self._values(kind, slots[here])
        return kinds, values

    def _values(self, kind: Type, slots: IntArray) -> npt.NDArray[np.float64]:
        match kind:
            case Type.NUMBER:
                return _float_order(self.column.numbers[slots])
            case Type.TEXT:
                return self.text_ranks[self.column.codes[slots]].astype(np.float64)
            case _:
                return self.column.flags[slots].astype(np.float64)


def order_of(column: Column, descending: bool) -> Order:
    """``column`` with the places of its texts."""
    return Order(column, descending, column.texts.ranks())


def _float_order(numbers: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Floats in the order of ``numbers``; integers that are none are replaced by their places."""
    if numbers.dtype != object:
        return np.asarray(numbers, np.float64)
    return np.unique(numbers, return_inverse=True)[1].astype(np.float64)


def first_slots(
    slots: IntArray, orders: Sequence[Order], count: int, by_id: Callable[[IntArray, int], list[int]]
) -> list[int]:
    """The first ``count`` of ``slots`` (n,) in the order of ``orders``, then by id.

    Args:
        by_id: the first so many of some slots in the order of their ids.
    """
    count = min(count, len(slots))
    if count == 0:
        return []
    if not orders:
        return by_id(slots, count)
    kinds, values = orders[0].keys(slots)
    kind, value = _at(kinds, values, count)
    before = (kinds < kind) | ((kinds == kind) & (values < value))
    ties = slots[(kinds == kind) & (values == value)]
    certain = _sorted(slots[before], orders, by_id)
    return [*certain, *first_slots(ties, orders[1:], count - len(certain), by_id)]


def _at(kinds: npt.NDArray[np.int8], values: npt.NDArray[np.float64], count: int) -> tuple[int, float]:
    """The key of the ``count``-th."""
    so_far = np.cumsum(np.bincount(kinds, minlength=_LAST + 1))
    kind = int(np.searchsorted(so_far, count))
    place = count - 1 - (int(so_far[kind - 1]) if kind else 0)
    return kind, float(np.partition(values[kinds == kind], place)[place])


def _sorted(slots: IntArray, orders: Sequence[Order], by_id: Callable[[IntArray, int], list[int]]) -> list[int]:
    ordered = np.array(by_id(slots, len(slots)), np.int64)
    keys: list[npt.NDArray[Any]] = []
    for order in reversed(orders):
        kinds, values = order.keys(ordered)
        keys += [values, kinds]
    return ordered[np.lexsort(keys)].tolist() if len(ordered) else []
