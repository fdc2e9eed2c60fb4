"""Order by fields, as :class:`~shelfsight.core.listing.SortKey` has it."""

from collections.abc import Iterable, Mapping, Sequence

from shelfsight.core.listing import SortKey
from shelfsight.core.types import Value

__all__ = ["in_order"]

_Place = tuple[int, float | str]


def in_order(ids: Iterable[str], values: Mapping[str, Sequence[Value]], keys: Sequence[SortKey]) -> list[str]:
    """``ids`` in the order of ``keys``, ties by id.

    Args:
        values: id -> its values of the keys' fields, in the order of the keys.
    """
    ordered = sorted(ids)
    for index, key in reversed(list(enumerate(keys))):  # each sort is stable: the last is the first key's
        placed, last = [], []
        for id in ordered:
            place = _place(values[id][index])
            if place is None:
                last.append(id)
            else:
                placed.append((place, id))
        placed.sort(key=lambda pair: pair[0], reverse=key.descending)
        ordered = [id for _, id in placed] + last
    return ordered


def _place(value: Value) -> _Place | None:
    """Where a value stands among all; ``None`` for what comes last in any order."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    return (1, value) if isinstance(value, str) and value else None
