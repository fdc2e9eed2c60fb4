"""What the items of the benchmark are besides their vectors, and how they get into a collection: by commits alone.

Fields: ``price`` (log-normal, two decimals), ``brand`` (200, each category prefers 20), ``colour`` (20), ``category``
(50, the mixture's), ``stock`` (0 to 99), and two numbers that make filters of any selectivity:

- ``lot``, uniform in [0, 1000): ``lot < 500``, ``< 100``, ``< 10``, ``< 1`` pass 50, 10, 1, 0.1 %, whatever the vector;
- ``shelf``, in [0, 1000): items in the order of category and cluster, so that the same filters pass whole categories,
  a few clusters, part of one: as a shop's filters do, and worse for an index that filters behind the search.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benchmarks.million.data import Data
from shelfsight.core.protocols import Change, EncoderSpec, Fingerprints, StoredItem, StoredPicture
from shelfsight.core.types import Value

__all__ = ["COLOURS", "FACETS", "SHARES", "Catalogue", "changes", "encoder_of"]

SHARES = {"50 %": 500, "10 %": 100, "1 %": 10, "0.1 %": 1}
"""Share of the items that pass -> bound of ``lot`` and ``shelf``."""
FACETS = ("brand", "colour", "category", "stock", "season")
COLOURS = tuple(f"colour-{number:02d}" for number in range(20))
_SEASONS = ("spring", "summer", "autumn", "winter")
_BRANDS = 200


@dataclass(frozen=True)
class Catalogue:
    """Columns over the items of ``data``, each (n,)."""

    data: Data
    seed: int = 0

    @cached_property
    def price(self) -> npt.NDArray[np.float64]:
        return np.round(self._rng(1).lognormal(3.5, 0.8, self.data.items), 2)

    @cached_property
    def brand(self) -> npt.NDArray[np.int64]:
        """Numbers of the brands; three in four are of the category's own twenty."""
        rng = self._rng(2)
        own = (self.category * 4 + np.minimum(rng.geometric(0.15, self.data.items), 20)) % _BRANDS
        anyone = rng.integers(0, _BRANDS, self.data.items)
        return np.where(rng.random(self.data.items) < 0.75, own, anyone)

    @cached_property
    def colour(self) -> npt.NDArray[np.int64]:
        return np.minimum(self._rng(3).geometric(0.12, self.data.items), len(COLOURS)) - 1

    @cached_property
    def category(self) -> npt.NDArray[np.int64]:
        return self.data.category_of[self.data.clusters].astype(np.int64)

    @cached_property
    def stock(self) -> npt.NDArray[np.int64]:
        return np.minimum(self._rng(4).geometric(0.05, self.data.items) - 1, 99)

    @cached_property
    def season(self) -> npt.NDArray[np.int64]:
        return self._rng(5).integers(0, len(_SEASONS), self.data.items)

    @cached_property
    def lot(self) -> npt.NDArray[np.int64]:
        return self._rng(6).integers(0, 1000, self.data.items)

    @cached_property
    def shelf(self) -> npt.NDArray[np.float64]:
        """Share of the items before this one in the order of category, cluster, then chance, times 1000."""
        order = np.lexsort((self._rng(7).random(self.data.items), self.data.clusters, self.category))
        place = np.empty(self.data.items)
        place[order] = np.arange(self.data.items) * (1000 / self.data.items)
        return np.round(place, 3)

    def metadata(self, row: int) -> dict[str, Value]:
        return {
            "price": float(self.price[row]),
            "brand": f"brand-{self.brand[row]:03d}",
            "colour": COLOURS[self.colour[row]],
            "category": f"category-{self.category[row]:02d}",
            "stock": int(self.stock[row]),
            "season": _SEASONS[self.season[row]],
            "lot": int(self.lot[row]),
            "shelf": float(self.shelf[row]),
        }

    def passing(self, field: str, below: float) -> npt.NDArray[np.bool_]:
        """(n,) which items pass ``field < below``, worked out here and not by a store."""
        return np.asarray(getattr(self, field) < below)

    def counts(self, keep: npt.NDArray[np.bool_]) -> dict[str, dict[str, int]]:
        """Field of :data:`FACETS` -> value -> how many of the kept items have it."""
        names = {
            "brand": [f"brand-{number:03d}" for number in range(_BRANDS)],
            "colour": COLOURS,
            "category": [f"category-{number:02d}" for number in range(int(self.category.max()) + 1)],
            "stock": [str(number) for number in range(100)],
            "season": _SEASONS,
        }
        found = {}
        for field in FACETS:
            numbers = np.bincount(getattr(self, field)[keep], minlength=len(names[field]))
            found[field] = {name: int(n) for name, n in zip(names[field], numbers, strict=True) if n}
        return found

    def _rng(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, 77, purpose])


def changes(catalogue: Catalogue, batch: int) -> Iterator[list[Change]]:
    """All items, ``batch`` a commit."""
    data = catalogue.data
    for start in range(0, data.items, batch):
        rows = range(start, min(start + batch, data.items))
        vectors = np.array(data.vectors[start : rows.stop])
        yield [Change(item=item(row, catalogue.metadata(row)), vectors=vectors[row - start][None]) for row in rows]


def item(row: int, metadata: Mapping[str, Value], version: int = 1) -> StoredItem:
    """An item as an indexing job would store it: one picture in a file, two hashes."""
    return StoredItem(
        id=f"sku-{row:07d}",
        title=f"{metadata['brand']} {metadata['colour']} {metadata['category']} no. {row}",
        metadata=metadata,
        pictures=(StoredPicture(name=f"{row}.jpg", path=f"/pictures/{row}.jpg"),),
        fingerprints=Fingerprints(pictures=f"{row:064x}", metadata=f"{row:060x}{version:04x}"),
    )


def encoder_of(data: Data) -> EncoderSpec:
    """The mixture in the place of an encoder."""
    return EncoderSpec(
        name="mixture", revision="0", fingerprint="0", dimension=int(data.vectors.shape[1]), image_size=1
    )
