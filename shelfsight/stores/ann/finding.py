"""The promise of an index that finds candidates."""

from typing import BinaryIO, Protocol

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, IntArray

__all__ = ["EVERYTHING", "Finder"]

EVERYTHING = float("inf")
"""The effort that leaves nothing out."""


class Finder(Protocol):
    """Names rows near a query. Never changed once made: searches need no lock."""

    @property
    def kind(self) -> str:
        """Such as ``ivf4096,rabitq``."""
        ...

    @property
    def rows(self) -> int:
        """Vectors in it."""
        ...

    @property
    def trained(self) -> int:
        """Vectors there were when what it learned was learned; fewer than ``rows`` after growing."""
        ...

    @property
    def memory(self) -> int:
        """Bytes it takes."""
        ...

    @property
    def efforts(self) -> tuple[float, ...]:
        """What tuning may choose from, ascending."""
        ...

    def candidates(self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None) -> IntArray:
        """(q, m) rows likely to be nearest to each of (q, d) queries, in no order and none twice; -1 for none.

        Args:
            count: m at most.
            effort: one of ``efforts``, or a number between them, or :data:`EVERYTHING`: no row is passed over unseen,
                and ``count`` come wherever so many may.
            allowed: rows that may be named; ``None``: all.
        """
        ...

    def write(self, file: BinaryIO) -> None:
        """All of it, for :func:`read <shelfsight.stores.faiss_finders.read>`."""
        ...
