"""Light: blurs, relief from outlines, shading and shadows.

A product has no three-dimensional model. Its relief is its own outline, blurred until it swells like a cushion, plus
the folds a kind adds; the gradient of that relief gives normals, and a lamp from above one shoulder does the rest.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from PIL import Image, ImageFilter

from shelfsight.catalog.demo.canvas import Floats


@dataclass(frozen=True)
class Lamp:
    """Direction towards the lamp (x right, y down, z to the viewer), what shade keeps, and the light's tint (3,)."""

    x: float
    y: float
    z: float
    ambient: float
    tint: Floats


def framed(values: Floats, top: int, left: int, bottom: int, right: int) -> Floats:
    """`values` (h, w) with that many zeros around it; quicker than `np.pad`, of which a picture needs a hundred."""
    height, width = values.shape
    frame = np.zeros((top + height + bottom, left + width + right), np.float32)
    frame[top : top + height, left : left + width] = values
    return frame


def _box(values: Floats, radius: int) -> Floats:
    """Mean over a (2 * radius + 1)-square; outside the array is zero."""
    width = 2 * radius + 1
    down = np.cumsum(framed(values, radius + 1, 0, radius, 0), axis=0, dtype=np.float32)
    values = (down[width:] - down[:-width]) / np.float32(width)
    along = np.cumsum(framed(values, 0, radius + 1, 0, radius), axis=1, dtype=np.float32)
    return (along[:, width:] - along[:, :-width]) / np.float32(width)


def resize(values: Floats, height: int, width: int) -> Floats:
    """`values` (h, w) at another size: averaged when smaller, bicubic when larger."""
    method = Image.Resampling.BOX if height < values.shape[0] else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(values).resize((width, height), method), np.float32)


def soften(cover: Floats, radius: float) -> Floats:
    """A blur of (h, w) in [0, 1] to 8 bits: enough for shade; the gradient of a relief would show steps."""
    image = Image.fromarray((np.clip(cover, 0, 1) * 255).astype(np.uint8))
    if radius < 5:
        return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255
    soft = image.reduce(3).filter(ImageFilter.GaussianBlur(radius / 3)).resize(image.size, Image.Resampling.BICUBIC)
    return np.asarray(soft, np.float32) / 255


def blur(values: Floats, radius: float) -> Floats:
    """About a Gaussian blur of (h, w) with standard deviation `radius` pixels; large ones on a smaller grid."""
    height, width = values.shape
    factor = max(1, int(radius / 2))
    if factor > 1:
        pad_y, pad_x = -height % factor, -width % factor
        padded = framed(values, 0, 0, pad_y, pad_x)
        small = np.asarray(Image.fromarray(padded).reduce(factor), np.float32)
        soft = blur(small, radius / factor)
        return resize(np.ascontiguousarray(soft), *padded.shape)[:height, :width]
    reach = max(1, round(radius))
    for _ in range(2):
        values = _box(values, reach)
    return values


def dome(cover: Floats, radius: float) -> Floats:
    """A relief in pixels, (h, w): the outline swells over about `radius` pixels from its edge."""
    margin = int(radius) + 2
    padded = framed(cover, margin, margin, margin, margin)
    swell = (blur(padded, radius) + 0.6 * blur(padded, radius / 2.5)) * np.float32(radius * 0.6)
    inner = slice(margin, -margin)
    return swell[inner, inner]


def shading(relief: Floats, lamp: Lamp) -> Floats:
    """Lambert shade (h, w), 1 where the surface faces the viewer."""
    slope_y, slope_x = np.gradient(relief)
    facing = np.maximum(lamp.z - slope_x * lamp.x - slope_y * lamp.y, 0) / np.sqrt(slope_x**2 + slope_y**2 + 1)
    values: Floats = (lamp.ambient + (1 - lamp.ambient) / lamp.z * facing).astype(np.float32)
    return values


def glint(relief: Floats, lamp: Lamp, gloss: float, shine: float) -> Floats:
    """The Blinn-Phong highlight (h, w), as far as it is above that of a surface that faces the viewer."""
    if gloss <= 0:
        return np.zeros_like(relief)
    slope_y, slope_x = np.gradient(relief)
    length = hypot(lamp.x, lamp.y, lamp.z + 1)
    x, y, z = lamp.x / length, lamp.y / length, (lamp.z + 1) / length
    toward = np.maximum(z - slope_x * x - slope_y * y, 0) / np.sqrt(slope_x**2 + slope_y**2 + 1)
    level = z**shine
    values: Floats = (gloss * np.maximum(toward**shine - level, 0) / (1 - level)).astype(np.float32)
    return values


def lit(colour: Floats, shade: Floats, highlight: Floats, lamp: Lamp) -> Floats:
    """`colour` (3,) or (h, w, 3) under that light, (h, w, 3); dark cloth catches a little sheen where it is bright."""
    sheen = np.maximum(shade - 0.75, 0) * 0.09 + highlight
    values: Floats = np.clip(colour * np.minimum(shade, 1.28)[..., None] * lamp.tint + sheen[..., None], 0, 1)
    return values


def wall_shadow(alpha: Floats, lamp: Lamp, strength: float) -> Floats:
    """Shade (SIZE, SIZE) in [0, 1] that a product close before a wall, or lying flat, throws behind itself."""
    near = np.roll(soften(alpha, 5), (round(-lamp.y * 8), round(-lamp.x * 8)), (0, 1))
    far = np.roll(soften(alpha, 16), (round(-lamp.y * 24), round(-lamp.x * 24)), (0, 1))
    return np.clip(strength * (0.5 * near + 0.5 * far), 0, 1)


def floor_shadow(alpha: Floats, strength: float) -> Floats:
    """Shade (SIZE, SIZE) in [0, 1] of a standing product: its outline laid flat about the line it stands on."""
    rows = np.flatnonzero(alpha.max(axis=1) > 0.5)
    if not len(rows):
        return np.zeros_like(alpha)
    base, size = int(rows[-1]), alpha.shape[0]
    flat = resize(np.ascontiguousarray(alpha[rows[0] : base + 1]), max(6, (base - int(rows[0])) // 9), size)
    shadow = np.zeros_like(alpha)
    top = max(0, min(base - flat.shape[0] * 3 // 5, size - flat.shape[0]))
    shadow[top : top + flat.shape[0]] = np.clip(flat, 0, 1)
    floor = slice(max(0, base - 20), min(size, base + 24))
    foot = np.zeros_like(alpha)
    foot[min(base - 2, size - 8) : base + 5] = alpha[max(0, base - 12) : base + 1].max(axis=0)
    shade = 0.55 * soften(shadow, 14) + 0.45 * soften(shadow, 5)
    shade[floor] += np.float32(0.6) * soften(foot[floor], 3)
    values: Floats = np.clip(strength * shade, 0, 0.9)
    return values
