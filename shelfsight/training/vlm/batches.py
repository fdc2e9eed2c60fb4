"""What one training step looks at, a pure function of seed, epoch and step: that makes resuming exact."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from shelfsight.training.frozen import from_kept
from shelfsight.training.vlm.lessons import Teacher
from shelfsight.training.vlm.material import Material
from shelfsight.training.vlm.packing import Pack, Packer
from shelfsight.training.vlm.settings import VlmSettings

__all__ = ["Batch", "Batcher"]


@dataclass(frozen=True)
class Batch:
    """Outputs of the frozen parts ``float32 [b, c, h, w]``, and the lessons about them."""

    kept: Tensor
    pack: Pack


class Batcher:
    """Draws batches of the training rows."""

    def __init__(
        self, material: Material, teacher: Teacher, packer: Packer, settings: VlmSettings, picture_tokens: int
    ) -> None:
        self._material, self._teacher, self._packer, self._settings = material, teacher, packer, settings
        self._picture_tokens = picture_tokens
        self.steps_an_epoch = len(material.corpus.train) // settings.batch

    def epoch(self, number: int, first_step: int = 0) -> Iterator[Batch]:
        """The batches of one epoch, from ``first_step`` on."""
        size, seed = self._settings.batch, self._settings.seed
        order = np.random.default_rng([seed, number]).permutation(self._material.corpus.train)
        for step in range(first_step, self.steps_an_epoch):
            index = np.sort(order[step * size : (step + 1) * size])
            yield self._batch(index, np.random.default_rng([seed, number, step]))

    def _batch(self, index: np.ndarray, random: np.random.Generator) -> Batch:
        view = self._material.views[random.integers(len(self._material.views))]
        lessons = [self._teacher.lessons(int(row), self._settings.questions, random) for row in index]
        taught = np.array([bool(each) for each in lessons])
        dropped = random.random((int(taught.sum()), self._picture_tokens)) < self._settings.drop
        pack = self._packer.pack([each for each in lessons if each], dropped)
        return Batch(from_kept(view[index[taught]]), pack)
