"""A column that grows: its values by type, each type in an array of its own that is there once it is needed."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.types import Value
from shelfsight.stores.columns.column import EXACT, Column, Factors, Type, facet_text
from shelfsight.stores.columns.texts import Texts
from shelfsight.stores.growing import Growing, Plane

__all__ = ["Stack"]

_NONE = -1
_TEXTS = frozenset({str, type(None)})
_NUMBERS = frozenset({int, float, type(None)})


class Stack:
    """Values of one field by slot. The caller keeps threads that append apart; reading needs no lock.

    Args:
        count: slots that have nothing there.
    """

    def __init__(self, count: int = 0) -> None:
        self.types = Plane(Type.NULL, np.int8, count)
        self.numbers = Plane(0, np.float64, count)
        self.codes = Plane(_NONE, np.int32, count)
        self.flags = Plane(0, np.bool_, count)
        self.texts = Texts()
        self.owners: Growing[np.int32] = Growing(np.zeros(0, np.int32))
        self.elements: Growing[np.int32] = Growing(np.zeros(0, np.int32))
        self.element_texts = Texts()
        self._factoring = threading.Lock()
        self._factor_codes = Plane(_NONE, np.int32)
        self._factor_values: list[float] = []
        self._factor_of: dict[float, int] = {}
        self._factor_ranks = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self.types)

    def column(self, count: int) -> Column:
        """The first ``count`` slots."""
        owners = self.owners.first(len(self.owners))
        end = int(np.searchsorted(owners, count))
        return Column(
            self.types.first(count),
            self.numbers.first(count),
            self.codes.first(count),
            self.flags.first(count),
            self.texts,
            owners[:end],
            self.elements.first(end),
            self.element_texts,
            self,
        )

    def extend(self, values: Sequence[Value]) -> None:
        """The values of the next slots."""
        kinds = {*map(type, values)}
        if kinds <= _TEXTS:
            self._extend_texts(values)
        elif kinds <= _NUMBERS:
            self._extend_numbers(values)
        else:
            self._extend_mixed(values)

    def _extend_texts(self, values: Sequence[Any]) -> None:
        codes = np.array(self.texts.codes(values), np.int32)
        self._append(np.where(codes == _NONE, Type.NULL, Type.TEXT), codes=codes)

    def _extend_numbers(self, values: Sequence[Any]) -> None:
        types = np.fromiter((Type.NULL if value is None else Type.NUMBER for value in values), np.int8, len(values))
        self._append(types, numbers=self._as_numbers([0 if value is None else value for value in values]))

    def _extend_mixed(self, values: Sequence[Value]) -> None:
        count = len(values)
        types, codes = np.zeros(count, np.int8), np.full(count, _NONE, np.int32)
        flags = np.zeros(count, np.bool_)
        numbers: list[int | float] = [0] * count
        lists: dict[int, list[Value]] = {}
        for i, value in enumerate(values):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                types[i], codes[i] = Type.TEXT, self.texts.code(value)
            elif isinstance(value, bool):
                types[i], flags[i] = Type.BOOLEAN, value
            elif isinstance(value, int | float):
                types[i], numbers[i] = Type.NUMBER, value
            else:
                types[i] = Type.JSON
                if isinstance(value, list):
                    lists[len(self) + i] = value
        self._own(lists)
        self._append(types, codes=codes, flags=flags, numbers=self._as_numbers(numbers))

    def _own(self, lists: Mapping[int, Sequence[Value]]) -> None:
        """The elements of lists, by slot."""
        owners, texts = [], []
        for slot, members in lists.items():
            distinct = dict.fromkeys(map(facet_text, members))
            distinct.pop(None, None)
            owners += [slot] * len(distinct)
            texts += [*distinct]
        self.elements.append(np.array(self.element_texts.codes(texts), np.int32))
        self.owners.append(np.array(owners, np.int32))

    def _as_numbers(self, values: Sequence[int | float]) -> npt.NDArray[Any]:
        """As the plane of numbers holds them, which holds any once one of them is too large."""
        if self.numbers.dtype != object and any(abs(value) > EXACT for value in values if isinstance(value, int)):
            self.numbers = self.numbers.as_objects()
        found = np.empty(len(values), self.numbers.dtype)
        found[:] = values
        return found

    def _append(
        self,
        types: npt.NDArray[Any],
        *,
        numbers: npt.NDArray[Any] | None = None,
        codes: npt.NDArray[np.int32] | None = None,
        flags: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        for plane, values in ((self.numbers, numbers), (self.codes, codes), (self.flags, flags)):
            if values is None:
                plane.skip(len(types))
            else:
                plane.append(values)
        self.types.append(types.astype(np.int8))

    def factors(self, count: int) -> Factors:
        """The numbers of the first ``count`` slots by code."""
        with self._factoring:
            start = len(self._factor_codes)
            if start < count:
                codes = np.full(count - start, _NONE, np.int32)
                here = self.types.first(count)[start:] == Type.NUMBER
                codes[here] = self._factor(self.numbers.first(count)[start:][here])
                self._factor_codes.append(codes)
            return Factors(self._factor_codes.first(count), self._factor_values)

    def factor_ranks(self) -> npt.NDArray[np.int64]:
        """(values,) the place of each number that occurs, in the order of their texts."""
        with self._factoring:
            if len(self._factor_ranks) < len(self._factor_values):
                texts = [*map(facet_text, self._factor_values)]
                self._factor_ranks = np.empty(len(texts), np.int64)
                self._factor_ranks[sorted(range(len(texts)), key=lambda i: texts[i] or "")] = np.arange(len(texts))
            return self._factor_ranks

    def _factor(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        distinct, inverse = np.unique(numbers, return_inverse=True)
        codes = np.empty(len(distinct), np.int32)
        for i, number in enumerate(distinct.tolist()):
            code = self._factor_of.get(number)
            if code is None:
                code = self._factor_of[number] = len(self._factor_values)
                self._factor_values.append(number)
            codes[i] = code
        return codes[inverse]
