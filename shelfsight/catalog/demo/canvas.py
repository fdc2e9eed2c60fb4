"""Where shapes become pixels: smooth outlines, poses, antialiased patches and the layer a product is painted on.

A product is drawn in a frame of its own: the origin is its middle, x points right, y down, and one unit is one pixel
of the finished picture at scale 1; most products fit into [-200, 200] both ways. A `Pose` places that frame in the
picture. Outlines are rasterised at three times the size and averaged; light and cloth are computed at picture size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIZE = 512
OVERSAMPLE = 3

Floats = NDArray[np.floating[Any]]
Knot = tuple[float, float] | tuple[float, float, int]
Window = tuple[slice, slice]


def curve(knots: Sequence[Knot], *, closed: bool = True, steps: int = 10) -> Floats:
    """A Catmull-Rom spline through `knots` as points (n, 2); a knot with a third value is a sharp corner."""
    points: list[tuple[float, float]] = []
    for knot in knots:
        points.extend([(knot[0], knot[1])] * (2 if len(knot) == 3 else 1))
    array = np.asarray(points, dtype=np.float32)
    ends = (array[-1:], array[:2]) if closed else (array[:1], array[-1:])
    ring = np.concatenate([ends[0], array, ends[1]])
    before, start, end, after = ring[:-3], ring[1:-2], ring[2:-1], ring[3:]
    real = np.any(start != end, axis=1)
    before, start, end, after = before[real], start[real], end[real], after[real]
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    p0, p1, p2, p3 = before[:, None], start[:, None], end[:, None], after[:, None]
    spline = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    flat = spline.reshape(-1, 2).astype(np.float32)
    return flat if closed else np.concatenate([flat, array[-1:]])


def mirrored(half: Sequence[Knot]) -> list[Knot]:
    """A left-right symmetric outline from its right half, which runs from the top to the bottom."""
    left: list[Knot] = [(-k[0], k[1], 1) if len(k) == 3 else (-k[0], k[1]) for k in reversed(half) if k[0] != 0]
    return [*half, *left]


def shifted(knots: Iterable[Knot], dx: float, dy: float) -> list[Knot]:
    return [(k[0] + dx, k[1] + dy, 1) if len(k) == 3 else (k[0] + dx, k[1] + dy) for k in knots]


def ellipse(x: float, y: float, rx: float, ry: float, *, start: float = 0.0, stop: float = 360.0) -> Floats:
    """Points (n, 2) on an ellipse, or on the arc from `start` to `stop` degrees (0 is right, 90 is down)."""
    angle = np.radians(np.linspace(start, stop, 64, dtype=np.float32))
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1).astype(np.float32)


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Floats:
    """The outline of a rectangle with round corners, points (n, 2)."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    corners = [(x1 - r, y0 + r, -90), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180)]
    return np.concatenate([ellipse(x, y, r, r, start=a, stop=a + 90)[::7] for x, y, a in corners])


def ribbon(points: Floats, width: float, end_width: float | None = None) -> Floats:
    """The outline of a band that follows `points`, `width` wide at its start and `end_width` at its end."""
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    half = np.linspace(width, width if end_width is None else end_width, len(points), dtype=np.float32)[:, None] / 2
    return np.concatenate([points + across * half, (points - across * half)[::-1]]).astype(np.float32)


@dataclass(frozen=True)
class Pose:
    """How the product's frame lies in the picture: `angle` in degrees clockwise, (`dx`, `dy`) its origin in pixels."""

    scale: float = 1.0
    angle: float = 0.0
    dx: float = SIZE / 2
    dy: float = SIZE / 2
    flip: bool = False

    def place(self, points: Floats) -> Floats:
        """Frame coordinates (n, 2) to picture coordinates (n, 2)."""
        c, s = cos(radians(self.angle)) * self.scale, sin(radians(self.angle)) * self.scale
        x = -points[:, 0] if self.flip else points[:, 0]
        y = points[:, 1]
        return np.stack([c * x - s * y + self.dx, s * x + c * y + self.dy], axis=1).astype(np.float32)

    def frame(self, window: Window) -> tuple[Floats, Floats]:
        """The frame coordinates (u, v), each (h, w), of the pixels in `window`."""
        rows, columns = window
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + (0.5 - self.dy)
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + (0.5 - self.dx)
        c, s = cos(radians(self.angle)) / self.scale, sin(radians(self.angle)) / self.scale
        u, v = c * x + s * y, c * y - s * x
        return (-u if self.flip else u), v


@dataclass(frozen=True)
class Patch:
    """A piece of the picture: `cover` (h, w) in [0, 1], its top left pixel at (`top`, `left`)."""

    top: int
    left: int
    cover: Floats

    @property
    def window(self) -> Window:
        height, width = self.cover.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def grown(self, margin: int) -> "Patch":
        """The same patch with room around it, as far as the picture goes."""
        top, left = max(0, self.top - margin), max(0, self.left - margin)
        height, width = self.cover.shape
        bottom, right = min(SIZE, self.top + height + margin), min(SIZE, self.left + width + margin)
        cover = np.zeros((bottom - top, right - left), np.float32)
        cover[self.top - top : self.top - top + height, self.left - left : self.left - left + width] = self.cover
        return Patch(top, left, cover)

    def within(self, other: "Patch") -> "Patch":
        """This patch where `other` covers it."""
        whole = np.zeros((SIZE, SIZE), np.float32)
        whole[other.window] = other.cover
        return Patch(self.top, self.left, self.cover * whole[self.window])


def rasterise(outlines: Sequence[Floats], holes: Sequence[Floats] = ()) -> Patch:
    """The patch that closed `outlines` cover, in picture coordinates, without `holes`."""
    every = np.concatenate(list(outlines))
    left, top = np.clip(np.floor(every.min(axis=0)) - 1, 0, SIZE - 1).astype(int)
    right, bottom = np.clip(np.ceil(every.max(axis=0)) + 2, (left + 1, top + 1), SIZE).astype(int)
    image = Image.new("L", (int(right - left) * OVERSAMPLE, int(bottom - top) * OVERSAMPLE))
    draw = ImageDraw.Draw(image)
    origin = np.asarray([left, top], np.float32)
    for shapes, value in ((outlines, 255), (holes, 0)):
        for shape in shapes:
            draw.polygon(((shape - origin) * OVERSAMPLE).ravel().tolist(), fill=value)
    cover = np.asarray(image.reduce(OVERSAMPLE), np.float32) / 255
    return Patch(int(top), int(left), cover)


@dataclass
class Layer:
    """What has been painted so far: `rgb` (SIZE, SIZE, 3), premultiplied by `alpha` (SIZE, SIZE), both in [0, 1].

    `body` is the part of it that has the colour the catalogue names.
    """

    rgb: Floats = field(default_factory=lambda: np.zeros((SIZE, SIZE, 3), np.float32))
    alpha: Floats = field(default_factory=lambda: np.zeros((SIZE, SIZE), np.float32))
    body: Floats = field(default_factory=lambda: np.zeros((SIZE, SIZE), np.float32))

    def paint(self, patch: Patch, colour: Floats, *, opacity: float = 1.0, body: bool | None = None) -> None:
        """Lay `colour`, (3,) or (h, w, 3), over what is there; `body` None leaves the body as it was."""
        window = patch.window
        cover = patch.cover * np.float32(opacity)
        keep = 1 - cover
        self.rgb[window] = self.rgb[window] * keep[..., None] + colour * cover[..., None]
        self.alpha[window] = self.alpha[window] * keep + cover
        if body is not None:
            self.body[window] = self.body[window] * keep + (cover if body else 0)

    def over(self, background: Floats) -> Floats:
        """This layer in front of `background` (SIZE, SIZE, 3)."""
        return self.rgb + background * (1 - self.alpha[..., None])

    def moved(self, down: int, right: int) -> "Layer":
        """The same painting elsewhere in the picture."""
        return Layer(*(np.roll(plane, (down, right), (0, 1)) for plane in (self.rgb, self.alpha, self.body)))

    def middle(self) -> tuple[float, float]:
        """The middle (y, x) of what has been painted."""
        rows, columns = (np.flatnonzero(self.alpha.max(axis=axis) > 0.5) for axis in (1, 0))
        return (float(rows[0]) + float(rows[-1])) / 2, (float(columns[0]) + float(columns[-1])) / 2
