"""Running shoes, boots and heels, from the side, toe to the right."""

import numpy as np

from shelfsight.catalog.demo.canvas import Floats, Knot, Patch, curve, ellipse, ribbon
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import BRASS, IVORY, RUBBER, Painter, creases, metal, plain, rgb

SHOE_UPPER: list[Knot] = [
    (-172, 40), (-180, -10), (-170, -62), (-152, -84), (-120, -70), (-86, -62), (-52, -82), (-34, -104, 1), (-2, -72),
    (46, -34), (98, -8), (150, 6), (178, 28), (184, 52), (160, 62), (0, 64), (-150, 62),
]  # fmt: skip
SOLES: dict[str, list[Knot]] = {
    "cushioned": [
        (-190, 52), (-196, 30), (-176, 28), (-90, 42), (20, 44), (120, 42), (176, 40), (200, 40), (198, 62), (170, 84),
        (90, 90), (0, 88), (-60, 86), (-150, 92), (-184, 86), (-202, 66),
    ],
    "flat": [
        (-184, 44), (-100, 46), (0, 48), (100, 48), (186, 42), (194, 56), (188, 78), (100, 82), (-100, 82), (-182, 80),
    ],
}  # fmt: skip


def running_shoe(painter: Painter, look: Look) -> None:
    sole_colour = IVORY if painter.rng.random() < 0.75 else rgb(58, 60, 64)
    inside = curve([(-156, -80), (-118, -92), (-70, -90), (-40, -100), (-50, -60), (-120, -50)])
    painter.part(inside, plain(rgb(52, 52, 58), "mesh", bulge=8.0))
    _tongue(painter, look)
    upper = painter.part(curve(SHOE_UPPER), look.stuff(bulge=30), creases(painter.rng, 2.5, lean=-0.6, length=1.4))
    _overlays(painter, look, upper)
    _laces(painter, look)
    _sole(painter, look, sole_colour)


def _tongue(painter: Painter, look: Look) -> None:
    tongue = curve([(-74, -82), (-62, -122), (-34, -130), (-22, -108), (0, -70), (-40, -60)])
    painter.part(tongue, look.plain(bulge=8), tone=0.86)


def _overlays(painter: Painter, look: Look, upper: Patch) -> None:
    smooth = look.plain(texture="smooth", bulge=6, gloss=0.08)
    toe = curve([(112, -4), (150, 2), (186, 28), (190, 66), (110, 66), (128, 30)])
    painter.part(painter.patch(toe).within(upper), smooth, tone=0.9)
    heel = curve([(-190, -40), (-150, -50), (-128, 0), (-120, 66), (-196, 66)])
    painter.part(painter.patch(heel).within(upper), smooth, tone=0.88)
    eyestay = curve([(-56, -84), (-34, -108, 1), (0, -74), (50, -34), (62, -16), (40, -12), (-10, -42), (-48, -62)])
    painter.part(painter.patch(eyestay).within(upper), smooth, tone=0.94)
    _flash(painter, look, upper)
    painter.tube([(-154, -86), (-120, -72), (-86, -64), (-56, -82)], 9, look.plain(texture="smooth", bulge=4))


def _flash(painter: Painter, look: Look, upper: Patch) -> None:
    """The side mark: bars, a wave or a chevron, in the accent colour."""
    stuff = look.accent(texture="smooth", bulge=3)
    mark = look.form["mark"]
    if mark == "bars":
        for x in (-86, -58, -30):
            bar = curve([(x, 60, 1), (x + 15, 60, 1), (x + 34, -34, 1), (x + 22, -40, 1)])
            painter.part(painter.patch(bar).within(upper), stuff)
    elif mark == "wave":
        wave = curve([(-140, 20), (-90, -14), (-40, 22), (10, 26), (70, -4, 1), (20, 44), (-40, 44), (-90, 10)])
        painter.part(painter.patch(wave).within(upper), stuff)
    else:
        for x in (-92, -56):
            arrow = curve(
                [(x, -26, 1), (x + 14, -28, 1), (x + 42, 12, 1), (x + 6, 52, 1), (x - 8, 50, 1), (x + 26, 12, 1)]
            )
            painter.part(painter.patch(arrow).within(upper), stuff)


def _laces(painter: Painter, look: Look) -> None:
    lace = look.accent(texture="smooth") if painter.rng.random() < 0.5 else plain(IVORY)
    for x, y in ((-40, -86), (-22, -70), (-2, -54), (18, -40), (38, -27)):
        painter.tube([(x - 10, y + 12), (x + 2, y - 4), (x + 16, y - 10)], 7, lace)
    painter.tube([(-38, -98), (-58, -110), (-64, -92), (-40, -92)], 4, lace)
    painter.tube([(-36, -98), (-20, -118), (-10, -104), (-36, -92)], 4, lace)


def _sole(painter: Painter, look: Look, colour: Floats) -> None:
    outline = curve(SOLES[look.form["sole"]])
    painter.part(outline, plain(colour, "smooth", bulge=10.0, gloss=0.05))
    sole = painter.patch(outline)
    painter.seam([(-196, 52), (-90, 60), (40, 62), (196, 54)], sole, width=1.6, depth=0.25)
    tread = curve([(-190, 84), (-60, 78), (60, 82), (190, 64), (200, 100), (-200, 100)])
    dark = plain(RUBBER if colour[0] > 0.5 else rgb(30, 30, 32))
    painter.part(painter.patch(tread).within(sole), dark.but(bulge=3.0))
    if look.form["sole"] == "cushioned":
        pod = curve([(-176, 44), (-120, 56), (-70, 62), (-70, 70), (-130, 72), (-184, 64)])
        painter.part(painter.patch(pod).within(sole), look.plain(texture="smooth", bulge=4).but(body=False))


SHAFTS = {"ankle": -96.0, "mid-calf": -150.0, "knee-high": -220.0}


def boot(painter: Painter, look: Look) -> None:
    top, style = SHAFTS[look.form["height"]], look.form["style"]
    gloss = 0.32 if look.texture == "leather" else 0.0
    painter.part(ellipse(-62, top + 2, 60, 10), plain(rgb(70, 54, 44), "suede", bulge=4.0), tone=0.6)
    stuff = look.stuff(bulge=30, gloss=gloss, shine=10)
    upper = painter.part(curve(_boot_outline(top)), stuff, creases(painter.rng, 1.6, lean=0.2, length=0.8))
    painter.seam([(-124, 40), (-96, 24), (-60, 40), (-50, 82)], upper, width=2.2)
    painter.seam([(40, 84), (48, 44), (24, 6)], upper, width=2)
    {"laced": _laced, "Chelsea": _chelsea, "zipped": _zipped}[style](painter, look, upper, top)
    _boot_sole(painter, look)


def _boot_outline(top: float) -> list[Knot]:
    wide = 6.0 if top < -180 else 0.0
    return [
        (-122 - wide, top, 1), (-60, top + 8), (-2 + wide, top, 1), (-4, top / 2 - 10), (0, -24), (34, 8), (88, 24),
        (132, 38), (152, 64), (148, 90), (0, 94), (-126, 92), (-132, 50), (-122, 0), (-118, top / 2),
    ]  # fmt: skip


def _laced(painter: Painter, look: Look, upper: Patch, top: float) -> None:
    flap = curve([(-34, top + 14), (-8, top + 10), (-6, -40), (26, 6), (4, 14), (-26, -24)])
    painter.part(painter.patch(flap).within(upper), look.plain(bulge=5), tone=0.84)
    lace = plain(rgb(60, 46, 36) if not look.dark else rgb(206, 180, 130))
    for y in np.arange(-26, top + 14, -17.0):
        painter.tube([(-34, y + 3), (-18, y - 2), (0, y - 4)], 4.5, lace)
        painter.part(ellipse(-36, y + 4, 3.4, 3.4), metal(BRASS))


def _chelsea(painter: Painter, look: Look, upper: Patch, top: float) -> None:
    panel = curve([(-92, top - 4, 1), (-40, top - 2, 1), (-52, -20), (-66, 4), (-80, -20)])
    painter.part(painter.patch(panel).within(upper), plain(rgb(40, 38, 38)), lambda u, _v: 0.8 * np.sin(u * 1.5))
    painter.tube([(-118, top + 6), (-124, top - 14), (-112, top - 14), (-110, top + 8)], 5, look.plain())


def _zipped(painter: Painter, look: Look, upper: Patch, top: float) -> None:
    painter.seam([(-64, top + 8), (-62, top / 2), (-58, 30)], upper, width=5, depth=0.5)
    painter.stitches([(-64, top + 8), (-62, top / 2), (-58, 30)], rgb(200, 196, 188), upper)
    painter.part(ellipse(-64, top + 26, 4, 8), metal(BRASS))
    if top < -180:
        painter.tube([(-122, top + 40), (-60, top + 50), (0, top + 40)], 12, look.plain(gloss=0.2))
        painter.part(ellipse(-30, top + 48, 9, 11), metal(BRASS))


def _boot_sole(painter: Painter, look: Look) -> None:
    drop = {"flat": 0.0, "block heel": 26.0}[look.form["heel"]]
    colour = rgb(44, 36, 32) if painter.rng.random() < 0.7 else rgb(150, 112, 76)
    ground = 112 + drop
    heel = curve([(-134, 88, 1), (-54, 88, 1), (-62, ground, 1), (-128, ground, 1)])
    painter.part(heel, plain(colour, "wood", bulge=6.0))
    sole = curve([
        (-138, 84, 1), (0, 90), (110, 86), (158, 72, 1), (163, 88), (150, ground - 8), (120, ground), (36, ground, 1),
        (10, 106 + drop / 2), (-50, 102), (-136, 102, 1),
    ])  # fmt: skip
    painter.part(sole, plain(colour, "smooth", bulge=5.0))
    painter.stitches([(-130, 90), (0, 94), (130, 88)], rgb(222, 200, 160), opacity=0.7)


def heels(painter: Painter, look: Look) -> None:
    gloss = 0.4 if look.texture == "leather" else 0.05
    lining = curve([(-150, -56), (-118, -40), (-30, 20), (40, 56), (0, 66), (-90, 20), (-140, -20)])
    painter.part(lining, plain(rgb(206, 176, 142), "leather", bulge=8.0))
    spike = {"stiletto": (10.0, 5.0), "block": (36.0, 34.0)}[look.form["heel"]]
    stem = [(-146 + spike[0] / 2, -14), (-140 + spike[0] / 4, 50), (-146 + spike[1] / 2, 118)]
    painter.tube([(x, y) for x, y in stem], spike[0] + 12, look.plain(gloss=gloss), spike[1] + 3)
    sole = curve([(-160, -10), (-90, 24), (0, 92), (60, 116), (150, 118), (180, 106), (150, 100), (60, 92), (-80, -4)])
    painter.part(sole, plain(rgb(58, 42, 36), bulge=4.0))
    body = painter.part(curve(_pump_outline()), look.stuff(bulge=22, gloss=gloss, shine=12))
    painter.seam([(-152, -60), (-118, -36), (-36, 26), (30, 64), (86, 68), (110, 52)], body, width=2, depth=0.3)
    if look.form["style"] == "ankle-strap":
        painter.tube([(-162, -40), (-164, -76), (-158, -104)], 9, look.plain(gloss=gloss))
        for start, stop in ((180, 360), (0, 180)):
            loop = ribbon(ellipse(-112, -104, 50, 15, start=start, stop=stop), 9)
            painter.part(loop, look.plain(bulge=4, gloss=gloss), tone=0.7 if start else 1.0)
        painter.part(ellipse(-84, -92, 6, 7), metal(BRASS))
    elif look.form["style"] == "bow":
        for side in (-1, 1):
            loop = curve([(104, 62), (104 + 30 * side, 40), (104 + 34 * side, 62), (104 + 26 * side, 76)])
            painter.part(loop, look.plain(bulge=8))
        painter.part(ellipse(104, 62, 7, 8), look.plain(bulge=5))


def _pump_outline() -> list[Knot]:
    return [
        (-156, -64, 1), (-118, -40), (-40, 22), (24, 60), (80, 64), (112, 50, 1), (150, 74), (182, 102), (176, 112),
        (120, 112), (60, 108), (0, 84), (-80, 14), (-140, 4), (-164, -8), (-168, -40),
    ]  # fmt: skip
