"""A bounded number of fetches from one host at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Turns"]


class Turns:
    """Thread-safe. Hosts that nobody asks cost nothing."""

    def __init__(self, at_a_time: int) -> None:
        self._at_a_time = at_a_time
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, int], tuple[threading.Semaphore, int]] = {}

    @contextmanager
    def turn(self, host: str, port: int) -> Iterator[float]:
        """Waits until fewer than the allowed number are at ``host``; how long, in seconds."""
        begun = time.monotonic()
        key = (host, port)
        with self._lock:
            gate, users = self._asked.get(key, (threading.Semaphore(self._at_a_time), 0))
            self._asked[key] = gate, users + 1
        try:
            with gate:
                yield time.monotonic() - begun
        finally:
            with self._lock:
                gate, users = self._asked.pop(key)
                if users > 1:
                    self._asked[key] = gate, users - 1
