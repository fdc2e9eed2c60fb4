"""Waiting for a model no longer than a search can: a budget, and calls that are given up when it is spent."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Event, Lock
from time import monotonic
from typing import TypeVar

from shelfsight.core import background
from shelfsight.core.errors import ModelError

__all__ = ["Budget", "Patience", "TimeUp"]

T = TypeVar("T")

_HOPELESS = 1.0
"""Seconds after which a call that was given up is not expected to end any more."""


class TimeUp(ModelError):
    """A model did not answer in the time it was given, or is still busy with a call that was given up."""


class Budget:
    """Time that several steps share. It runs from when it is made."""

    def __init__(self, milliseconds: float | None, stopped: Event | None = None) -> None:
        """
        Args:
            milliseconds: ``None``: no bound.
            stopped: once it is set nothing is left.
        """
        self._start = monotonic()
        self._seconds = None if milliseconds is None else milliseconds / 1000.0
        self._stopped = stopped

    @property
    def left(self) -> float | None:
        """Seconds that are left, at least 0; ``None`` where there is no bound."""
        if self._stopped is not None and self._stopped.is_set():
            return 0.0
        return None if self._seconds is None else max(0.0, self._seconds - (monotonic() - self._start))

    def part(self, share: float) -> "Budget":
        """A budget of ``share`` of what is left, so that something stays for the steps behind."""
        return Budget(None if self.left is None else 1000.0 * share * self.left, self._stopped)

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.left == 0.0


class Patience:
    """Calls into something that may hang. Safe to share between threads.

    A call with a time limit runs in a thread of its own. Python cannot stop a thread, so one whose time is up is left
    behind and ends when it ends. While one is left behind no other call begins: a call waits for it, but once it has
    been late for a second it is held for stuck, and calls fail at once. So a model that hangs holds one thread a search
    that was under way when it began to hang, and never more.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._late: dict[Future[None], float] = {}

    def call(self, function: Callable[[], T], seconds: float | None) -> T:
        """What ``function`` returns; without a limit it runs in this thread.

        Raises:
            TimeUp: it did not return within ``seconds``, or an earlier call did not and is still running.
        """
        if seconds is not None and seconds <= 0:
            raise TimeUp("no time was left for the model")
        deadline = None if seconds is None else monotonic() + seconds
        self._await_late(seconds)
        if deadline is None:
            return function()
        answer: Future[T] = Future()
        ended: Future[None] = Future()
        background.start(_run, function, answer, ended, name="shelfsight-look")
        if not wait([ended], max(0.0, deadline - monotonic())).done:
            with self._lock:
                self._late[ended] = monotonic()
            raise TimeUp(f"the model did not answer within {seconds:.3g} s")
        return answer.result()

    def _await_late(self, seconds: float | None) -> None:
        with self._lock:
            self._late = {call: since for call, since in self._late.items() if not call.done()}
            late = dict(self._late)
        if not late:
            return
        hope = max(0.0, min(late.values()) + _HOPELESS - monotonic())
        if wait(late, hope if seconds is None else min(hope, seconds)).not_done:
            raise TimeUp("the model is still busy with an earlier question", hint="ask again in a moment")


def _run(function: Callable[[], T], answer: Future[T], ended: Future[None]) -> None:
    try:
        answer.set_result(function())
    except BaseException as error:  # whoever waits gets it
        answer.set_exception(error)
    finally:
        ended.set_result(None)
