"""FAISS (https://github.com/facebookresearch/faiss, the ``cpu`` extra) for all ``faiss_*`` modules, and flat blocks."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from shelfsight.core.errors import MissingExtra
from shelfsight.core.gathering import Gathering
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, IntArray
from shelfsight.stores.blocks import Top, best_by_product

try:
    import faiss as _faiss
except ImportError as error:
    raise MissingExtra("faiss", "cpu") from error

faiss: Any = _faiss  # its Python layer replaces methods at import, its stubs describe the C++ ones

__all__ = ["FaissBlock", "faiss", "few_threads", "products", "read_index", "searched", "write_index"]

_HEAP_LIMIT = 1024  # beyond it FAISS's heaps cost more than a product and a partition
_BUFFER = 1 << 20
_ALONE = 64_000_000  # multiplications that one thread does sooner than it can wake and await others
_SHARED = 4_000_000  # numbers of vectors from which on reading them is what a query costs
_PRODUCT_FROM = 4  # queries at a time from which on a matrix product, which reads them once, beats scanning for each
_AS_IS = nullcontext()
_SCANNED_BELOW: int = faiss.cvar.distance_compute_blas_threshold  # queries x dimension


class FaissBlock:
    """A flat inner-product index. Queries that several threads ask at a time go through a large one together."""

    def __init__(self, vectors: FloatArray, *, together: int = 1) -> None:
        """
        Args:
            together: queries of different threads that are compared in one product at most.
        """
        rows, dimension = vectors.shape
        self._index: Any = faiss.IndexFlatIP(dimension)
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self.vectors: FloatArray = faiss.rev_swig_ptr(self._index.get_xb(), rows * dimension).reshape(rows, dimension)
        self._together = Gathering[tuple[FloatArray, int], Top](self._tops, most=together)

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        if k > _HEAP_LIMIT:
            return best_by_product(self.vectors, queries, k, allowed)
        if allowed is None and len(queries) == 1 and self.vectors.size >= _SHARED:
            return self._together.ask([(queries, k)])[0]
        return self._top(queries, k, allowed, alone=len(queries) * self.vectors.size <= _ALONE)

    def _tops(self, asked: Sequence[tuple[FloatArray, int]]) -> list[Top]:
        """The best for each (1, d) query, with a k of its own."""
        queries, most = np.concatenate([query for query, _ in asked]), max(k for _, k in asked)
        with _product() if len(asked) >= _PRODUCT_FROM else _AS_IS:
            scores, rows = self._top(queries, most, None, alone=True)  # those who ask keep the other cores busy
        return [(scores[i : i + 1, :k], rows[i : i + 1, :k]) for i, (_, k) in enumerate(asked)]

    def _top(self, queries: FloatArray, k: int, allowed: Allowed | None, *, alone: bool) -> Top:
        with few_threads(alone=alone):
            if allowed is None:
                scores, rows = self._index.search(queries, k)
            else:
                parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(allowed.bitmap))
                scores, rows = self._index.search(queries, k, params=parameters)
        scores[rows < 0] = -np.inf
        return scores, rows


def few_threads(*, alone: bool) -> AbstractContextManager[None]:
    """One thread for small searches. OpenMP keeps the number apart for every calling thread.

    A second one spins while it waits, which costs a query more than it brings and takes the core from others
    (``python -m benchmarks.stores`` and ``benchmarks.latency`` show it).
    """
    before = faiss.omp_get_max_threads() if alone else 1
    return _AS_IS if before == 1 else _one_thread(before)


@contextmanager
def _product() -> Iterator[None]:
    """Flat searches by matrix product, whatever FAISS would do by itself. The setting is the whole library's, and what
    other threads search meanwhile is found as well."""
    faiss.cvar.distance_compute_blas_threshold = 0
    try:
        yield
    finally:
        faiss.cvar.distance_compute_blas_threshold = _SCANNED_BELOW


@contextmanager
def _one_thread(before: int) -> Iterator[None]:
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def searched(index: Any, queries: FloatArray, k: int) -> Top:
    """(q, k) scores and rows of any FAISS index for (q, d) contiguous float32 queries, without what ``index.search``
    checks and converts: that takes as long as comparing a thousand centroids (``benchmarks.million``)."""
    scores = np.empty((len(queries), k), np.float32)
    rows = np.empty((len(queries), k), np.int64)
    index.search_c(len(queries), faiss.swig_ptr(queries), k, faiss.swig_ptr(scores), faiss.swig_ptr(rows))
    return scores, rows


def products(vectors: FloatArray, queries: FloatArray, rows: IntArray) -> FloatArray:
    """See :meth:`shelfsight.stores.ann.finding.Finder.products`. Rows are read where they are; NumPy would copy them
    before it multiplies, which takes twice as long where they come from far apart."""
    vectors, queries = np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(queries, np.float32)
    rows = np.ascontiguousarray(rows, np.int64)
    found = np.empty(rows.shape, np.float32)
    dimension = vectors.shape[1]
    pointers = map(faiss.swig_ptr, (found, queries, vectors, rows))
    with few_threads(alone=rows.size * dimension <= _ALONE):
        faiss.fvec_inner_products_by_idx(*pointers, dimension, *rows.shape)
    return found


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
