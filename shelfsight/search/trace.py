"""Where the time of one search goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from shelfsight.core.timing import tell

__all__ = ["Trace"]


class Trace:
    """Milliseconds a stage, in the order the stages ran."""

    def __init__(self) -> None:
        self._start = perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body as stage ``name``; a stage entered twice adds up. Whoever listens is told of it."""
        start = perf_counter()
        try:
            yield
        finally:
            end = perf_counter()
            self._stages[name] = self._stages.get(name, 0.0) + (end - start) * 1000.0
            tell(name, start, end)

    def finish(self) -> dict[str, float]:
        """The stages so far, and ``total`` since this trace was made."""
        return {**self._stages, "total": _milliseconds(self._start)}


def _milliseconds(start: float) -> float:
    return (perf_counter() - start) * 1000.0
