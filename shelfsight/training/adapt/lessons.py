"""Batches: every training item once an epoch, with one of its texts, and who else satisfies them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelfsight.training.adapt.facts import Bools, Ints, stated
from shelfsight.training.adapt.material import Material

__all__ = ["Batch", "Lessons"]

_LEAST_STEPS = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """``texts`` are different texts, ``pictures`` one of each item; ``right`` and ``unknown`` are [texts, pictures]."""

    texts: Ints
    pictures: Ints
    right: Bools
    unknown: Bools


class Lessons:
    """The training items in batches. An epoch is a function of the seed and its number."""

    def __init__(self, material: Material, *, batch: int, seed: int) -> None:
        self._seed = seed
        self._facts = material.texts.facts
        self._bounds = material.shelf.bounds
        self._stated = stated(material.texts.texts)
        self._items = np.array(list(material.lessons), dtype=np.int64)
        self._choices = [_even(*material.lessons[item], material) for item in material.lessons]
        self._steps = max(min(_LEAST_STEPS, len(self._items) // 2), len(self._items) // batch, 1)

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return self._steps

    @property
    def texts(self) -> Ints:
        """Numbers of all texts that are learnt with, ascending."""
        return np.unique(np.concatenate([numbers for numbers, _ in self._choices]))

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch; the items that are left over when it does not divide evenly are spread."""
        random = np.random.default_rng([self._seed, number])
        for places in np.array_split(random.permutation(len(self._items)), self._steps):
            yield self._batch(places, random)

    def _batch(self, places: Ints, random: np.random.Generator) -> Batch:
        items = self._items[places]
        texts = np.unique(
            [random.choice(numbers, p=chances) for numbers, chances in map(self._choices.__getitem__, places)]
        )
        pictures = random.integers(self._bounds[items], self._bounds[items + 1])
        right, unknown = self._facts.judge(self._stated[texts], items)
        return Batch(texts, pictures, right, unknown)


def _even(numbers: Ints, weights: npt.NDArray[np.float64], material: Material) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Chances of an item's texts: families alike, within a family by weight. Phrases are many and titles one."""
    families = [material.texts.texts[number].family for number in numbers]
    sums: Mapping[str, float] = {
        family: sum(w for f, w in zip(families, weights, strict=True) if f == family) for family in set(families)
    }
    chances = np.array([w / sums[family] for family, w in zip(families, weights, strict=True)])
    return numbers, chances / chances.sum()
