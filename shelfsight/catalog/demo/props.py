"""The things that stand around in a cluttered picture; out of focus, so silhouettes with a little light are enough."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Prop = Callable[[ImageDraw.ImageDraw, float, float, float, np.random.Generator], None]

PALETTE: tuple[Colour, ...] = (
    (182, 160, 134), (120, 132, 122), (206, 196, 182), (92, 104, 118), (164, 118, 92), (226, 220, 208), (74, 78, 76),
    (190, 168, 120), (150, 160, 168), (132, 96, 78),
)  # fmt: skip
GREENS: tuple[Colour, ...] = ((72, 104, 66), (96, 128, 84), (58, 86, 62))


def _pick(rng: np.random.Generator, palette: tuple[Colour, ...] = PALETTE) -> Colour:
    r, g, b = palette[int(rng.integers(len(palette)))]
    return r, g, b


def _tone(colour: Colour, factor: float) -> Colour:
    r, g, b = (min(255, int(c * factor)) for c in colour)
    return r, g, b


def books(draw: ImageDraw.ImageDraw, x: float, base: float, size: float, rng: np.random.Generator) -> None:
    at = x - size * 0.5
    for _ in range(int(rng.integers(3, 7))):
        width, height = size * rng.uniform(0.10, 0.2), size * rng.uniform(0.7, 1.05)
        colour = _pick(rng)
        draw.rectangle((at, base - height, at + width, base), fill=colour)
        draw.rectangle((at, base - height, at + width * 0.25, base), fill=_tone(colour, 1.15))
        draw.rectangle((at, base - height * 0.8, at + width, base - height * 0.72), fill=_tone(colour, 0.7))
        at += width + 0.5


def vase(draw: ImageDraw.ImageDraw, x: float, base: float, size: float, rng: np.random.Generator) -> None:
    colour, w = _pick(rng), size * 0.24
    draw.rectangle((x - w * 0.4, base - size * 0.8, x + w * 0.4, base - size * 0.4), fill=colour)
    draw.ellipse((x - w, base - size * 0.55, x + w, base), fill=colour)
    draw.ellipse((x - w * 0.7, base - size * 0.5, x - w * 0.1, base - size * 0.15), fill=_tone(colour, 1.2))


def plant(draw: ImageDraw.ImageDraw, x: float, base: float, size: float, rng: np.random.Generator) -> None:
    for _ in range(14):
        angle, reach = rng.uniform(-1.3, 1.3), size * rng.uniform(0.45, 0.85)
        tip = x + np.sin(angle) * reach, base - size * 0.35 - np.cos(angle) * reach
        draw.line((x, base - size * 0.3, *tip), fill=_pick(rng, GREENS), width=max(2, int(size * 0.09)))
        r = size * 0.09
        draw.ellipse((tip[0] - r, tip[1] - r, tip[0] + r, tip[1] + r), fill=_pick(rng, GREENS))
    pot, w = _pick(rng), size * 0.24
    draw.polygon(
        [(x - w, base - size * 0.4), (x + w, base - size * 0.4), (x + w * 0.75, base), (x - w * 0.75, base)], fill=pot
    )


def frame(draw: ImageDraw.ImageDraw, x: float, base: float, size: float, rng: np.random.Generator) -> None:
    w, h = size * rng.uniform(0.3, 0.5), size * rng.uniform(0.7, 1.0)
    draw.rectangle((x - w, base - h, x + w, base), fill=_tone(_pick(rng), 0.6))
    edge = size * 0.07
    draw.rectangle((x - w + edge, base - h + edge, x + w - edge, base - edge), fill=(232, 228, 220))
    draw.ellipse((x - w * 0.4, base - h * 0.7, x + w * 0.4, base - h * 0.3), fill=_pick(rng))


def box(draw: ImageDraw.ImageDraw, x: float, base: float, size: float, rng: np.random.Generator) -> None:
    colour, w, h = _pick(rng), size * rng.uniform(0.3, 0.45), size * rng.uniform(0.4, 0.6)
    draw.rectangle((x - w, base - h, x + w, base), fill=colour)
    draw.rectangle((x - w * 1.05, base - h, x + w * 1.05, base - h * 0.78), fill=_tone(colour, 1.12))


def candle(draw: ImageDraw.ImageDraw, x: float, base: float, size: float, rng: np.random.Generator) -> None:
    w, h = size * 0.13, size * rng.uniform(0.35, 0.7)
    draw.rectangle((x - w, base - h, x + w, base), fill=_tone(_pick(rng), 1.2))
    draw.ellipse((x - w * 0.4, base - h - w * 1.4, x + w * 0.4, base - h), fill=(255, 224, 150))


def basket(draw: ImageDraw.ImageDraw, x: float, base: float, size: float, rng: np.random.Generator) -> None:
    w, h = size * 0.42, size * 0.5
    draw.polygon([(x - w, base - h), (x + w, base - h), (x + w * 0.8, base), (x - w * 0.8, base)], fill=(170, 132, 90))
    for k in range(4):
        y = base - h * (k + 0.5) / 4
        draw.line((x - w, y, x + w, y), fill=(140, 104, 68), width=2)
    draw.ellipse((x - w, base - h * 1.2, x + w, base - h * 0.8), fill=_pick(rng))


UPRIGHT: tuple[Prop, ...] = (books, vase, plant, frame, box, candle, basket)


def stand(image: Image.Image, base: float, size: float, count: int, rng: np.random.Generator) -> None:
    """Props in a row on a line at `base`, over the width of `image`."""
    draw = ImageDraw.Draw(image)
    for place in np.linspace(0.06, 0.94, count):
        x = (place + rng.uniform(-0.05, 0.05)) * image.width
        UPRIGHT[int(rng.integers(len(UPRIGHT)))](draw, x, base + rng.uniform(-2, 2), size * rng.uniform(0.7, 1.15), rng)


def lie(image: Image.Image, rng: np.random.Generator) -> None:
    """Small things near the corners of a flat lay, seen from above: leaves, cards, a cup, a notebook."""
    draw = ImageDraw.Draw(image)
    width = image.width
    for cx, cy in ((0.08, 0.1), (0.92, 0.1), (0.08, 0.9), (0.92, 0.9)):
        x, y = (cx + rng.uniform(-0.04, 0.04)) * width, (cy + rng.uniform(-0.06, 0.06)) * width
        FLAT[int(rng.integers(len(FLAT)))](draw, x, y, width * rng.uniform(0.14, 0.2), rng)


def _leaves(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    start = rng.uniform(0, 6.28)
    for k in range(7):
        angle = start + k * 0.32
        for t in (0.4, 0.6, 0.8, 1.0):
            px, py, r = x + np.cos(angle) * size * t, y + np.sin(angle) * size * t, size * 0.09
            draw.ellipse((px - r, py - r, px + r, py + r), fill=_pick(rng, GREENS))


def _card(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    turn = rng.uniform(-0.5, 0.5)
    corners = np.asarray([(-0.7, -0.9), (0.7, -0.9), (0.7, 0.9), (-0.7, 0.9)]) * size * 0.7
    spin = np.asarray([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    colour = _pick(rng)
    draw.polygon([(x + px + 3, y + py + 4) for px, py in corners @ spin.T], fill=(70, 60, 52))
    draw.polygon([(x + px, y + py) for px, py in corners @ spin.T], fill=colour)
    draw.polygon([(x + px * 0.8, y + py * 0.8) for px, py in corners @ spin.T], fill=_tone(colour, 1.12))


def _cup(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    for scale, colour in ((0.8, (222, 216, 206)), (0.52, _pick(rng)), (0.42, (84, 54, 36))):
        r = size * scale
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _blossom(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    petals = _tone(_pick(rng), 1.2)
    for angle in np.linspace(0, 2 * np.pi, 9)[:-1]:
        px, py, r = x + np.cos(angle) * size * 0.4, y + np.sin(angle) * size * 0.4, size * 0.22
        draw.ellipse((px - r, py - r, px + r, py + r), fill=petals)
    draw.ellipse((x - size * 0.2, y - size * 0.2, x + size * 0.2, y + size * 0.2), fill=(196, 156, 84))


def _pebbles(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    for _ in range(7):
        px, py = x + rng.uniform(-0.7, 0.7) * size, y + rng.uniform(-0.7, 0.7) * size
        rx, ry = size * rng.uniform(0.12, 0.24), size * rng.uniform(0.1, 0.18)
        draw.ellipse((px - rx + 2, py - ry + 3, px + rx + 2, py + ry + 3), fill=(84, 76, 70))
        draw.ellipse((px - rx, py - ry, px + rx, py + ry), fill=_pick(rng))


FLAT: tuple[Prop, ...] = (_leaves, _card, _cup, _blossom, _pebbles)
