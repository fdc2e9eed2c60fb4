"""The columns of a collection, by field."""

import json
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np

from shelfsight.core.types import Value
from shelfsight.stores.columns.column import Column, Type
from shelfsight.stores.columns.stack import Stack
from shelfsight.stores.columns.texts import Texts
from shelfsight.stores.growing import Plane
from shelfsight.stores.slots import Base, Slots

__all__ = ["OWN_FIELDS", "Columns", "Loader"]

Path = tuple[str, ...]
Loader = Callable[[], Stack | None]
"""A column as it was kept; ``None`` where that is damaged."""
OWN_FIELDS = frozenset({"id", "title"})  # an item's own, whatever its metadata calls so
_CHUNK = 4096  # records parsed at once; more as there are more, so that copying stays linear


class Columns:
    """The columns over one :class:`~shelfsight.stores.slots.Slots`; safe to share between threads. Fields that were
    asked for and that no item has are not kept: whoever asks could fill the memory with them.

    Args:
        kept: field -> its column over the first ``count`` slots, read when first asked for.
        count: slots that need not be read for the names of their fields: they are those of ``kept``.
    """

    def __init__(self, slots: Slots, kept: Mapping[str, Loader] | None = None, count: int = 0) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._columns: dict[Path, Stack] = {}
        self._kept = dict(kept or {})
        self._names: dict[str, None] = dict.fromkeys(["id", *self._kept] if count else [])
        self._read = count

    def names(self, count: int) -> list[str]:
        """Fields met in the first ``count`` slots (and maybe in later ones)."""
        with self._lock:
            self._read_to(count)
            return list(self._names)

    def column(self, path: Path, count: int) -> Column:
        """The values at ``path`` (a field, then keys below it) of the first ``count`` slots."""
        with self._lock:
            self._read_to(count)
            if path[0] not in self._names:
                return Stack(count).column(count)
            if len(path) > 1 and not np.any(self._grown(path[:1], count).types.first(count) == Type.JSON):
                return Stack(count).column(count)
            return self._grown(path, count).column(count)

    def stacks(self, count: int, *, without: Collection[str] = ()) -> dict[str, Stack]:
        """Field -> its column of ``count`` slots, which are all there are; some fields left out."""
        with self._lock:
            self._read_to(count)
            return {name: self._grown((name,), count) for name in self._names if name not in without}

    def _read_to(self, count: int) -> None:
        """Take all fields of new slots at once: parsing a record costs more than spreading it."""
        while self._read < count:
            end = min(count, self._read + max(_CHUNK, self._read // 8))
            rows = [_fields(record) for record in self._slots.records[self._read : end]]
            self._names["id"] = None
            for row in rows:
                self._names.update(dict.fromkeys(row))
            for name in self._names:
                stack = self._columns.get((name,))
                if stack is None and name != "id" and name not in self._kept:
                    stack = self._columns[(name,)] = Stack(self._read)
                if stack is not None and len(stack) == self._read and name != "id":
                    stack.extend([row.get(name) for row in rows])
            self._read = end

    def _grown(self, path: Path, count: int) -> Stack:
        stack = self._columns.get(path) or self._load(path)
        while len(stack) < count:
            start = len(stack)
            end = min(count, start + max(_CHUNK, start // 8))
            stack.extend(self._values(path, start, end))
        if len(path) == 1 or not stack.types.plain:
            self._columns[path] = stack
        return stack

    def _load(self, path: Path) -> Stack:
        if path == ("id",) and self._slots.base is not None:
            return _ids(self._slots.base)
        loader = self._kept.pop(path[0], None) if len(path) == 1 else None
        return (loader and loader()) or Stack()

    def _values(self, path: Path, start: int, end: int) -> Sequence[Value]:
        if path[0] == "id":
            return self._slots.ids[start:end] if len(path) == 1 else [None] * (end - start)
        return [_at(_fields(record), path) for record in self._slots.records[start:end]]


def _ids(base: Base) -> Stack:
    """The ids of the base, which are in order and have an index already."""
    stack = Stack(len(base))
    stack.types = Plane.of(Type.NULL, np.full(len(base), Type.TEXT, np.int8))
    stack.codes = Plane.of(-1, np.arange(len(base), dtype=np.int32))
    stack.texts = Texts(base.ids, base.index)
    return stack


def _fields(record: bytes) -> dict[str, Value]:
    content = json.loads(record.decode())  # told no bytes, it need not guess how they are encoded
    fields: dict[str, Value] = {**content[1], "title": content[0]}
    return fields


def _at(fields: Value, path: Iterable[str]) -> Value:
    for key in path:
        if not isinstance(fields, dict):
            return None
        fields = fields.get(key)
    return fields
