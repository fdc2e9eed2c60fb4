"""FAISS (https://github.com/facebookresearch/faiss, the ``cpu`` extra) for all ``faiss_*`` modules, and flat blocks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from shelfsight.core.errors import MissingExtra
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed
from shelfsight.stores.blocks import Top, best_by_product

try:
    import faiss as _faiss
except ImportError as error:
    raise MissingExtra("faiss", "cpu") from error

faiss: Any = _faiss  # its Python layer replaces methods at import, its stubs describe the C++ ones

__all__ = ["FaissBlock", "faiss", "few_threads", "read_index", "write_index"]

_HEAP_LIMIT = 1024  # beyond it FAISS's heaps cost more than a product and a partition
_BUFFER = 1 << 20
_ALONE = 64_000_000  # multiplications that one thread does sooner than it can wake and await others


class FaissBlock:
    """A flat inner-product index."""

    def __init__(self, vectors: FloatArray) -> None:
        rows, dimension = vectors.shape
        self._index: Any = faiss.IndexFlatIP(dimension)
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self.vectors: FloatArray = faiss.rev_swig_ptr(self._index.get_xb(), rows * dimension).reshape(rows, dimension)

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        if k > _HEAP_LIMIT:
            return best_by_product(self.vectors, queries, k, allowed)
        with few_threads(alone=len(queries) * self.vectors.size <= _ALONE):
            if allowed is None:
                scores, rows = self._index.search(queries, k)
            else:
                parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(allowed.bitmap))
                scores, rows = self._index.search(queries, k, params=parameters)
        scores[rows < 0] = -np.inf
        return scores, rows


@contextmanager
def few_threads(*, alone: bool) -> Iterator[None]:
    """One thread for small searches. OpenMP keeps the number apart for every calling thread.

    A second one spins while it waits, which costs a query more than it brings and takes the core from others
    (``python -m benchmarks.stores`` and ``benchmarks.latency`` show it).
    """
    if not alone:
        yield
        return
    before = faiss.omp_get_max_threads()
    if before == 1:
        yield
        return
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def write_index(index: Any, file: BinaryIO) -> None:
    """``index`` as FAISS writes it to a file."""
    writer = faiss.BufferedIOWriter(faiss.PyCallbackIOWriter(file.write), _BUFFER)
    faiss.write_index(index, writer)
    del writer  # flushes


def read_index(path: Path) -> Any:
    """An index from the file that :func:`write_index` wrote; its large arrays are mapped.

    Raises:
        ValueError: it is something else.
    """
    try:
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise ValueError(f"FAISS cannot read it: {error}") from error
