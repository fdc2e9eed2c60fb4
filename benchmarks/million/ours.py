"""Our side of the comparison: a store as a user gets it, and its index alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.million.peers import Rows, Setting
from shelfsight.core.protocols import Manifest, Match
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import open_store

__all__ = ["OurIndex", "OurStore", "kind_of", "row_of"]


def row_of(id: str) -> int:
    """The benchmark's row of an item."""
    return int(id.removeprefix("sku-"))


def kind_of(manifest: Manifest) -> str:
    """The index and the searches it was tuned to."""
    index = manifest.index
    if index is None:
        return f"{manifest.store}, flat"
    return f"{manifest.store} {index.kind}, {_text(index.parameters)}"


def _text(parameters: Mapping[str, object]) -> str:
    return " ".join(f"{name} {value}" for name, value in parameters.items())


class OurStore:
    """``snapshot.search``: checked queries, exact scores, items with their best picture, ties by id."""

    def __init__(self, path: Path) -> None:
        self._store = open_store(path)
        self._snapshot = self._store.snapshot()

    def sweep(self) -> Sequence[Setting]:
        return [{}]

    def tune(self, setting: Setting) -> None:
        """There is one setting: the collection's own, tuned when its index was built."""

    def search(self, queries: FloatArray, k: int) -> list[list[Match]]:
        return self._snapshot.search(queries, k)

    def rows(self, found: list[list[Match]]) -> Rows:
        return np.array([[row_of(match.id) for match in hits] for hits in found], np.int64)

    def memory(self) -> int | None:
        index = self._store.manifest.index
        return None if index is None else int(index.bytes_per_vector * index.vectors)

    def describe(self) -> str:
        return kind_of(self._store.manifest)


class OurIndex:
    """The index beside the one segment of a collection whose items were committed in order: no items, no filters.

    Raises:
        LookupError: there is none, or more than one.
    """

    def __init__(self, path: Path) -> None:
        from shelfsight.core.settings import VectorSettings
        from shelfsight.stores import read_manifest
        from shelfsight.stores.ann.block import ApproximateBlock
        from shelfsight.stores.faiss_finders import FaissBlocks
        from shelfsight.stores.segments import map_segment

        manifest = read_manifest(path)
        files = list((path / "segments").glob("*.npy"))
        if len(files) != 1:
            raise LookupError(f"{path} has {len(files)} segments")
        vectors = map_segment(files[0], manifest.pictures, manifest.encoder.dimension)
        block = FaissBlocks(VectorSettings())(vectors)
        if not isinstance(block, ApproximateBlock):
            raise LookupError(f"{path} has no approximate index")
        self._block = block
        self._tuned = block.plans.plans[0]
        self._plan = self._tuned

    def sweep(self) -> Sequence[Setting]:
        """Around what was tuned; fastest first."""
        return [
            {"effort": round(self._tuned.effort * factor, 4), "depth": max(10, round(self._tuned.depth * factor))}
            for factor in (0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)
        ]

    def tune(self, setting: Setting) -> None:
        from shelfsight.stores.ann.plans import Plan

        self._plan = Plan(1.0, float(setting["effort"]), int(setting["depth"]))

    def search(self, queries: FloatArray, k: int) -> Rows:
        scores, rows = self._block.planned(queries, k, None, self._plan)
        best = np.argsort(-scores, axis=1)[:, :k]
        return np.take_along_axis(rows, best, axis=1)

    def rows(self, found: Rows) -> Rows:
        return found

    def memory(self) -> int | None:
        return self._block.finder.memory

    def describe(self) -> str:
        return f"{self._block.finder.kind}, exact scores of the candidates"
