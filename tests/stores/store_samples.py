"""Items and changes for store tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from shelfsight.core.protocols import Change, EncoderSpec, Fingerprints, StoredItem, StoredPicture
from shelfsight.core.types import Value
from shelfsight.core.vectors import normalise

DIMENSION = 8
files_only = pytest.mark.parametrize("kind", ["faiss", "exact"], indirect=True)
"""Marks a test of the files that these stores keep."""
SPEC = EncoderSpec(name="embedded", revision="r1", fingerprint="f1", dimension=DIMENSION, image_size=64)


def stored(
    id: str,
    metadata: Mapping[str, Value] | None = None,
    *,
    pictures: int = 1,
    title: str | None = None,
    version: str = "1",
    previews: Sequence[bytes | None] = (),
) -> StoredItem:
    kept = [*previews, *([None] * (pictures - len(previews)))]
    return StoredItem(
        id=id,
        title=title,
        metadata=metadata or {},
        pictures=tuple(
            StoredPicture(
                name=f"{id}-{i}.jpg",
                path=None if preview is not None else f"/shop/{id}-{i}.jpg",
                preview=preview,
            )
            for i, preview in enumerate(kept)
        ),
        fingerprints=Fingerprints(pictures=f"pictures-{version}", metadata=f"metadata-{version}"),
    )


def change(
    id: str,
    vectors: npt.NDArray[Any] | Sequence[Sequence[float]],
    metadata: Mapping[str, Value] | None = None,
    *,
    title: str | None = None,
    version: str = "1",
) -> Change:
    rows = normalise(np.asarray(vectors, np.float32))
    return Change(item=stored(id, metadata, pictures=len(rows), title=title, version=version), vectors=rows)


def update(id: str, metadata: Mapping[str, Value], *, title: str | None = None, version: str = "2") -> Change:
    """Metadata only."""
    return Change(item=stored(id, metadata, title=title, version=version), vectors=None)


def random_changes(count: int, *, seed: int, dimension: int = DIMENSION, start: int = 0) -> list[Change]:
    """Items with one to three pictures and metadata with holes."""
    rng = np.random.default_rng(seed)
    changes = []
    for i in range(start, start + count):
        metadata: dict[str, Value] = {"price": float(rng.integers(1, 100)), "brand": str(rng.choice(["Acme", "Umbra"]))}
        if rng.random() < 0.3:
            metadata["price"] = None
        if rng.random() < 0.3:
            metadata.pop("brand")
        changes.append(change(f"item-{i:05d}", rng.standard_normal((rng.integers(1, 4), dimension)), metadata))
    return changes


def axis(index: int, *, tilt: float = 0.0) -> list[float]:
    """A unit vector along one axis, tilted towards the next."""
    vector = [0.0] * DIMENSION
    vector[index] = 1.0
    vector[(index + 1) % DIMENSION] = tilt
    return vector
