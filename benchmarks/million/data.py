"""The vectors of the benchmark on disk: items, held-out queries, exact answers. Made once, then memory-mapped.

    python -m benchmarks.million.data --work DIR [--items N] [--dimension D] [--seed S] [--data NPY]

``--data`` takes somebody's own vectors, (n, d) float16 or float32, in place of the mixture: 11,000 rows (at most one in
ten) drawn at random are the queries and are not among the items.
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.million.exact import nearest
from benchmarks.million.mixture import CHUNK, Labels, Mixture
from shelfsight.core.vectors import FloatArray, normalise

__all__ = ["DEPTH", "Data", "add_data_arguments", "prepare"]

THROUGHPUT, RECALL = 10_000, 1_000
DEPTH = 100  # exact answers kept for each query
_ANCHORS = 256


@dataclass(frozen=True)
class Data:
    """A prepared folder. Its first n items, with exact answers of their own, are a smaller benchmark."""

    folder: Path
    items: int

    @cached_property
    def vectors(self) -> FloatArray:
        """(n, d) float32 of length 1, memory-mapped."""
        return np.asarray(np.load(self.folder / "items.npy", mmap_mode="r"))[: self.items]

    @cached_property
    def clusters(self) -> Labels:
        """(n,) cluster of each item."""
        return np.asarray(np.load(self.folder / "clusters.npy"))[: self.items]

    @cached_property
    def category_of(self) -> Labels:
        """(clusters,) category of each."""
        return np.asarray(np.load(self.folder / "categories.npy"))

    @cached_property
    def throughput_queries(self) -> FloatArray:
        """(10,000, d), to be timed with."""
        return np.asarray(np.load(self.folder / "throughput.npy"))

    @cached_property
    def throughput_clusters(self) -> Labels:
        """(10,000,) cluster of each of :attr:`throughput_queries`."""
        return np.asarray(np.load(self.folder / "throughput-clusters.npy"))

    @cached_property
    def queries(self) -> FloatArray:
        """(1,000, d), for recall; none of them is a throughput query."""
        return np.asarray(np.load(self.folder / "queries.npy"))

    @cached_property
    def query_clusters(self) -> Labels:
        """(1,000,) cluster of each of :attr:`queries`."""
        return np.asarray(np.load(self.folder / "query-clusters.npy"))

    @cached_property
    def truth(self) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """(1,000, 100) rows and cosines of the nearest items, best first; computed once for each number of items."""
        file = self.folder / f"truth-{self.items}.npz"
        if not file.exists():
            rows, scores = nearest(self.vectors, self.queries, DEPTH)
            _publish_npz(file, rows=rows, scores=scores)
        with np.load(file) as found:
            return found["rows"], found["scores"]

    def first(self, items: int) -> "Data":
        """The smaller benchmark of the first items; its exact answers are worked out anew."""
        return Data(self.folder, min(items, self.items))


def add_data_arguments(parser: ArgumentParser) -> None:
    """``--work``, ``--items``, ``--dimension``, ``--seed``, ``--data``."""
    parser.add_argument("--work", type=Path, required=True, help="folder for data, indexes and results; kept")
    parser.add_argument("--items", type=int, default=1_000_000, help="how many (default: %(default)s)")
    parser.add_argument("--dimension", type=int, default=512, help="of a vector (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the mixture (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="own vectors, .npy (n, d), in place of the mixture")


def prepare(work: Path, *, items: int, dimension: int = 512, seed: int = 0, data: Path | None = None) -> Data:
    """The folder of this data below ``work``; written where it is not there whole."""
    if data is None:
        folder = work / f"mixture-{items}x{dimension}-{seed}"
        larger = _larger(work, items, dimension, seed)
        if larger is not None:
            return Data(larger, items)
    else:
        folder = work / f"own-{data.stem}-{items}"
    if not (folder / "complete.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        written = _own(folder, data, items) if data is not None else _mixed(folder, items, dimension, seed)
        (folder / "complete.json").write_text(json.dumps({"items": written, "source": str(data or "mixture")}) + "\n")
    return Data(folder, int(json.loads((folder / "complete.json").read_text())["items"]))


def _larger(work: Path, items: int, dimension: int, seed: int) -> Path | None:
    """A folder that is there already and begins with these items."""
    for folder in sorted(work.glob(f"mixture-*x{dimension}-{seed}")):
        if int(folder.name.split("-")[1].split("x")[0]) >= items and (folder / "complete.json").exists():
            return folder
    return None


def _mixed(folder: Path, items: int, dimension: int, seed: int) -> int:
    mixture = Mixture(dimension=dimension, seed=seed)
    _stream(folder, mixture.items(items), items, dimension)
    np.save(folder / "categories.npy", mixture.category_of)
    queries, clusters = mixture.queries(THROUGHPUT, seed=1)
    np.save(folder / "throughput.npy", queries)
    np.save(folder / "throughput-clusters.npy", clusters)
    queries, clusters = mixture.queries(RECALL, seed=2)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "query-clusters.npy", clusters)
    return items


def _own(folder: Path, data: Path, items: int) -> int:
    """Clusters are the nearest of 256 items drawn at random, categories the nearest of 50 of these."""
    source = np.load(data, mmap_mode="r")
    order = np.random.default_rng(0).permutation(len(source))
    held = min(THROUGHPUT + RECALL, len(source) // 10)
    recall = max(1, held * RECALL // (THROUGHPUT + RECALL))
    taken = np.sort(order[held:])[:items]
    anchors = normalise(source[np.sort(order[-min(_ANCHORS, len(taken)) :])].astype(np.float32))

    def rows() -> Iterator[tuple[FloatArray, Labels]]:
        for start in range(0, len(taken), CHUNK):
            part = normalise(source[taken[start : start + CHUNK]].astype(np.float32))
            yield part, _nearest_of(anchors, part)

    _stream(folder, rows(), len(taken), source.shape[1])
    np.save(folder / "categories.npy", _nearest_of(anchors[:50], anchors))
    queries = normalise(source[order[:recall]].astype(np.float32))
    np.save(folder / "queries.npy", queries)
    np.save(folder / "query-clusters.npy", _nearest_of(anchors, queries))
    others = normalise(source[order[recall:held]].astype(np.float32))
    np.save(folder / "throughput.npy", others)
    np.save(folder / "throughput-clusters.npy", _nearest_of(anchors, others))
    return len(taken)


def _nearest_of(anchors: FloatArray, rows: FloatArray) -> Labels:
    return np.asarray(np.argmax(rows @ anchors.T, axis=1), np.int32)


def _stream(folder: Path, chunks: Iterator[tuple[FloatArray, Labels]], items: int, dimension: int) -> None:
    out = np.lib.format.open_memmap(folder / "items.npy", mode="w+", dtype=np.float32, shape=(items, dimension))
    labels = np.empty(items, np.int32)
    at = 0
    for rows, clusters in chunks:
        out[at : at + len(rows)] = rows
        labels[at : at + len(rows)] = clusters
        at += len(rows)
    out.flush()
    np.save(folder / "clusters.npy", labels)


def _publish_npz(file: Path, **arrays: npt.NDArray[np.generic]) -> None:
    half = file.with_suffix(".half.npz")
    np.savez(half, **arrays)  # type: ignore[arg-type]
    half.replace(file)


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description="Make the vectors of the benchmark.")
    add_data_arguments(parser)
    arguments: Namespace = parser.parse_args(argv)
    given = {name: getattr(arguments, name) for name in ("items", "dimension", "seed", "data")}
    data = prepare(arguments.work, **given)
    print(
        f"{data.folder}: items.npy {data.vectors.shape}, queries.npy {data.queries.shape}; truth {data.truth[0].shape}"
    )


if __name__ == "__main__":
    main()
