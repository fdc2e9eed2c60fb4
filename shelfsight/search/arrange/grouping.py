"""Hits grouped by a field: each value takes one place, that of its best item."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from shelfsight.core.filters import And, Expr, FieldPath, In, IsNull, Not, Or
from shelfsight.core.protocols import Snapshot
from shelfsight.core.types import Scalar, Value
from shelfsight.search.candidates import Candidate

__all__ = ["Groups", "Key", "Row", "scalar"]

_CHUNK = 256

Key = tuple[str, Scalar]
"""A value and its type: two items are of one group where these are equal."""

_KINDS = {str: "text", bool: "boolean", int: "number", float: "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One place of a page.

    Attributes:
        lead: who takes it.
        group: its value of the field that is grouped by.
    """

    lead: Candidate
    group: Value = None


class Groups:
    """Which values of ``field`` have taken a place so far.

    An item without a value, or with a list or an object, is a group of its own.

    Attributes:
        alone: ids of such items that took a place.
    """

    def __init__(self, snapshot: Snapshot, field: str) -> None:
        """
        Raises:
            UnknownField: no item has ``field``.
        """
        self._snapshot = snapshot
        self._field = field
        self._seen: set[Key] = set()
        self.alone: list[str] = []
        snapshot.values((), (field,))

    @property
    def can_be_named(self) -> bool:
        """Whether a filter can tell what is of a group that took a place: the field holds values of one type."""
        return self._snapshot.fields().get(self._field, "text") != "json"

    def values(self, ids: Sequence[str]) -> dict[str, Value]:
        """id -> its value of the field."""
        return {id: found[0] for id, found in self._snapshot.values(ids, (self._field,)).items()}

    def leads(self, candidates: Iterable[Candidate]) -> Iterator[Row]:
        """Those of ``candidates`` that are the first of their group, as they come."""
        waiting = iter(candidates)
        while chunk := list(islice(waiting, _CHUNK)):
            values = self.values([each.match.id for each in chunk])
            for each in chunk:
                value = values.get(each.match.id)
                if self._is_new(each.match.id, value):
                    yield Row(lead=each, group=value)

    def others(self, where: Expr | None) -> Expr:
        """What passes ``where`` and is of no group that took a place; :attr:`alone` must be left out too."""
        field = FieldPath(self._field)
        elsewhere = Or((IsNull(field), Not(In(field, tuple(value for _, value in self._seen)))))
        return elsewhere if where is None else And((where, elsewhere))

    def members(self, where: Expr | None, values: Iterable[Scalar]) -> Expr:
        """What passes ``where`` and has one of ``values``."""
        inside = In(FieldPath(self._field), tuple(values))
        return inside if where is None else And((where, inside))

    def _is_new(self, id: str, value: Value) -> bool:
        found = scalar(value)
        if found is None:
            self.alone.append(id)
            return True
        if found in self._seen:
            return False
        self._seen.add(found)
        return True


def scalar(value: Value) -> Key | None:
    """What makes two values the same: 1 and 1.0 are, 1 and True are not; ``None`` for what is like nothing else."""
    if value is None or value == "" or isinstance(value, list | dict):
        return None
    return _KINDS[type(value)], value
