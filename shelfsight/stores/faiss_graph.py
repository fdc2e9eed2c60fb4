"""A graph of near neighbours over bytes.

HNSW (Y. Malkov and D. Yashunin, 2016, https://arxiv.org/abs/1603.09320) over vectors whose coordinates are kept as one
byte each. It takes six times the memory of inverted lists and longer to build; it has no clusters to be wrong about.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, BoolArray, IntArray
from shelfsight.stores.ann.finding import EVERYTHING, Finder
from shelfsight.stores.faiss_index import faiss, few_threads, products, read_index, write_index

__all__ = ["GraphFinder", "bytes_per_vector"]

_LINKS = 12  # a row's, upwards; twice as many on the ground
_BUILDING = 40  # candidates for them
_OVERHEAD = 16  # bytes a row besides its code and its links
_MIDDLE, _REACH = 128.0, 127.0
_ALONE = 16  # queries that one thread does sooner than it can wake others
_STEP = 16_384


def bytes_per_vector(dimension: int) -> int:
    """Memory that a graph of vectors of that many dimensions takes."""
    return dimension + 8 * _LINKS + _OVERHEAD


class GraphFinder:
    """See :class:`shelfsight.stores.ann.finding.Finder`. An effort is how many rows a search keeps in view."""

    efforts = tuple(
        float(effort) for effort in (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)
    )

    def __init__(self, index: Any, scale: np.float32, trained: int, owner: object = None) -> None:
        """
        Args:
            index: the graph as FAISS holds it.
            scale: what coordinates are multiplied by, before they become bytes around 128.
            owner: whose memory the graph is, if not its own.
        """
        self._index = index
        self._owner = owner
        self._storage: Any = faiss.downcast_index(index.storage)
        self._scale = scale
        self.trained = trained

    @classmethod
    def learned(cls, vectors: FloatArray, sample: FloatArray) -> Self:
        """Of (n, d) vectors; (m, d) ``sample`` says how far coordinates reach."""
        dimension = vectors.shape[1]
        scale = np.float32(_REACH / np.abs(sample).max())
        code = faiss.ScalarQuantizer.QT_8bit_direct
        graph = faiss.IndexHNSWSQ(dimension, code, _LINKS, faiss.METRIC_L2)
        graph.is_trained = True
        graph.hnsw.efConstruction = _BUILDING
        _add(graph, vectors, scale)
        return cls(graph, scale, len(vectors))

    @classmethod
    def read(cls, path: Path, trained: int) -> Self:
        """What :meth:`write` wrote, memory-mapped.

        Raises:
            ValueError: it is something else.
        """
        index = read_index(path)
        if not isinstance(index, faiss.IndexPreTransform):
            raise ValueError("no scale before a graph")
        graph = faiss.downcast_index(index.index)
        transform = faiss.downcast_VectorTransform(index.chain.at(0))
        if not isinstance(graph, faiss.IndexHNSWSQ):
            raise ValueError("no graph over bytes")
        scale = np.float32(faiss.vector_to_array(transform.A)[0])
        return cls(graph, scale, trained, owner=index)

    @property
    def kind(self) -> str:
        return f"hnsw{_LINKS},sq8"

    @property
    def rows(self) -> int:
        return int(self._index.ntotal)

    @property
    def memory(self) -> int:
        return self.rows * bytes_per_vector(int(self._index.d))

    def grown(self, vectors: FloatArray, known: Sequence[tuple[int, Finder, BoolArray | None]]) -> "GraphFinder | None":
        """Where all rows of the first of ``known`` come first; links of rows that went cannot be mended."""
        if not known or known[0][0] != 0 or not isinstance(known[0][1], GraphFinder):
            return None
        first, keep = known[0][1], known[0][2]
        if keep is not None and not keep.all():
            return None
        graph = faiss.clone_index(first._index)
        _add(graph, vectors[first.rows :], first._scale)
        return GraphFinder(graph, first._scale, first.trained)

    def candidates(self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None) -> IntArray:
        selector = None if allowed is None else faiss.IDSelectorBitmap(allowed.bitmap)
        scaled = _bytes(queries, self._scale)
        with few_threads(alone=len(queries) <= _ALONE):
            if effort == EVERYTHING:
                rows = self._storage.search(scaled, count, params=faiss.SearchParameters(sel=selector))[1]
            else:
                width = max(count, int(effort))
                parameters = faiss.SearchParametersHNSW(efSearch=width, sel=selector)
                rows = self._index.search(scaled, count, params=parameters)[1]
        return np.asarray(rows)

    def estimated(self, *_: object) -> None:
        return None

    def products(self, vectors: FloatArray, queries: FloatArray, rows: IntArray) -> FloatArray:
        return products(vectors, queries, rows)

    def shows(self, vectors: FloatArray) -> bool:  # noqa: ARG002 - one does not grow from another that has rows less
        return False

    def write(self, file: BinaryIO) -> None:
        dimension = int(self._index.d)
        transform = faiss.LinearTransform(dimension, dimension)  # as FAISS writes a number beside an index
        faiss.copy_array_to_vector(self._scale * np.eye(dimension, dtype=np.float32).ravel(), transform.A)
        transform.is_trained = True
        write_index(faiss.IndexPreTransform(transform, self._index), file)


def _add(graph: Any, vectors: FloatArray, scale: np.float32) -> None:
    for start in range(0, len(vectors), _STEP):
        graph.add(_bytes(np.asarray(vectors[start : start + _STEP]), scale))


def _bytes(vectors: FloatArray, scale: np.float32) -> FloatArray:
    """As numbers that a byte can be."""
    return np.ascontiguousarray(np.rint(np.clip(vectors * scale + _MIDDLE, 0, 2 * _REACH + 1)), np.float32)
