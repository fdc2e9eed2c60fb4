"""Hosts that have not answered for a while are not waited for again and again: a job has many pictures of one host."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shelfsight.core.errors import PictureError, Reason

__all__ = ["Health"]

_FAILURES = 8
_GIVE_UP_SECONDS = 60.0
_AGAIN_SECONDS = 30.0
_REMEMBERED = 10_000  # hosts


@dataclass(slots=True)
class _Ill:
    since: float
    asked: float
    failures: int = 0


class Health:
    """Which hosts fail. Thread-safe.

    A host that failed eight times in a row, over a minute at least, is given up: it is asked twice a minute, everything
    else fails at once. The first answer makes it well.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ill: dict[tuple[str, int], _Ill] = {}

    @contextmanager
    def asking(self, host: str, port: int, failing: Callable[[Exception], bool]) -> Iterator[None]:
        """Around a request.

        Args:
            failing: whether an error says that the host does not answer.

        Raises:
            PictureError: fetch_failed: it is given up, and was asked a moment ago.
        """
        key = (host, port)
        self._check(key)
        try:
            yield
        except Exception as error:
            self._note(key, failing(error))
            raise
        self._note(key, False)

    def _check(self, key: tuple[str, int]) -> None:
        now = self._clock()
        with self._lock:
            ill = self._ill.get(key)
            if ill is None or ill.failures < _FAILURES or now - ill.since < _GIVE_UP_SECONDS:
                return
            if now - ill.asked >= _AGAIN_SECONDS:
                ill.asked = now
                return
        message = f"{key[0]}: has not answered for {now - ill.since:.0f} seconds"
        raise PictureError(Reason.FETCH_FAILED, message)

    def _note(self, key: tuple[str, int], failed: bool) -> None:
        now = self._clock()
        with self._lock:
            if not failed:
                self._ill.pop(key, None)
                return
            ill = self._ill.setdefault(key, _Ill(now, now))
            ill.failures += 1
            ill.asked = now
            if len(self._ill) > _REMEMBERED:
                del self._ill[next(iter(self._ill))]
