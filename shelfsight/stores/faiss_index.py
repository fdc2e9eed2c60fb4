"""The only module that knows FAISS (https://github.com/facebookresearch/faiss, the ``cpu`` extra)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from shelfsight.core.errors import MissingExtra
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import BoolArray, Top, best_by_product

try:
    import faiss
except ImportError as error:
    raise MissingExtra("faiss", "cpu") from error

_faiss: Any = faiss  # its Python layer replaces methods at import, its stubs describe the C++ ones

__all__ = ["FaissBlock"]

_HEAP_LIMIT = 1024  # beyond it FAISS's heaps cost more than a product and a partition
_ALONE = 64_000_000  # multiplications that one thread does sooner than it can wake and await others


class FaissBlock:
    """A flat inner-product index."""

    def __init__(self, vectors: FloatArray) -> None:
        rows, dimension = vectors.shape
        self._index: Any = _faiss.IndexFlatIP(dimension)
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self.vectors: FloatArray = _faiss.rev_swig_ptr(self._index.get_xb(), rows * dimension).reshape(rows, dimension)

    def top(self, queries: FloatArray, k: int, allowed: BoolArray | None) -> Top:
        if k > _HEAP_LIMIT:
            return best_by_product(self.vectors, queries, k, allowed)
        with _few_threads(alone=len(queries) * self.vectors.size <= _ALONE):
            if allowed is None:
                scores, rows = self._index.search(queries, k)
            else:
                bitmap = np.packbits(allowed, bitorder="little")
                parameters = _faiss.SearchParameters(sel=_faiss.IDSelectorBitmap(bitmap))
                scores, rows = self._index.search(queries, k, params=parameters)
        scores[rows < 0] = -np.inf
        return scores, rows


@contextmanager
def _few_threads(*, alone: bool) -> Iterator[None]:
    """One thread for small searches. OpenMP keeps the number apart for every calling thread.

    A second one spins while it waits, which costs a query more than it brings and takes the core from others
    (``python -m benchmarks.stores`` and ``benchmarks.latency`` show it).
    """
    if not alone:
        yield
        return
    before = _faiss.omp_get_max_threads()
    _faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        _faiss.omp_set_num_threads(before)
