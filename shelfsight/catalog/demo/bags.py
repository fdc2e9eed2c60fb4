"""Handbags and backpacks, from the front."""

import numpy as np

from shelfsight.catalog.demo.canvas import Floats, Knot, Patch, curve, ellipse, mirrored, rounded
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import BRASS, STEEL, Painter, both, creases, metal, plain, rgb
from shelfsight.catalog.demo.painter import pleats as gathers


def handbag(painter: Painter, look: Look) -> None:
    {"tote": _tote, "satchel": _satchel, "bucket": _bucket, "crossbody": _crossbody}[look.form["style"]](painter, look)


def _gloss(look: Look) -> float:
    return 0.22 if look.texture == "leather" else 0.0


def _handles(painter: Painter, look: Look, x: float, base: float, top: float, *, back: bool = True) -> None:
    stuff = look.plain(gloss=_gloss(look))
    for lift, tone in ((-14.0, True), (0.0, False)) if back else ((0.0, False),):
        knots: list[Knot] = [(-x, base), (-x * 0.9, top + 40 + lift), (-x * 0.45, top + lift), (x * 0.45, top + lift),
                             (x * 0.9, top + 40 + lift), (x, base)]  # fmt: skip
        painter.tube(knots, 12, stuff.but(body=not tone))


def _tote(painter: Painter, look: Look) -> None:
    _handles(painter, look, 66, -60, -190)
    half: list[Knot] = [(0, -66), (142, -70, 1), (136, 40), (124, 146), (104, 160), (0, 164)]
    body = painter.part(
        curve(mirrored(half)), look.stuff(bulge=34, gloss=_gloss(look), shine=8), creases(painter.rng, 1.8, length=1.4)
    )
    painter.stitches([(-138, -58), (0, -54), (138, -58)], look.thread, body)
    painter.seam([(-124, 132), (0, 138), (124, 132)], body)
    for side in (-1, 1):
        tab = curve([(56 * side, -66, 1), (76 * side, -66, 1), (75 * side, -22), (66 * side, -14), (57 * side, -22)])
        painter.shadow(tab, within=body, strength=0.35, soft=3)
        painter.part(tab, look.plain(bulge=4, gloss=_gloss(look)))
        painter.part(ellipse(66 * side, -30, 4, 4), metal(BRASS))


def _flap(painter: Painter, look: Look, body: Patch, outline: Floats, edge: list[Knot]) -> None:
    painter.shadow(outline, within=body, strength=0.5, soft=7, drop=5)
    patch = painter.part(outline, look.stuff(bulge=14, gloss=_gloss(look), shine=8))
    painter.stitches(edge, look.thread, patch)


def _satchel(painter: Painter, look: Look) -> None:
    _handles(painter, look, 58, -70, -150, back=False)
    for side in (-1, 1):
        gusset = curve([(138 * side, -60), (160 * side, -20), (158 * side, 120), (132 * side, 130)])
        painter.part(gusset, look.plain(bulge=10), tone=0.7)
    body = painter.part(rounded(-146, -76, 146, 140, 24), look.stuff(bulge=30, gloss=_gloss(look), shine=8))
    painter.stitches([(-136, -40), (-138, 110), (-116, 131), (116, 131), (138, 110), (136, -40)], look.thread, body)
    flap = curve(mirrored([(0, -84), (140, -82), (150, -66), (146, 20), (110, 46), (0, 52)]))
    _flap(painter, look, body, flap, [(-140, -60), (-137, 14), (-104, 38), (0, 43), (104, 38), (137, 14), (140, -60)])
    painter.part(rounded(-20, 36, 20, 70, 7), metal(BRASS))
    painter.part(rounded(-6, 48, 6, 58, 3), plain(rgb(60, 46, 24)))


def _bucket(painter: Painter, look: Look) -> None:
    painter.tube([(-96, -70), (-70, -160), (0, -196), (70, -160), (96, -70)], 11, look.plain(gloss=_gloss(look)))
    painter.part(ellipse(0, -78, 104, 18), look.plain(bulge=6).but(body=False), tone=0.45)
    half: list[Knot] = [(0, -62), (104, -80, 1), (112, 20), (108, 130), (84, 156), (0, 164)]
    fan = gathers(painter.rng, 60, -70, count=16, depth=3.5, apex=-420)
    stuff = look.stuff(bulge=36, gloss=_gloss(look), shine=8)
    body = painter.part(curve(mirrored(half)), stuff, both(fan, creases(painter.rng, 1.6)))
    painter.seam([(-108, 118), (0, 132), (108, 118)], body, width=2)
    painter.tube([(-106, -44), (-40, -30), (40, -30), (106, -44)], 6, look.plain())
    for x, y in ((-16, 26), (18, 34)):
        painter.tube([(0, -32), (x * 0.4, 0), (x, y)], 5, look.plain())
        painter.part(ellipse(x, y + 6, 5, 9), look.plain(bulge=3))


def _crossbody(painter: Painter, look: Look) -> None:
    painter.tube(
        [(-118, -20), (-128, -120), (-40, -196), (60, -192), (126, -110), (118, -20)], 7, look.plain(gloss=0.2)
    )
    body = painter.part(rounded(-124, -46, 124, 120, 34), look.stuff(bulge=34, gloss=_gloss(look), shine=8))
    flap = curve(mirrored([(0, -52), (110, -50), (126, -30), (104, 30), (50, 62), (0, 70)]))
    _flap(painter, look, body, flap, [(-116, -24), (-96, 24), (-46, 54), (0, 61), (46, 54), (96, 24), (116, -24)])
    painter.part(ellipse(0, 56, 15, 15), metal(BRASS if painter.rng.random() < 0.7 else STEEL))
    painter.part(ellipse(0, 56, 7, 7), look.plain(bulge=3))
    for side in (-1, 1):
        painter.part(ellipse(118 * side, -26, 8, 11), metal(BRASS))


def backpack(painter: Painter, look: Look) -> None:
    _pack_straps(painter, look)
    painter.tube([(-26, -150), (-24, -190), (24, -190), (26, -150)], 11, look.plain())
    for side in (-1, 1):
        side_pocket = curve([(104 * side, 30), (138 * side, 40), (140 * side, 130), (104 * side, 146)])
        painter.part(side_pocket, look.plain(bulge=14), tone=0.82)
    half: list[Knot] = [(0, -166), (66, -160), (108, -112), (122, 0), (124, 120), (100, 162), (0, 168)]
    gloss = 0.16 if look.texture == "leather" else 0.04
    body = painter.part(curve(mirrored(half)), look.stuff(bulge=38, gloss=gloss, shine=8), creases(painter.rng, 4))
    _zip(painter, [(-112, 10), (-104, -80), (-60, -132), (0, -140), (60, -132), (104, -80), (112, 10)], body)
    {"pocket": _zip_pocket, "flap": _buckled}[look.form["front"]](painter, look, body)


def _pack_straps(painter: Painter, look: Look) -> None:
    for side in (-1, 1):
        painter.tube([(60 * side, -140), (136 * side, -110), (154 * side, 20), (120 * side, 140)], 22, look.plain(), 12)


def _zip(painter: Painter, knots: list[Knot], body: Patch) -> None:
    painter.line(knots, 6, rgb(34, 34, 38), body)
    painter.stitches(knots, rgb(168, 170, 176), body)
    x, y = knots[0][0], knots[0][1]
    painter.tube([(x, y), (x + 1, y + 20)], 5, metal(STEEL))


def _zip_pocket(painter: Painter, look: Look, body: Patch) -> None:
    pocket = rounded(-92, 10, 92, 148, 30)
    painter.shadow(pocket, within=body, strength=0.5, soft=7)
    patch = painter.part(pocket, look.stuff(bulge=22))
    _zip(painter, [(-76, 42), (0, 36), (76, 42)], patch)
    label = rounded(-20, -46, 20, -20, 4)
    painter.part(label, plain(rgb(122, 82, 52), "leather", bulge=2.0))


def _buckled(painter: Painter, look: Look, body: Patch) -> None:
    flap = curve(mirrored([(0, -172), (72, -166), (116, -110), (120, -10), (90, 18), (0, 24)]))
    painter.shadow(flap, within=body, strength=0.5, soft=7, drop=5)
    painter.part(flap, look.stuff(bulge=30), creases(painter.rng, 3))
    pocket = rounded(-84, 52, 84, 150, 18)
    painter.shadow(pocket, within=body, strength=0.4)
    painter.part(pocket, look.stuff(bulge=18))
    for x in np.asarray([-50.0, 50.0]):
        strap = rounded(x - 9, -40, x + 9, 84, 5)
        painter.shadow(strap, within=body, strength=0.35, soft=3)
        painter.part(strap, plain(rgb(128, 84, 50), "leather", bulge=4.0, gloss=0.15))
        painter.part(rounded(x - 13, 40, x + 13, 60, 4), metal(BRASS))
