"""Bins with round edges: what every store counts the numbers of a field into."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import count, pairwise
from math import floor, log10

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import UsageError
from shelfsight.core.listing import Histogram

__all__ = ["counted", "histogram", "round_edges"]

_MOST_BINS = 1000
_LEADING = (1, 2, 5)


def histogram(numbers: npt.NDArray[np.float64], bins: int, *, others: int) -> Histogram:
    """(n,) numbers, finite, in at most ``bins`` bins; ``others`` items have none.

    Raises:
        UsageError: ``bins`` is not in 1 .. 1000.
    """
    if not 1 <= bins <= _MOST_BINS:
        raise UsageError(f"a histogram of {bins} bins", hint=f"ask for 1 to {_MOST_BINS}")
    if not len(numbers):
        return Histogram(others=others)
    least, most = float(numbers.min()), float(numbers.max())
    edges = round_edges(least, most, bins)
    counts = counted(numbers, edges)
    return Histogram(edges=edges, counts=tuple(counts.tolist()), least=least, most=most, others=others)


def counted(numbers: npt.NDArray[np.float64], edges: Sequence[float]) -> npt.NDArray[np.int64]:
    """(len(edges) - 1,) how many numbers lie from each edge to the next, the last edge included."""
    places = np.searchsorted(np.array(edges[1:-1]), numbers, side="right")
    return np.bincount(places, minlength=len(edges) - 1)


def round_edges(least: float, most: float, bins: int) -> tuple[float, ...]:
    """The edges of the narrowest bins, at most ``bins`` of them, from ``least`` to ``most``.

    A bin is 1, 2 or 5 times a power of ten wide and every edge is a multiple of that. Where all numbers are the same
    it is 1 wide, or as wide as a float needs to tell its edges apart. A single bin across zero has the same number,
    negative and positive, as its edges.
    """
    low, high = Fraction(least), Fraction(most)
    if bins == 1 and low < 0 < high:
        edge = round_edges(0, max(-least, most), 1)[1]
        return -edge, edge
    narrowest = (high - low) / bins if high > low else Fraction(1)
    for exponent in count(_exponent(narrowest)):
        for leading in _LEADING:
            width = leading * Fraction(10) ** exponent
            if width < narrowest:
                continue
            first = floor(low / width)
            last = max(first + 1, -floor(-high / width))
            edges = [_nearest(i * width) for i in range(first, min(last, first + bins) + 1)]
            if last - first <= bins and all(a < b for a, b in pairwise(edges)):
                return tuple(edges)
    raise AssertionError("a wider bin is always found")


def _exponent(width: Fraction) -> int:
    """Of a power of ten that is not above ``width``."""
    digits = (width.numerator.bit_length() - width.denominator.bit_length()) * log10(2)
    return floor(digits) - 1


def _nearest(value: Fraction) -> float:
    """The nearest float, the largest one for what is beyond it."""
    largest = float(np.finfo(np.float64).max)
    return float(max(min(value, Fraction(largest)), -Fraction(largest)))
