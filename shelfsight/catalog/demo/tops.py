"""T-shirts, shirts and sweaters, as they hang on an unseen figure."""

import numpy as np

from shelfsight.catalog.demo.canvas import Floats, Knot, Patch, curve, ellipse, mirrored
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import IVORY, Painter, creases, plain, rgb

SLEEVES: dict[str, list[Knot]] = {
    "short": [(56, -140), (98, -122), (138, -66, 1), (98, -40, 1), (84, -66)],
    "long": [(56, -140), (98, -120), (128, -30), (146, 60), (152, 128, 1), (118, 134, 1), (104, 40), (82, -60)],
}
CUFFS: dict[str, list[Knot]] = {"short": [(134, -74), (95, -47)], "long": [(150, 112), (116, 118)]}


def _side(knots: list[Knot], side: int) -> list[Knot]:
    return [(k[0] * side, k[1], 1) if len(k) == 3 else (k[0] * side, k[1]) for k in knots]


def sleeves(painter: Painter, look: Look, length: str, cuff: float) -> None:
    """Both sleeves, behind the body; `cuff` is the height of a ribbed or sewn cuff, 0 for a plain hem."""
    for side in (-1, 1):
        knots = _side(SLEEVES[length], side)
        folds = creases(painter.rng, 4.0, lean=0.9 * side, length=1.6)
        patch = painter.part(curve(knots), look.stuff(bulge=14), folds)
        edge = _side(CUFFS[length], side)
        painter.seam(edge, patch)
        if cuff:
            end = _side(SLEEVES[length][4:6] if length == "long" else SLEEVES[length][2:4], side)
            band = curve([(*edge[0][:2], 1), (*end[0][:2], 1), (*end[1][:2], 1), (*edge[1][:2], 1)])
            painter.part(band, look.plain(bulge=5), _ribs if look.texture == "knit" else None, tone=0.97)


def _ribs(u: Floats, _v: Floats) -> Floats:
    values: Floats = 0.8 * np.sin(u * 1.3)
    return values


def torso(width: float, hem: float, neck: list[Knot], flare: float = 0.0) -> list[Knot]:
    """The body of a top: `neck` is the right half of the neckline, from its middle to the shoulder."""
    half: list[Knot] = [
        *neck, (70, -144), (86, -112), (width, -62), (width - 4, 20), (width + flare, hem, 1),
        (0, hem + 5),
    ]  # fmt: skip
    return mirrored(half)


NECKS: dict[str, list[Knot]] = {
    "crew": [(0, -128), (20, -133), (33, -154, 1)],
    "v": [(0, -96, 1), (18, -126), (33, -154, 1)],
    "roll": [(0, -140), (20, -144), (34, -152, 1)],
    "collar": [(0, -112, 1), (20, -134), (34, -153, 1)],
}


def _inside(painter: Painter, look: Look) -> None:
    """The back of the neck, seen through the neckline."""
    painter.part(ellipse(0, -150, 35, 13), look.plain(bulge=6), tone=0.62)
    half: list[Knot] = [(0, -143), (34, -150), (24, -110), (0, -92)]
    painter.part(curve(mirrored(half)), look.plain(bulge=10).but(body=False), tone=0.5)
    painter.layer.paint(
        painter.patch(curve([(-8, -142, 1), (8, -142, 1), (8, -134, 1), (-8, -134, 1)])), IVORY, opacity=0.8
    )


def _neckband(painter: Painter, look: Look, neck: list[Knot], width: float) -> None:
    line = [*_side(neck, -1)[::-1], *neck[1:]]
    painter.tube([(k[0], k[1]) for k in line], width, look.plain(bulge=4))
    painter.seam([(k[0] * 1.12, k[1] + width * 0.75) for k in line], width=1.2)


def t_shirt(painter: Painter, look: Look) -> None:
    neck = NECKS[look.form["neck"]]
    _inside(painter, look)
    sleeves(painter, look, look.form["sleeve"], 0)
    body = painter.part(curve(torso(92, 150, neck)), look.stuff(bulge=26), creases(painter.rng, 5))
    _armholes(painter, body)
    painter.seam([(-98, 142), (0, 147), (98, 142)], body, depth=0.25)
    _neckband(painter, look, neck, 8)
    if look.ink.name == "plain" and look.form["sleeve"] == "short" and painter.rng.random() < 0.25:
        _pocket(painter, look, body)


def _armholes(painter: Painter, body: Patch) -> None:
    for side in (-1, 1):
        painter.seam([(70 * side, -146), (83 * side, -112), (89 * side, -64)], body, width=2, depth=0.3)


def _pocket(painter: Painter, look: Look, body: Patch) -> None:
    knots: list[Knot] = [(28, -80, 1), (64, -80, 1), (64, -44), (46, -36), (28, -44)]
    painter.shadow(curve(knots), within=body, strength=0.25, soft=3)
    painter.part(curve(knots), look.stuff(bulge=6))
    painter.stitches([(30, -74), (62, -74)], look.thread)


def sweater(painter: Painter, look: Look) -> None:
    neck = NECKS[look.form["neck"]]
    _inside(painter, look)
    sleeves(painter, look, "long", 16)
    body = painter.part(curve(torso(95, 142, neck, flare=-3)), look.stuff(bulge=30), creases(painter.rng, 6, length=2))
    _armholes(painter, body)
    hem = curve(mirrored([(0, 127), (92, 122, 1), (88, 146, 1), (0, 151)]))
    painter.part(hem, look.plain(bulge=6), _ribs, tone=0.97)
    if look.form["neck"] == "roll":
        roll = curve(mirrored([(0, -172), (30, -171), (38, -160), (37, -138), (0, -128)]))
        painter.shadow(roll, within=body, strength=0.4)
        painter.part(roll, look.plain(bulge=10), _ribs)
    else:
        _neckband(painter, look, neck, 11)
    if look.form["front"] == "cardigan sweater":
        _cardigan(painter, look, body)


def _cardigan(painter: Painter, look: Look, body: Patch) -> None:
    top = -96 if look.form["neck"] == "v" else -126
    band = curve([(-8, top, 1), (8, top, 1), (8, 149, 1), (-8, 149, 1)])
    painter.shadow(band, within=body, strength=0.3, soft=4)
    painter.part(band, look.plain(bulge=4), lambda _u, v: 0.7 * np.sin(v * 1.3))
    colour = rgb(92, 64, 44) if not look.dark else rgb(40, 36, 34)
    for y in np.linspace(top + 20, 138, 6):
        painter.button(0, float(y), 5.5, colour)


def shirt(painter: Painter, look: Look) -> None:
    _inside(painter, look)
    sleeves(painter, look, look.form["sleeve"], 18 if look.form["sleeve"] == "long" else 8)
    outline = torso(92, 158, NECKS["collar"])
    body = painter.part(curve(outline), look.stuff(bulge=26), creases(painter.rng, 5, length=3.4))
    _armholes(painter, body)
    placket = curve([(-10, -112, 1), (10, -112, 1), (10, 164, 1), (-10, 164, 1)])
    painter.shadow(placket, within=body, strength=0.25, soft=3, drop=1)
    painter.part(painter.patch(placket).within(body), look.stuff(bulge=3))
    _shirt_details(painter, look, body)
    _collar(painter, look, body)


def _shirt_details(painter: Painter, look: Look, body: Patch) -> None:
    for x in (-8, 8):
        painter.stitches([(x, -100), (x, 160)], look.thread, body, 0.5)
    pearl = IVORY if look.dark or painter.rng.random() < 0.5 else rgb(120, 96, 70)
    for y in np.arange(-88, 150, 40.0):
        painter.button(0, float(y), 4.6, pearl)
    if look.form["pocket"] == "pocket":
        _pocket(painter, look, body)


def _collar(painter: Painter, look: Look, body: Patch) -> None:
    for side in (-1, 1):
        leaf = curve(_side([(0, -118, 1), (14, -136), (30, -160, 1), (44, -150), (50, -116, 1), (36, -100, 1)], side))
        painter.shadow(leaf, within=body, strength=0.6, soft=5)
        patch = painter.part(leaf, look.stuff(bulge=5))
        painter.stitches(_side([(6, -116), (36, -106), (46, -118), (42, -146)], side), look.thread, patch, 0.5)
    stand = curve(mirrored([(0, -140), (30, -162, 1), (31, -152), (0, -124, 1)]))
    painter.layer.paint(painter.patch(stand), plain(look.colour).ink.base * 0.45, opacity=0.35)
