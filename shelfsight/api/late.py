"""An encoder that could not be had when it was first wanted: it is tried again at each text or picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.protocols import Encoder, EncoderSpec
from shelfsight.core.vectors import FloatArray

__all__ = ["LateEncoder"]


@dataclass(frozen=True, slots=True)
class LateEncoder:
    """Lets a collection be browsed, and asked by the vectors it has, without its encoder.

    Attributes:
        spec: what the collection was built with.
        open: gives the encoder, or raises why not.
    """

    spec: EncoderSpec
    open: Callable[[], Encoder]

    def prepare(self, picture: Image) -> npt.NDArray[np.uint8]:
        return self.open().prepare(picture)

    def encode_pixels(self, pixels_bchw: npt.NDArray[np.uint8]) -> FloatArray:
        return self.open().encode_pixels(pixels_bchw)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return self.open().encode_texts(texts)
