"""From the heat of a text over a picture to what a page shows: a picture to lay over it, and a box."""

import io
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from shelfsight.core.vectors import FloatArray

__all__ = ["Region", "region"]

_SIDE = 128
_BOX_FROM = 0.35
"""Of the peak. The box that best fits what the demo catalogue says is coloured (a mean overlap, intersection over
union, of 0.67 for kinds and 0.65 for colours), and of two products holds one (98% of its area)."""
_OPAQUE = 180
_SHADES = 16  # so few that a map is some 3 kB
_COOL, _HOT = np.array([255, 225, 0]), np.array([225, 0, 75])

Shares = npt.NDArray[np.float32]


class Region(NamedTuple):
    """Where something is seen.

    Attributes:
        box: (left, top, right, bottom) in shares of the picture's width and height.
        heat_map: PNG with an alpha channel, of the picture's shape, its long side 128 pixels.
    """

    box: tuple[float, float, float, float]
    heat_map: bytes


def region(heat_hw: FloatArray, size: tuple[int, int]) -> Region | None:
    """Where heat is, or ``None`` where it is the same everywhere.

    Args:
        heat_hw: (h, w) float32 over the whole picture; what is below zero speaks against.
        size: width and height of the picture.
    """
    shares = _shares(heat_hw)
    return None if shares is None else Region(_box(shares), _png(shares, size))


def _shares(heat: FloatArray) -> Shares | None:
    """Of the peak, in [0, 1]; where nothing speaks for it, counted from the least."""
    if not np.isfinite(heat).all() or heat.size == 0 or heat.max() <= heat.min():
        return None
    wide = heat.astype(np.float64)  # the least numbers of float32 cannot be divided by in it
    floor = 0.0 if wide.max() > 0 else wide.min()
    shares: Shares = (np.clip(wide - floor, 0, None) / (wide.max() - floor)).astype(np.float32)
    return shares


def _box(shares: Shares) -> tuple[float, float, float, float]:
    """The smallest rectangle around the warm cells that hang together with the hottest one."""
    rows, columns = np.nonzero(_around_peak(shares))
    height, width = shares.shape
    return (
        float(columns.min() / width),
        float(rows.min() / height),
        float((columns.max() + 1) / width),
        float((rows.max() + 1) / height),
    )


def _around_peak(shares: Shares) -> npt.NDArray[np.bool_]:
    """Grown from the peak by its neighbours above, below and beside until none of them is warm."""
    warm = shares >= _BOX_FROM
    found = np.zeros_like(warm)
    found[np.unravel_index(shares.argmax(), shares.shape)] = True
    while True:
        grown = found.copy()
        grown[1:] |= found[:-1]
        grown[:-1] |= found[1:]
        grown[:, 1:] |= found[:, :-1]
        grown[:, :-1] |= found[:, 1:]
        grown &= warm
        if (grown == found).all():
            return found
        found = grown


def _png(shares: Shares, size: tuple[int, int]) -> bytes:
    """From yellow to red, the colder the more transparent: seen on dark pictures and on light ones."""
    width, height = (max(1, round(_SIDE * side / max(size))) for side in size)
    smooth = Image.fromarray(shares).resize((width, height), Image.Resampling.BICUBIC)
    steps = np.rint(np.clip(np.asarray(smooth), 0, 1) * _SHADES)[..., None] / _SHADES
    pixels = np.concatenate([_COOL + steps * (_HOT - _COOL), steps * _OPAQUE], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(np.where(steps > 0, pixels, 0).astype(np.uint8), "RGBA").save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
