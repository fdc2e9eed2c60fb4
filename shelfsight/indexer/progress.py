"""How a job tells how far it is."""

from typing import Protocol

__all__ = ["Progress"]


class Progress(Protocol):
    """Called from the job's thread, in order, after every batch; a slow receiver slows the job."""

    def __call__(self, done: int, total: int | None, *, pictures: int, failed: int) -> None:
        """
        Args:
            done: rows of the catalogue that are decided, from 0 upwards.
            total: rows of the catalogue, where that is known.
            pictures: pictures that went through the encoder so far.
            failed: items that failed so far.
        """
        ...
