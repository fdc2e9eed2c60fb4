"""Stages of work, told to whoever listens: the server listens to each of its requests.

A listener is heard in the thread or task that set it, and in those that run in a copy of its context.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["listening", "tell"]

Listener = Callable[[str, float, float], None]
"""Is told the name of a stage, and when it began and ended, in seconds of :func:`time.perf_counter`."""

_listener: ContextVar[Listener | None] = ContextVar("shelfsight_timing", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Inside, ``listener`` is told of every stage. It may be called by several threads, and raises nothing."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(stage: str, begun: float, ended: float) -> None:
    """Say that a stage is done."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, begun, ended)
