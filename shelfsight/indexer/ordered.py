"""Run a function over a stream in threads: results in order, a bounded number in flight."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

__all__ = ["ordered"]

T = TypeVar("T")
R = TypeVar("R")


def ordered(pool: Executor, function: Callable[[T], R], inputs: Iterable[T], *, window: int) -> Iterator[R]:
    """``map(function, inputs)`` with at most ``window`` results waiting or being made.

    Inputs are drawn in the caller's thread, no further ahead than ``window``. An error of ``function`` is raised where
    its result would have come, one of the inputs at once.
    """
    flying: deque[Future[R]] = deque()
    for each in inputs:
        flying.append(pool.submit(function, each))
        if len(flying) >= window:
            yield flying.popleft().result()
    while flying:
        yield flying.popleft().result()
