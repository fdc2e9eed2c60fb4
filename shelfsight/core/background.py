"""Threads that may outlive what they were started for, and an end of the process that they do not spoil.

Python lets daemon threads die where they stand; one that stands in a network's native code takes the process down with
an abort. So the end of the process waits a moment for them.
"""

import atexit
from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import Any
from weakref import WeakSet

__all__ = ["finish", "start"]

_LINGER = 10.0
"""Seconds that the end of the process waits for all of them together."""

_started: "WeakSet[Thread]" = WeakSet()


def start(function: Callable[..., Any], *arguments: Any, name: str) -> Thread:
    """Run ``function`` in a thread that nobody has to wait for."""
    thread = Thread(target=function, args=arguments, name=name, daemon=True)
    _started.add(thread)
    thread.start()
    return thread


def finish(seconds: float = _LINGER) -> bool:
    """Wait until all have ended, ``seconds`` at most; whether they have."""
    deadline = monotonic() + seconds
    for thread in list(_started):
        thread.join(max(0.0, deadline - monotonic()))
    return not any(thread.is_alive() for thread in list(_started))


atexit.register(finish)
