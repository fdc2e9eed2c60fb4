"""Where in a picture a text is seen."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image, ImageDraw

from shelfsight.core.protocols import Encoder
from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.fit import over_picture
from shelfsight.models.encoders.pixels import Prepare

if TYPE_CHECKING:
    from shelfsight.models.encoders.patches import PatchTower
    from shelfsight.models.encoders.runtimes.towers import PictureTower

__all__ = ["NEUTRAL", "Heat", "Shown", "occlusion", "reloaded"]

NEUTRAL = ("a product", "a photo", "a picture of a product", "an object", "background", "a thing")
"""What any picture shows: a text's heat is what speaks for it more than for these.

Of 150 pictures of two products of the demo catalogue, the peak lies in the half of the one named by its kind in 99%,
by its colour in 98%; without it in 99% and 96%; at the tower's own size instead of twice that in 85% and 87%.
"""

_GREY = (127, 127, 127)
_PARTS = 6  # of each side of the picture; a window has two of them, and those at the edges lie half outside: 7 x 7
_LOOKED_AT = 2  # times the input's side: larger pictures are made smaller before they are greyed out 49 times


class Shown(Encoder, Protocol):
    """An encoder whose picture tower can be looked into."""

    def picture_tower(self) -> "PictureTower":
        """The picture tower in torch, on any device. Asked for once."""
        ...

    def turn(self, vectors: FloatArray) -> FloatArray:
        """(n, d) float32 vectors as the tower gives them to those that the encoder normalises; linear."""
        ...


class Heat:
    """The heat maps of one encoder: from its patches where its tower has them, else by greying out.

    Safe to share between threads. The tower is asked for with the first picture.
    """

    def __init__(self, encoder: Shown, sides: tuple[int, int], preprocess: Mapping[str, Any]) -> None:
        """
        Args:
            sides: height and width of the encoder's input, in pixels.
            preprocess: OpenCLIP's preprocessing configuration.
        """
        self._encoder = encoder
        self._sides = sides
        self._preprocess = preprocess
        self._lock = threading.Lock()
        self._found: tuple[PatchTower | None] | None = None
        self._neutral: FloatArray | None = None

    def __call__(self, picture: Image.Image, texts: Sequence[str]) -> FloatArray:
        """See :class:`~shelfsight.core.protocols.Localiser`.

        From patches, the heat of a text in a cell is the dot product of the patch's vector, not normalised, with the
        text's vector less the mean of the :data:`NEUTRAL` ones'.
        """
        directions = self._directions(texts)
        patches = self._patches()
        if patches is None:
            return occlusion(self._encoder, picture, directions)
        vectors = self.vectors(patches, picture)
        grids = np.moveaxis(vectors @ directions.T, -1, 0)
        return over_picture(grids, picture.size, patches.sides, self._preprocess, drift=patches.drift)

    def vectors(self, patches: "PatchTower", picture: Image.Image) -> FloatArray:
        """(rows, columns, d) float32 vectors of the patches of a picture, not normalised."""
        import torch

        pixels = Prepare({**self._preprocess, "size": patches.sides})(picture)
        grid = patches(torch.from_numpy(pixels[None])).numpy()
        return self._encoder.turn(grid.reshape(-1, grid.shape[-1])).reshape(*grid.shape[:2], -1)

    def _patches(self) -> "PatchTower | None":
        from shelfsight.models.encoders.patches import patch_tower

        with self._lock:
            if self._found is None:
                self._found = (patch_tower(self._encoder.picture_tower(), self._sides),)
            return self._found[0]

    def _directions(self, texts: Sequence[str]) -> FloatArray:
        if self._neutral is None:  # two threads at once make the same
            self._neutral = self._encoder.encode_texts(NEUTRAL).mean(axis=0)
        directions: FloatArray = self._encoder.encode_texts(texts) - self._neutral
        return directions


def occlusion(encoder: Encoder, picture: Image.Image, directions: FloatArray) -> FloatArray:
    """How much less a picture speaks for each of n directions when a part of it is grey (Zeiler and Fergus 2014,
    "Visualizing and Understanding Convolutional Networks", section 4.2).

    Args:
        directions: (n, d) float32.

    Returns:
        (n, 6, 6) float32 over the whole picture; a cell has the mean of the four windows that cover it.
    """
    side = _LOOKED_AT * encoder.spec.image_size
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    windows = [(row, column) for row in range(_PARTS + 1) for column in range(_PARTS + 1)]
    pictures = [small, *(_greyed(small, row, column) for row, column in windows)]
    vectors = encoder.encode_pixels(np.stack([encoder.prepare(each) for each in pictures]))
    similarities = vectors @ directions.T
    drops = (similarities[0] - similarities[1:]).T.reshape(-1, _PARTS + 1, _PARTS + 1)
    heat: FloatArray = (drops[:, :-1, :-1] + drops[:, :-1, 1:] + drops[:, 1:, :-1] + drops[:, 1:, 1:]) / 4
    return heat


def reloaded(name: str) -> "PictureTower":
    """The picture tower of the encoder called ``name``, loaded anew, on the CPU.

    Raises:
        ModelError: it cannot be loaded.
    """
    from shelfsight.models.encoders.loading import load, pick_device
    from shelfsight.models.encoders.runtimes.towers import PictureTower

    loaded = load(name, pick_device("cpu"))
    return PictureTower(loaded.model, loaded.mean, loaded.std).eval()


def _greyed(picture: Image.Image, row: int, column: int) -> Image.Image:
    """A copy with the two by two parts grey that meet at a corner, and at least a pixel."""
    left, right = (_edge(picture.width, part) for part in (column - 1, column + 1))
    top, bottom = (_edge(picture.height, part) for part in (row - 1, row + 1))
    greyed = picture.copy()
    ImageDraw.Draw(greyed).rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=_GREY)
    return greyed


def _edge(length: int, part: int) -> int:
    """The pixel at which a part begins."""
    return round(length * min(max(part, 0), _PARTS) / _PARTS)
