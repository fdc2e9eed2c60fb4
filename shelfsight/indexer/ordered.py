"""Run a function over a stream in threads: results in order, a bounded number in flight."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Done", "ordered"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """An input that has its result: it keeps its place, and costs no thread."""

    value: R

    def result(self) -> R:
        return self.value


def ordered(pool: Executor, function: Callable[[T], R], inputs: Iterable[T | Done[R]], *, window: int) -> Iterator[R]:
    """``map(function, inputs)`` with at most ``window`` results waiting or being made.

    Inputs are drawn in the caller's thread, no further ahead than ``window``. An error of ``function`` is raised where
    its result would have come, one of the inputs at once.
    """
    flying: deque[Future[R] | Done[R]] = deque()
    for each in inputs:
        flying.append(each if isinstance(each, Done) else pool.submit(function, each))
        while flying and (len(flying) >= window or isinstance(flying[0], Done)):
            yield flying.popleft().result()
    while flying:
        yield flying.popleft().result()
