"""Dresses and skirts."""

from shelfsight.catalog.demo.canvas import Knot, Patch, curve, ellipse, mirrored
from shelfsight.catalog.demo.look import Look
from shelfsight.catalog.demo.painter import Painter, Relief, both, creases, metal, plain, pleats, rgb

HEMS = {"mini": (84.0, 98.0), "midi": (148.0, 120.0), "maxi": (206.0, 134.0)}
SHOULDERS: dict[str, list[Knot]] = {
    "round": [(0, -150), (22, -158), (34, -182, 1), (54, -176, 1)],
    "v": [(0, -118, 1), (18, -150), (32, -183, 1), (54, -176, 1)],
    "square": [(0, -146), (30, -147, 1), (34, -184, 1), (50, -181, 1)],
    "strap": [(0, -134), (16, -137), (33, -146, 1), (45, -144, 1)],
}
SLEEVES: dict[str, list[Knot]] = {
    "short-sleeved": [(46, -178), (76, -160), (98, -112, 1), (68, -98, 1), (54, -122)],
    "long-sleeved": [(46, -178), (78, -158), (98, -80), (112, 2), (114, 34, 1), (88, 38, 1), (76, -30), (52, -116)],
    "puff-sleeved": [(46, -178), (82, -176), (106, -140), (94, -104, 1), (64, -98, 1), (54, -122)],
}


def dress(painter: Painter, look: Look) -> None:
    sleeve, neck = look.form["sleeve"], look.form["neck"]
    bare = sleeve == "sleeveless"
    _back(painter, look, neck)
    if neck == "strap":
        _straps(painter, look)
    elif not bare:
        _sleeves(painter, look, SLEEVES[sleeve])
    bottom, spread = HEMS[look.form["length"]]
    spread = {"A-line": spread, "full": spread * 1.2, "fitted": 60.0}[look.form["cut"]]
    body = painter.part(curve(_outline(neck, bottom, spread)), look.stuff(bulge=24), _folds(painter, look, bottom))
    _waist(painter, look, body)
    _finish(painter, look, body, bottom, spread)


def _outline(neck: str, bottom: float, spread: float) -> list[Knot]:
    hip = 68.0 if spread < 64 else 51 + (spread - 51) * 0.52
    hip_at = 14.0 if spread < 64 else (bottom - 38) / 2
    half: list[Knot] = [
        *SHOULDERS[neck], (49, -142), (62, -106), (58, -72), (50, -38), (hip, hip_at), (spread, bottom, 1),
        (spread * 0.5, bottom + 7), (0, bottom + 9),
    ]  # fmt: skip
    return mirrored(half)


def _folds(painter: Painter, look: Look, bottom: float) -> Relief:
    depth = {"A-line": 6.0, "full": 8.5, "fitted": 1.2}[look.form["cut"]]
    count = {"A-line": 9.0, "full": 14.0, "fitted": 6.0}[look.form["cut"]]
    fan = pleats(painter.rng, -40, bottom, count=count, depth=depth, apex=-230)
    return both(fan, creases(painter.rng, 2.5, length=3))


def _back(painter: Painter, look: Look, neck: str) -> None:
    if neck != "strap":
        lining = curve(mirrored([(0, -170), (33, -180), (28, -140), (0, -112)]))
        painter.part(lining, look.plain(bulge=8).but(body=False), tone=0.5)


def _straps(painter: Painter, look: Look) -> None:
    for side in (-1, 1):
        painter.tube([(39 * side, -140), (36 * side, -170), (30 * side, -196)], 6, look.plain())
        painter.tube([(28 * side, -140), (32 * side, -172), (30 * side, -196)], 5, look.plain().but(body=False))


def _sleeves(painter: Painter, look: Look, knots: list[Knot]) -> None:
    for side in (-1, 1):
        sided: list[Knot] = [(k[0] * side, k[1], 1) if len(k) == 3 else (k[0] * side, k[1]) for k in knots]
        patch = painter.part(curve(sided), look.stuff(bulge=14), creases(painter.rng, 4, lean=0.8 * side, length=1.7))
        ends = [k for k in sided if len(k) == 3]
        painter.seam([(ends[0][0], ends[0][1] - 7), (ends[1][0], ends[1][1] - 7)], patch)


def _waist(painter: Painter, look: Look, body: Patch) -> None:
    style = look.form["waist"]
    if style == "belted":
        belt = curve(mirrored([(0, -46), (54, -49, 1), (54, -33, 1), (0, -30)]))
        painter.shadow(belt, within=body, strength=0.4, soft=4)
        painter.part(
            belt, plain(rgb(70, 48, 36) if not look.dark else rgb(150, 110, 72), "leather", bulge=4.0, gloss=0.15)
        )
        painter.part(ellipse(0, -38, 9, 9), metal(rgb(201, 163, 84)))
    elif style == "tie":
        band = curve(mirrored([(0, -44), (52, -46, 1), (52, -35, 1), (0, -33)]))
        painter.shadow(band, within=body, strength=0.35, soft=4)
        painter.part(band, look.plain(bulge=4))
        for x, y in ((-12, 30), (16, 22)):
            painter.tube([(0, -38), (x * 0.5, -10), (x, y)], 8, look.plain(), 11)
        painter.part(ellipse(0, -38, 8, 7), look.plain(bulge=4))
    else:
        painter.seam([(-54, -38), (0, -35), (54, -38)], body)


def _finish(painter: Painter, look: Look, body: Patch, bottom: float, spread: float) -> None:
    painter.seam([(-spread, bottom - 8), (0, bottom + 1), (spread, bottom - 8)], body, depth=0.2)
    if look.form["neck"] in ("round", "v") and painter.rng.random() < 0.3:
        for y in range(-106, -48, 16):
            painter.button(0, y, 3.2, look.thread)


def skirt(painter: Painter, look: Look) -> None:
    length, cut = look.form["length"], look.form["cut"]
    bottom = {"mini": 60.0, "midi": 140.0, "maxi": 195.0}[length]
    spread = {"A-line": 128.0, "pleated": 142.0, "pencil": 84.0}[cut] * (0.92 if length == "mini" else 1.0)
    half: list[Knot] = [
        (0, -146), (64, -150, 1), (70, -118), ((78 + spread) / 2 + 4, (bottom - 130) / 2), (spread, bottom, 1),
        (spread / 2, bottom + 8), (0, bottom + 11),
    ]  # fmt: skip
    depth, count = {"A-line": (6.0, 11.0), "pleated": (6.0, 30.0), "pencil": (1.0, 6.0)}[cut]
    folds = pleats(painter.rng, -130, bottom, count=count, depth=depth, apex=-330)
    body = painter.part(curve(mirrored(half)), look.stuff(bulge=26), both(folds, creases(painter.rng, 2.5, length=3)))
    _waistband(painter, look, body)
    painter.seam([(-spread, bottom - 8), (0, bottom + 2), (spread, bottom - 8)], body, depth=0.2)


def _waistband(painter: Painter, look: Look, body: Patch) -> None:
    painter.part(ellipse(0, -149, 62, 7), look.plain(bulge=3).but(body=False), tone=0.45)
    band = curve(mirrored([(0, -142), (64, -150, 1), (67, -128, 1), (0, -119)]))
    painter.shadow(band, within=body, strength=0.35, soft=4)
    patch = painter.part(band, look.plain(bulge=6))
    painter.stitches([(-64, -134), (0, -125), (64, -134)], look.thread, patch, 0.6)
    if look.form["front"] == "buttoned":
        for y in range(-104, 40, 26):
            painter.button(0, y, 5, rgb(196, 160, 100))
