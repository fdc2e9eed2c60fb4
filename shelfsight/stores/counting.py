"""Facets and histograms: how often each value of a column occurs among the items that pass."""

import heapq
from collections import Counter

import numpy as np
import numpy.typing as npt

from shelfsight.core.listing import Histogram
from shelfsight.stores import histograms
from shelfsight.stores.blocks import BoolArray
from shelfsight.stores.columns import Column, Type, facet_text

__all__ = ["facet", "spread"]


def facet(column: Column, passing: BoolArray, limit: int | None) -> dict[str, int]:
    """Counts of what a column holds where ``passing`` ((slots,) bool), most frequent first, ties by value."""
    counts: Counter[str] = Counter()
    codes, found = np.unique(column.codes[passing & (column.types == Type.TEXT)], return_counts=True)
    counts.update({column.texts[code]: n for code, n in zip(codes.tolist(), found.tolist(), strict=True)})
    numbers, found = np.unique(column.numbers[passing & (column.types == Type.NUMBER)], return_counts=True)
    counts.update({facet_text(value) or "": n for value, n in zip(numbers.tolist(), found.tolist(), strict=True)})
    flags, found = np.unique(column.flags[passing & (column.types == Type.BOOLEAN)], return_counts=True)
    counts.update({facet_text(flag) or "": n for flag, n in zip(flags.tolist(), found.tolist(), strict=True)})
    elements, found = np.unique(column.elements[passing[column.owners]], return_counts=True)
    for code, n in zip(elements.tolist(), found.tolist(), strict=True):
        counts[column.element_texts[code]] += n
    if limit is None:
        return dict(sorted(counts.items(), key=_frequent_first))
    return dict(heapq.nsmallest(limit, counts.items(), key=_frequent_first))


def spread(column: Column, passing: BoolArray, bins: int) -> Histogram:
    """The numbers of a column where ``passing``. An integer that no float can hold is none.

    Raises:
        UsageError: from :func:`~shelfsight.stores.histograms.histogram`.
    """
    numbers = _floats(column.numbers[passing & (column.types == Type.NUMBER)])
    return histograms.histogram(numbers, bins, others=int(np.count_nonzero(passing)) - len(numbers))


def _floats(numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    if numbers.dtype != object:
        return np.asarray(numbers, np.float64)
    largest = float(np.finfo(np.float64).max)
    return np.array([float(number) for number in numbers.tolist() if abs(number) <= largest], np.float64)


def _frequent_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]
