"""Chairs and sofas, from the front."""

from dataclasses import replace

import numpy as np

from shelfsight.catalog.demo.canvas import Floats, Knot, Patch, curve, ellipse, mirrored, rounded
from shelfsight.catalog.demo.fabric import Print
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import OAK, RUBBER, WALNUT, Painter, Stuff, creases, metal, plain, rgb


def _wood(painter: Painter) -> Stuff:
    return plain((OAK, WALNUT, rgb(60, 48, 42))[int(painter.rng.integers(3))], "wood")


def chair(painter: Painter, look: Look) -> None:
    {"dining chair": _dining, "armchair": _armchair, "office chair": _office, "wooden chair": _slatted}[
        look.form["style"]
    ](painter, look)


def _legs(painter: Painter, stuff: Stuff, front: float, back: float, top: float, bottom: float) -> None:
    for x in (-back, back):
        painter.tube([(x * 0.9, top), (x, bottom - 34)], 13, replace(stuff, ink=_darker(stuff)), 9)
    for x in (-front, front):
        painter.tube([(x * 0.92, top), (x, bottom)], 16, stuff, 10)


def _darker(stuff: Stuff) -> Print:
    dark = stuff.ink.base * np.float32(0.72)
    return Print("plain", dark, dark, dark)


def _dining(painter: Painter, look: Look) -> None:
    _legs(painter, _wood(painter), 92, 70, 60, 208)
    back = curve(mirrored([(0, -196), (62, -190), (84, -160), (80, -40), (64, 20), (0, 28)]))
    patch = painter.part(back, look.stuff(bulge=24))
    if look.form["back"] == "buttoned":
        _tufts(painter, patch, [(-36, -140), (36, -140), (0, -100), (-36, -60), (36, -60)])
    else:
        painter.seam([(-66, -176), (-72, -60), (-54, 12)], patch)
        painter.seam([(66, -176), (72, -60), (54, 12)], patch)
    seat = curve(mirrored([(0, 14), (82, 18), (100, 44), (108, 76), (94, 92), (0, 98)]))
    painter.shadow(seat, within=patch, strength=0.4, soft=8, drop=-8)
    cushion = painter.part(seat, look.stuff(bulge=26))
    painter.seam([(-104, 66), (0, 74), (104, 66)], cushion, width=2)


def _tufts(painter: Painter, patch: Patch, places: list[tuple[float, float]]) -> None:
    for x, y in places:
        painter.shadow(ellipse(x, y, 9, 9), within=patch, strength=0.5, soft=5, drop=0)
        for dx, dy in ((-26, -24), (26, -24), (-26, 24), (26, 24)):
            painter.seam([(x, y), (x + dx * 0.6, y + dy * 0.5), (x + dx, y + dy)], patch, width=1.4, depth=0.22)
        painter.part(ellipse(x, y, 5, 5), plain(rgb(60, 50, 46), bulge=3.0))


def _armchair(painter: Painter, look: Look) -> None:
    _legs(painter, _wood(painter), 118, 96, 130, 200)
    back = curve(mirrored([(0, -172), (82, -166), (122, -124), (126, 40), (100, 120), (0, 126)]))
    patch = painter.part(back, look.stuff(bulge=34))
    if look.form["back"] == "buttoned":
        _tufts(painter, patch, [(-56, -110), (0, -110), (56, -110), (-28, -60), (28, -60)])
    seat = rounded(-100, 20, 100, 96, 30)
    painter.shadow(seat, within=patch, strength=0.5, soft=10, drop=-8)
    painter.part(seat, look.stuff(bulge=26), creases(painter.rng, 3))
    front = painter.part(rounded(-104, 84, 104, 150, 16), look.stuff(bulge=14), tone=0.9)
    painter.seam([(-104, 140), (0, 142), (104, 140)], front)
    for side in (-1, 1):
        arm = curve(
            [
                (96 * side, -30),
                (124 * side, -44),
                (154 * side, -24),
                (152 * side, 120),
                (140 * side, 154),
                (98 * side, 154),
            ]
        )
        painter.shadow(arm, within=front, strength=0.4, soft=7)
        painter.part(arm, look.stuff(bulge=24))


def _office(painter: Painter, look: Look) -> None:
    steel = metal(rgb(120, 122, 128))
    painter.tube([(0, 80), (0, 176)], 15, steel)
    for x, y in ((-104, 196), (104, 196), (-56, 208), (56, 208), (0, 202)):
        painter.tube([(0, 168), (x * 0.6, y - 22), (x, y - 8)], 12, plain(RUBBER, gloss=0.2), 8)
        painter.part(ellipse(x, y, 10, 10), plain(RUBBER, bulge=5.0, gloss=0.2))
    back = painter.part(
        curve(mirrored([(0, -198), (70, -190), (92, -140), (82, -20), (60, 10), (0, 16)])), look.stuff(bulge=28)
    )
    painter.seam([(-86, -96), (0, -86), (86, -96)], back)
    for side in (-1, 1):
        painter.tube([(84 * side, 60), (128 * side, 50), (130 * side, -6)], 11, plain(RUBBER, gloss=0.2))
        painter.part(rounded(130 * side - 22, -20, 130 * side + 22, -2, 9), plain(RUBBER, bulge=6.0))
    seat = curve(mirrored([(0, 26), (86, 30), (112, 62), (104, 90), (0, 98)]))
    painter.shadow(seat, within=back, strength=0.4, soft=8, drop=-8)
    painter.part(seat, look.stuff(bulge=26))


def _slatted(painter: Painter, look: Look) -> None:
    paint = look.plain(texture="wood", bulge=6, gloss=0.12)
    _legs(painter, paint, 96, 74, 60, 206)
    for side in (-1, 1):
        painter.tube([(76 * side, -196), (70 * side, -60), (64 * side, 50)], 15, paint)
    painter.part(curve(mirrored([(0, -196), (80, -200), (84, -168), (0, -160)])), paint.but(bulge=8.0))
    if look.form["back"] == "buttoned":
        for y in (-116, -66, -16):
            painter.part(rounded(-70, y, 70, y + 22, 8), paint)
    else:
        for x in (-42, -14, 14, 42):
            painter.tube([(x, -166), (x * 0.9, 40)], 11, paint)
    painter.part(curve(mirrored([(0, 34), (84, 38), (112, 74), (112, 90), (0, 96)])), paint.but(bulge=12.0))
    painter.tube([(-84, 140), (0, 142), (84, 140)], 10, paint)


SOFAS = {"two-seater": (2, 168.0), "three-seater": (3, 206.0)}


def sofa(painter: Painter, look: Look) -> None:
    seats, half = SOFAS[look.form["seats"]]
    wood = _wood(painter)
    for x in (-half + 24, half - 24):
        painter.tube([(x * 0.96, 84), (x, 124)], 15, wood, 9)
    inner = half - 38
    back = painter.part(rounded(-half + 16, -96, half - 16, 70, 26), look.stuff(bulge=26), tone=0.9)
    _cushions(painter, look, back, seats, inner)
    base = painter.part(rounded(-half + 10, 60, half - 10, 98, 10), look.stuff(bulge=9), tone=0.9)
    _arms(painter, look, base, half)
    _throw_pillows(painter, look, inner)


def _cushions(painter: Painter, look: Look, back: Patch, seats: int, inner: float) -> None:
    width = 2 * inner / seats
    for n in range(seats):
        x = -inner + n * width
        pad = _cushion(x + 2, -86, x + width - 2, 30)
        painter.shadow(pad, within=back, strength=0.35)
        patch = painter.part(pad, look.stuff(bulge=24), creases(painter.rng, 3, length=1.4))
        if look.form["back"] == "buttoned":
            _tufts(painter, patch, [(x + width / 2, -42), (x + width / 2, -6)])
    for n in range(seats):
        x = -inner + n * width
        pad = _cushion(x + 1, 14, x + width - 1, 70)
        painter.shadow(pad, within=back, strength=0.5, soft=8, drop=-8)
        painter.part(pad, look.stuff(bulge=18), tone=1.05)


def _cushion(x0: float, y0: float, x1: float, y1: float) -> Floats:
    mx, my = (x0 + x1) / 2, (y0 + y1) / 2
    return curve(
        [
            (x0 + 5, y0 + 6),
            (mx, y0 - 3),
            (x1 - 5, y0 + 6),
            (x1, my),
            (x1 - 4, y1 - 5),
            (mx, y1 + 2),
            (x0 + 4, y1 - 5),
            (x0, my),
        ]
    )


def _arms(painter: Painter, look: Look, base: Patch, half: float) -> None:
    for side in (-1, 1):
        edge, inner = half * side, (half - 44) * side
        arm: list[Knot]
        if look.form["arms"] == "rounded":
            arm = [
                (inner, 0),
                ((inner + edge) / 2, -36),
                (edge + 6 * side, -12),
                (edge, 40),
                (edge - 2 * side, 98, 1),
                (inner + 4 * side, 100, 1),
            ]
        else:
            arm = [
                (inner, -18),
                (inner + 5 * side, -24),
                (edge - 5 * side, -24),
                (edge, -18),
                (edge, 98, 1),
                (inner, 100, 1),
            ]
        painter.shadow(curve(arm), within=base, strength=0.4, soft=7)
        patch = painter.part(curve(arm), look.stuff(bulge=16))
        painter.seam([(inner + 8 * side, -4), (inner + 9 * side, 96)], patch, depth=0.25)


def _throw_pillows(painter: Painter, look: Look, inner: float) -> None:
    if painter.rng.random() < 0.4:
        x = (inner - 34) * (1 if painter.rng.random() < 0.5 else -1)
        pillow = curve(
            [
                (x - 34, -44, 1),
                (x, -38),
                (x + 34, -44, 1),
                (x + 29, -8),
                (x + 34, 28, 1),
                (x, 22),
                (x - 34, 28, 1),
                (x - 29, -8),
            ]
        )
        painter.part(pillow, look.accent(texture="linen", bulge=18))
