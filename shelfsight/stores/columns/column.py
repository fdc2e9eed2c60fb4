"""One field of every slot, by type."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from shelfsight.core.types import Scalar, Value
from shelfsight.stores.columns.texts import Texts

if TYPE_CHECKING:
    from shelfsight.stores.columns.stack import Stack

__all__ = ["EXACT", "Column", "Factors", "Type", "facet_text"]

_FIRST = 4096
EXACT = 2**53  # integers beyond are not all float64


class Type(IntEnum):
    """What a value is. Missing, ``None`` and empty text are all null."""

    NULL = 0
    TEXT = 1
    NUMBER = 2
    BOOLEAN = 3
    JSON = 4


class Factors(NamedTuple):
    """Numbers by code: ``codes`` (n,) int32 into ``values``, -1 where there is no number."""

    codes: npt.NDArray[np.int32]
    values: list[float]


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one field, (n,) a slot.

    Attributes:
        types: int8, a :class:`Type` a slot.
        numbers: float64, 0 where there is no number; object dtype once an integer does not fit float64.
        codes: int32 into ``texts``, -1 where there is no text. Text only.
        flags: bool, False where there is no boolean.
        texts: distinct texts, those of longer versions of this column among them.
        owners, elements: (m,) int32, owners ascending: slot ``owners[i]`` has ``element_texts[elements[i]]`` in its
            list. An element that a list has twice comes once; null, lists and objects in it do not come.
        stack: what it is the first values of.
        held: types that occur, once they were looked for.
    """

    types: npt.NDArray[np.int8]
    numbers: npt.NDArray[Any]
    codes: npt.NDArray[np.int32]
    flags: npt.NDArray[np.bool_]
    texts: Texts
    owners: npt.NDArray[np.int32]
    elements: npt.NDArray[np.int32]
    element_texts: Texts
    stack: "Stack"
    held: frozenset[Type] | None = None

    def __len__(self) -> int:
        return len(self.types)

    def kinds(self) -> frozenset[Type]:
        """Types that occur, null left out."""
        if self.held is not None:
            return self.held
        most = int(self.types.max(initial=Type.NULL))
        return frozenset(
            kind for kind in Type if Type.NULL < kind <= most and (kind == most or _occurs(self.types, kind))
        )

    def settled(self) -> "Column":
        """With its types looked for."""
        return replace(self, held=self.kinds())

    def factors(self) -> Factors:
        return self.stack.factors(len(self))

    def values(self, slots: Sequence[int]) -> list[Scalar | None]:
        """What is in some slots, a whole number as ``int``; ``None`` for null and JSON."""
        types = self.types[slots].tolist()
        found: list[Scalar | None] = [None] * len(types)
        kinds = {*types}
        if Type.TEXT in kinds:
            for i, code in enumerate(self.codes[slots].tolist()):
                if code >= 0:
                    found[i] = self.texts[code]
        if Type.NUMBER in kinds:
            for i, number in enumerate(self.numbers[slots].tolist()):
                if types[i] == Type.NUMBER:
                    found[i] = int(number) if number == int(number) else number
        if Type.BOOLEAN in kinds:
            for i, flag in enumerate(self.flags[slots].tolist()):
                if types[i] == Type.BOOLEAN:
                    found[i] = flag
        return found


def _occurs(types: npt.NDArray[np.int8], kind: Type) -> bool:
    """Among the first, mostly."""
    return bool(np.any(types[:_FIRST] == kind)) or bool(np.any(types[_FIRST:] == kind))


def facet_text(value: Value) -> str | None:
    """A scalar as a facet shows it, ``None`` for null and JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case str():
            return value or None
    return None
