"""Metadata by column: what filters and facets run over.

A column holds one value a slot, kept by type, so that a comparison is one NumPy operation. Columns are built
from records when first asked for and grow as slots are appended; a slot's value never changes.
"""

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.types import Scalar, Value
from shelfsight.stores.state import Slots

__all__ = ["EXACT", "OWN_FIELDS", "Column", "Columns", "Type", "facet_text"]

Path = tuple[str, ...]
OWN_FIELDS = frozenset({"id", "title"})  # an item's own, whatever its metadata calls so
EXACT = 2**53  # integers beyond are not all float64
_CHUNK = 4096  # records parsed at once; more as there are more, so that copying stays linear


class Type(IntEnum):
    """What a value is. Missing, ``None`` and empty text are all null."""

    NULL = 0
    TEXT = 1
    NUMBER = 2
    BOOLEAN = 3
    JSON = 4


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one field, (n,) a slot.

    Attributes:
        types: int8, a :class:`Type` a slot.
        numbers: float64, 0 where there is no number; object dtype once an integer does not fit float64.
        codes: int32 into ``texts``, -1 where there is no text. Text only.
        flags: bool, False where there is no boolean.
        texts: distinct texts, appended to by longer versions of this column.
        code_of: the inverse of ``texts``.
        lists: slot -> what a list holds, for facets.
    """

    types: npt.NDArray[np.int8]
    numbers: npt.NDArray[Any]
    codes: npt.NDArray[np.int32]
    flags: npt.NDArray[np.bool_]
    texts: list[str]
    code_of: dict[str, int]
    lists: dict[int, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.types)

    def value(self, slot: int) -> Scalar | None:
        """What is there, a whole number as ``int``; ``None`` for null and JSON."""
        match self.types[slot]:
            case Type.TEXT:
                return self.texts[int(self.codes[slot])]
            case Type.NUMBER:
                number: Any = self.numbers[slot]
                return int(number) if number == int(number) else float(number)
            case Type.BOOLEAN:
                return bool(self.flags[slot])
        return None

    def first(self, count: int) -> "Column":
        """The column as it was with ``count`` slots."""
        if count == len(self):
            return self
        return Column(
            self.types[:count],
            self.numbers[:count],
            self.codes[:count],
            self.flags[:count],
            self.texts,
            self.code_of,
            self.lists,
        )


def _nulls(count: int) -> Column:
    none = np.full(count, -1, np.int32)
    return Column(np.zeros(count, np.int8), np.zeros(count), none, np.zeros(count, np.bool_), [], {}, {})


def _empty() -> Column:
    return _nulls(0)


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


def _extended(column: Column, values: Sequence[Value]) -> Column:
    """``column`` with the values of the next slots."""
    types = np.zeros(len(values), np.int8)
    numbers: npt.NDArray[Any] = np.zeros(len(values))
    codes = np.full(len(values), -1, np.int32)
    flags = np.zeros(len(values), np.bool_)
    texts, code_of = column.texts, column.code_of
    for i, value in enumerate(values):
        if value is None or value == "":
            continue
        if isinstance(value, str):
            types[i] = Type.TEXT
            code = code_of.get(value)
            if code is None:
                texts.append(value)
                code = code_of[value] = len(texts) - 1
            codes[i] = code
        elif isinstance(value, bool):
            types[i], flags[i] = Type.BOOLEAN, value
        elif isinstance(value, int | float):
            types[i] = Type.NUMBER
            if isinstance(value, int) and abs(value) > EXACT and numbers.dtype != object:
                numbers = numbers.astype(object)
            numbers[i] = value
        else:
            types[i] = Type.JSON
            if isinstance(value, list):
                elements = dict.fromkeys(map(facet_text, value))
                column.lists[len(column) + i] = tuple(e for e in elements if e is not None)
    return Column(
        np.concatenate([column.types, types]),
        np.concatenate([column.numbers, numbers]),
        np.concatenate([column.codes, codes]),
        np.concatenate([column.flags, flags]),
        texts,
        code_of,
        column.lists,
    )


class Columns:
    """The columns over one :class:`Slots`; safe to share between threads. Fields that were asked for and that no
    item has are not kept: whoever asks could fill the memory with them."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._columns: dict[Path, Column] = {}
        self._names: dict[str, None] = {}
        self._read = 0

    def names(self, count: int) -> list[str]:
        """Metadata fields met in the first ``count`` slots (and maybe in later ones)."""
        with self._lock:
            self._read_to(count)
            return list(self._names)

    def column(self, path: Path, count: int) -> Column:
        """The values at ``path`` (a field, then keys below it) of the first ``count`` slots."""
        with self._lock:
            self._read_to(count)
            if path[0] not in self._names:
                return _nulls(count)
            column = self._columns.get(path) or _empty()
            if len(column) < count:
                column = self._grown(path, column, count)
            return column.first(count)

    def _read_to(self, count: int) -> None:
        """Take all fields of new slots at once: parsing a record costs more than spreading it."""
        while self._read < count:
            end = min(count, self._read + max(_CHUNK, self._read // 8))
            rows = [_fields(record, id) for record, id in self._between(self._read, end)]
            for row in rows:
                self._names.update(dict.fromkeys(row))
            for name in self._names:
                column = self._columns.get((name,)) or _nulls(self._read)
                self._columns[(name,)] = _extended(column, [row.get(name) for row in rows])
            self._read = end

    def _grown(self, path: Path, column: Column, count: int) -> Column:
        values = [_at(_fields(record, id), path) for record, id in self._between(len(column), count)]
        grown = _extended(column, values)
        if grown.types.any():
            self._columns[path] = grown
        return grown

    def _between(self, start: int, end: int) -> Iterable[tuple[bytes, str]]:
        return zip(self._slots.records[start:end], self._slots.ids[start:end], strict=True)


def _fields(record: bytes, id: str) -> dict[str, Value]:
    content = json.loads(record)
    return {**content[1], "id": id, "title": content[0]}


def _at(fields: Value, path: Path) -> Value:
    for key in path:
        if not isinstance(fields, dict):
            return None
        fields = fields.get(key)
    return fields
