"""A decoded picture to the network's input: the picture steps of the model's own evaluation transform."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL.Image import Image, Resampling

__all__ = ["Prepare"]


class Prepare:
    """OpenCLIP's evaluation transform of one model up to the bytes, bit for bit, safe and quick in many threads.

    Resizing and cropping are the library's own steps on PIL pictures. Its last two, scaling to [0, 1] and
    standardising, are the runtime's: bytes are a quarter of the floats to hold and to copy, and no torch
    thread pool wakes in every decode thread.

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
        *self._steps, _, _ = image_transform_v2(configuration, is_train=False).transforms

    def __call__(self, picture: Image) -> npt.NDArray[np.uint8]:
        """One RGB picture of any size to (3, h, w) uint8."""
        width, height = picture.size
        if max(width, height) > self._side * min(width, height):
            picture = picture.resize((self._side, 1) if width > height else (1, self._side), Resampling.BOX)
        for step in self._steps:
            picture = step(picture)
        return np.array(np.asarray(picture).transpose(2, 0, 1), order="C")
