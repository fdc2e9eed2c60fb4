"""hnswlib and usearch: a graph in memory, one file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.million.peers import Rows, Setting
from shelfsight.core.vectors import FloatArray

__all__ = ["Hnswlib", "Usearch"]

_STEP = 20_000
_EFFORTS = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536)


class Hnswlib:
    """M links a node, ``effort`` candidates while building; float32."""

    package = "hnswlib"
    most: int | None = None

    def __init__(self, connections: int, effort: int) -> None:
        self._connections, self._effort = connections, effort
        self._index: Any = None
        self._bytes = 0

    def describe(self) -> str:
        return f"float32, M {self._connections}, ef_construction {self._effort}"

    def sweep(self) -> Sequence[Setting]:
        return [{"ef": ef} for ef in _EFFORTS]

    def build(self, vectors: FloatArray, folder: Path, threads: int) -> None:
        import hnswlib

        index = hnswlib.Index(space="ip", dim=vectors.shape[1])
        index.init_index(len(vectors), M=self._connections, ef_construction=self._effort, random_seed=0)
        for start in range(0, len(vectors), _STEP):
            rows = np.arange(start, min(start + _STEP, len(vectors)))
            index.add_items(np.asarray(vectors[start : start + _STEP]), rows, num_threads=threads)
        index.save_index(str(folder / "index.bin"))
        (folder / "dimension").write_text(str(vectors.shape[1]))

    def open(self, folder: Path) -> None:
        import hnswlib

        self._index = hnswlib.Index(space="ip", dim=int((folder / "dimension").read_text()))
        self._index.load_index(str(folder / "index.bin"))
        self._index.set_num_threads(1)
        self._bytes = (folder / "index.bin").stat().st_size

    def tune(self, setting: Setting) -> None:
        self._index.set_ef(setting["ef"])

    def search(self, queries: FloatArray, k: int) -> Rows:
        return np.asarray(self._index.knn_query(queries, k=k, num_threads=1)[0], np.int64)

    def memory(self) -> int | None:
        return self._bytes


class Usearch:
    """Its default connectivity of 16 and expansion of 128 while building; vectors kept as ``kind``."""

    package = "usearch"
    most: int | None = None

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._index: Any = None
        self._bytes = 0

    def describe(self) -> str:
        return f"{self._kind}, connectivity 16, expansion_add 128"

    def sweep(self) -> Sequence[Setting]:
        return [{"expansion_search": ef} for ef in _EFFORTS]

    def build(self, vectors: FloatArray, folder: Path, threads: int) -> None:
        from usearch.index import Index

        index = Index(ndim=vectors.shape[1], metric="cos", dtype=self._kind, connectivity=16, expansion_add=128)
        for start in range(0, len(vectors), _STEP):
            rows = np.arange(start, min(start + _STEP, len(vectors)))
            index.add(rows, np.asarray(vectors[start : start + _STEP]), threads=threads)
        index.save(str(folder / "index.usearch"))

    def open(self, folder: Path) -> None:
        from usearch.index import Index

        self._index = Index.restore(str(folder / "index.usearch"))
        self._bytes = (folder / "index.usearch").stat().st_size  # what it allocates is up to three times that

    def tune(self, setting: Setting) -> None:
        self._index.expansion_search = setting["expansion_search"]

    def search(self, queries: FloatArray, k: int) -> Rows:
        keys = np.asarray(self._index.search(queries, k, threads=1).keys)
        return keys.astype(np.int64).reshape(len(queries), -1)

    def memory(self) -> int | None:
        return self._bytes
