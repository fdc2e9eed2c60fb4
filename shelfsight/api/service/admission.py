"""How many requests are worked on at a time, how many wait for that, and who is told at once to come back later."""

import math
import time
from collections import deque
from collections.abc import Callable

from shelfsight.core.errors import Busy

__all__ = ["Admission", "Place"]

_FEW = 4
"""One place in so many is taken, where more comes than can be done: enough to keep the cores busy
(``python -m benchmarks.service``)."""
_CROWDED = 1.0
"""Seconds after a refusal for which that is so."""
_WEIGHT = 0.05
"""Of the last request in the mean time that requests take: about the last twenty count."""


class Admission:
    """Places at work, and a queue for them in order of arrival. All of it is called from one thread.

    A queue takes up bursts; where more comes than can be done, whoever is in it only waits longer, and what is done
    does not become more. So for a second after somebody was refused only so many are let in as are done quickly, as
    B. Maurer has it in "Fail at Scale" (ACM Queue 13-8, 2015), by number instead of time. Requests that are at work
    for longer, such as questions to a model, are none of those: a few of them would keep everybody else out.
    """

    def __init__(
        self, *, running: int, waiting: int, wait_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Args:
            running: places at work.
            waiting: places in the queue, while nobody was refused.
            wait_seconds: who would wait longer, as far as can be told, is refused.
            clock: seconds that only grow.
        """
        self._most = running
        self._most_waiting = waiting
        self._patience = wait_seconds
        self._clock = clock
        self._few = -(-running // _FEW)
        self._crowded_until = -math.inf
        self._queue: deque[Place] = deque()
        self._at_work: set[Place] = set()
        self._seconds: float | None = None
        self.admitted = 0
        self.refused = 0

    @property
    def running(self) -> int:
        """Requests at work."""
        return len(self._at_work)

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._queue)

    @property
    def idle(self) -> bool:
        """Whether nobody is at work or waits for it."""
        return not self.running and not self._queue

    @property
    def service_seconds(self) -> float:
        """What a request takes at work, of late; 0 before the first."""
        return self._seconds or 0.0

    @property
    def expected_wait(self) -> float:
        """Seconds that a request which came now would wait: one place becomes free in a ``running``-th of the time
        that a request takes."""
        if self.running < self._most:
            return 0.0
        return self.service_seconds * (len(self._queue) + 1) / self._most

    def check(self) -> None:
        """
        Raises:
            Busy: a request that came now would be refused.
        """
        now, wait = self._clock(), self.expected_wait
        if self._has_room(now) and wait <= self._patience:
            return
        self.refused += 1
        self._crowded_until = now + _CROWDED
        raise Busy(
            f"{self.running} requests are worked on and {len(self._queue)} wait",
            retry_after=max(1, math.ceil(wait)),
            hint="ask again after that many seconds",
        )

    def _has_room(self, now: float) -> bool:
        if now < self._crowded_until:
            return self._came_lately(now) + len(self._queue) < self._few
        return self.running < self._most or len(self._queue) < self._most_waiting

    def _came_lately(self, now: float) -> int:
        """How many at work came to it so short a time ago that they may still be done quickly."""
        return sum(place.started is None or now - place.started <= _CROWDED for place in self._at_work)

    def enter(self, on_turn: Callable[[], None]) -> "Place":
        """A place at work, or one in the queue.

        Args:
            on_turn: called once, when a place that waits has its turn; not for one that is at work at once.

        Raises:
            Busy: there is neither.
        """
        self.check()
        place = Place(self, on_turn)
        if self.running < self._most:
            self._start(place)
        else:
            self._queue.append(place)
        return place

    def _start(self, place: "Place") -> None:
        self._at_work.add(place)
        self.admitted += 1
        place.started = self._clock()

    def _leave(self, place: "Place") -> None:
        if place.started is None:
            self._queue.remove(place)
            return
        took = self._clock() - place.started
        self._seconds = took if self._seconds is None else (1 - _WEIGHT) * self._seconds + _WEIGHT * took
        self._at_work.discard(place)
        if self._queue:
            following = self._queue.popleft()
            self._start(following)
            following.on_turn()


class Place:
    """One request's. ``started``: when it came to work; ``None`` while it waits."""

    __slots__ = ("_admission", "on_turn", "started")

    def __init__(self, admission: Admission, on_turn: Callable[[], None]) -> None:
        self._admission: Admission | None = admission
        self.on_turn = on_turn
        self.started: float | None = None

    def leave(self) -> None:
        """Make room for the next; more than once is as good as once."""
        admission, self._admission = self._admission, None
        if admission is not None:
            admission._leave(self)
