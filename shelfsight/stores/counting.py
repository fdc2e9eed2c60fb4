"""Facets and histograms: how often each value of a column occurs among the items that pass."""

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.listing import Histogram
from shelfsight.stores import histograms
from shelfsight.stores.blocks import BoolArray, IntArray
from shelfsight.stores.columns import Column, Factors, Texts, Type, facet_text

__all__ = ["Chosen", "facet", "spread"]

_STEP = 65_536  # slots whose codes stay in the processor's cache
_SPARSE = 4  # up to one in so many, the slots that pass are picked one by one


class Chosen:
    """The slots to count over, for any number of columns.

    Args:
        passing: (slots,) bool.
    """

    def __init__(self, passing: BoolArray) -> None:
        self.passing = passing
        self.count = int(np.count_nonzero(passing))
        self._few = np.flatnonzero(passing) if self.count * _SPARSE < len(passing) else None

    def of(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Those of (slots,) values, in the order of slots."""
        if self.count == len(self.passing):
            return values
        return values[self.passing] if self._few is None else values[self._few]

    def counts(self, codes: npt.NDArray[np.int32], distinct: int) -> IntArray:
        """(distinct,) how often each of (slots,) codes, -1 for none, occurs."""
        if self._few is not None:
            codes = codes[self._few]
        total = np.zeros(distinct + 1, np.int64)
        step = max(_STEP, 2 * distinct)
        for start in range(0, len(codes), step):
            part = codes[start : start + step]
            if self._few is None and self.count < len(codes):
                part = np.where(self.passing[start : start + step], part, -1)
            total += np.bincount(part + 1, minlength=distinct + 1)
        return total[1:]


def facet(column: Column, chosen: Chosen, limit: int | None) -> dict[str, int]:
    """Counts of what a column holds in the slots that are ``chosen``, most frequent first, ties by value."""
    parts = _parts(column, chosen)
    if len(parts) == 1:  # a value of one kind is no other's, so that only the first need names
        counts, name, ranks = parts[0]
        codes = np.flatnonzero(counts)
        if limit is not None and len(codes) > limit:
            codes = _most(codes, counts, ranks, limit)
        return _in_order({name(code): int(counts[code]) for code in codes.tolist()}, limit)
    total: Counter[str] = Counter()
    for counts, name, _ in parts:
        for code in np.flatnonzero(counts).tolist():
            total[name(code)] += int(counts[code])
    return _in_order(total, limit)


_Part = tuple[IntArray, Callable[[int], str], Callable[[], IntArray]]
"""Counts by code, what a code stands for, and the places of the codes in the order of that."""


def _parts(column: Column, chosen: Chosen) -> list[_Part]:
    kinds = column.kinds()
    parts: list[_Part] = []
    if Type.TEXT in kinds:
        parts.append(_of_texts(chosen.counts(column.codes, len(column.texts)), column.texts))
    if Type.NUMBER in kinds:
        parts.append(_of_numbers(column, chosen))
    if Type.BOOLEAN in kinds:
        flags = np.where(column.types == Type.BOOLEAN, column.flags.astype(np.int32), np.int32(-1))
        parts.append((chosen.counts(flags, 2), ("false", "true").__getitem__, lambda: np.arange(2)))
    if len(column.owners):
        elements = column.elements[chosen.passing[column.owners]]
        parts.append(_of_texts(np.bincount(elements, minlength=len(column.element_texts)), column.element_texts))
    return parts


def _of_texts(counts: IntArray, texts: Texts) -> _Part:
    return counts, texts.__getitem__, texts.ranks


def _of_numbers(column: Column, chosen: Chosen) -> _Part:
    factors: Factors = column.factors()
    values = factors.values

    def name(code: int) -> str:
        return facet_text(values[code]) or ""

    return chosen.counts(factors.codes, len(values)), name, column.stack.factor_ranks


def _most(codes: IntArray, counts: IntArray, ranks: Callable[[], IntArray], limit: int) -> IntArray:
    """Of ``codes``, the ``limit`` most frequent; of those as frequent as the last, the first in order."""
    found = counts[codes]
    least = np.partition(found, len(found) - limit)[len(found) - limit] if limit else found.max() + 1
    sure, ties = codes[found > least], codes[found == least]
    places = ranks()[ties]
    wanted = limit - len(sure)
    if wanted < len(ties):
        ties = ties[np.argpartition(places, wanted)[:wanted]]
    return np.concatenate([sure, ties])


def _in_order(counts: dict[str, int], limit: int | None) -> dict[str, int]:
    if limit is None:
        return dict(sorted(counts.items(), key=_frequent_first))
    return dict(heapq.nsmallest(limit, counts.items(), key=_frequent_first))


def spread(column: Column, chosen: Chosen, bins: int) -> Histogram:
    """The numbers of a column in the slots that are ``chosen``. An integer that no float can hold is none.

    Raises:
        UsageError: from :func:`~shelfsight.stores.histograms.histogram`.
    """
    numbers = _floats(chosen.of(column.numbers)[chosen.of(column.types) == Type.NUMBER])
    return histograms.histogram(numbers, bins, others=chosen.count - len(numbers))


def _floats(numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    if numbers.dtype != object:
        return np.asarray(numbers, np.float64)
    largest = float(np.finfo(np.float64).max)
    return np.array([float(number) for number in numbers.tolist() if abs(number) <= largest], np.float64)


def _frequent_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]
