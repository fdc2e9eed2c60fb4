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
from torch.nn import functional

from shelfsight.training.data import Row

__all__ = ["draw_view", "fit_square", "store_pictures", "to_network"]

_log = logging.getLogger(__name__)

_SHARP_SIDE = 160
"""A source whose long side has at least this many pixels can be blurred to look like a thumbnail."""


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


def draw_view(pixels: Tensor, sharp: np.ndarray, random: np.random.Generator) -> Tensor:
    """A randomly changed copy of ``pixels [b, 3, h, w]``: mirrored, moved, scaled, brightened; large sources blurred.

    Hue is left alone, since colour words are part of what is learnt.
    """
    count = len(pixels)
    pixels = _blur_some(pixels, sharp & (random.random(count) < 0.5), random)
    scale = random.uniform(0.8, 1.1, count)
    mirror = np.where(random.random(count) < 0.5, -1.0, 1.0)
    matrix = np.zeros((count, 2, 3), dtype=np.float32)
    matrix[:, 0, 0] = scale * mirror * random.uniform(0.93, 1.07, count)
    matrix[:, 1, 1] = scale
    matrix[:, :, 2] = random.uniform(-0.08, 0.08, (count, 2))
    grid = functional.affine_grid(torch.from_numpy(matrix), list(pixels.shape), align_corners=False)
    moved = functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    gain = torch.from_numpy(random.uniform(0.88, 1.1, (count, 1, 1, 1)).astype(np.float32))
    moved = ((moved + 1.0) * gain - 1.0).clamp_(-1.0, 1.0)
    return moved.contiguous(memory_format=torch.channels_last)


def _blur_some(pixels: Tensor, chosen: np.ndarray, random: np.random.Generator) -> Tensor:
    if not chosen.any():
        return pixels
    index = torch.from_numpy(np.flatnonzero(chosen))
    side = pixels.shape[-1]
    small = functional.interpolate(pixels[index], size=int(random.integers(56, 112)), mode="bilinear", antialias=True)
    pixels = pixels.clone()
    pixels[index] = functional.interpolate(small, size=side, mode="bicubic").clamp_(-1.0, 1.0)
    return pixels


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk
