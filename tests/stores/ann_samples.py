"""Clustered vectors, and collections with an index."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from store_samples import stored

from shelfsight.core.protocols import Change, EncoderSpec, Match, Store
from shelfsight.core.settings import VectorSettings
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import create_store

WIDTH = 32
WIDE = EncoderSpec(name="embedded", revision="r1", fingerprint="f1", dimension=WIDTH, image_size=64)
EAGER = VectorSettings(flat_below=1000, recall=0.95)


def clustered(count: int, *, seed: int, dimension: int = WIDTH, clusters: int = 60) -> FloatArray:
    """Unit vectors around centres that every seed shares."""
    centres = np.random.default_rng(0).standard_normal((clusters, dimension))
    rng = np.random.default_rng([1, seed])
    rows = centres[rng.integers(0, clusters, count)] + 0.6 * rng.standard_normal((count, dimension))
    return normalise(rows)


def items_of(vectors: FloatArray, *, start: int = 0) -> list[Change]:
    """One a vector: ``i0000042`` with its number and what divides it."""
    return [
        Change(
            item=stored(f"i{start + i:07}", {"n": start + i, "tenth": (start + i) % 10 == 0}),
            vectors=vector[None],
        )
        for i, vector in enumerate(vectors)
    ]


def fill(store: Store, vectors: FloatArray, *, start: int = 0) -> None:
    changes = items_of(vectors, start=start)
    for begin in range(0, len(changes), 2000):
        store.commit(changes[begin : begin + 2000])


def indexed(path: Path, vectors: FloatArray, settings: VectorSettings = EAGER) -> Store:
    """A maintained collection of those vectors."""
    store = create_store(path, kind="faiss", encoder=WIDE, vectors=settings)
    fill(store, vectors)
    store.maintain()
    return store


def best_ids(vectors: FloatArray, query: FloatArray, k: int, mask: npt.NDArray[np.bool_] | None = None) -> list[str]:
    """By sorting all products in float64."""
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    return [f"i{i:07}" for i in np.argsort(-scores, kind="stable")[:k].tolist() if np.isfinite(scores[i])]


def recall(found: Sequence[Sequence[Match]], wanted: Sequence[Sequence[str]]) -> float:
    """Mean share of those wanted that are found."""
    shares = [len({m.id for m in matches} & set(ids)) / len(ids) for matches, ids in zip(found, wanted, strict=True)]
    return float(np.mean(shares))
