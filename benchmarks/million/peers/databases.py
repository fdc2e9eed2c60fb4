"""Milvus Lite and LanceDB: vectors in files of their own, searched through their clients."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.million.peers import Rows, Setting
from shelfsight.core.vectors import FloatArray

__all__ = ["LanceDb", "MilvusLite"]

_STEP = 5_000


class MilvusLite:
    """One collection in one file; ``kind`` is the index type it is asked for."""

    package = "milvus_lite"
    most: int | None = 100_000

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._client: Any = None
        self._setting: Setting = {}

    def describe(self) -> str:
        return (
            f"{self._kind}, " + {"FLAT": "", "IVF_FLAT": "nlist 1024", "HNSW": "M 16, efConstruction 100"}[self._kind]
        )

    def sweep(self) -> Sequence[Setting]:
        match self._kind:
            case "IVF_FLAT":
                return [{"nprobe": probes} for probes in (4, 16, 64)]
            case "HNSW":
                return [{"ef": ef} for ef in (16, 64, 128)]
        return [{}]

    def build(self, vectors: FloatArray, folder: Path, threads: int) -> None:  # noqa: ARG002
        from pymilvus import DataType, MilvusClient

        client = MilvusClient(str(folder / "milvus.db"))
        schema = client.create_schema(auto_id=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
        index = client.prepare_index_params()
        built_with = {"IVF_FLAT": {"nlist": 1024}, "HNSW": {"M": 16, "efConstruction": 100}}.get(self._kind, {})
        index.add_index("vector", index_type=self._kind, metric_type="IP", params=built_with)
        client.create_collection("items", schema=schema, index_params=index)
        for start in range(0, len(vectors), _STEP):
            part = np.asarray(vectors[start : start + _STEP])
            client.insert("items", [{"row": start + i, "vector": vector} for i, vector in enumerate(part)])
        client.flush("items")
        client.load_collection("items")
        client.close()

    def open(self, folder: Path) -> None:
        from pymilvus import MilvusClient

        self._client = MilvusClient(str(folder / "milvus.db"))
        self._client.load_collection("items")

    def tune(self, setting: Setting) -> None:
        self._setting = setting

    def search(self, queries: FloatArray, k: int) -> Rows:
        parameters = {"params": dict(self._setting)}
        found = self._client.search("items", list(queries), limit=k, search_params=parameters)
        return _filled([[hit["row"] for hit in hits] for hits in found], k)

    def memory(self) -> int | None:
        return None


class LanceDb:
    """One table; about sqrt(n) partitions as its documentation advises, 8 dimensions a sub-vector."""

    package = "lancedb"
    most: int | None = None

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._table: Any = None
        self._setting: Setting = {}

    def describe(self) -> str:
        return f"{self._kind}, sqrt(n) partitions" + (", d / 8 sub-vectors" if self._kind == "IVF_PQ" else ", m 20")

    def sweep(self) -> Sequence[Setting]:
        if self._kind == "IVF_PQ":
            return [{"nprobes": probes, "refine": refine} for probes in (8, 24, 64, 256) for refine in (2, 8, 32)]
        return [{"nprobes": probes, "ef": ef} for probes in (4, 16, 64) for ef in (32, 128)]

    def build(self, vectors: FloatArray, folder: Path, threads: int) -> None:
        _quiet_lance(threads)
        import lancedb
        import pyarrow as pa
        from lancedb.index import HnswSq, IvfPq

        dimension = vectors.shape[1]
        schema = pa.schema([("row", pa.int64()), ("vector", pa.list_(pa.float32(), dimension))])

        def batches() -> Iterator[Any]:
            for start in range(0, len(vectors), _STEP):
                part = np.ascontiguousarray(vectors[start : start + _STEP])
                column = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), dimension)
                yield pa.record_batch([pa.array(np.arange(start, start + len(part))), column], schema=schema)

        table = lancedb.connect(folder / "lance").create_table("items", data=batches(), schema=schema)
        partitions = max(1, round(len(vectors) ** 0.5))
        config = (
            IvfPq(distance_type="dot", num_partitions=partitions, num_sub_vectors=max(1, dimension // 8))
            if self._kind == "IVF_PQ"
            else HnswSq(distance_type="dot", num_partitions=max(1, partitions // 32), m=20, ef_construction=300)
        )
        table.create_index("vector", config=config)

    def open(self, folder: Path) -> None:
        _quiet_lance(1)
        import lancedb

        self._table = lancedb.connect(folder / "lance").open_table("items")

    def tune(self, setting: Setting) -> None:
        self._setting = setting

    def search(self, queries: FloatArray, k: int) -> Rows:
        found = []
        for query in queries:
            asked = self._table.search(query, vector_column_name="vector").distance_type("dot").limit(k)
            asked = asked.nprobes(self._setting["nprobes"]).select(["row", "_distance"])
            if "refine" in self._setting:
                asked = asked.refine_factor(self._setting["refine"])
            else:
                asked = asked.ef(self._setting["ef"])
            found.append(asked.to_arrow()["row"].to_pylist())
        return _filled(found, k)

    def memory(self) -> int | None:
        return None


def _quiet_lance(threads: int) -> None:
    """Read when the library is loaded."""
    os.environ["LANCE_LOG"] = os.environ["RUST_LOG"] = "error"
    os.environ["LANCE_CPU_THREADS"] = os.environ["TOKIO_WORKER_THREADS"] = str(threads)


def _filled(found: Sequence[Sequence[int]], k: int) -> Rows:
    rows = np.full((len(found), k), -1, np.int64)
    for i, each in enumerate(found):
        rows[i, : len(each)] = each
    return rows
