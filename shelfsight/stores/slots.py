"""Ids and records by slot, and slots by id. What was there when the collection was opened lies packed, maybe on disk;
what came since is appended."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge, nsmallest
from itertools import islice
from operator import index
from typing import Generic, SupportsIndex, TypeVar, overload
from zlib import crc32

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import CorruptCollection
from shelfsight.stores.blocks import IntArray
from shelfsight.stores.growing import Growing
from shelfsight.stores.packed import HashIndex, Packed, encoded, pack

__all__ = ["Base", "BySlot", "Row", "Slots", "packed_base"]

_NOBODY = -1
T = TypeVar("T")
Row = tuple[str, int, int, bytes]
"""(id, first vector, pictures, record) of an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The first slots, by id ascending.

    Attributes:
        generation: the commit they are the state after.
        ids, records: a string a slot; ``index`` is of ``ids``.
        checksums: (n,) uint32, CRC-32 of the records; ``None``: they need no proof.
        first_vectors, pictures: (n,) int64.
    """

    generation: int
    ids: Packed
    index: HashIndex
    records: Packed
    checksums: npt.NDArray[np.uint32] | None
    first_vectors: IntArray
    pictures: IntArray

    def __len__(self) -> int:
        return len(self.ids)


def packed_base(generation: int, rows: Iterable[Row]) -> Base:
    """The state after commit ``generation``, from ``rows``, which come by id ascending."""
    firsts, counts, ids = array("q"), array("q"), bytearray()
    bounds = array("q", [0])

    def records() -> Iterator[bytes]:
        for id, first, pictures, record in rows:
            ids.extend(encoded(id))
            bounds.append(len(ids))
            firsts.append(first)
            counts.append(pictures)
            yield record

    kept = pack(records())
    names = Packed(np.frombuffer(ids, np.uint8), np.frombuffer(bounds, np.int64))
    return Base(
        generation=generation,
        ids=names,
        index=HashIndex.of(names),
        records=kept,
        checksums=None,
        first_vectors=np.frombuffer(firsts, np.int64),
        pictures=np.frombuffer(counts, np.int64),
    )


class BySlot(Sequence[T], Generic[T]):
    """Values by slot: the first ``start`` from the base, made when asked for, and those appended."""

    def __init__(self, start: int, of_base: Callable[[int], T], tail: list[T]) -> None:
        self._start = start
        self._of_base = of_base
        self._tail = tail

    def __len__(self) -> int:
        return self._start + len(self._tail)

    @overload
    def __getitem__(self, slot: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, slot: slice) -> list[T]: ...

    def __getitem__(self, slot: SupportsIndex | slice) -> T | list[T]:
        if type(slot) is int and 0 <= slot < self._start:  # nearly always: hits' ids
            return self._of_base(slot)
        if isinstance(slot, slice):
            return [self[i] for i in range(*slot.indices(len(self)))]
        place = index(slot)
        if place < 0:
            place += len(self)
        return self._tail[place - self._start] if place >= self._start else self._of_base(place)


class Slots:
    """Append-only, shared by all states that follow one another.

    Attributes:
        base: the first slots; ``None``: there are none.
        start: how many these are.
        ids, records: by slot.
        ordered: so many slots, from the first, are by id ascending.
        damaged: a record of the base was not what it was when it was kept.
    """

    def __init__(self, base: Base | None = None) -> None:
        self.base = base
        self.start = 0 if base is None else len(base)
        self.ordered = self.start
        self.damaged = False
        self._ids: list[str] = []
        self._records: list[bytes] = []
        self.ids = BySlot(self.start, self.base_id if base is None else base.ids.text, self._ids)
        self.records = BySlot(self.start, self.base_record, self._records)
        none = np.zeros(0, np.int64)
        self.first_row = Growing(none)
        self.pictures = Growing(none if base is None else base.pictures)
        self._newest: dict[str, int] = {}
        self._older: list[int] = []

    def append(self, id: str, record: bytes) -> None:
        """The next slot."""
        slot = len(self.ids)
        if slot == self.ordered and (slot == 0 or id > self.ids[slot - 1]):
            self.ordered += 1
        self._older.append(self._newest.get(id, _NOBODY))
        self._records.append(record)
        self._ids.append(id)
        self._newest[id] = slot

    def versions(self, id: str) -> Iterator[int]:
        """The slots that an item ever had, the newest first."""
        slot = self._newest.get(id, _NOBODY)
        while slot != _NOBODY:
            yield slot
            slot = self._older[slot - self.start]
        if self.base is not None and (slot := self.base.index.find(encoded(id))) >= 0:
            yield slot

    def newest(self, ids: Sequence[str]) -> IntArray:
        """(n,) the newest slot that each of ``ids`` ever had, -1 for none."""
        get = self._newest.get
        found = np.fromiter((get(id, _NOBODY) for id in ids), np.int64, len(ids))
        if self.base is not None:
            unknown = np.flatnonzero(found == _NOBODY)
            found[unknown] = self.base.index.find_all([encoded(ids[i]) for i in unknown.tolist()])
        return found

    def first_by_id(self, slots: IntArray, count: int) -> list[int]:
        """The first ``count`` of ``slots``, which ascend, by id."""
        end = int(np.searchsorted(slots, self.ordered))
        head, tail = slots[: min(end, count)].tolist(), slots[end:].tolist()
        if not tail:
            return [*head]
        return [*islice(merge(head, nsmallest(count, tail, key=self.ids.__getitem__), key=self.ids.__getitem__), count)]

    def in_order(self, slots: IntArray) -> IntArray:
        """``slots``, which ascend, by id."""
        end = int(np.searchsorted(slots, self.ordered))
        head, get = slots[:end], self.ids.__getitem__
        tail = sorted(slots[end:].tolist(), key=get)
        return np.insert(head, [bisect_left(head, get(slot), key=get) for slot in tail], tail)

    def base_id(self, slot: int) -> str:
        assert self.base is not None
        return self.base.ids.text(slot)

    def base_record(self, slot: int) -> bytes:
        """A record of the base.

        Raises:
            CorruptCollection: it is damaged.
        """
        assert self.base is not None
        record = self.base.records.raw(slot)
        if self.base.checksums is not None and crc32(record) != self.base.checksums[slot]:
            self.damaged = True
            raise CorruptCollection(
                f"the kept record of item {self.base_id(slot)!r} is damaged",
                hint="ask again: it is read from the ledger",
            )
        return record
