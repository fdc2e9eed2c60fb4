"""An encoder whose vectors can be computed by hand: a picture is its mean colour, turned round by ``turn``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.vectors import FloatArray, normalise

__all__ = ["TintEncoder"]

_SIDE = 8


class TintEncoder:
    """Pictures and texts as directions in RGB, behind ``turn`` zeros; a text's first word is a colour's name.

    Attributes:
        encoded: pictures that went through it.
    """

    def __init__(self, name: str = "tints", turn: int = 0) -> None:
        self.encoded = 0
        self._turn = turn
        self.spec = EncoderSpec(name=name, revision="1", fingerprint="1", dimension=3 + turn, image_size=_SIDE)

    def prepare(self, picture: Image.Image) -> npt.NDArray[Any]:
        return np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE))).transpose(2, 0, 1)

    def encode_pixels(self, pixels_bchw: npt.NDArray[Any]) -> FloatArray:
        self.encoded += len(pixels_bchw)
        return self._turned(pixels_bchw.mean(axis=(2, 3)) / 255)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return self._turned(np.array([ImageColor.getrgb(text.split()[0]) for text in texts]) / 255)

    def _turned(self, colours: npt.NDArray[Any]) -> FloatArray:
        return normalise(np.concatenate([np.zeros((len(colours), self._turn)), colours + 1e-6], axis=1))
