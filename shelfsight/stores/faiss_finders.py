"""Finders and blocks that FAISS makes, by settings and by what lies beside a segment."""

from pathlib import Path

import numpy as np

from shelfsight.core.settings import VectorSettings
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import IntArray
from shelfsight.stores.ann.block import ApproximateBlock
from shelfsight.stores.ann.building import Indexer
from shelfsight.stores.ann.finding import Finder
from shelfsight.stores.ann.plans import Plans
from shelfsight.stores.ann.sidecar import Note, index_of, read_note, whole
from shelfsight.stores.blocks import Block, ExactBlock
from shelfsight.stores.faiss_gpu import GpuBlock, gpu_ready
from shelfsight.stores.faiss_graph import GraphFinder, bytes_per_vector
from shelfsight.stores.faiss_index import FaissBlock
from shelfsight.stores.faiss_ivf import IvfFinder, Lists
from shelfsight.stores.segments import segment_of

__all__ = ["FaissBlocks", "FaissBuilder"]

_SAMPLE = 32  # vectors a list learns from
_FEWEST, _MOST = 16, 65_536
_MAPPED = 131_072  # so many rows are not copied to memory to be searched one by one


class FaissBuilder:
    """See :class:`shelfsight.stores.ann.building.Builder`."""

    def learned(self, vectors: FloatArray, queries: IntArray, settings: VectorSettings) -> Finder:
        lists = _lists(len(vectors))
        others = np.setdiff1d(np.arange(len(vectors)), queries, assume_unique=True)
        count = min(len(others), _SAMPLE * lists)
        rows = np.sort(np.random.default_rng(len(vectors)).choice(others, count, replace=False))
        sample = np.asarray(vectors[rows])
        if _graph(settings, vectors.shape[1]):
            return GraphFinder.learned(vectors, sample)
        learned = Lists.learned(sample, lists)
        return IvfFinder.filled(learned, vectors, learned.assigned(vectors), len(vectors))

    def found(self, segment: Path) -> tuple[Finder, Plans] | None:
        note = read_note(segment)
        if note is None or not whole(segment, note):
            return None
        try:
            finder = _read(segment, note)
        except ValueError:
            return None
        return (finder, note.plans) if finder.rows == note.rows else None


class FaissBlocks:
    """A :data:`~shelfsight.stores.blocks.BlockFactory`: flat blocks, and approximate ones of segments with an index."""

    def __init__(self, settings: VectorSettings) -> None:
        self._builder = FaissBuilder()
        self._settings = settings

    @property
    def indexer(self) -> Indexer:
        """Builds what is found later."""
        return Indexer(self._builder, self._settings)

    def __call__(self, vectors: FloatArray) -> Block:
        segment = segment_of(vectors)
        if segment is None:
            return FaissBlock(vectors, together=self._settings.together)
        plain = np.asarray(vectors)
        found = self._builder.found(segment) if self._settings.kind != "flat" else None
        if found is not None and found[0].rows == len(plain):
            return ApproximateBlock(plain, *found, sealed=True)
        if len(plain) <= _MAPPED:
            return FaissBlock(plain, together=self._settings.together)
        return GpuBlock(plain) if gpu_ready() else ExactBlock(plain)


def _lists(rows: int) -> int:
    """About four times the square root, a power of two."""
    return int(min(max(2 ** round(np.log2(4 * np.sqrt(rows))), _FEWEST), _MOST))


def _graph(settings: VectorSettings, dimension: int) -> bool:
    """Whether a graph is asked for and may take what it takes. Unasked none is made: at equal recall inverted lists
    answer as fast or faster, take a sixth of the memory and grow in a fraction of the time."""
    budget = settings.bytes_per_vector
    return settings.kind == "graph" and (budget is None or budget >= bytes_per_vector(dimension))


def _read(segment: Path, note: Note) -> Finder:
    kind = GraphFinder if note.report.kind.startswith("hnsw") else IvfFinder
    return kind.read(index_of(segment), note.trained)
