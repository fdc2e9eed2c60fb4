"""Where in the network's input a picture lies, and where in a picture a grid over that input points to."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray

__all__ = ["cells_of", "over_picture", "picture_in_input"]

_CELLS = 24
Span = tuple[float, float]


def picture_in_input(size: tuple[int, int], sides: tuple[int, int], resize_mode: str) -> tuple[Span, Span]:
    """Top and bottom, and left and right edge of the whole picture in the input, in pixels: beyond it where the picture
    is cropped, inside where it is padded. As OpenCLIP's evaluation transform resizes, to half a pixel.

    Args:
        size: width and height of the picture.
        sides: height and width of the input.
        resize_mode: ``longest`` (padded), ``shortest`` (cropped), or ``squash``.
    """
    ratios = (size[1] / sides[0], size[0] / sides[1])
    if resize_mode == "squash":
        return (0.0, float(sides[0])), (0.0, float(sides[1]))
    scale = 1 / (max(ratios) if resize_mode == "longest" else min(ratios))
    top, left = ((side - length * scale) / 2 for side, length in zip(sides, (size[1], size[0]), strict=True))
    return (top, sides[0] - top), (left, sides[1] - left)


def over_picture(
    grid_nhw: FloatArray,
    size: tuple[int, int],
    sides: tuple[int, int],
    preprocess: Mapping[str, Any],
    *,
    drift: tuple[float, float] = (0.0, 0.0),
) -> FloatArray:
    """Grids over the network's input to grids over the picture.

    Args:
        grid_nhw: (n, rows, columns) float32 over the whole input.
        size: width and height of the picture.
        sides: height and width of the input.
        preprocess: OpenCLIP's preprocessing configuration.
        drift: how far below and to the right of where a thing is it appears in the grid, in cells.

    Returns:
        (n, h, w) float32, the longer of h and w 24, interpolated. A part of the picture that is cropped away has the
        least value of those that are seen.
    """
    spans = picture_in_input(_squeezed(size, sides), sides, preprocess.get("resize_mode") or "shortest")
    cells = [max(1, round(_CELLS * length / max(size))) for length in (size[1], size[0])]
    (y, y_seen), (x, x_seen) = (
        _places(cells[axis], spans[axis], sides[axis], grid_nhw.shape[axis + 1], drift[axis]) for axis in (0, 1)
    )
    heat = _between(_between(grid_nhw, y, 1), x, 2)
    seen = y_seen[:, None] & x_seen
    least = heat[:, seen].min(axis=1) if seen.any() else heat.min(axis=(1, 2))
    return np.where(seen, heat, least[:, None, None]).astype(np.float32)


def _squeezed(size: tuple[int, int], sides: tuple[int, int]) -> tuple[int, int]:
    """What :class:`~shelfsight.models.encoders.pixels.Prepare` makes of a picture that is hardly wider than nothing."""
    width, height = size
    if max(size) <= min(sides) * min(size):
        return size
    return (min(sides), 1) if width > height else (1, min(sides))


def _places(
    count: int, span: Span, side: int, cells: int, drift: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The middles of ``count`` cells over ``span``, counted in cells of a grid over the input, and which of them lie
    in it."""
    pixels = span[0] + (np.arange(count) + 0.5) / count * (span[1] - span[0])
    places = cells_of(pixels, side, cells) + drift
    return np.clip(places, 0, cells - 1), (pixels >= 0) & (pixels <= side)


def cells_of(pixels: npt.NDArray[np.float64], side: int, cells: int) -> npt.NDArray[np.float64]:
    """Places in an input of ``side`` pixels, counted in cells of a grid of that many over it; 0 is the first's middle.

    Where the grid's cells are spaced by a power of two from the first pixel to the last, they are those of padded
    convolutions, whose first cell looks at the first pixel; otherwise each has its equal share of the input.
    """
    spacing = (side - 1) / (cells - 1) if cells > 1 else 0.0
    padded = spacing >= 1 and np.log2(spacing).is_integer()
    return (pixels - 0.5) / spacing if padded else pixels / side * cells - 0.5


def _between(grids: FloatArray, places: npt.NDArray[np.float64], axis: int) -> FloatArray:
    """Linear interpolation along an axis."""
    below = np.minimum(np.floor(places).astype(int), max(grids.shape[axis] - 2, 0))
    above = np.minimum(below + 1, grids.shape[axis] - 1)
    share = (places - below).reshape([-1 if each == axis else 1 for each in range(grids.ndim)])
    between: FloatArray = np.take(grids, below, axis) * (1 - share) + np.take(grids, above, axis) * share
    return between
