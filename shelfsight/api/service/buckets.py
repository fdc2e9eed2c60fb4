"""How often something may happen, counted by all worker processes together in one memory-mapped file.

Each name has one number, the time at which its bucket will be full again: the generic cell rate algorithm, which is a
token bucket that nobody has to fill. Taking from a bucket costs some microseconds and never waits for a disk, so it may
be done between two requests (`benchmarks/access.py` measures it beside SQLite).
"""

import fcntl
import logging
import mmap
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from time import monotonic

from shelfsight.api.service.state import made
from shelfsight.core.errors import StoreError

__all__ = ["Buckets"]

_SLOT = struct.Struct("<Qd")
_NEAR = 8
_log = logging.getLogger("shelfsight.access")


class Buckets:
    """Buckets by name. Safe to share between threads, and the file between processes of one machine.

    The file has a fixed number of places. Where a name finds none free, it takes that of the bucket among its eight
    neighbours that is full soonest; so whoever can make up names can forget others' buckets, and names that clients
    choose must not share a file with others.
    """

    def __init__(self, path: Path, *, places: int = 65_536, clock: Callable[[], float] = monotonic) -> None:
        """
        Args:
            path: the file, in the state directory; made when the first bucket is used.
            clock: seconds that only grow, the same in all processes.
        """
        self._clock = clock
        self._path = path
        self._places = places
        self._lock = Lock()
        self._process = 0
        self._file = -1
        self._map: mmap.mmap

    def take(self, name: str, *, rate: float, burst: float) -> float:
        """Take one from a bucket that holds ``burst`` and gets ``rate`` a second.

        Returns:
            0.0, or where it is empty the seconds until one is in it again.
        """
        tag = _tag(name)
        with self._locked() as slots:
            place, full = self._place(slots, tag)
            wait, fuller = _asked(full, self._clock(), rate, burst)
            if not wait:
                _SLOT.pack_into(slots, place, tag, fuller)
        return wait

    def wait(self, name: str, *, rate: float, burst: float) -> float:
        """What :meth:`take` would return; nothing is taken."""
        return _asked(self._read(name), self._clock(), rate, burst)[0]

    def mark(self, name: str, seconds: float) -> None:
        """Remember a name for ``seconds``."""
        tag = _tag(name)
        with self._locked() as slots:
            _SLOT.pack_into(slots, self._place(slots, tag)[0], tag, self._clock() + seconds)

    def marked(self, name: str) -> bool:
        """Whether a name is remembered."""
        return self._read(name) > self._clock()

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
        with self._lock:
            self._leave()

    def _read(self, name: str) -> float:
        """The number of a name. Nobody is waited for: at worst a change that is being made is not seen yet."""
        if self._process != os.getpid():
            with self._lock:
                self._enter_here()
        return self._place(self._map, _tag(name))[1]

    def _place(self, slots: mmap.mmap, tag: int) -> tuple[int, float]:
        """(where the number of a name lies or may be put, that number)."""
        best, soonest = 0, float("inf")
        for step in range(_NEAR):
            place = (tag + step) % self._places * _SLOT.size
            found, full = _SLOT.unpack_from(slots, place)
            if found == tag:
                return place, full
            if full < soonest:
                best, soonest = place, full
        return best, 0.0

    @contextmanager
    def _locked(self) -> Iterator[mmap.mmap]:
        with self._lock:
            self._enter_here()
            if self._file < 0:
                yield self._map
                return
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield self._map
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _enter_here(self) -> None:
        if self._process != os.getpid():  # a child that was forked holds its parent's lock, not one of its own
            self._leave()
            self._enter()

    def _enter(self) -> None:
        size = self._places * _SLOT.size
        try:
            made(self._path.parent)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.posix_fallocate(self._file, 0, size)  # a hole that a full disk cannot fill would end the process
            self._map = mmap.mmap(self._file, size)
        except (OSError, StoreError) as error:
            _log.warning("limits hold for each worker process alone: %s", error)
            self._close_file()
            self._map = mmap.mmap(-1, size)
        self._process = os.getpid()

    def _leave(self) -> None:
        if self._process:
            self._process = 0
            self._close_file()

    def _close_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _asked(full: float, now: float, rate: float, burst: float) -> tuple[float, float]:
    """(seconds to wait, when the bucket is full once one is taken), for a bucket that is full at ``full``."""
    # A file from before the machine was started anew has another clock.
    full = max(full, now) if full <= now + burst / rate + 1 else now
    missing = full + 1 / rate - (now + burst / rate)
    return (missing if missing > 1e-9 else 0.0), full + 1 / rate


def _tag(name: str) -> int:
    """A number from 1 on; two names have the same once in 2^64."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") or 1
