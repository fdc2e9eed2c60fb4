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


def stack_arrays(stack: Stack, order: npt.NDArray[np.int64]) -> Arrays:
    """What a column holds in the slots of ``order``, by name; only their texts, in order."""
    count = len(stack)
    arrays: Arrays = {}
    for name, plane in (("types", stack.types), ("flags", stack.flags)):
        if not plane.plain:
            arrays[name] = plane.first(count)[order]
    if not stack.codes.plain:
        arrays |= _text_arrays("codes", stack.codes.first(count)[order], stack.texts)
    if not stack.numbers.plain:
        arrays |= _number_arrays(stack.numbers.first(count)[order])
    if len(stack.owners):
        places = np.full(count, -1, np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        owners = places[stack.owners.first(len(stack.owners))]
        kept = np.flatnonzero(owners >= 0)
        kept = kept[np.argsort(owners[kept], kind="stable")]
        arrays["owners"] = owners[kept]
        arrays |= _text_arrays("elements", stack.elements.first(len(stack.elements))[kept], stack.element_texts)
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
            stack.texts = _texts(mapped, f"{prefix}codes")
        if f"{prefix}numbers" in mapped:
            stack.numbers = _numbers(mapped, prefix)
        if f"{prefix}owners" in mapped:
            stack.owners = Growing(mapped.get(f"{prefix}owners"))
            stack.elements = Growing(mapped.get(f"{prefix}elements"))
            stack.element_texts = _texts(mapped, f"{prefix}elements")
    except DamagedError as error:
        _log.warning("a kept column is made anew: %s", error)
        return None
    return stack


def _text_arrays(name: str, codes: npt.NDArray[np.int32], texts: Texts) -> Arrays:
    """``codes`` of those texts alone that occur, in their order, and these."""
    used = np.flatnonzero(np.bincount(codes + 1, minlength=1)[1:])
    used = used[np.argsort(texts.ranks()[used])]
    recoded = np.full(len(texts) + 1, -1, np.int32)
    recoded[used] = np.arange(len(used))
    packed = pack(encoded(texts[code]) for code in used.tolist())
    index = HashIndex.of(packed)
    return {
        name: recoded[codes],
        f"{name}.texts": packed.data,
        f"{name}.bounds": packed.bounds,
        f"{name}.hashes": index.hashes,
        f"{name}.order": index.order,
    }


def _texts(mapped: MappedArrays, name: str) -> Texts:
    packed = Packed(mapped.get(f"{name}.texts"), mapped.get(f"{name}.bounds"))
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
