"""The painter a kind draws with: parts with relief and cloth, seams, stitches, buttons, metal."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from shelfsight.catalog.demo.canvas import Floats, Knot, Layer, Patch, Pose, curve, ellipse, rasterise, ribbon
from shelfsight.catalog.demo.fabric import TEXTURES, TILE, Print, noise, printed, sample
from shelfsight.catalog.demo.light import Lamp, blur, dome, framed, glint, lit, resize, shading, soften

Relief = Callable[[Floats, Floats], Floats]


def rgb(*channels: int) -> Floats:
    """A colour (3,) in [0, 1] from 0..255."""
    return np.asarray(channels, np.float32) / 255


STEEL, BRASS, RUBBER = rgb(158, 162, 170), rgb(190, 146, 66), rgb(48, 47, 48)
OAK, WALNUT, IVORY = rgb(196, 152, 104), rgb(104, 70, 46), rgb(243, 240, 232)


@dataclass(frozen=True)
class Stuff:
    """What a part is made of: a print (or plain colour), a texture, how far its edge swells, and its gloss."""

    ink: Print
    texture: str = "cotton"
    bulge: float = 22.0
    gloss: float = 0.0
    shine: float = 24.0
    body: bool = True

    def but(self, *, bulge: float | None = None, body: bool | None = None) -> "Stuff":
        """The same stuff, swelling otherwise, or counted to the body or not."""
        return replace(self, bulge=self.bulge if bulge is None else bulge, body=self.body if body is None else body)


def plain(
    colour: Floats, texture: str = "smooth", *, bulge: float = 22.0, gloss: float = 0.0, shine: float = 24.0
) -> Stuff:
    """Unprinted stuff that is not the catalogue's colour: soles, wood, metal, lining."""
    return Stuff(Print("plain", colour, colour, colour), texture, bulge, gloss, shine, body=False)


def metal(colour: Floats) -> Stuff:
    return plain(colour, bulge=5.0, gloss=0.6, shine=10.0)


@dataclass
class Painter:
    """Paints parts in the product's frame, back to front. `rng` is the item's own."""

    pose: Pose
    lamp: Lamp
    rng: np.random.Generator
    layer: Layer = field(default_factory=Layer)

    def patch(self, *outlines: Floats, holes: tuple[Floats, ...] = ()) -> Patch:
        """The patch of closed outlines given in the product's frame."""
        return rasterise([self.pose.place(o) for o in outlines], [self.pose.place(h) for h in holes])

    def part(self, outline: Floats | Patch, stuff: Stuff, relief: Relief | None = None, tone: float = 1.0) -> Patch:
        """Paint one part with its own swelling light; `relief` adds folds in pixels; `tone` darkens or lightens it."""
        patch = outline if isinstance(outline, Patch) else self.patch(outline)
        u, v = self.pose.frame(patch.window)
        height = dome(patch.cover, stuff.bulge * self.pose.scale)
        highlight = glint(height, self.lamp, stuff.gloss, stuff.shine)
        if relief is not None:
            folds = relief(u, v)
            height = height + folds * self.pose.scale
            bend_v, bend_u = np.gradient(folds)
            u, v = u + bend_u * 3, v + bend_v * 3
        shade = (
            shading(height, self.lamp)
            * (1 + TEXTURES[stuff.texture](u, v))
            * np.float32(tone)
            * self._edge(patch.cover)
        )
        colour = lit(printed(stuff.ink, u, v), shade, highlight, self.lamp)
        self.layer.paint(patch, colour, body=stuff.body)
        return patch

    @staticmethod
    def _edge(cover: Floats) -> Floats:
        """Soft occlusion: a part is a little darker within a few pixels of its outline."""
        inner = soften(framed(cover, 3, 3, 3, 3), 2.4)[3:-3, 3:-3]
        values: Floats = np.minimum(0.72 + 0.30 * inner, 1)
        return values

    def shadow(
        self, *outlines: Floats, within: Patch, strength: float = 0.45, soft: float = 6.0, drop: float = 3
    ) -> None:
        """The shadow a part that is painted next throws on `within`."""
        patch = self.patch(*[o + np.asarray([0, drop], np.float32) for o in outlines])
        room = patch.grown(int(soft * 2))
        soft_patch = Patch(room.top, room.left, soften(room.cover, soft)).within(within)
        self._darken(soft_patch, strength)

    def _darken(self, patch: Patch, strength: float) -> None:
        self.layer.rgb[patch.window] *= 1 - strength * patch.cover[..., None]

    def seam(self, knots: list[Knot], within: Patch | None = None, width: float = 1.6, depth: float = 0.4) -> None:
        """A sewn line: a dark groove with a lit lip beside it."""
        points = curve(knots, closed=False)
        self._line(points + np.asarray([0.9, 1.2], np.float32), width, rgb(255, 255, 255), depth * 0.25, within)
        self._line(points, width, rgb(15, 12, 12), depth, within)

    def line(self, knots: list[Knot], width: float, colour: Floats, within: Patch | None = None) -> None:
        self._line(curve(knots, closed=False), width, colour, 1.0, within)

    def _line(self, points: Floats, width: float, colour: Floats, opacity: float, within: Patch | None) -> None:
        patch = self.patch(ribbon(points, width))
        self.layer.paint(patch if within is None else patch.within(within), colour, opacity=opacity)

    def stitches(self, knots: list[Knot], colour: Floats, within: Patch | None = None, opacity: float = 0.8) -> None:
        """A dashed thread along `knots`."""
        points = curve(knots, closed=False, steps=24)
        lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        dashes = []
        for start in np.arange(2, lengths[-1] - 5, 7.0):
            ends = [[np.interp(at, lengths, points[:, axis]) for axis in (0, 1)] for at in (start, start + 4.4)]
            dashes.append(ribbon(np.asarray(ends, np.float32), 1.3))
        if dashes:
            patch = self.patch(*dashes)
            self.layer.paint(patch if within is None else patch.within(within), colour, opacity=opacity)

    def button(self, x: float, y: float, radius: float, colour: Floats) -> None:
        """A round button with a rim and two holes."""
        self.layer.paint(self.patch(ellipse(x + 0.8, y + 1.4, radius * 1.1, radius * 1.1)), rgb(0, 0, 0), opacity=0.3)
        self.part(ellipse(x, y, radius, radius), plain(colour, bulge=2.5, gloss=0.3))
        for dx in (-0.32, 0.32):
            hole = ellipse(x + dx * radius, y, radius * 0.16, radius * 0.16)
            self.layer.paint(self.patch(hole), rgb(30, 26, 24), opacity=0.7)

    def tube(self, knots: list[Knot], width: float, stuff: Stuff, end_width: float | None = None) -> Patch:
        """A round band along a smooth line: straps, handles, laces, legs."""
        outline = ribbon(curve(knots, closed=False), width, end_width)
        return self.part(outline, stuff.but(bulge=max(1.5, width / 2.6)))


def creases(rng: np.random.Generator, depth: float = 3.0, *, lean: float = 0.5, length: float = 2.6) -> Relief:
    """Soft wrinkles that run at a lean, as of cloth that hangs or has been worn."""
    seed, offset = int(rng.integers(4)), rng.integers(0, TILE, 2).tolist()
    across = 0.9

    def relief(u: Floats, v: Floats) -> Floats:
        height, width = u.shape
        u, v = u[::4, ::4], v[::4, ::4]
        x = (u + v * lean) * across + offset[0]
        y = (v - u * lean) * across / length + offset[1]
        coarse = sample(noise(14, seed), x, y) + 0.4 * sample(noise(8, seed + 4), x, y)
        return np.float32(depth) * resize(blur(coarse, 1), coarse.shape[0] * 4, coarse.shape[1] * 4)[:height, :width]

    return relief


def pleats(rng: np.random.Generator, top: float, bottom: float, *, count: float, depth: float, apex: float) -> Relief:
    """Folds that fan out from a point `apex` above the waist at `top` and deepen towards `bottom`."""
    phase, sway = rng.random() * 6.28, rng.random() * 6.28

    def relief(u: Floats, v: Floats) -> Floats:
        angle = np.arctan2(u, np.maximum(v - apex, 1))
        wave = np.sin(angle * count + phase) + 0.5 * np.sin(angle * count * 1.7 + sway)
        values: Floats = (depth * wave * np.clip((v - top) / (bottom - top), 0, 1) ** 0.7).astype(np.float32)
        return values

    return relief


def both(first: Relief, second: Relief) -> Relief:
    return lambda u, v: first(u, v) + second(u, v)
