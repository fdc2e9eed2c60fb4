"""Unit vectors that resemble the CLIP embeddings of a shop's pictures, drawn from a seed.

A vector is the direction of a sum of five independent parts. Their shares of its squared length are parameters:

=========  =====  ====================================================================================================
part       share  why it is there
=========  =====  ====================================================================================================
mean       0.25   CLIP's vectors lie in a narrow cone (Liang et al. 2022, "Mind the gap"): two pictures that have
                  nothing in common still have a cosine well above 0. One direction, the same for all.
category   0.20   A shop has tens of categories. 50 directions; a category's share of the items falls with its rank.
centre     0.25   Within a category: styles, families of variants. 4,000 centres, each in one category. The size of a
                  cluster falls with its rank to the power -0.8: a few sell in every colour, most are small.
within     0.24   Items of a cluster differ along few axes. Each category has 32 axes of its own with variances that
                  fall as 1 / (1 + i / 8); each cluster stretches them by its own factors (log-normal, 0.4), and its
                  spread as a whole is another (log-normal, 0.25): dense and loose clusters side by side.
noise      0.06   What the encoder sees of light, crop and background: isotropic, in every dimension. Without it the
                  vectors would lie in a union of flat subspaces, which no encoder's do and which flatters quantisers.
=========  =====  ====================================================================================================

Categories, centres and axes are no isotropic directions: they lie in common axes whose variances fall as
(1 + i / 24) to the power -1.5, turned at random, as the spectrum of real embeddings does (a few dozen dimensions hold
half of the variance, all of them the rest). The random turn keeps coordinates from meaning anything by themselves.

The parameters were set once, so that a sample looks like one of real pictures where these can be compared, and is
harder: ``python -m benchmarks.million --only data`` prints the same figures for both. No index was run to
choose them. Queries are fresh draws of the same mixture, no copies of items.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray, normalise

__all__ = ["CHUNK", "Labels", "Mixture"]

CHUNK = 16_384
Labels = npt.NDArray[np.int32]
_ITEMS, _QUERIES = 1, 2  # what a stream of random numbers is for


@dataclass(frozen=True)
class Mixture:
    """Parameters as the module says. Draws come in chunks of 16,384, each from its own seed: the first n items of a
    larger draw are the items of a smaller one."""

    dimension: int = 512
    seed: int = 0
    categories: int = 50
    clusters: int = 4000
    size_exponent: float = 0.8
    rank: int = 32
    axis_scale: float = 8.0
    spectrum_scale: float = 24.0
    spectrum_exponent: float = 1.5
    stretch: float = 0.4
    spread: float = 0.25
    mean: float = 0.25
    category: float = 0.20
    centre: float = 0.25
    within: float = 0.24
    noise: float = 0.06

    def items(self, count: int) -> Iterator[tuple[FloatArray, Labels]]:
        """Chunks of (n, d) float32 of length 1 and their (n,) clusters."""
        yield from self._draws(count, _ITEMS)

    def queries(self, count: int, *, seed: int) -> tuple[FloatArray, Labels]:
        """(count, d) float32 of length 1 and their (count,) clusters; another ``seed`` >= 0, others."""
        rows, labels = zip(*self._draws(count, _QUERIES + seed), strict=True)
        return np.concatenate(rows), np.concatenate(labels)

    @cached_property
    def shares(self) -> npt.NDArray[np.float64]:
        """(clusters,) share of the items."""
        sizes = (1.0 + np.arange(self.clusters)) ** -self.size_exponent
        return np.asarray(sizes / sizes.sum())

    @cached_property
    def category_of(self) -> Labels:
        """(clusters,) category of each; the large clusters are spread over all categories."""
        rng = self._rng(0)
        weights = (1.0 + np.arange(self.categories)) ** -0.5
        drawn = rng.choice(self.categories, self.clusters, p=weights / weights.sum())
        return np.asarray(drawn, np.int32)

    def _draws(self, count: int, purpose: int) -> Iterator[tuple[FloatArray, Labels]]:
        for number, start in enumerate(range(0, count, CHUNK)):
            wanted = min(CHUNK, count - start)
            labels = self._rng(purpose, number).choice(self.clusters, CHUNK, p=self.shares).astype(np.int32)[:wanted]
            yield self._vectors(self._rng(purpose, number, 1), labels), labels

    def _vectors(self, rng: np.random.Generator, labels: Labels) -> FloatArray:
        parts = self._parts
        rank = parts.scales.shape[1]
        drawn = rng.standard_normal((len(labels), self.dimension + rank), np.float32)  # row by row: any prefix agrees
        rows = parts.centres[labels] + drawn[:, rank:] * np.float32(np.sqrt(self.noise / self.dimension))
        places = drawn[:, :rank] * parts.scales[labels]
        categories = self.category_of[labels]
        for category in np.unique(categories):
            own = categories == category
            rows[own] += places[own] @ parts.axes[category]
        return normalise(rows)

    @cached_property
    def _parts(self) -> "_Parts":
        rng = self._rng(0, 1)
        rank = min(self.rank, self.dimension)
        common = self._common_axes(rng)
        mean = _directions(rng, 1, np.eye(self.dimension)) * np.sqrt(self.mean)
        categories = _directions(rng, self.categories, common) * np.sqrt(self.category)
        styles = _directions(rng, self.clusters, common) * np.sqrt(self.centre)
        axes = np.stack([np.linalg.qr(_directions(rng, rank, common).T)[0].T for _ in range(self.categories)])
        variances = np.tile(1 / (1 + np.arange(rank) / self.axis_scale), (self.clusters, 1))
        variances *= rng.lognormal(0, self.stretch, variances.shape)
        variances *= self.within / variances.sum(axis=1, keepdims=True)
        variances *= rng.lognormal(0, self.spread, (self.clusters, 1)) ** 2
        return _Parts(
            centres=(mean + categories[self.category_of] + styles).astype(np.float32),
            axes=axes.astype(np.float32),
            scales=np.sqrt(variances).astype(np.float32),
        )

    def _common_axes(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """(d, d): row i is common axis i times its standard deviation."""
        turn = np.linalg.qr(rng.standard_normal((self.dimension, self.dimension)))[0]
        variances = (1 + np.arange(self.dimension) / self.spectrum_scale) ** -self.spectrum_exponent
        return np.asarray(np.sqrt(variances)[:, None] * turn)

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *purpose])


@dataclass(frozen=True)
class _Parts:
    """Attributes: centres (clusters, d); axes (categories, rank, d); scales (clusters, rank)."""

    centres: FloatArray
    axes: FloatArray
    scales: FloatArray


def _directions(rng: np.random.Generator, count: int, axes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(count, d) of length 1, normally distributed along ``axes``."""
    drawn = rng.standard_normal((count, len(axes))) @ axes
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
