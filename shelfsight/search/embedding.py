"""Texts and pictures of queries to vectors, in batches."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np
from PIL.Image import Image

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode, read_bytes
from shelfsight.core.protocols import Concurrent, Encoder
from shelfsight.core.settings import Settings
from shelfsight.core.types import Picture
from shelfsight.core.vectors import FloatArray

__all__ = ["QueryEmbedder"]

T = TypeVar("T")

_TEXT_BATCH = 256
_PICTURE_BATCH = 32


class QueryEmbedder:
    """One encoder, shared by the threads that search.

    A lock is held for one forward pass: most encoders promise nothing about being called from two threads,
    and two passes at once would only fight for the same cores. One that is ``Concurrent`` sees to that itself.
    """

    def __init__(self, encoder: Encoder, settings: Settings) -> None:
        self._encoder = encoder
        self._limits = settings.pictures
        concurrent = isinstance(encoder, Concurrent) and encoder.concurrent
        self._encoding: AbstractContextManager[object] = nullcontext() if concurrent else Lock()

    @property
    def dimension(self) -> int:
        return self._encoder.spec.dimension

    def texts(self, texts: Iterable[str]) -> dict[str, FloatArray]:
        """Each distinct text to its (d,) float32 vector of length 1."""
        found: dict[str, FloatArray] = {}
        for batch in _batches(list(dict.fromkeys(texts)), _TEXT_BATCH):
            with self._encoding:
                vectors = self._encoder.encode_texts(batch)
            found.update(zip(batch, vectors, strict=True))
        return found

    def pictures(self, pictures: Sequence[bytes | Path]) -> list[FloatArray]:
        """Pictures, as files or encoded bytes, to (d,) float32 vectors of length 1, in order.

        Raises:
            PictureError: a picture cannot be read or decoded.
        """
        vectors: list[FloatArray] = []
        for batch in _batches(pictures, _PICTURE_BATCH):
            pixels_bchw = np.stack([self._encoder.prepare(self._decode(picture)) for picture in batch])
            with self._encoding:
                vectors.extend(self._encoder.encode_pixels(pixels_bchw))
        return vectors

    def _decode(self, query_picture: bytes | Path) -> Image:
        picture = _as_picture(query_picture)
        try:
            data = read_bytes(picture, self._limits)
            target = (
                self._encoder.spec.image_size or None
            )  # 0: nobody knows, for the encoder could not be opened so far
            return decode(data, limits=self._limits, target=target)
        except PictureError as error:
            message = f"the query's picture {picture.name!r} cannot be used: {error.message}"
            raise PictureError(error.reason, message, hint=error.hint) from error


def _as_picture(picture: bytes | Path) -> Picture:
    if isinstance(picture, bytes):
        return Picture(name="(uploaded)", data=picture)
    return Picture(name=str(picture), path=picture.absolute())


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
