"""Many short strings in one run of bytes: no object a string, and ready to be memory-mapped."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice
from zlib import crc32

import numpy as np
import numpy.typing as npt

__all__ = ["ByteArray", "HashIndex", "Packed", "encoded", "pack"]

ByteArray = npt.NDArray[np.uint8]
_CHUNK = 65_536


class Packed:
    """n byte strings; string i is ``data[bounds[i]:bounds[i + 1]]``.

    Args:
        data: (bytes,) uint8.
        bounds: (n + 1,) int64, ascending from 0 to the length of ``data``.
    """

    def __init__(self, data: ByteArray, bounds: npt.NDArray[np.int64]) -> None:
        self.data = data
        self.bounds = bounds
        self._data = data.data
        self._bounds = bounds.data

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def raw(self, index: int) -> bytes:
        """String ``index``, from 0."""
        return bytes(self._data[self._bounds[index] : self._bounds[index + 1]])

    def text(self, index: int) -> str:
        return str(self._data[self._bounds[index] : self._bounds[index + 1]], "utf-8", "surrogatepass")

    def equal(self, indices: npt.NDArray[np.int64], strings: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """(n,) whether the string at each index is that of ``strings``."""
        lengths = np.fromiter(map(len, strings), np.int64, len(strings))
        same: npt.NDArray[np.bool_] = self.bounds[indices + 1] - self.bounds[indices] == lengths
        starts = np.repeat(self.bounds[indices[same]], lengths[same])
        ends = np.cumsum(lengths[same])
        within = np.arange(len(starts)) - np.repeat(ends - lengths[same], lengths[same])
        other = np.frombuffer(b"".join(string for string, alike in zip(strings, same, strict=True) if alike), np.uint8)
        wrong = self.data[starts + within] != other
        owners = np.repeat(np.flatnonzero(same), lengths[same])
        same[owners[wrong]] = False
        return same

    def containing(self, part: bytes) -> npt.NDArray[np.bool_]:
        """(n,) which strings contain ``part``, which is not empty; all are searched as the one run they are."""
        found = np.zeros(len(self), np.bool_)
        places = [match.start() for match in re.finditer(re.escape(part), self._data)]
        starts = np.array(places, np.int64)
        owners = np.searchsorted(self.bounds, starts, side="right") - 1
        whole = starts + len(part) <= self.bounds[owners + 1]
        found[owners[whole]] = True
        lasts = np.searchsorted(self.bounds, starts + len(part), side="left")
        for first, last in zip(owners[~whole].tolist(), lasts[~whole].tolist(), strict=True):
            for i in range(first, min(last + 1, len(self))):  # a match across strings may hide one within them
                found[i] |= part in self.raw(i)
        return found

    def checksums(self) -> npt.NDArray[np.uint32]:
        """(n,) CRC-32 of each string."""
        data, start = self._data, 0
        sums = np.empty(len(self), np.uint32)
        for i, end in enumerate(self.bounds[1:].tolist()):
            sums[i] = crc32(data[start:end])
            start = end
        return sums


def encoded(text: str) -> bytes:
    """UTF-8, which orders as the text does; lone surrogates, that JSON may hold, included."""
    return text.encode("utf-8", "surrogatepass")


def pack(strings: Iterable[bytes]) -> Packed:
    """Those strings, in their order."""
    data, lengths = bytearray(), [np.zeros(1, np.int64)]
    stream = iter(strings)
    while part := [*islice(stream, _CHUNK)]:
        lengths.append(np.fromiter(map(len, part), np.int64, len(part)))
        data += b"".join(part)
    return Packed(np.frombuffer(data, np.uint8), np.cumsum(np.concatenate(lengths)))


class HashIndex:
    """Where strings are in a :class:`Packed` of distinct ones.

    Args:
        hashes: (n,) uint32, CRC-32 of the strings, ascending.
        order: (n,) int32, which string has each.
    """

    def __init__(self, strings: Packed, hashes: npt.NDArray[np.uint32], order: npt.NDArray[np.int32]) -> None:
        self.hashes = hashes
        self.order = order
        self._strings = strings
        self._sorted = hashes.data
        self._places = order.data

    @classmethod
    def of(cls, strings: Packed) -> "HashIndex":
        sums = strings.checksums()
        order = np.argsort(sums, kind="stable")
        return cls(strings, sums[order], order.astype(np.int32))

    def find(self, string: bytes) -> int:
        """Its place, -1 where it is not there."""
        wanted = crc32(string)
        return self._settle(string, wanted, bisect_left(self._sorted, wanted))

    def find_all(self, strings: Sequence[bytes]) -> npt.NDArray[np.int64]:
        """(len(strings),) their places, -1 for what is not there."""
        if not len(self.hashes):
            return np.full(len(strings), -1, np.int64)
        wanted = np.fromiter(map(crc32, strings), np.uint32, len(strings))
        first = np.searchsorted(self.hashes, wanted)
        found = self.order[np.minimum(first, len(self.order) - 1)].astype(np.int64)
        for i in np.flatnonzero(~self._strings.equal(found, strings)).tolist():
            found[i] = self._settle(strings[i], int(wanted[i]), int(first[i]))
        return found

    def _settle(self, string: bytes, wanted: int, place: int) -> int:
        """Of the strings from ``place`` on that share the hash, the one that is meant."""
        while place < len(self._sorted) and self._sorted[place] == wanted:
            index = self._places[place]
            if self._strings.raw(index) == string:
                return index
            place += 1
        return -1
