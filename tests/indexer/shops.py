"""Small catalogues of real picture files, and an encoder whose vectors can be computed by hand."""

import io
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from shelfsight.core.errors import CatalogueError
from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.settings import IndexSettings, Settings
from shelfsight.core.types import Failure, Item, Picture, Value
from shelfsight.core.vectors import FloatArray, normalise

SIDE = 4
SPEC = EncoderSpec(name="patches", revision="1", fingerprint="1", dimension=3 * SIDE * SIDE, image_size=SIDE)


def settings(**index: Any) -> Settings:
    return Settings(index=IndexSettings(**({"batch_size": 8, "commit_items": 10, "commit_seconds": 600} | index)))


class PatchEncoder:
    """A picture is its colours on a 4 x 4 grid. Remembers how many pictures a call had, and on which threads it ran."""

    spec = SPEC

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.threads: set[str] = set()

    def prepare(self, picture: Image.Image) -> npt.NDArray[Any]:
        self.threads.add(threading.current_thread().name)
        return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX)).transpose(2, 0, 1)

    def encode_pixels(self, pixels_bchw: npt.NDArray[Any]) -> FloatArray:
        self.batches.append(len(pixels_bchw))
        return normalise(pixels_bchw.reshape(len(pixels_bchw), -1).astype(np.float32) + 1)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        raise AssertionError(f"the write path encodes no texts: {texts}")


def vector_of(data: bytes) -> FloatArray:
    """What :class:`PatchEncoder` makes of a picture, one at a time."""
    encoder = PatchEncoder()
    return encoder.encode_pixels(encoder.prepare(Image.open(io.BytesIO(data)).convert("RGB"))[None])[0]


def picture_bytes(seed: int, size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    """A picture of coarse noise; PNG is exact, so a vector can be compared exactly."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(buffer, kind)
    return buffer.getvalue()


class Shop:
    """A catalogue that tests change between jobs. Rows are read in order; ``break_after`` cuts the reading short."""

    name = "shop"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[Item | Failure] = []
        self.break_after: int | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __iter__(self) -> Iterator[Item | Failure]:
        for number, row in enumerate(self.rows):
            if number == self.break_after:
                raise CatalogueError(f"shop.csv breaks off after row {number}")
            yield row

    def count(self) -> int | None:
        return len(self.rows)

    def file(self, name: str, seed: int) -> Picture:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes(seed))
        return Picture(name=name, path=path)

    def add(self, id: str, *pictures: Picture, title: str | None = None, **metadata: Value) -> Item:
        item = Item(id=id, pictures=pictures, title=title, metadata=metadata, place=f"shop.csv:{len(self.rows) + 2}")
        self.rows.append(item)
        return item

    def fill(self, count: int, *, start: int = 0) -> None:
        """Items ``000`` ... with one to three pictures each: (n mod 3) + 1."""
        for number in range(start, start + count):
            pictures = [self.file(f"{number:03}-{each}.png", 10 * number + each) for each in range(number % 3 + 1)]
            self.add(f"{number:03}", *pictures, title=f"Thing {number}", price=number)

    def replace(self, index: int, **changes: Any) -> None:
        """Row ``index`` with other fields."""
        row = self.rows[index]
        assert isinstance(row, Item)
        fields: Mapping[str, Any] = {name: getattr(row, name) for name in Item.__dataclass_fields__}
        self.rows[index] = Item(**{**fields, **changes})


def python_path() -> str:
    """For children that import what this process can import."""
    import os

    return os.pathsep.join(filter(None, sys.path))
