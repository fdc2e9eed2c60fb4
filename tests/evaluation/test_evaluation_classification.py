"""Zero-shot classification over a real store, against an answer worked out by hand."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL.Image import Image

from shelfsight.core.errors import UnknownField, UsageError
from shelfsight.core.protocols import Change, EncoderSpec, Fingerprints, Store, StoredItem, StoredPicture
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.evaluation import ClassScore, classify
from shelfsight.stores import create_store

TEXTS = {"Boots": (1, 0), "Hats": (0, 1), "Mugs": (-1, 0)}


class TableEncoder:
    """Texts of a table; classification never asks for a picture."""

    @property
    def spec(self) -> EncoderSpec:
        return EncoderSpec(name="table", revision="1", fingerprint="1", dimension=2, image_size=8)

    def prepare(self, picture: Image) -> npt.NDArray[Any]:
        raise AssertionError(f"a picture was prepared: {picture}")

    def encode_pixels(self, pixels_bchw: npt.NDArray[Any]) -> FloatArray:
        raise AssertionError(f"pictures were encoded: {pixels_bchw.shape}")

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return normalise(np.array([TEXTS[text] for text in texts]))


def change(id: str, vectors: Sequence[Sequence[float]], **metadata: Value) -> Change:
    pictures = tuple(StoredPicture(name=f"{id}-{n}", path=None, preview=b"-") for n in range(len(vectors)))
    hashes = Fingerprints(pictures=id, metadata=id)
    item = StoredItem(id=id, title=None, metadata=metadata, pictures=pictures, fingerprints=hashes)
    return Change(item=item, vectors=normalise(np.array(vectors)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = create_store(tmp_path / "shelf", kind="exact", encoder=TableEncoder().spec)
    store.commit(
        [
            change("right", [(1, 0.1)], kind="Boots", price=1),
            # the second picture is nearer to "Boots" (1.0) than the first to "Hats" (0.8): the best picture decides
            change("back", [(0.6, 0.8), (1, 0)], kind="Boots", price=1),
            change("wrong", [(1, 0)], kind="Hats", price=2),
            change("mug", [(-1, 0.2)], kind="Mugs", price=3),
            change("unnamed", [(1, 0)], price=4),
        ]
    )
    yield store
    store.close()


def test_a_report_by_hand(store: Store) -> None:
    report = classify(store, TableEncoder(), "kind")
    assert (report.field, report.classes, report.items, report.skipped) == ("kind", 3, 4, 1)
    assert report.top1 == 3 / 4
    assert report.per_class == {"Boots": ClassScore(2, 1.0), "Hats": ClassScore(1, 0.0), "Mugs": ClassScore(1, 1.0)}
    assert 0 <= report.interval.low <= report.top1 <= report.interval.high <= 1
    document = json.loads(json.dumps(report.to_json()))
    assert document["per_class"]["Boots"] == {"items": 2, "top1": 1.0}
    assert (document["top1"], document["skipped"]) == (0.75, 1)


def test_a_field_without_classes_is_refused(store: Store) -> None:
    with pytest.raises(UnknownField, match="colour") as caught:
        classify(store, TableEncoder(), "colour")
    assert caught.value.hint == "fields: kind, price"
    with pytest.raises(UsageError, match="'price' holds 0 different texts"):
        classify(store, TableEncoder(), "price")
