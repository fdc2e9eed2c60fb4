"""The promise of an index that finds candidates."""

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, BoolArray, IntArray

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

    def estimated(
        self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None
    ) -> tuple[FloatArray, IntArray] | None:
        """(q, m) estimates of inner products and the rows, as :meth:`candidates`, best first and then -1; ``None``:
        this kind's estimates are too good to be doubted."""
        ...

    def products(self, vectors: FloatArray, queries: FloatArray, rows: IntArray) -> FloatArray:
        """(q, m) float32 inner products of (q, d) queries with ``rows`` (q, m) of (n, d) vectors, those that the finder
        is of; -inf where a row is -1."""
        ...

    def grown(self, vectors: FloatArray, known: Sequence[tuple[int, "Finder", BoolArray | None]]) -> "Finder | None":
        """A finder of (n, d) vectors with what this one learned; ``None``: this kind does not grow.

        Args:
            known: where others, in order, already have some of these: from which row of ``vectors`` on, which finder,
                and which of its rows, one after the other (``None``: all).
        """
        ...

    def shows(self, vectors: FloatArray) -> bool:
        """Whether what was learned, which others that grow from this take over, is one of (m, d) ``vectors`` itself, or
        next to it."""
        ...

    def write(self, file: BinaryIO) -> None:
        """All of it, to be read by the :class:`~shelfsight.stores.ann.building.Builder` that made it."""
        ...
