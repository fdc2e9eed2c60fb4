"""Pictures as the encoder sees them, kept on disk, and the views that are drawn from them."""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from shelfsight.training.data import Row

__all__ = ["draw_views", "fit_square", "store_pictures", "to_network"]

_log = logging.getLogger(__name__)

_SHARP_SIDE = 160
"""A source whose long side has at least this many pixels can be blurred to look like a thumbnail."""

_LOG_SCALES = (-0.3, 0.18)
"""Natural logarithms of how much of the picture is shown, by length: from three quarters to a fifth more than all."""


def fit_square(picture: Image.Image, side: int) -> np.ndarray:
    """``uint8 [side, side, 3]``: scaled bicubically until the long side fits, centred on white.

    The same as OpenCLIP's ``resize_mode="longest"`` with ``fill_color=255``.
    """
    ratio = max(picture.size) / side
    width, height = (max(1, round(length / ratio)) for length in picture.size)
    canvas = Image.new("RGB", (side, side), (255, 255, 255))
    scaled = picture.resize((width, height), Image.Resampling.BICUBIC)
    canvas.paste(scaled, ((side - width) // 2, (side - height) // 2))
    return np.asarray(canvas)


def store_pictures(
    rows: Iterable[Row], count: int, path: Path, *, side: int, threads: int
) -> tuple[list[Row], np.ndarray]:
    """Decode every row's picture once into ``path`` (``uint8 [count, side, side, 3]``).

    Returns:
        The rows without their pictures, and ``bool [count]``: whether the source was large enough to be blurred.
    """
    stored = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, side, side, 3))
    slim, sharp = [], np.zeros(count, dtype=bool)

    def decode(row: Row) -> tuple[np.ndarray, bool]:
        picture = row.open()
        return fit_square(picture, side), max(picture.size) >= _SHARP_SIDE

    with ThreadPoolExecutor(threads) as pool:
        for start, chunk in enumerate(_chunks(rows, 512)):
            for offset, (row, (pixels, is_sharp)) in enumerate(zip(chunk, pool.map(decode, chunk), strict=True)):
                stored[start * 512 + offset] = pixels
                sharp[start * 512 + offset] = is_sharp
                slim.append(Row(row.source, row.key, row.split, row.title, row.attributes, b""))
    stored.flush()
    _log.info("decoded %d pictures into %s", len(slim), path.name)
    return slim, sharp


def to_network(pixels_bhwc: np.ndarray) -> Tensor:
    """``uint8 [b, h, w, 3]`` to ``float32 [b, 3, h, w]`` in [-1, 1], channels last in memory."""
    return torch.from_numpy(np.array(pixels_bhwc)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def draw_views(pixels: np.ndarray, sharp: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A view of each of ``pixels`` (``uint8 [b, side, side, 3]``); ``sharp`` (``bool [b]``) marks large sources."""
    return np.stack([_draw_view(*each, random) for each in zip(pixels, sharp, strict=True)])


def _draw_view(pixels: np.ndarray, sharp: bool, random: np.random.Generator) -> np.ndarray:
    """A randomly changed copy of ``pixels`` (``uint8 [side, side, 3]``): mirrored, moved, scaled, cropped, put on
    another background where it shrank, brightened; large sources blurred.

    Hue is left alone, since colour words are part of what is learnt.
    """
    picture = Image.fromarray(pixels)
    side = picture.width
    if sharp and random.random() < 0.5:
        picture = _blurred(picture, int(random.integers(side // 3, side * 2 // 3)))
    scale = float(np.exp(random.uniform(*_LOG_SCALES)))
    aspect = float(np.exp(random.uniform(-0.07, 0.07)))
    across = scale * aspect * (1.0 if random.random() < 0.5 else -1.0)
    middle = side / 2
    # The part of the source that is shown moves at most as far as to its border, or a little over.
    room = side * (abs(1.0 - scale) / 2 + 0.05)
    x, y = random.uniform(-room, room, 2)
    matrix = (across, 0.0, middle * (1 - across) + x, 0.0, scale, middle * (1 - scale) + y)
    fill = _background(pixels, random)
    moved = picture.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=fill)
    gain = random.uniform(0.85, 1.12)
    brightened = (np.arange(256) * gain).clip(0, 255).astype(np.uint8)
    view: np.ndarray = brightened[np.asarray(moved)]
    return view


def _background(pixels: np.ndarray, random: np.random.Generator) -> tuple[int, int, int]:
    """The colour of a corner, mostly; else some light grey."""
    if random.random() < 0.7:
        red, green, blue = (int(value) for value in pixels[0, 0])
        return red, green, blue
    grey = int(random.integers(200, 256))
    return grey, grey, grey


def _blurred(picture: Image.Image, side: int) -> Image.Image:
    small = picture.resize((side, side), Image.Resampling.BILINEAR)
    return small.resize(picture.size, Image.Resampling.BICUBIC)


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk
