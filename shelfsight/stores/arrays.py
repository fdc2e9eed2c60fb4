"""Arrays by name in one file that is mapped, not read. Each has a checksum, which is proven when it is asked for.

``magic | length of the header | CRC-32 of the header | header (JSON) | arrays, each at a multiple of 64 bytes``.
"""

import json
import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import numpy as np
import numpy.typing as npt

__all__ = ["DamagedError", "MappedArrays", "map_arrays", "write_arrays"]

_MAGIC = b"shelfar1"
_HEAD = struct.Struct("<8sQI")
_ALIGNED = 64
_STEP = 1 << 24

Arrays = Mapping[str, npt.NDArray[Any]]


class DamagedError(Exception):
    """A file of arrays is not what was written."""


def write_arrays(file: BinaryIO, about: Mapping[str, Any], arrays: Arrays) -> None:
    """Write ``arrays``, of one dimension each, and what there is to say ``about`` them (JSON)."""
    entries: dict[str, tuple[str, int, int, int]] = {}
    place = 0
    for name, array in arrays.items():
        entries[name] = (array.dtype.str, len(array), place, _checksum(array))
        place += -(-array.nbytes // _ALIGNED) * _ALIGNED
    header = json.dumps({"about": about, "arrays": entries, "bytes": place}).encode()
    file.write(_HEAD.pack(_MAGIC, len(header), crc32(header)))
    file.write(header)
    file.write(bytes(_start(len(header)) - _HEAD.size - len(header)))
    for array in arrays.values():
        for part in _parts(array):
            file.write(part)
        file.write(bytes(-array.nbytes % _ALIGNED))


class MappedArrays:
    """What :func:`write_arrays` wrote, and what it said about it."""

    def __init__(self, data: mmap.mmap, start: int, header: dict[str, Any]) -> None:
        self.about: dict[str, Any] = header["about"]
        self._data = data
        self._start = start
        self._entries: dict[str, tuple[str, int, int, int]] = header["arrays"]

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        """Those of all arrays."""
        return [*self._entries]

    def get(self, name: str, *, proven: bool = True) -> npt.NDArray[Any]:
        """An array, read-only.

        Raises:
            DamagedError: it is not there, or, where it is ``proven``, not what was written.
        """
        if name not in self._entries:
            raise DamagedError(f"there is no {name}")
        dtype, length, place, checksum = self._entries[name]
        array = np.frombuffer(self._data, dtype, length, self._start + place)
        if proven and _checksum(array) != checksum:
            raise DamagedError(f"{name} is not what was written")
        return array


def map_arrays(path: Path) -> MappedArrays:
    """The arrays of a file, mapped into memory.

    Raises:
        FileNotFoundError: it is not there.
        DamagedError: it is no such file, or not whole.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise DamagedError(f"{path} is too short")
        magic, length, checksum = _HEAD.unpack(head)
        size = path.stat().st_size
        if magic != _MAGIC or length > size:
            raise DamagedError(f"{path} is no file of arrays")
        header = file.read(length)
        if crc32(header) != checksum:
            raise DamagedError(f"the header of {path} is not what was written")
        content = json.loads(header)
        if size != _start(length) + content["bytes"]:
            raise DamagedError(f"{path} has {size} bytes")
        return MappedArrays(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), _start(length), content)


def _start(header: int) -> int:
    """Where the arrays begin."""
    return -(-(_HEAD.size + header) // _ALIGNED) * _ALIGNED


def _checksum(array: npt.NDArray[Any]) -> int:
    checksum = 0
    for part in _parts(array):
        checksum = crc32(part, checksum)
    return checksum


def _parts(array: npt.NDArray[Any]) -> Iterator[memoryview]:
    data = np.ascontiguousarray(array).view(np.uint8).data
    return (data[start : start + _STEP] for start in range(0, len(data), _STEP))
