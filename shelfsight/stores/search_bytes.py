"""Which files hold which of many short pieces: one pass over every byte, whatever the number of pieces.

The first four bytes of a piece's anchor choose a place in a table of a million; what is at such a place is compared by
six bytes, and what is left of that byte by byte (R. Karp and M. Rabin, 1987, with a table in place of a rolling hash).
"""

import errno
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from shelfsight.core.erased import Piece

__all__ = ["LEAST", "Found", "search_files", "search_rows"]

LEAST = 6
"""Bytes of a piece: fewer are met by chance."""
_PART = 1 << 23
_FEW = 60  # forms that are sooner looked for one by one
_APART = bytes(LEAST)
_BITS = 20
_DATABASE = ".sqlite"
"""In the names of databases, and of the files that SQLite keeps beside them."""
_PACKED = ".parquet"
"""In the names of files whose values are compressed: Milvus Lite's."""
_ROWS = 1024
_COPY = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer, 1 << 20)"
_FACTOR = np.uint32(2654435761)  # D. Knuth's, which spreads what is alike

Positions = npt.NDArray[np.int64]


@dataclass(slots=True)
class Found:
    """What was met where.

    Attributes:
        pieces: file -> numbers of the pieces that it holds.
        files, bytes: that were read.
    """

    pieces: dict[Path, set[int]] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


def search_files(files: Iterable[Path], pieces: Sequence[Piece]) -> Found:
    """Read ``files`` from end to end. One that is gone when its turn comes holds nothing.

    Raises:
        OSError: one cannot be read.
    """
    wanted = _Wanted(pieces)
    found = Found()
    for file in files:
        met: set[int] = set()
        try:
            found.bytes += _search(file, wanted, met)
        except FileNotFoundError:
            continue
        found.files += 1
        if met:
            found.pieces[file] = met
    return found


def search_rows(rows: Iterable[tuple[bytes]], pieces: Sequence[Piece]) -> set[int]:
    """Numbers of the pieces that one of ``rows`` holds."""
    wanted, found = _Wanted(pieces), set[int]()
    waiting, size = [], 0
    for (data,) in rows:
        waiting.append(data)
        size += len(data)
        if size >= _PART:
            wanted.met(_APART.join(waiting), found)
            waiting, size = [], 0
    wanted.met(_APART.join(waiting), found)
    return found


class _Wanted:
    """The pieces, by the first six bytes of their forms."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._forms: dict[int, list[tuple[bytes, int]]] = {}
        self.longest = LEAST
        for number, piece in enumerate(pieces):
            for form in piece.forms:
                self._forms.setdefault(int.from_bytes(form[:LEAST], "little"), []).append((form, number))
                self.longest = max(self.longest, len(form))
        forms = [each for alike in self._forms.values() for each in alike]
        self._few = forms if len(forms) <= _FEW else None
        self._keys = np.array(sorted(self._forms), np.uint64)
        self._table = np.zeros(1 << _BITS, np.bool_)
        self._table[_places((self._keys & np.uint64(0xFFFFFFFF)).astype(np.uint32))] = True

    def met(self, data: bytes, found: set[int]) -> None:
        """Add the numbers of the pieces that ``data`` holds."""
        if self._few is not None:
            found |= {n for form, n in self._few if n not in found and form in data}
            return
        if len(data) < LEAST:
            return
        padded = np.frombuffer(data + bytes(8), np.uint8)
        for shift in range(4):
            words = np.frombuffer(data, "<u4", (len(data) - shift) // 4, shift)
            at = 4 * np.flatnonzero(self._table[_places(words)]) + shift
            self._compare(data, padded, at, found)

    def _compare(self, data: bytes, padded: npt.NDArray[np.uint8], at: Positions, found: set[int]) -> None:
        if not len(at):
            return
        keys = np.zeros(len(at), np.uint64)
        for byte in range(LEAST):
            keys |= padded[at + byte].astype(np.uint64) << np.uint64(8 * byte)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        same = self._keys[place] == keys
        for position, key in zip(at[same].tolist(), keys[same].tolist(), strict=True):
            for form, number in self._forms[key]:
                if number not in found and data.startswith(form, position):
                    found.add(number)


def _places(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return np.asarray((words * _FACTOR) >> np.uint32(32 - _BITS))


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """``file``, to be read to its end.

    A database is read by a process of its own: one that closes a file, whoever opened it, gives up every lock that it
    has on it, those of its own SQLite connections too (sqlite.org/howtocorrupt.html, 2.2).
    """
    if _DATABASE not in file.name:
        with file.open("rb") as opened:
            yield opened
        return
    file.stat()
    command = [sys.executable, "-I", "-S", "-c", _COPY, str(file)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as reading:
        assert reading.stdout is not None
        yield reading.stdout
    if reading.returncode and file.exists():
        raise OSError(errno.EIO, "cannot be read", str(file))


def _search(file: Path, wanted: _Wanted, found: set[int]) -> int:
    """How many bytes it has."""
    size, before = 0, b""
    with _opened(file) as opened:
        while part := opened.read(_PART):
            size += len(part)
            data = before + part
            wanted.met(data, found)
            before = data[-(wanted.longest - 1) :]
    if file.suffix == _PACKED:
        for values in _unpacked(file):
            wanted.met(values, found)
    return size


def _unpacked(file: Path) -> Iterator[bytes]:
    """What a file of Parquet holds, column by column: there it is compressed."""
    import pyarrow
    import pyarrow.parquet

    try:
        for batch in pyarrow.parquet.ParquetFile(file).iter_batches(batch_size=_ROWS):
            for column in batch.columns:
                yield from (bytes(buffer) for buffer in column.buffers() if buffer is not None)
    except (FileNotFoundError, pyarrow.ArrowInvalid):
        return  # it is gone, or it is something else that is called so
