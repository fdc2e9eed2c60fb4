"""What a graphics processor does sooner, where FAISS was built for one (the ``gpu`` extra) and one is there.

Indexes are built on it and serve on the CPU: centroids and the lists of vectors come from it, codes and plans are as
ever, and the files are the same. Large blocks without an index are searched on it too, with the answers of the CPU:
what either finds is scored again in float64.
"""

import threading
from functools import cache
from typing import Any

import numpy as np

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, IntArray
from shelfsight.stores.blocks import Top, best_by_product
from shelfsight.stores.faiss_index import faiss

__all__ = ["GpuBlock", "gpu_ready", "nearest"]

_MOST_FOUND = 2048  # what FAISS finds at once on a GPU


@cache
def gpu_ready() -> bool:
    """Whether there is one that FAISS can use."""
    return hasattr(faiss, "StandardGpuResources") and faiss.get_num_gpus() > 0


def nearest(vectors: FloatArray, centroids: FloatArray) -> IntArray:
    """(n,) the centroid of largest inner product for each of (n, d) vectors; only where :func:`gpu_ready`."""
    with _device.lock:
        found = faiss.knn_gpu(_device.resources, vectors, centroids, 1, metric=faiss.METRIC_INNER_PRODUCT)
    return np.asarray(found[1][:, 0])


class GpuBlock:
    """See :class:`shelfsight.stores.blocks.Block`: a flat index in the GPU's memory. Filters, and more rows than it can
    find, are the CPU's."""

    def __init__(self, vectors: FloatArray) -> None:
        self.vectors = vectors
        flat = faiss.IndexFlatIP(vectors.shape[1])
        with _device.lock:
            self._index: Any = faiss.index_cpu_to_gpu(_device.resources, 0, flat)
            self._index.add(np.ascontiguousarray(vectors))

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        if allowed is not None or k > _MOST_FOUND:
            return best_by_product(self.vectors, queries, k, allowed)
        with _device.lock:
            scores, rows = self._index.search(queries, k)
        scores[rows < 0] = -np.inf
        return scores, rows


class _Device:
    """Its memory for intermediate results, shared; FAISS uses it from one thread at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._resources: Any = None

    @property
    def resources(self) -> Any:
        if self._resources is None:
            self._resources = faiss.StandardGpuResources()
        return self._resources


_device = _Device()
