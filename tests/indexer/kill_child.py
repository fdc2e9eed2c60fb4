"""Indexing jobs to be killed: ``python kill_child.py CATALOGUE LOG ENCODER``, told on stdin which collection to index.

Loading the encoder takes seconds, so it is loaded once here and every job runs in a fork of this process, which has no
other threads then. A job says how many items are committed after every batch, and writes the hash of every picture that
goes through the encoder to LOG before it does.
"""

import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy.typing as npt
from PIL.Image import Image

from shelfsight.catalog import open_catalogue
from shelfsight.core.pictures import decode
from shelfsight.core.protocols import Encoder, EncoderSpec
from shelfsight.core.settings import IndexSettings, PictureLimits, Settings
from shelfsight.core.types import Item
from shelfsight.core.vectors import FloatArray
from shelfsight.indexer import index
from shelfsight.models import open_encoder
from shelfsight.stores import create_store, open_store

SETTINGS = Settings(index=IndexSettings(batch_size=8, commit_items=3))


def say(word: str, value: object) -> None:
    """One line in one write, which a kill cannot tear."""
    os.write(sys.stdout.fileno(), f"{word} {value}\n".encode())


@dataclasses.dataclass(frozen=True)
class Logged:
    """An encoder that keeps a log of the pictures that go through it."""

    encoder: Encoder
    log: int

    @property
    def spec(self) -> EncoderSpec:
        return self.encoder.spec

    def prepare(self, picture: Image) -> npt.NDArray[Any]:
        return self.encoder.prepare(picture)

    def encode_pixels(self, pixels_bchw: npt.NDArray[Any]) -> FloatArray:
        os.write(self.log, "".join(f"{pixel_hash(pixels)}\n" for pixels in pixels_bchw).encode())
        return self.encoder.encode_pixels(pixels_bchw)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return self.encoder.encode_texts(texts)


def pixel_hash(pixels: npt.NDArray[Any]) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def hashes(catalogue: Path, encoder: Encoder) -> dict[str, str]:
    """Picture path -> hash of what the encoder is given for it."""
    paths = [picture.path for item in open_catalogue(catalogue) if isinstance(item, Item) for picture in item.pictures]
    size = encoder.spec.image_size
    pictures = {str(path): decode(path.read_bytes(), limits=PictureLimits(), target=size) for path in paths if path}
    return {path: pixel_hash(encoder.prepare(picture)) for path, picture in pictures.items()}


def job(catalogue: Path, log: int, encoder: Encoder, collection: Path) -> None:
    made = (collection / "manifest.json").exists()
    with closing(open_store(collection) if made else create_store(collection, encoder=encoder.spec)) as store:

        def progress(*_: object, **__: object) -> None:
            say("committed", store.manifest.items)

        report = index(
            open_catalogue(catalogue), encoder=Logged(encoder, log), store=store, settings=SETTINGS, progress=progress
        )
    say("report", json.dumps(report.to_json()))


def main() -> None:
    catalogue, log_path, name = sys.argv[1:]
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    encoder = open_encoder(name, device="cpu")
    say("hashes", json.dumps(hashes(Path(catalogue), encoder)))
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            job(Path(catalogue), log, encoder, Path(line.strip()))
            os._exit(0)
        say("pid", pid)
        _, status = os.waitpid(pid, 0)
        say("ended", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
