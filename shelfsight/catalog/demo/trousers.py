"""Trousers, long and short."""

from shelfsight.catalog.demo.canvas import Knot, Patch, curve, ellipse, mirrored
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import Painter, both, creases, plain, rgb

HALF_HEMS = {"slim": (70.0, 34.0), "straight": (84.0, 28.0), "wide-leg": (112.0, 22.0), "tapered": (66.0, 30.0)}


def trousers(painter: Painter, look: Look) -> None:
    outer, inner = HALF_HEMS[look.form["cut"]]
    hem = 200.0
    painter.part(ellipse(0, -196, 66, 7), look.plain(bulge=3).but(body=False), tone=0.45)
    folds = both(creases(painter.rng, 4, lean=0.3, length=3.2), creases(painter.rng, 2.5, lean=-0.7, length=1.5))
    body = painter.part(curve(mirrored(_half(outer, inner, hem))), look.stuff(bulge=22), folds)
    _front(painter, look, body)
    _legs(painter, look, body, outer, inner, hem)


def shorts(painter: Painter, look: Look) -> None:
    painter.part(ellipse(0, -116, 86, 8), look.plain(bulge=3).but(body=False), tone=0.45)
    half: list[Knot] = [
        (0, -110), (88, -118, 1), (104, -50), (118, 40), (124, 100, 1), (70, 110), (14, 106, 1), (6, 20), (0, 2, 1),
    ]  # fmt: skip
    body = painter.part(curve(mirrored(half)), look.stuff(bulge=26), creases(painter.rng, 5, lean=0.4, length=1.8))
    band = curve(mirrored([(0, -110), (88, -118, 1), (91, -96, 1), (0, -88)]))
    painter.shadow(band, within=body, strength=0.3, soft=3)
    painter.part(band, look.plain(bulge=6))
    painter.seam([(0, -88), (3, -40), (0, 2)], body, width=2, depth=0.5)
    for side in (-1, 1):
        painter.seam([(58 * side, -94), (76 * side, -62), (102 * side, -54)], body, width=2)
        painter.stitches([(16 * side, 94), (70 * side, 99), (122 * side, 90)], look.thread, body, 0.6)
    if look.form["waist"] == "drawstring":
        for x in (-14, 16):
            painter.tube([(x * 0.3, -100), (x * 0.8, -70), (x, -44)], 4, plain(rgb(236, 232, 224)))
    else:
        painter.button(0, -99, 6, rgb(90, 74, 60))


def _half(outer: float, inner: float, hem: float) -> list[Knot]:
    knee = (96 + outer) / 2 - 4
    return [
        (0, -190), (66, -197, 1), (82, -150), (92, -96), (knee, 40), (outer, hem, 1),
        ((outer + inner) / 2, hem + 4), (inner, hem, 1), (inner * 0.7, 60), (5, -60), (0, -76, 1),
    ]  # fmt: skip


def _front(painter: Painter, look: Look, body: Patch) -> None:
    band = curve(mirrored([(0, -190), (66, -197, 1), (70, -176, 1), (0, -168)]))
    painter.shadow(band, within=body, strength=0.35, soft=3)
    patch = painter.part(band, look.plain(bulge=6))
    painter.stitches([(-69, -181), (0, -173), (69, -181)], look.thread, patch, 0.5)
    for side in (-1, 1):
        painter.seam([(46 * side, -174), (62 * side, -142), (88 * side, -128)], body, width=2, depth=0.5)
        painter.stitches([(42 * side, -172), (58 * side, -138), (88 * side, -122)], look.thread, body, 0.5)
        loop = curve([(34 * side, -198, 1), (40 * side, -198, 1), (41 * side, -168, 1), (35 * side, -168, 1)])
        painter.part(loop, look.plain(bulge=2))
    painter.seam([(0, -168), (4, -120), (0, -78)], body, width=2.2, depth=0.55)
    painter.stitches([(16, -168), (17, -120), (2, -84)], look.thread, body, 0.55)
    painter.button(0, -180, 5, rgb(176, 128, 80) if look.texture == "denim" else look.thread)


def _legs(painter: Painter, look: Look, body: Patch, outer: float, inner: float, hem: float) -> None:
    for side in (-1, 1):
        painter.stitches([(inner * side, hem - 10), (outer * side, hem - 9)], look.thread, body, 0.6)
        if look.form["front"] == "pleated":
            middle = (outer + inner) / 2
            painter.seam([(44 * side, -166), (52 * side, -40), (middle * side, hem)], body, width=2.4, depth=0.3)
