"""The catalogues that the embedded encoder learns from, read into one kind of row.

``DIR`` holds one folder a data set: ``fashion`` and ``grocery`` (``part-*.parquet`` with the picture's bytes) and
``clothing`` (``catalog.csv`` beside its pictures). A folder that is not there is skipped with a message. Rows of the
``test`` split never leave this module.
"""

import csv
import io
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from shelfsight.training.words import brand_of, canonical_type, kind_of, plain

__all__ = ["FIELDS", "Row", "read_rows", "rendered_rows"]

_log = logging.getLogger(__name__)

FIELDS = ("kind", "type", "colour", "gender", "usage", "pattern", "brand")
"""Attributes that a phrase may name. ``kind`` is coarse (pants), ``type`` fine (track pants)."""

_UNKNOWN = {"", "na"}


@dataclass(frozen=True)
class Row:
    """One picture with what is known of it. ``attributes`` maps some of :data:`FIELDS` to lower-case values."""

    source: str
    key: str
    split: str
    title: str
    attributes: dict[str, str]
    picture: bytes | Path | Image.Image

    def open(self) -> Image.Image:
        """The picture as RGB."""
        if isinstance(self.picture, Image.Image):
            return self.picture.convert("RGB")
        source = io.BytesIO(self.picture) if isinstance(self.picture, bytes) else self.picture
        with Image.open(source) as picture:
            return picture.convert("RGB")


def read_rows(directory: Path) -> Iterator[Row]:
    """Rows of the splits ``train`` and ``validation`` of every data set found in ``directory``, in a fixed order."""
    readers = {"fashion": _fashion, "grocery": _grocery, "clothing": _clothing}
    for name, reader in readers.items():
        if (directory / name).is_dir():
            yield from (row for row in reader(directory / name) if row.split in ("train", "validation"))
        else:
            _log.warning("no folder %s in %s: training goes on without it", name, directory)


def rendered_rows(seed: int, count: int) -> Iterator[Row]:
    """``count`` pictures of the project's own renderer; all of them are for training."""
    from shelfsight.catalog.demo import render_catalogue

    for item in render_catalogue(seed, count):
        values = {
            "type": canonical_type(item.kind),
            "colour": item.colour,
            "pattern": item.pattern,
        }
        yield Row("rendered", item.id, "train", item.title, _known(values), item.picture)


def _fashion(folder: Path) -> Iterator[Row]:
    for row in _parquet(folder):
        values = {
            "type": canonical_type(row["article_type"]),
            "colour": row["colour"],
            "gender": row["gender"],
            "usage": row["usage"],
            "brand": brand_of(row["title"]),
        }
        yield Row("fashion", row["id"], row["split"], row["title"], _known(values), row["image"])


def _grocery(folder: Path) -> Iterator[Row]:
    for row in _parquet(folder):
        values = {"type": row["product"], "kind": row["kind"]}
        yield Row("grocery", row["id"], row["split"], row["title"], _known(values), row["image"])


def _clothing(folder: Path) -> Iterator[Row]:
    with (folder / "catalog.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            values = {"type": canonical_type(row["label"])}
            yield Row("clothing", row["id"], row["split"], "", _known(values), folder / row["image"])


def _parquet(folder: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    for part in sorted(folder.glob("part-*.parquet")):
        for batch in pq.ParquetFile(part).iter_batches(batch_size=512):
            yield from batch.to_pylist()


def _known(values: Mapping[str, str | None]) -> dict[str, str]:
    known = {field: plain(value) for field, value in values.items() if value and plain(value) not in _UNKNOWN}
    if "type" in known:
        known.setdefault("kind", kind_of(known["type"]))
    return known
