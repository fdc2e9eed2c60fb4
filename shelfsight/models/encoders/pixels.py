"""A decoded picture to the network's input: the model's own evaluation transform, without torch in the way."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL.Image import Image, Resampling

from shelfsight.core.vectors import FloatArray

__all__ = ["Prepare"]


class Prepare:
    """OpenCLIP's evaluation transform of one model, bit for bit, safe and quick in many threads.

    Resizing and cropping are the library's own steps on PIL pictures. Scaling to [0, 1] and standardising
    depend on the byte value and the channel alone, so both are one look-up in a table that torch filled:
    no float copies, no torch thread pool in every decode thread.

    A picture that is longer than its width times the input's side is first made one pixel wide and as long as that
    side: the library's steps would round its width to nothing, or scale it to gigabytes.
    """

    def __init__(self, preprocess: Mapping[str, Any]) -> None:
        """
        Args:
            preprocess: OpenCLIP's preprocessing configuration (size, mean, std, interpolation, resize_mode, ...).
        """
        from open_clip.transform import PreprocessCfg, image_transform_v2

        configuration = PreprocessCfg(**preprocess)
        size = configuration.size
        self._side = size if isinstance(size, int) else min(size)
        steps = image_transform_v2(configuration, is_train=False).transforms
        *self._on_pictures, to_tensor, standardise = steps
        self._tables = _tables(lambda picture: standardise(to_tensor(picture)).numpy())

    def __call__(self, picture: Image) -> FloatArray:
        """One RGB picture of any size to (3, h, w) float32."""
        width, height = picture.size
        if max(width, height) > self._side * min(width, height):
            picture = picture.resize((self._side, 1) if width > height else (1, self._side), Resampling.BOX)
        for step in self._on_pictures:
            picture = step(picture)
        pixels = np.asarray(picture)
        out = np.empty((3, *pixels.shape[:2]), dtype=np.float32)
        for channel, table in enumerate(self._tables):
            np.take(table, pixels[..., channel], out=out[channel], mode="clip")
        return out


def _tables(transform: Callable[[Any], FloatArray]) -> FloatArray:
    """(3, 256): what the transform makes of every byte value in every channel."""
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (1, 256, 3))
    return transform(np.ascontiguousarray(ramp))[:, 0, :].copy()
