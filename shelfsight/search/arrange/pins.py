"""Places that a merchandiser gave away: kept free of what the stages do to all others."""

from collections.abc import Sequence
from typing import TypeVar

from shelfsight.search.candidates import Candidate

__all__ = ["Pins", "parted", "put_back"]

T = TypeVar("T")

Pins = tuple[tuple[int, Candidate], ...]
"""Pinned candidates with their places from 0, ascending."""


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
