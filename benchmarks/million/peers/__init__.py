"""Other libraries behind one interface: built once, kept, opened again in a process that measures.

Every class takes the values its own documentation recommends for hundreds of dimensions and sweeps what trades recall
for speed. Libraries are imported when one is built or opened; one that is not installed is left out by name.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray

__all__ = ["PEERS", "Peer", "Rows", "Setting", "installed"]

Setting = Mapping[str, float]
Rows = npt.NDArray[np.int64]


class Peer(Protocol):
    """A library's index over (n, d) unit vectors, rows 0 to n - 1, compared by inner product."""

    package: str
    most: int | None
    """Items beyond which it takes too long here; ``None``: none."""

    def describe(self) -> str:
        """Its kind and what it is built with."""
        ...

    def sweep(self) -> Sequence[Setting]:
        """What its searches are measured with, fastest first."""
        ...

    def build(self, vectors: FloatArray, folder: Path, threads: int) -> None:
        """Builds and saves; nothing of an earlier attempt is in ``folder``."""
        ...

    def open(self, folder: Path) -> None:
        """Opens for searching by one thread."""
        ...

    def tune(self, setting: Setting) -> None: ...

    def search(self, queries: FloatArray, k: int) -> Rows:
        """(q, k) rows of the nearest for (q, d), best first, -1 where it finds fewer."""
        ...

    def memory(self) -> int | None:
        """Bytes of index that searching needs in memory, vectors included where they are; ``None``: it does not say."""
        ...


def _hnswlib(connections: int, effort: int) -> Callable[[], Peer]:
    def make() -> Peer:
        from benchmarks.million.peers.graphs import Hnswlib

        return Hnswlib(connections, effort)

    return make


def _usearch(kind: str) -> Callable[[], Peer]:
    def make() -> Peer:
        from benchmarks.million.peers.graphs import Usearch

        return Usearch(kind)

    return make


def _milvus(kind: str) -> Callable[[], Peer]:
    def make() -> Peer:
        from benchmarks.million.peers.databases import MilvusLite

        return MilvusLite(kind)

    return make


def _lancedb(kind: str) -> Callable[[], Peer]:
    def make() -> Peer:
        from benchmarks.million.peers.databases import LanceDb

        return LanceDb(kind)

    return make


PEERS: dict[str, Callable[[], Peer]] = {
    "hnswlib-16": _hnswlib(16, 100),
    "hnswlib-32": _hnswlib(32, 200),
    "usearch-f32": _usearch("f32"),
    "usearch-f16": _usearch("f16"),
    "usearch-i8": _usearch("i8"),
    "lancedb-pq": _lancedb("IVF_PQ"),
    "lancedb-hnsw": _lancedb("IVF_HNSW_SQ"),
    "milvus-flat": _milvus("FLAT"),
    "milvus-ivf": _milvus("IVF_FLAT"),
    "milvus-hnsw": _milvus("HNSW"),
}


def installed(peer: Peer) -> bool:
    return find_spec(peer.package) is not None
