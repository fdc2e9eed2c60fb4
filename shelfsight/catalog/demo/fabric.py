"""What things are made of and printed with: noise, textures by material, patterns by name.

Patterns and textures are functions of the product's own coordinates (u, v), so they turn and shrink with it, and follow
its folds where the caller bends (u, v) first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from shelfsight.catalog.demo.canvas import Floats
from shelfsight.catalog.demo.light import blur

TILE = 512


@cache
def noise(radius: float, seed: int = 0) -> Floats:
    """A tile (TILE, TILE) of noise, mean 0, deviation 1, smooth over `radius` pixels, that repeats without a seam."""
    grain = np.random.default_rng([seed, 77]).standard_normal((TILE, TILE)).astype(np.float32)
    if radius > 0:
        grain = blur(np.tile(grain, (2, 2)), radius)[TILE // 2 : TILE * 3 // 2, TILE // 2 : TILE * 3 // 2]
    values: Floats = (grain - grain.mean()) / grain.std()
    return values


def sample(tile: Floats, x: Floats, y: Floats) -> Floats:
    """`tile` at (x, y), nearest pixel, repeated for ever."""
    values: Floats = tile[np.floor(y).astype(np.int32) & (TILE - 1), np.floor(x).astype(np.int32) & (TILE - 1)]
    return values


def step(edge: float, values: Floats, soft: float = 1.0) -> Floats:
    """0 below `edge`, 1 above, over about `soft`."""
    ramp: Floats = np.clip((values - edge) / np.float32(soft) + np.float32(0.5), 0, 1)
    return ramp


def _cotton(u: Floats, v: Floats) -> Floats:
    return 0.018 * sample(noise(0), u * 1.3, v * 1.3) + 0.012 * sample(noise(2, 1), u * 0.5, v * 2)


def _linen(u: Floats, v: Floats) -> Floats:
    return 0.025 * sample(noise(1), u * 0.25, v * 1.5) + 0.025 * sample(noise(1, 1), u * 1.5, v * 0.25)


def _denim(u: Floats, v: Floats) -> Floats:
    twill = np.sin((u + v * 1.2) * 1.7)
    values: Floats = 0.035 * twill + 0.04 * sample(noise(1), u * 2, v * 0.6) + 0.03 * sample(noise(8, 1), u, v)
    return values


def _knit(u: Floats, v: Floats) -> Floats:
    chevron = np.abs((u / 9) % 1 - 0.5) * 9
    values: Floats = (
        0.10 * np.sin((v + chevron) * 1.15) - 0.09 * (np.abs((u / 9) % 1 - 0.5) > 0.42) + 0.02 * _cotton(u, v)
    )
    return values


def _leather(u: Floats, v: Floats) -> Floats:
    return 0.025 * sample(noise(2), u * 1.5, v * 1.5) + 0.015 * sample(noise(12, 1), u, v)


def _suede(u: Floats, v: Floats) -> Floats:
    return 0.03 * sample(noise(0), u, v) + 0.025 * sample(noise(9, 1), u, v)


def _mesh(u: Floats, v: Floats) -> Floats:
    values: Floats = -0.09 * ((np.sin(u * 1.5) * np.sin(v * 1.5)) > 0.35) + 0.015 * sample(noise(0), u, v)
    return values


def _canvas_weave(u: Floats, v: Floats) -> Floats:
    values: Floats = 0.035 * np.sin(u * 2.1) * np.sin(v * 2.1) + 0.03 * sample(noise(1), u * 1.4, v * 1.4)
    return values


def _wool(u: Floats, v: Floats) -> Floats:
    return 0.04 * sample(noise(1), u, v) + 0.015 * sample(noise(4, 1), u, v)


def _straw(u: Floats, v: Floats) -> Floats:
    values: Floats = 0.10 * np.sin(v * 1.25) * np.sin(u * 0.5 + np.floor(v / 5) * 2.1) + 0.03 * sample(noise(0), u, v)
    return values


def _wood(u: Floats, v: Floats) -> Floats:
    ring = v * 0.35 + 2.2 * sample(noise(16, 2), u * 0.25, v)
    return 0.06 * np.sin(ring) + 0.05 * sample(noise(1, 3), u * 0.08, v * 1.4)


def _smooth(u: Floats, v: Floats) -> Floats:
    return 0.006 * sample(noise(0), u, v)


TEXTURES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "cotton": _cotton, "jersey": _cotton, "viscose": _cotton, "linen": _linen, "denim": _denim, "knit": _knit,
    "leather": _leather, "suede": _suede, "mesh": _mesh, "canvas": _canvas_weave, "nylon": _canvas_weave,
    "wool": _wool, "felt": _wool, "straw": _straw, "wood": _wood, "velvet": _suede, "smooth": _smooth,
}  # fmt: skip


@dataclass(frozen=True)
class Print:
    """A pattern on cloth: its name, base and accent colours (3,), size, direction and the seed of its variety."""

    name: str
    base: Floats
    accent: Floats
    second: Floats
    size: float = 1.0
    turn: bool = False
    seed: int = 0


def _mix(base: Floats, accent: Floats, weight: Floats) -> Floats:
    return base + (accent - base) * weight[..., None]


def _striped(ink: Print, u: Floats, v: Floats) -> Floats:
    along = u if ink.turn else v
    period = (16 + ink.seed % 4 * 5) * ink.size
    duty = (0.30, 0.24, 0.34)[ink.seed // 4 % 3]
    phase = np.abs((along / period) % 1 - 0.5) * period
    return _mix(ink.base, ink.accent, step(period * (1 - duty) / 2, phase))


def _checked(ink: Print, u: Floats, v: Floats) -> Floats:
    period = (26 + ink.seed % 3 * 9) * ink.size
    bands = [step(period * 0.36, np.abs((axis / period) % 1 - 0.5) * period) for axis in (u, v)]
    cloth = _mix(_mix(ink.base, ink.accent, bands[0] * 0.5), ink.accent, bands[1] * 0.5)
    if ink.seed % 2:
        return cloth
    lines = [1 - step(period * 0.03, np.abs((axis / period) % 1 - 0.5) * period) for axis in (u, v)]
    return _mix(cloth, ink.second, np.maximum(*lines) * 0.7)


def _dotted(ink: Print, u: Floats, v: Floats) -> Floats:
    period = (21 + ink.seed % 3 * 7) * ink.size
    row = np.floor(v / period)
    x = ((u / period + 0.5 * (row % 2)) % 1 - 0.5) * period
    y = ((v / period) % 1 - 0.5) * period
    return _mix(ink.base, ink.accent, 1 - step(period * 0.25, np.hypot(x, y)))


def _scatter(u: Floats, v: Floats, period: float, seed: int) -> tuple[Floats, Floats, Floats]:
    """Cells with something in each: offsets (x, y) from its middle, and a random turn in [0, 2 pi), each (h, w)."""
    row = np.floor(v / period)
    shift = u / period + 0.5 * (row % 2)
    column = np.floor(shift)
    lots = np.random.default_rng([seed, 5]).random((3, 32, 32), dtype=np.float32)
    cell = row.astype(np.int32) & 31, column.astype(np.int32) & 31
    x = (shift - column - 0.5 - (lots[0][cell] - 0.5) * 0.34) * period
    y = (v / period - row - 0.5 - (lots[1][cell] - 0.5) * 0.34) * period
    return x, y, lots[2][cell] * np.float32(2 * np.pi)


def _floral(ink: Print, u: Floats, v: Floats) -> Floats:
    period = (38 + ink.seed % 3 * 10) * ink.size
    x, y, turn = _scatter(u + period * 0.5, v + period * 0.45, period, ink.seed + 1)
    c, s = np.cos(turn), np.sin(turn)
    leaf = np.hypot((c * x + s * y) / 2.6, c * y - s * x)
    green = np.asarray([0.25, 0.42, 0.24], np.float32)
    cloth = _mix(ink.base, green, (1 - step(period * 0.075, leaf)) * 0.85)
    x, y, turn = _scatter(u, v, period, ink.seed)
    radius, angle = np.hypot(x, y), np.arctan2(y, x) + turn
    edge = period * (0.25 + 0.11 * np.cos(5 * angle))
    petals = np.clip(edge - radius + 0.5, 0, 1)
    tone = _mix(ink.accent, ink.second, np.clip(radius / (period * 0.34), 0, 1) ** 2 * 0.55)
    cloth = cloth + (tone - cloth) * petals[..., None]
    heart = np.asarray([0.93, 0.73, 0.22], np.float32)
    return _mix(cloth, heart, 1 - step(period * 0.085, radius))


PATTERNS: dict[str, Callable[[Print, Floats, Floats], Floats]] = {
    "striped": _striped, "checked": _checked, "polka dot": _dotted, "floral": _floral,
}  # fmt: skip


def printed(ink: Print, u: Floats, v: Floats) -> Floats:
    """The cloth's colour (h, w, 3) at product coordinates (u, v)."""
    draw = PATTERNS.get(ink.name)
    return np.broadcast_to(ink.base, (*u.shape, 3)) if draw is None else draw(ink, u, v)
