"""Rows of a state whose vectors are in Milvus: here are only their numbers.

:class:`~shelfsight.stores.state.State` asks its blocks how many rows there are, and for some of their vectors. Rows
never change, so vectors that were fetched once are kept, as many as fit.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from shelfsight.core.errors import CorruptCollection
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed
from shelfsight.stores.blocks import Blocks, BoolArray, IntArray, Top, best_by_product
from shelfsight.stores.milvus.rows import Rows

__all__ = ["RemoteBlocks", "VectorCache"]

_KEPT = 64_000_000  # bytes


class VectorCache:
    """The vectors of rows that were asked for last; safe to share between threads."""

    def __init__(self, source: Rows, dimension: int, living: Callable[[IntArray], BoolArray]) -> None:
        """
        Args:
            living: which rows, by number, items have now.
        """
        self._source = source
        self._living = living
        self._dimension = dimension
        self._room = max(1024, _KEPT // (4 * dimension))
        self._kept: OrderedDict[int, FloatArray] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def source(self) -> Rows:
        """Where they come from."""
        return self._source

    def get(self, numbers: IntArray) -> FloatArray:
        """(n, d) float32, in the order of ``numbers``; NaN where a row was dropped that no item has now: an erasure
        does not wait for those who look at a state from before.

        Raises:
            CorruptCollection: Milvus has not got one that an item has.
        """
        found = np.empty((len(numbers), self._dimension), np.float32)
        absent = []
        with self._lock:
            for place, number in enumerate(numbers.tolist()):
                kept = self._kept.get(number)
                if kept is None:
                    absent.append(place)
                else:
                    self._kept.move_to_end(number)
                    found[place] = kept
        if absent:
            found[absent] = self._fetched(numbers[absent])
        return found

    def _fetched(self, numbers: IntArray) -> FloatArray:
        vectors = self._source.vectors(numbers, self._dimension)
        missing = np.isnan(vectors[:, 0])
        if missing.any() and len(lost := numbers[missing][self._living(numbers[missing])]):
            raise CorruptCollection(
                f"Milvus has lost the vector of row {int(lost[0])} of {self._source.name}",
                hint="restore it, or index the catalogue again",
            )
        with self._lock:
            for number, vector in zip(numbers[~missing].tolist(), vectors[~missing], strict=True):
                self._kept[number] = vector.copy()
            while len(self._kept) > self._room:
                self._kept.popitem(last=False)
        return vectors


@dataclass(frozen=True, slots=True)
class RemoteBlocks(Blocks):
    """See :class:`~shelfsight.stores.blocks.Blocks`; what is appended are numbers, (n, 1), that ascend.

    Attributes:
        numbers: (rows,) int64, by place.
    """

    cache: VectorCache | None = None
    numbers: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def source(self) -> Rows:
        return self._vectors().source

    @property
    def span(self) -> tuple[int, int]:
        """Numbers are from the first up to the second."""
        return (int(self.numbers[0]), int(self.numbers[-1]) + 1) if len(self.numbers) else (0, 0)

    def append(self, vectors: FloatArray) -> "RemoteBlocks":
        added = np.asarray(vectors).reshape(-1).astype(np.int64)
        return replace(self, numbers=np.concatenate([self.numbers, added])) if len(added) else self

    def places(self, numbers: IntArray) -> tuple[IntArray, BoolArray]:
        """Where rows with these numbers are, and which are there."""
        found = np.searchsorted(self.numbers, numbers)
        found = np.minimum(found, max(len(self.numbers) - 1, 0))
        there = self.numbers[found] == numbers if len(self.numbers) else np.zeros(len(numbers), np.bool_)
        return found, there

    def gather(self, rows: IntArray) -> FloatArray:
        return self._vectors().get(self.numbers[rows])

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        """By fetching every vector; searches ask Milvus instead, see :mod:`.nearest`."""
        return best_by_product(self.gather(np.arange(len(self))), queries, k, allowed)

    def _vectors(self) -> VectorCache:
        assert self.cache is not None
        return self.cache
