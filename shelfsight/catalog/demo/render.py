"""From an item in words to its picture."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from shelfsight.catalog.demo import (
    accessories,
    backgrounds,
    bags,
    dresses,
    footwear,
    furniture,
    homeware,
    tops,
    trousers,
)
from shelfsight.catalog.demo.assortment import Spec
from shelfsight.catalog.demo.canvas import SIZE, Floats, Pose
from shelfsight.catalog.demo.fabric import Print, noise
from shelfsight.catalog.demo.light import Lamp, floor_shadow, wall_shadow
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import Painter
from shelfsight.catalog.demo.vocabulary import COLOURS

DRAW: dict[str, Callable[[Painter, Look], None]] = {
    "dress": dresses.dress,
    "skirt": dresses.skirt,
    "shirt": tops.shirt,
    "t-shirt": tops.t_shirt,
    "sweater": tops.sweater,
    "trousers": trousers.trousers,
    "shorts": trousers.shorts,
    "running shoe": footwear.running_shoe,
    "boot": footwear.boot,
    "high heel": footwear.heels,
    "handbag": bags.handbag,
    "backpack": bags.backpack,
    "hat": accessories.hat,
    "cap": accessories.cap,
    "watch": accessories.watch,
    "sunglasses": accessories.sunglasses,
    "mug": homeware.mug,
    "lamp": homeware.lamp,
    "chair": furniture.chair,
    "sofa": furniture.sofa,
}


@dataclass(frozen=True)
class Rendering:
    """`picture` RGB, SIZE x SIZE; `body` (SIZE, SIZE) in [0, 1]: where the named colour (and pattern) is to be seen."""

    picture: Image.Image
    body: Floats


def render(item: Spec, seed: int) -> Rendering:
    """Draw `item`; the same item and seed give the same pixels."""
    rng = np.random.default_rng([seed, item.index, 3])
    look = Look(item.kind.name, item.form, _print(item, rng), item.texture)
    painter = Painter(_pose(item, rng), _lamp(rng), rng)
    DRAW[item.kind.name](painter, look)
    if not item.kind.stands:
        _centre(painter)
    picture = painter.layer.over(_background(item, painter))
    grain = np.roll(noise(0), int(rng.integers(SIZE)), axis=1)[..., None]
    picture = picture * np.float32(rng.uniform(0.96, 1.03)) + grain * np.float32(0.004)
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Rendering(Image.fromarray(pixels), painter.layer.body)


def _print(item: Spec, rng: np.random.Generator) -> Print:
    base, accent = _shade(item.colour, rng), _shade(item.accent, rng)
    second = np.clip(accent * 0.55 + base * 0.45 if item.pattern == "checked" else accent * np.float32(0.7), 0, 1)
    seed = int(rng.integers(1000))
    turn = item.kind.name in ("shirt", "trousers", "lamp", "sofa", "chair")
    return Print(item.pattern, base, accent, second.astype(np.float32), float(rng.uniform(0.8, 1.15)), turn, seed)


def _shade(colour: str, rng: np.random.Generator) -> Floats:
    """The named colour as one dyer or another makes it."""
    base = np.asarray(COLOURS[colour], np.float32) / 255
    drift = 0.006 + 0.018 * float(base.max() - base.min())
    varied = base * np.float32(rng.uniform(0.92, 1.06)) + rng.uniform(-drift, drift, 3).astype(np.float32)
    return np.clip(varied, 0.02, 0.97).astype(np.float32)


def _pose(item: Spec, rng: np.random.Generator) -> Pose:
    stands = item.kind.stands
    turn = rng.normal(0, 0.8 if stands else 3.0)
    short = 1.18 if item.form.get("length") == "mini" or item.form.get("height") == "ankle" else 1.0
    scale = rng.uniform(0.88, 1.04) * item.kind.scale * short
    flip = item.kind.trade in ("footwear", "accessories", "home") and bool(rng.random() < 0.5)
    return Pose(float(scale), float(turn), SIZE / 2 + rng.uniform(-12, 12), SIZE / 2 + rng.uniform(-6, 14), flip)


def _centre(painter: Painter) -> None:
    """Bring what hangs or lies to about the middle of the picture."""
    y, x = painter.layer.middle()
    down, right = SIZE / 2 - y + painter.rng.uniform(-8, 10), SIZE / 2 - x + painter.rng.uniform(-12, 12)
    painter.layer = painter.layer.moved(round(down), round(right))


def _lamp(rng: np.random.Generator) -> Lamp:
    side = -1 if rng.random() < 0.5 else 1
    x, y = side * rng.uniform(0.25, 0.5), -rng.uniform(0.35, 0.6)
    warmth = rng.normal(0, 0.018)
    tint = np.asarray([1 + warmth, 1, 1 - warmth], np.float32)
    return Lamp(float(x), float(y), float(np.sqrt(1 - x * x - y * y)), float(rng.uniform(0.42, 0.55)), tint)


def _background(item: Spec, painter: Painter) -> Floats:
    """The place, with the product's shadow in it."""
    rng, alpha = painter.rng, painter.layer.alpha
    hangs = item.form.get("style") == "pendant lamp"
    floor = 460.0 if hangs else float(np.flatnonzero(alpha.max(axis=1) > 0.5)[-1])
    if item.cluttered:
        place = backgrounds.cluttered(rng, floor, item.kind.scenes)
    else:
        place = backgrounds.studio(rng, floor if item.kind.stands else None)
    if hangs:
        return place
    strength = float(rng.uniform(0.3, 0.5)) * (1.25 if item.cluttered else 1)
    shade = floor_shadow(alpha, strength) if item.kind.stands else wall_shadow(alpha, painter.lamp, strength)
    return place * (1 - shade[..., None])
