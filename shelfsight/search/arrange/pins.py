"""Places that a merchandiser gave away: kept free of what the stages do to all others."""

from collections.abc import Sequence
from itertools import takewhile
from typing import TypeVar

from shelfsight.search.candidates import Candidate

__all__ = ["Pins", "named", "parted", "put_back"]

T = TypeVar("T")

Pins = tuple[tuple[int, Candidate], ...]
"""Pinned candidates with their places from 0, ascending."""


def named(candidates: Sequence[Candidate]) -> int:
    """How many at the beginning were asked for by name (a SKU, say), and stay in front of all others."""
    return sum(1 for _ in takewhile(lambda each: each.named, candidates))


def parted(candidates: Sequence[Candidate]) -> tuple[Pins, list[Candidate]]:
    """The pinned ones with the places they stand at, and all others in their order."""
    pins = tuple((place, each) for place, each in enumerate(candidates) if each.pinned)
    return pins, [each for each in candidates if not each.pinned]


def put_back(others: Sequence[T], pinned: Sequence[tuple[int, T]]) -> list[T]:
    """``others`` with the pinned at their places, ascending; behind them all where there are too few others."""
    placed = list(others)
    for place, each in pinned:
        placed.insert(min(place, len(placed)), each)
    return placed
