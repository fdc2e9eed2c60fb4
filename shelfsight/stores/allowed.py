"""Which rows a search may find."""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

__all__ = ["Allowed"]

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
T = TypeVar("T")


class Allowed:
    """A mask of rows and what follows from it. Make one a filter and state and keep it: what a search derives from the
    mask (its count, bitmaps, how many rows of which list pass) costs a pass over all rows, and is kept here.

    Safe to share between threads: two that come at once do the same work twice, at worst.
    """

    def __init__(self, mask: BoolArray) -> None:
        """
        Args:
            mask: (rows,) bool; not to be changed afterwards.
        """
        self.mask = mask
        self._kept: dict[object, object] = {}

    def __len__(self) -> int:
        return len(self.mask)

    @cached_property
    def count(self) -> int:
        """Rows that may be found."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def rows(self) -> IntArray:
        """(count,) those rows, ascending."""
        return np.flatnonzero(self.mask)

    @cached_property
    def bitmap(self) -> npt.NDArray[np.uint8]:
        """One bit a row, lowest first."""
        return np.packbits(self.mask, bitorder="little")

    def part(self, start: int, end: int) -> "Allowed":
        """Of the rows from ``start`` up to ``end``, counted from there."""
        if start == 0 and end == len(self.mask):
            return self
        return self.kept((start, end), lambda: Allowed(self.mask[start:end]))

    def kept(self, key: object, make: Callable[[], T]) -> T:
        """What ``make`` returned when it was first asked for under ``key``."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])
