"""Hats, caps, watches and sunglasses."""

import numpy as np

from shelfsight.catalog.demo.canvas import Floats, Knot, Patch, curve, ellipse, mirrored, ribbon, rounded
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import BRASS, IVORY, STEEL, Painter, Stuff, creases, metal, plain, rgb


def hat(painter: Painter, look: Look) -> None:
    {"fedora hat": _fedora, "sun hat": _sun_hat, "bucket hat": _bucket_hat, "beanie hat": _beanie}[look.form["style"]](
        painter, look
    )


def _band(painter: Painter, look: Look, crown: Patch, y: float, height: float) -> None:
    band = curve([(-130, y - height), (0, y - height + 16), (130, y - height), (130, y), (0, y + 18), (-130, y)])
    colour = rgb(40, 36, 38) if not look.dark else rgb(176, 150, 116)
    painter.part(painter.patch(band).within(crown), plain(colour, "cotton", bulge=5.0))


def _fedora(painter: Painter, look: Look) -> None:
    under = curve([(-196, 62), (-120, 36), (120, 36), (196, 62), (120, 98), (0, 108), (-120, 98)])
    painter.part(under, look.plain(bulge=14), tone=0.72)
    brim = curve(
        [(-200, 52), (-110, 62), (0, 68), (110, 62), (200, 52), (170, 88), (90, 108), (0, 112), (-90, 108), (-170, 88)]
    )
    painter.part(brim, look.stuff(bulge=14))
    half: list[Knot] = [(0, -88), (40, -108), (84, -92), (100, -30), (108, 60), (60, 76), (0, 80)]
    crown = painter.part(curve(mirrored(half)), look.stuff(bulge=34), _pinch)
    _band(painter, look, crown, 62, 32)


def _pinch(u: Floats, v: Floats) -> Floats:
    dent = np.exp(-((u / 26) ** 2) - ((v + 96) / 40) ** 2) * 14
    sides = np.exp(-(((np.abs(u) - 62) / 20) ** 2) - ((v + 40) / 36) ** 2) * 7
    values: Floats = (-dent - sides).astype(np.float32)
    return values


def _sun_hat(painter: Painter, look: Look) -> None:
    brim = painter.part(ellipse(0, 48, 204, 62), look.stuff(bulge=18), creases(painter.rng, 3))
    crown_outline = curve(mirrored([(0, -96), (60, -86), (94, -36), (104, 44), (60, 62), (0, 66)]))
    painter.shadow(crown_outline, within=brim, strength=0.4, soft=10, drop=8)
    crown = painter.part(crown_outline, look.stuff(bulge=38))
    _band(painter, look, crown, 44, 24)


def _bucket_hat(painter: Painter, look: Look) -> None:
    brim = curve(mirrored([(0, 10), (100, 14), (156, 84), (140, 100), (70, 116), (0, 120)]))
    lower = painter.part(brim, look.stuff(bulge=16))
    for y in (56, 74, 92):
        painter.stitches([(-130 - y / 8, y - 6), (0, y + 16), (130 + y / 8, y - 6)], look.thread, lower, 0.5)
    crown = curve(mirrored([(0, -92), (70, -88), (92, -72), (108, 30), (60, 44), (0, 48)]))
    painter.shadow(crown, within=lower, strength=0.4, soft=6)
    body = painter.part(crown, look.stuff(bulge=26), creases(painter.rng, 4))
    painter.seam([(-90, -66), (0, -56), (90, -66)], body)


def _beanie(painter: Painter, look: Look) -> None:
    half: list[Knot] = [(0, -118), (60, -104), (108, -40), (116, 50), (60, 60), (0, 62)]
    body = painter.part(
        curve(mirrored(half)), look.stuff(bulge=44), lambda u, v: 0.9 * np.sin(u * (0.7 + (v + 120) * -0.0007))
    )
    fold = rounded(-122, 20, 122, 98, 20)
    painter.shadow(fold, within=body, strength=0.4)
    painter.part(fold, look.plain(bulge=18), lambda u, _v: 1.1 * np.sin(u * 0.62))
    painter.part(rounded(40, 46, 82, 74, 3), plain(rgb(116, 78, 50), "leather", bulge=2.0))
    if look.form["top"] == "bobble":
        painter.part(ellipse(0, -132, 40, 38), look.plain(texture="wool", bulge=22), creases(painter.rng, 5, length=1))


def cap(painter: Painter, look: Look) -> None:
    half: list[Knot] = [
        (-124, 52),
        (-130, -24),
        (-84, -96),
        (0, -118),
        (70, -96),
        (108, -40),
        (114, 30),
        (30, 52),
        (-60, 60),
    ]
    body = painter.part(curve(half), look.stuff(bulge=46), creases(painter.rng, 3))
    for seam in ([(-10, -116), (44, -60), (58, 36)], [(-10, -116), (-60, -60), (-76, 44)]):
        painter.seam([(float(x), float(y)) for x, y in seam], body, width=2.2)
    for x, y in ((2, -70), (78, -50), (-88, -40)):
        painter.part(ellipse(x, y, 4, 4), look.plain(bulge=2).but(body=False), tone=0.5)
    peak = curve([(20, 50, 1), (88, 14), (150, 10), (196, 34), (214, 60, 1), (168, 52), (116, 50), (70, 58)])
    painter.part(peak, _peak(look, painter))
    painter.stitches([(50, 46), (120, 26), (198, 50)], look.thread, opacity=0.6)
    painter.part(ellipse(-8, -118, 11, 7), look.plain(bulge=5))
    painter.seam([(-124, 38), (-40, 46), (60, 40), (110, 22)], body, depth=0.3)


def _peak(look: Look, painter: Painter) -> Stuff:
    return look.plain(bulge=7) if painter.rng.random() < 0.8 else look.accent(texture=look.texture)


def watch(painter: Painter, look: Look) -> None:
    gold = painter.rng.random() < 0.45
    case = BRASS if gold else STEEL
    _strap(painter, look)
    painter.part(rounded(84, -9, 102, 9, 4), metal(case))
    for side in (-1, 1):
        for x in (-44, 30):
            painter.part(rounded(x, 62 * side - 22, x + 14, 62 * side + 22, 4), metal(case))
    if look.form["case"] == "square":
        painter.part(rounded(-86, -86, 86, 86, 24), metal(case).but(bulge=12.0))
        painter.part(rounded(-72, -72, 72, 72, 16), metal(case), tone=0.6)
    else:
        painter.part(ellipse(0, 0, 92, 92), metal(case).but(bulge=12.0))
        painter.part(ellipse(0, 0, 80, 80), metal(case), tone=0.6)
    _dial(painter, look, case)


def _strap(painter: Painter, look: Look) -> None:
    stuff = look.stuff(bulge=13, gloss=0.14 if look.texture == "leather" else 0.04, shine=8)
    for side in (-1, 1):
        outline = curve([(-48, 50 * side, 1), (48, 50 * side, 1), (40, 150 * side), (36, 206 * side), (0, 214 * side),
                         (-36, 206 * side), (-40, 150 * side)])  # fmt: skip
        patch = painter.part(outline, stuff)
        if look.texture == "leather":
            for x in (-1, 1):
                painter.stitches([(40 * x, 80 * side), (33 * x, 150 * side), (29 * x, 204 * side)], look.thread, patch)
    for y in (136, 158, 180):
        painter.layer.paint(painter.patch(ellipse(0, y, 3.6, 5)), rgb(20, 16, 14), opacity=0.8)
    painter.part(ribbon(rounded(-46, -206, 46, -172, 8), 7), metal(STEEL))


def _dial(painter: Painter, look: Look, case: Floats) -> None:
    dark = look.form["dial"] == "black dial"
    face, ink = (rgb(30, 31, 36), IVORY) if dark else (rgb(247, 246, 242), rgb(36, 36, 40))
    outline = rounded(-68, -68, 68, 68, 14) if look.form["case"] == "square" else ellipse(0, 0, 75, 75)
    dial = painter.part(outline, plain(face, bulge=5.0))
    for hour in range(12):
        angle = np.radians(hour * 30)
        inner, outer = (52.0, 66.0) if hour % 3 == 0 else (58.0, 66.0)
        direction = np.asarray([np.sin(angle), -np.cos(angle)])
        points = np.stack([direction * inner, direction * outer]).astype(np.float32)
        painter.layer.paint(painter.patch(ribbon(points, 4 if hour % 3 == 0 else 2)), ink)
    for degrees, length, width in ((305, 38, 6), (58, 56, 4), (180, 60, 1.5)):
        angle = np.radians(degrees)
        tip = np.asarray([[0, 0], [np.sin(angle) * length, -np.cos(angle) * length]], np.float32)
        painter.layer.paint(painter.patch(ribbon(tip, width)), ink)
    painter.part(ellipse(0, 0, 5, 5), metal(case))
    glare = curve([(-70, -20), (-10, -76), (24, -72), (-52, 46)])
    painter.layer.paint(painter.patch(glare).within(dial), IVORY, opacity=0.10)


LENSES: dict[str, Floats] = {
    "round": ellipse(0, 0, 66, 62),
    "square": rounded(-72, -52, 72, 56, 26),
    "cat-eye": curve([(-66, -34), (0, -50), (66, -54), (92, -70, 1), (78, -6), (46, 46), (-10, 54), (-58, 30)]),
    "aviator": curve([(-62, -46), (0, -54), (62, -46), (72, -10), (56, 48), (14, 70), (-38, 48), (-68, 0)]),
}  # fmt: skip


def sunglasses(painter: Painter, look: Look) -> None:
    stuff = look.stuff(bulge=7, gloss=0.5, shine=12)
    for side in (-1, 1):
        painter.tube([(164 * side, -34), (60 * side, 8), (-40 * side, 20)], 10, look.plain(gloss=0.2).but(body=False))
        painter.tube([(140 * side, -36), (168 * side, -36), (172 * side, -22)], 14, stuff)
    painter.tube([(-26, -16), (0, -32), (26, -16)], 15, stuff)
    lens = LENSES[look.form["style"]]
    for side in (-1, 1):
        shape = lens * np.asarray([side, 1], np.float32)
        at = np.asarray([88 * side, 0], np.float32)
        painter.part(shape * np.float32(1.2) + at, stuff)
        _lens(painter, shape * np.float32(0.93) + at)


def _lens(painter: Painter, outline: Floats) -> None:
    tint = rgb(52, 46, 44)
    patch = painter.part(outline, plain(tint, bulge=10.0, gloss=0.12, shine=6.0))
    _, v = painter.pose.frame(patch.window)
    fade = np.clip((v + 60) / 130, 0, 1)[..., None] * np.float32(0.5)
    painter.layer.paint(patch, tint + (rgb(168, 158, 150) - tint) * fade, opacity=0.7)
    middle = outline.mean(axis=0)
    gleam = curve([(-36, 8), (4, -44), (22, -42), (-24, 26)]) + middle
    painter.layer.paint(painter.patch(gleam.astype(np.float32)).within(patch), IVORY, opacity=0.16)
