"""A column as arrays, and back."""

import logging
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.stores.arrays import DamagedError, MappedArrays
from shelfsight.stores.columns.column import EXACT
from shelfsight.stores.columns.stack import Stack
from shelfsight.stores.columns.texts import Texts
from shelfsight.stores.growing import Growing, Plane
from shelfsight.stores.packed import HashIndex, Packed, encoded, pack

__all__ = ["load_stack", "stack_arrays"]

Arrays = dict[str, npt.NDArray[Any]]

_log = logging.getLogger("shelfsight.stores")


def stack_arrays(stack: Stack) -> Arrays:
    """What a column holds, by name; its texts are put in order."""
    count = len(stack)
    arrays: Arrays = {}
    if not stack.types.plain:
        arrays["types"] = stack.types.first(count)
    if not stack.flags.plain:
        arrays["flags"] = stack.flags.first(count)
    if not stack.codes.plain:
        codes = stack.codes.first(count)
        arrays["codes"] = _recoded(codes, stack.texts)
        arrays |= _text_arrays("texts", stack.texts)
    if not stack.numbers.plain:
        arrays |= _number_arrays(stack.numbers.first(count))
    if len(stack.owners):
        arrays["owners"] = stack.owners.first(len(stack.owners))
        arrays["elements"] = _recoded(stack.elements.first(len(stack.elements)), stack.element_texts)
        arrays |= _text_arrays("element_texts", stack.element_texts)
    return arrays


def load_stack(mapped: MappedArrays, prefix: str, count: int) -> Stack | None:
    """The column that :func:`stack_arrays` gave, of ``count`` slots; ``None`` where it is damaged."""
    try:
        stack = Stack(count)
        if f"{prefix}types" in mapped:
            stack.types = Plane.of(0, mapped.get(f"{prefix}types"))
        if f"{prefix}flags" in mapped:
            stack.flags = Plane.of(0, mapped.get(f"{prefix}flags"))
        if f"{prefix}codes" in mapped:
            stack.codes = Plane.of(-1, mapped.get(f"{prefix}codes"))
            stack.texts = _texts(mapped, f"{prefix}texts")
        if f"{prefix}numbers" in mapped:
            stack.numbers = _numbers(mapped, prefix)
        if f"{prefix}owners" in mapped:
            stack.owners = Growing(mapped.get(f"{prefix}owners"))
            stack.elements = Growing(mapped.get(f"{prefix}elements"))
            stack.element_texts = _texts(mapped, f"{prefix}element_texts")
    except DamagedError as error:
        _log.warning("a kept column is made anew: %s", error)
        return None
    return stack


def _recoded(codes: npt.NDArray[np.int32], texts: Texts) -> npt.NDArray[np.int32]:
    """``codes`` with texts numbered in their order; -1 stays."""
    return np.append(texts.ranks(), -1)[codes].astype(np.int32)


def _text_arrays(name: str, texts: Texts) -> Arrays:
    packed = pack(map(encoded, sorted(texts)))
    index = HashIndex.of(packed)
    return {
        name: packed.data,
        f"{name}.bounds": packed.bounds,
        f"{name}.hashes": index.hashes,
        f"{name}.order": index.order,
    }


def _texts(mapped: MappedArrays, name: str) -> Texts:
    packed = Packed(mapped.get(name), mapped.get(f"{name}.bounds"))
    return Texts(packed, HashIndex(packed, mapped.get(f"{name}.hashes"), mapped.get(f"{name}.order")))


def _number_arrays(numbers: npt.NDArray[Any]) -> Arrays:
    """Floats; integers that are none apart, as texts."""
    if numbers.dtype != object:
        return {"numbers": numbers}
    large = [i for i, number in enumerate(numbers.tolist()) if isinstance(number, int) and abs(number) > EXACT]
    floats = numbers.copy()
    floats[large] = 0
    packed = pack(str(numbers[i]).encode() for i in large)
    return {
        "numbers": floats.astype(np.float64),
        "large": np.array(large, np.int64),
        "large.texts": packed.data,
        "large.bounds": packed.bounds,
    }


def _numbers(mapped: MappedArrays, prefix: str) -> Plane:
    numbers = mapped.get(f"{prefix}numbers")
    if f"{prefix}large" not in mapped:
        return Plane.of(0, numbers)
    texts = Packed(mapped.get(f"{prefix}large.texts"), mapped.get(f"{prefix}large.bounds"))
    objects = numbers.astype(object)
    for i, slot in enumerate(mapped.get(f"{prefix}large").tolist()):
        objects[slot] = int(texts.text(i))
    return Plane.of(0, objects)
