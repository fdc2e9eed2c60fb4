"""What is behind a product: studio sweeps, and rooms, shelves, tables, streets and wardrobes out of focus.

Every background is (SIZE, SIZE, 3) in [0, 1]. `floor` is the line, in pixels from the top, on which a product stands;
flat lays and hanging products have none.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from shelfsight.catalog.demo import props
from shelfsight.catalog.demo.canvas import SIZE, Floats
from shelfsight.catalog.demo.fabric import TILE, noise, sample

HALF = SIZE // 2
STUDIO = ((250, 250, 250), (255, 255, 255), (244, 243, 240), (236, 238, 241), (240, 235, 228), (232, 228, 222),
          (226, 231, 234), (243, 232, 228), (228, 234, 226))  # fmt: skip
WALLS = (
    (214, 208, 198),
    (196, 202, 204),
    (222, 214, 204),
    (176, 186, 182),
    (206, 196, 186),
    (188, 178, 168),
    (230, 226, 220),
)
WOODS = ((176, 136, 96), (146, 106, 72), (198, 164, 124), (110, 78, 54), (206, 186, 160))


def _choice(rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]) -> Floats:
    return np.asarray(colours[int(rng.integers(len(colours)))], np.float32) / 255


def _grid() -> tuple[Floats, Floats]:
    line = np.arange(SIZE, dtype=np.float32)
    y, x = np.meshgrid(line, line, indexing="ij")
    return x, y


def _fall_off(rng: np.random.Generator, depth: float) -> Floats:
    """Light that fades from a bright spot, (SIZE, SIZE, 1)."""
    line = np.linspace(0, 1, SIZE, dtype=np.float32)
    cx, cy = rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.5)
    distance = ((line[:, None] - cy) ** 2 + (line - cx) ** 2) / np.float32(0.64)
    return (1 - np.float32(depth) * np.minimum(distance, 1.4))[..., None].astype(np.float32)


def studio(rng: np.random.Generator, floor: float | None) -> Floats:
    """A paper sweep: near white or a pale tint, with a soft turn from floor to wall where something stands."""
    white = rng.random() < 0.45
    colour = np.asarray([0.985, 0.985, 0.985], np.float32) if white else _choice(rng, STUDIO)
    picture = colour * _fall_off(rng, 0.03 if white else rng.uniform(0.06, 0.16))
    if floor is not None:
        y = np.arange(SIZE, dtype=np.float32)[:, None, None]
        turn = 1 / (1 + np.exp(-(y - floor + 50) / 26))
        picture = picture * (1 - np.float32(0.025 if white else 0.05) * turn)
    return np.clip(picture, 0, 1).astype(np.float32)


def planks(rng: np.random.Generator, colour: Floats, x: Floats, y: Floats, width: float) -> Floats:
    """Wooden boards along x, `width` high each, (h, w, 3)."""
    board = np.floor(y / width)
    tones = rng.uniform(0.88, 1.08, 64).astype(np.float32)
    offset = board * 97 + int(rng.integers(TILE))
    grain = 0.05 * sample(noise(2, 5), x * 0.12 + offset, y * 1.4) + 0.04 * sample(
        noise(16, 6), x * 0.3 + offset, y * 1.2
    )
    gap = np.abs((y / width) % 1 - 0.5) > 0.5 - 1.2 / width
    value = tones[board.astype(np.int32) & 63] * (1 + grain) * np.where(gap, 0.62, 1)
    values: Floats = (colour * value[..., None]).astype(np.float32)
    return values


def _soft(image: Image.Image, radius: float) -> Floats:
    """A half-size drawing out of focus, at full size."""
    soft = image.filter(ImageFilter.GaussianBlur(radius)).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(soft, np.float32) / 255


def _canvas(colour: Floats) -> Image.Image:
    r, g, b = (int(c * 255) for c in colour)
    return Image.new("RGB", (HALF, HALF), (r, g, b))


def _floor_boards(rng: np.random.Generator, picture: Floats, top: int, width: float) -> None:
    x, y = _grid()
    depth = (y[top:] - top + 40) / 40
    picture[top:] = planks(rng, _choice(rng, WOODS), (x[top:] - HALF) / depth * 2, 240 * np.log(depth), width)


def table(rng: np.random.Generator, floor: float) -> Floats:
    """On a wooden table, things behind."""
    horizon = int(np.clip(floor - rng.uniform(50, 90), 180, SIZE - 60))
    image = _canvas(_choice(rng, WALLS))
    props.stand(image, horizon / 2 + 4, rng.uniform(56, 84), int(rng.integers(4, 7)), rng)
    picture = _soft(image, rng.uniform(2.5, 5))
    _floor_boards(rng, picture, horizon, 60)
    return picture * _fall_off(rng, 0.25)


def shelf(rng: np.random.Generator, floor: float) -> Floats:
    """On a shelf, another one above."""
    line = int(np.clip(floor - 12, 200, SIZE - 30))
    image = _canvas(_choice(rng, WALLS))
    props.stand(image, line / 2, rng.uniform(60, 90), int(rng.integers(4, 7)), rng)
    draw = ImageDraw.Draw(image)
    upper = int(rng.integers(10, 46))
    draw.rectangle((0, upper, HALF, upper + 9), fill=(150, 116, 84))
    draw.rectangle((0, upper + 9, HALF, upper + 20), fill=(140, 132, 124))
    picture = _soft(image, rng.uniform(2, 4))
    x, y = _grid()
    picture[line:] = planks(rng, _choice(rng, WOODS), x[line:], y[line:], 400)
    picture[line + 34 :] *= 0.6
    return picture * _fall_off(rng, 0.22)


def room(rng: np.random.Generator, floor: float) -> Floats:
    """The corner of a room: wall, skirting board, floor boards, furniture at the sides."""
    horizon = int(np.clip(floor - rng.uniform(50, 84), 200, SIZE - 60))
    wall = _choice(rng, WALLS)
    image = _canvas(wall)
    draw = ImageDraw.Draw(image)
    for x in rng.uniform(0.08, 0.92, 2) * HALF:
        props.frame(draw, float(x), float(rng.uniform(70, 110)), float(rng.uniform(46, 76)), rng)
    for side in (0.05, 0.95):
        prop = (props.plant, props.basket, props.books, props.vase)[int(rng.integers(4))]
        prop(draw, side * HALF, horizon / 2 + 8, float(rng.uniform(70, 120)), rng)
    draw.rectangle((0, horizon / 2 - 9, HALF, horizon / 2), fill=(232, 228, 222))
    picture = _soft(image, rng.uniform(1.5, 3.5))
    _floor_boards(rng, picture, horizon, 46)
    return picture * _fall_off(rng, 0.25)


def street(rng: np.random.Generator, floor: float) -> Floats:
    """Out of doors: pavement, and lights and leaves far out of focus."""
    dusk = rng.random() < 0.5
    image = _canvas(np.asarray([0.24, 0.25, 0.30] if dusk else [0.68, 0.72, 0.70], np.float32))
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(44):
        x, y, r = rng.uniform(0, HALF), rng.uniform(0, HALF * 0.8), rng.uniform(6, 26)
        lights = (
            ((255, 214, 150), (255, 240, 214), (200, 216, 255))
            if dusk
            else ((120, 150, 110), (226, 232, 220), (150, 170, 150))
        )
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(*lights[int(rng.integers(3))], int(rng.integers(60, 150))))
    picture = _soft(image, 3.2)
    x_grid, y_grid = _grid()
    horizon = int(np.clip(floor - 70, 200, SIZE - 60))
    stone = 0.5 + 0.03 * sample(noise(1, 4), x_grid, y_grid * 2.5) + 0.02 * sample(noise(16, 8), x_grid, y_grid * 2)
    blend = np.clip((y_grid - horizon) / 30, 0, 1)[..., None]
    picture = picture * (1 - blend) + stone[..., None] * np.asarray([1.0, 0.98, 0.95], np.float32) * blend
    return np.clip(picture * _fall_off(rng, 0.2), 0, 1)


def flat_lay(rng: np.random.Generator, _floor: float) -> Floats:
    """From above, on boards or a rug, small things near the corners."""
    x, y = _grid()
    kind = rng.random()
    if kind < 0.5:
        ground = planks(rng, _choice(rng, WOODS), x, y, float(rng.uniform(60, 110)))
    elif kind < 0.72:
        vein = 1 - 0.16 * np.exp(-((sample(noise(16, 3), x * 0.6 + y * 0.3, y * 0.6) / 0.12) ** 2))
        ground = np.asarray([0.91, 0.90, 0.89], np.float32) * vein[..., None]
    else:
        weave = 1 + 0.05 * np.sin(x * 0.9) * np.sin(y * 0.9) + 0.03 * sample(noise(1, 2), x, y)
        ground = _choice(rng, WALLS) * weave[..., None].astype(np.float32)
    image = Image.fromarray((np.clip(ground[::2, ::2], 0, 1) * 255).astype(np.uint8))
    before = np.asarray(image, np.int16)
    props.lie(image, rng)
    changed = np.abs(np.asarray(image, np.int16) - before).max(axis=2) > 0
    where = _soft(Image.fromarray((changed * 255).astype(np.uint8)).convert("RGB"), 1.4)
    return (ground * (1 - where) + _soft(image, 1.4) * where) * _fall_off(rng, 0.22)


def wardrobe(rng: np.random.Generator, _floor: float) -> Floats:
    """On a rail among other clothes, which are out of focus to both sides."""
    image = _canvas(_choice(rng, WALLS))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 12, HALF, 16), fill=(90, 84, 80))
    for x in (*range(-6, 54, 12), *range(206, 268, 12)):
        colour = props.PALETTE[int(rng.integers(len(props.PALETTE)))]
        bottom = float(rng.uniform(150, 220))
        draw.polygon([(x, 22), (x + 12, 30), (x + 13, bottom), (x - 3, bottom), (x - 2, 30)], fill=colour)
        draw.line((x + 2, 34, x + 3, bottom), fill=(70, 66, 62), width=1)
    picture = _soft(image, rng.uniform(2, 4)) * _fall_off(rng, 0.2)
    hanger = Image.new("L", (SIZE, SIZE))
    pen = ImageDraw.Draw(hanger)
    pen.arc((244, 18, 268, 46), 150, 450, fill=255, width=4)
    pen.line([(257, 46), (257, 160)], fill=255, width=4)
    metal = np.asarray(hanger.filter(ImageFilter.GaussianBlur(0.8)), np.float32)[..., None] / 255
    return picture * (1 - metal) + np.float32(0.42) * metal


SCENES: dict[str, Callable[[np.random.Generator, float], Floats]] = {
    scene.__name__: scene for scene in (table, shelf, room, street, flat_lay, wardrobe)
}


def cluttered(rng: np.random.Generator, floor: float, scenes: tuple[str, ...]) -> Floats:
    """One of the busy places named in `scenes`."""
    return SCENES[scenes[int(rng.integers(len(scenes)))]](rng, floor)
