"""The words of a shop by themselves: every picture is asked which type, which colour and which brand it shows.

In a batch of titles and phrases a rare word is seldom compared with its neighbours ("mauve" with "lavender"). Here all
words of a field are, at every step, and each word that occurs in the batch counts the same, however rare.
"""

from collections import Counter

import numpy as np
import torch
from torch import Tensor

from shelfsight.training.data import FIELDS, Row
from shelfsight.training.words import own_names

__all__ = ["WORD_FIELDS", "Words"]

WORD_FIELDS = ("type", "colour", "brand")
_LEAST_ROWS = 5


class Words:
    """The words of one field, with the pictures that each is right for.

    Only words of at least five training rows are asked. A picture is compared with the words of its own catalogue,
    since catalogues name the same thing differently.
    """

    def __init__(self, field: str, rows: list[Row], train: np.ndarray, sources: np.ndarray) -> None:
        """
        Args:
            train: row numbers of the training split.
            sources: ``int [rows]`` number of each row's catalogue.
        """
        if field not in FIELDS:
            raise ValueError(f"unknown field {field!r}")
        counts = Counter(rows[i].attributes.get(field) for i in train)
        self._words = [word for word, count in counts.items() if word is not None and count >= _LEAST_ROWS]
        number = {word: place for place, word in enumerate(self._words)}
        self._codes = np.array([number.get(row.attributes.get(field, ""), -1) for row in rows])
        self._sources = sources
        self._used = np.zeros((int(sources.max()) + 1, len(self._words)), dtype=bool)
        known = train[self._codes[train] >= 0]
        self._used[sources[known], self._codes[known]] = True

    def __len__(self) -> int:
        return len(self._words)

    def texts(self, random: np.random.Generator) -> list[str]:
        """One way to write each word; no two words share one."""
        return [word if random.random() < 0.5 else _one_of(own_names(word), random) for word in self._words]

    def truth(self, index: np.ndarray) -> tuple[Tensor, Tensor]:
        """``right`` and ``ignored``, ``bool [words, pictures]``, for the rows ``index``; see
        :func:`shelfsight.training.loss.contrastive_loss`."""
        codes = self._codes[index]
        right = codes[None, :] == np.arange(len(self))[:, None]
        ignored = (codes == -1)[None, :] | ~self._used[self._sources[index]].T
        return torch.from_numpy(right), torch.from_numpy(ignored)


def _one_of(choices: tuple[str, ...], random: np.random.Generator) -> str:
    return choices[random.integers(len(choices))]
