"""Turns at a Milvus Lite file: any number of readers, or one writer, of all processes.

Lite lets requests run side by side, and its engine is made for one writer: a reader that asks while rows go from the
log into a file may find them in neither, and a row that is written meanwhile may be lost with the log. Whoever waits
to write keeps later readers waiting, so that readers who overlap do not keep it out for ever.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from shelfsight.stores.files import locked

__all__ = ["Turns"]


class Turns:
    """Those at ``file``; they die with their holder. Whoever holds one may not ask for another."""

    def __init__(self, file: Path) -> None:
        self._gate = file.with_name(f"{file.name}.gate")
        self._turn = file.with_name(f"{file.name}.turn")

    @contextmanager
    def beside(self) -> Iterator[None]:
        """With other readers."""
        with ExitStack() as stack:
            with locked(self._gate, wait=True):
                stack.enter_context(locked(self._turn, wait=True, shared=True))
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """With nobody."""
        with locked(self._gate, wait=True), locked(self._turn, wait=True):
            yield
