"""Pictures made of several products, so that the model learns to count, and to look at the right place."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from shelfsight.training.corpus import Corpus
from shelfsight.training.data import Row

__all__ = ["SOURCE", "composed_rows", "members"]

SOURCE = "composed"
_SIDE = 322
_LAYOUTS: dict[int, tuple[tuple[tuple[float, float], ...], ...]] = {
    2: (((0.25, 0.5), (0.75, 0.5)), ((0.5, 0.25), (0.5, 0.75))),
    3: (((0.25, 0.25), (0.75, 0.25), (0.5, 0.75)), ((0.25, 0.5), (0.75, 0.25), (0.75, 0.75))),
    4: (((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)),),
}
_ALIKE = 0.25
"""Share of the pictures that show one product several times."""


def composed_rows(corpus: Corpus, count: int, seed: int) -> Iterator[Row]:
    """``count`` pictures of two to four products of the training rows; ``key`` names the rows, see :func:`members`."""
    pixels = np.concatenate([np.arange(len(shelf.rows)) for shelf in corpus.shelves])
    shelves = np.concatenate([np.full(len(shelf.rows), n) for n, shelf in enumerate(corpus.shelves)])
    usable = np.array([i for i in corpus.train if corpus.rows[i].source in ("fashion", "rendered")])
    random = np.random.default_rng([seed, 77])
    for _ in range(count):
        number = int(random.choice([2, 3, 4], p=[0.6, 0.2, 0.2]))
        rows = random.choice(usable, number, replace=False)
        if random.random() < _ALIKE:
            rows = np.repeat(rows[:1], number)
        tiles = [corpus.shelves[shelves[row]].pixels[pixels[row]] for row in rows]
        picture = _compose([Image.fromarray(tile) for tile in tiles], random)
        yield Row(SOURCE, "+".join(str(row) for row in rows), "train", "", {}, picture)


def members(row: Row) -> list[int]:
    """Row numbers, in the corpus it was composed of, of the products that a composed row shows."""
    return [int(number) for number in row.key.split("+")]


def _compose(tiles: list[Image.Image], random: np.random.Generator) -> Image.Image:
    layouts = _LAYOUTS[len(tiles)]
    places = random.permutation(np.array(layouts[random.integers(len(layouts))]))
    canvas = Image.new("RGB", (_SIDE, _SIDE), (255, 255, 255))
    for tile, (x, y) in zip(tiles, places, strict=True):
        side = int(_SIDE * random.uniform(0.4, 0.5))
        shift = (_SIDE / 2 - side) / 2
        across, down = random.uniform(-shift, shift, 2)
        corner = (round(x * _SIDE - side / 2 + across), round(y * _SIDE - side / 2 + down))
        canvas.paste(tile.resize((side, side), Image.Resampling.BICUBIC), corner)
    return canvas
