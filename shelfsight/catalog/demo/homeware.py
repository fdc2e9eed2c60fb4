"""Mugs and lamps."""

import numpy as np

from shelfsight.catalog.demo.canvas import Floats, Knot, Layer, Patch, curve, ellipse, mirrored, rounded
from shelfsight.catalog.demo.light import soften
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import BRASS, IVORY, OAK, RUBBER, STEEL, WALNUT, Painter, Relief, metal, plain, rgb


def barrel(radius: float, depth: float) -> Relief:
    """The roundness of an upright cylinder of that radius."""

    def relief(u: Floats, _v: Floats) -> Floats:
        values: Floats = (depth * np.sqrt(np.clip(1 - (u / radius) ** 2, 0, 1))).astype(np.float32)
        return values

    return relief


MUGS = {
    "classic": (98.0, 96.0, 120.0),
    "tapered": (106.0, 76.0, 112.0),
    "tall": (86.0, 84.0, 150.0),
    "rounded": (100.0, 82.0, 104.0),
}


def mug(painter: Painter, look: Look) -> None:
    top, foot, half = MUGS[look.form["style"]]
    gloss = 0.55 if look.form["glaze"] == "glossy" else 0.08
    reach = top + 82
    handle: list[Knot] = [
        (top - 16, -half + 44), (reach - 26, -half + 40), (reach, -6), (reach - 34, half - 46), (foot - 12, half - 40),
    ]  # fmt: skip
    painter.tube(handle, 24, look.plain(gloss=gloss, shine=16))
    belly = 14 if look.form["style"] == "rounded" else 0
    waist = (top + foot) / 2 + belly
    side: list[Knot] = [
        (0, -half + 20), (top, -half, 1), (top + belly * 0.9, -half * 0.4), (waist + belly * 0.3, half * 0.3),
        (foot + 2, half - 18), (foot - 12, half + 6), (0, half + 14),
    ]  # fmt: skip
    body = painter.part(curve(mirrored(side)), look.stuff(bulge=10, gloss=gloss, shine=18), barrel(top + 26, 62))
    if look.form["glaze"] == "glossy":
        _gleam(painter, body, top, half)
    rim = look.plain(bulge=4, gloss=0.3) if painter.rng.random() < 0.7 else plain(IVORY, bulge=4.0, gloss=0.3)
    painter.part(ellipse(0, -half, top, 22), rim)
    painter.part(ellipse(0, -half + 1, top - 7, 17), plain(IVORY, bulge=10.0), tone=0.72)
    _drink(painter, top, half)


def _gleam(painter: Painter, body: Patch, top: float, half: float) -> None:
    """A window, reflected in the glaze."""
    x = top * (0.6 if painter.lamp.x > 0 else -0.6) * (-1 if painter.pose.flip else 1)
    strip = painter.patch(rounded(x - 9, -half + 30, x + 9, half - 44, 9))
    soft = Patch(strip.top, strip.left, soften(strip.cover, 3)).within(body)
    painter.layer.paint(soft, IVORY, opacity=0.4)


def _drink(painter: Painter, top: float, half: float) -> None:
    if painter.rng.random() < 0.5:
        inner = painter.patch(ellipse(0, -half + 1, top - 7, 17))
        coffee = painter.patch(ellipse(0, -half + 12, top - 9, 14)).within(inner)
        painter.part(coffee, plain(rgb(74, 44, 26), bulge=3.0, gloss=0.2))


def lamp(painter: Painter, look: Look) -> None:
    {"table lamp": _table, "floor lamp": _floor, "pendant lamp": _pendant, "desk lamp": _desk}[look.form["style"]](
        painter, look
    )


def _shade(painter: Painter, look: Look, top: float, bottom: float, y0: float, y1: float) -> Patch:
    outline = curve(mirrored([(0, y0 - 6), (top, y0, 1), (bottom, y1, 1), (bottom * 0.5, y1 + 9), (0, y1 + 12)]))
    patch = painter.part(outline, look.stuff(bulge=12), barrel(bottom * 1.12, 60))
    _glow(painter, patch, (y0 + y1 * 2) / 3)
    edge = [(-bottom, y1 - 4), (-bottom * 0.5, y1 + 5), (0, y1 + 8), (bottom * 0.5, y1 + 5), (bottom, y1 - 4)]
    painter.seam([(float(x), float(y)) for x, y in edge], patch, width=3, depth=0.3)
    return patch


def _glow(painter: Painter, patch: Patch, y: float) -> None:
    """The bulb behind the cloth: warm, brightest at its own height."""
    u, v = painter.pose.frame(patch.window)
    warm = np.exp(-((u / 70) ** 2) - ((v - y) / 60) ** 2)[..., None] * np.float32(0.30)
    window = patch.window
    cover = patch.cover[..., None]
    under = painter.layer.rgb[window]
    painter.layer.rgb[window] = np.minimum(
        under + warm * cover * (0.35 * rgb(255, 226, 170) + 0.65 * under), painter.layer.alpha[window][..., None]
    )


def _base_colour(painter: Painter) -> Floats:
    return (BRASS, STEEL, OAK, RUBBER)[int(painter.rng.integers(4))]


def _table(painter: Painter, look: Look) -> None:
    form = look.form["base"]
    if form == "ceramic":
        half: list[Knot] = [(0, -30), (14, -30, 1), (18, -8), (56, 40), (62, 84), (36, 136), (44, 156, 1), (0, 162)]
        painter.part(curve(mirrored(half)), look.plain(texture="smooth", bulge=20, gloss=0.5, shine=16))
    elif form == "tripod":
        for x in (-64, 64, 6):
            painter.tube([(0, -24), (x, 160)], 12, plain(OAK, "wood"), 8)
    else:
        painter.tube([(0, -40), (0, 150)], 11, metal(_base_colour(painter)))
        painter.part(ellipse(0, 152, 64, 13), metal(_base_colour(painter)))
    _shade(painter, look, 72, 126, -176, -26)


def _floor(painter: Painter, look: Look) -> None:
    if look.form["base"] == "tripod":
        for x in (-84, 84, 8):
            painter.tube([(0, -90), (x, 206)], 9, plain(WALNUT, "wood"), 6)
    else:
        painter.tube([(0, -100), (0, 196)], 8, metal(_base_colour(painter)))
        painter.part(ellipse(0, 200, 58, 10), metal(RUBBER))
    _shade(painter, look, 58, 88, -206, -90)


def _pendant(painter: Painter, look: Look) -> None:
    painter.tube([(0, -420), (0, -60)], 4, plain(RUBBER))
    painter.part(rounded(-15, -84, 15, -40, 6), metal(BRASS))
    half: list[Knot] = [(0, -52), (40, -48), (104, 6), (144, 76, 1), (80, 88), (0, 92)]
    painter.part(ellipse(0, 80, 136, 16), plain(rgb(255, 236, 190), bulge=6.0))
    painter.part(curve(mirrored(half)), look.plain(texture="smooth", bulge=30, gloss=0.35, shine=14), barrel(160, 50))
    painter.part(ellipse(0, 94, 30, 22), plain(rgb(255, 244, 214), bulge=10.0))
    _halo(painter.layer, painter.patch(ellipse(0, 96, 60, 34)))


def _halo(layer: Layer, patch: Patch) -> None:
    room = patch.grown(40)
    layer.paint(Patch(room.top, room.left, soften(room.cover, 12)), rgb(255, 240, 200), opacity=0.25)


def _desk(painter: Painter, look: Look) -> None:
    arm = metal(STEEL if painter.rng.random() < 0.5 else BRASS)
    painter.part(ellipse(-40, 176, 84, 17), look.plain(texture="smooth", bulge=8, gloss=0.35))
    painter.tube([(-40, 170), (-96, 30)], 11, arm)
    painter.tube([(-96, 30), (20, -110)], 11, arm)
    painter.part(ellipse(-96, 30, 13, 13), look.plain(texture="smooth", bulge=6, gloss=0.4))
    painter.part(ellipse(104, 4, 70, 20), plain(rgb(255, 240, 200), bulge=6.0))
    head = curve([(10, -128), (44, -134), (124, -94), (178, -6, 1), (104, 12), (30, 0, 1), (18, -76)])
    painter.part(head, look.plain(texture="smooth", bulge=30, gloss=0.45, shine=14))
