"""Texts and pictures to vectors, as the collection's encoder makes them."""

from collections.abc import Sequence

import numpy as np
from PIL.Image import Image

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode, read_bytes
from shelfsight.core.protocols import Encoder
from shelfsight.core.settings import Settings
from shelfsight.core.texts import check_text
from shelfsight.core.types import Picture
from shelfsight.core.vectors import FloatArray

__all__ = ["embed_pictures", "embed_texts"]

_BATCH = 32


def embed_texts(texts: Sequence[str], encoder: Encoder, settings: Settings) -> FloatArray:
    """n texts to (n, d) float32 of length 1.

    Raises:
        UsageError: a text is too long or no text; its place is named.
    """
    for place, text in enumerate(texts):
        check_text(text, settings.search.max_text, f"text {place}")
    batches = [encoder.encode_texts(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
    return _together(batches, encoder)


def embed_pictures(pictures: Sequence[bytes], encoder: Encoder, settings: Settings) -> FloatArray:
    """n encoded pictures to (n, d) float32 of length 1.

    Raises:
        PictureError: one cannot be used; its place is named.
    """
    batches = []
    for start in range(0, len(pictures), _BATCH):
        batch = enumerate(pictures[start : start + _BATCH], start)
        pixels = [encoder.prepare(_decoded(place, data, encoder, settings)) for place, data in batch]
        batches.append(encoder.encode_pixels(np.stack(pixels)))
    return _together(batches, encoder)


def _decoded(place: int, data: bytes, encoder: Encoder, settings: Settings) -> Image:
    limits = settings.pictures
    try:
        data = read_bytes(Picture(name=f"picture {place}", data=data), limits)
        return decode(data, limits=limits, target=encoder.spec.image_size)
    except PictureError as error:
        raise PictureError(error.reason, f"picture {place} cannot be used: {error.message}", hint=error.hint) from error


def _together(batches: Sequence[FloatArray], encoder: Encoder) -> FloatArray:
    if not batches:
        return np.zeros((0, encoder.spec.dimension), dtype=np.float32)
    return np.concatenate(batches).astype(np.float32, copy=False)
