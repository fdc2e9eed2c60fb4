"""What one training step looks at, a pure function of seed, stage, epoch and step: that makes resuming exact."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shelfsight.training.corpus import Corpus
from shelfsight.training.loss import phrase_truth, title_truth
from shelfsight.training.settings import Stage
from shelfsight.training.texts import title_text, write_phrase

__all__ = ["Batch", "Batcher", "Block"]


@dataclass(frozen=True)
class Block:
    """Texts of a batch. Equal texts are encoded once: text ``i`` is row ``places[i]`` of ``tokens``.

    ``right`` and ``ignored`` are ``bool [texts, pictures]``, see :func:`shelfsight.training.loss.contrastive_loss`.
    """

    tokens: Tensor
    places: Tensor
    right: Tensor
    ignored: Tensor


@dataclass(frozen=True)
class Batch:
    """Row numbers of the pictures ``int [b]``, the random generator for their views, and the two kinds of texts."""

    index: np.ndarray
    random: np.random.Generator
    titles: Block
    phrases: Block


class Batcher:
    """Draws batches of a corpus for one stage."""

    def __init__(self, corpus: Corpus, tokenizer: Any, stage: Stage, seed: list[int]) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer
        self._stage = stage
        self._seed = seed
        self._size = min(stage.batch, len(corpus.train))
        self.steps_an_epoch = len(corpus.train) // self._size

    def epoch(self, number: int, first_step: int = 0) -> Iterator[Batch]:
        """The batches of one epoch, from ``first_step`` on."""
        order = np.random.default_rng([*self._seed, number]).permutation(self._corpus.train)
        for step in range(first_step, self.steps_an_epoch):
            index = np.sort(order[step * self._size : (step + 1) * self._size])
            yield self._batch(index, np.random.default_rng([*self._seed, number, step]))

    def _batch(self, index: np.ndarray, random: np.random.Generator) -> Batch:
        return Batch(index, random, self._titles(index, random), self._phrases(index, random))

    def _titles(self, index: np.ndarray, random: np.random.Generator) -> Block:
        rows = [self._corpus.rows[i] for i in index]
        texts = [title_text(row.title, random) for row in rows]
        right, ignored = title_truth(
            self._corpus.titles[index],
            np.array([shortened for _, shortened in texts]),
            self._corpus.codes[index],
            np.array([bool(row.title) for row in rows]),
        )
        return self._block([text for text, _ in texts], right, ignored)

    def _phrases(self, index: np.ndarray, random: np.random.Generator) -> Block:
        phrases = [write_phrase(self._corpus.rows[i], random) for i in index]
        right, ignored = phrase_truth(
            np.array([phrase.named for phrase in phrases]), self._corpus.codes[index], self._corpus.sources[index]
        )
        return self._block([phrase.text for phrase in phrases], right, ignored)

    def _block(self, texts: list[str], right: Tensor, ignored: Tensor) -> Block:
        distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        places = torch.tensor([distinct[text] for text in texts])
        return Block(self._tokenizer(list(distinct)), places, right, ignored)
