"""An encoder whose vectors can be computed by hand: a picture is its mean colour, a text the colours it names."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.vectors import FloatArray, normalise

_COLOURS = {
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "yellow": (1.0, 1.0, 0.0),
    "white": (1.0, 1.0, 1.0),
}
_SIDE = 8


class ColourEncoder:
    """Pictures and texts as (d = 3) directions in RGB; a text that names no colour is white."""

    def __init__(self) -> None:
        self.texts_seen: list[str] = []

    @property
    def spec(self) -> EncoderSpec:
        return EncoderSpec(name="colours", revision="1", fingerprint="1", dimension=3, image_size=_SIDE)

    def prepare(self, picture: Image) -> npt.NDArray[Any]:
        return np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE))).transpose(2, 0, 1)

    def encode_pixels(self, pixels_bchw: npt.NDArray[Any]) -> FloatArray:
        return normalise(pixels_bchw.mean(axis=(2, 3)) / 255 + 1e-6)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        self.texts_seen.extend(texts)
        return normalise(np.array([_colour(text) for text in texts]))


def _colour(text: str) -> npt.NDArray[np.float64]:
    named = [_COLOURS[word] for word in text.lower().split() if word in _COLOURS]
    return np.sum(named or [_COLOURS["white"]], axis=0)
