"""What one training step looks at, a pure function of seed, stage, epoch and step: that makes resuming exact."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shelfsight.training.corpus import Corpus
from shelfsight.training.data import FIELDS
from shelfsight.training.loss import phrase_truth, title_truth
from shelfsight.training.settings import Stage
from shelfsight.training.texts import title_text, write_phrase
from shelfsight.training.vocabulary import WORD_FIELDS, Words

__all__ = ["Batch", "Batcher", "Block"]

TYPE = FIELDS.index("type")


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
    """Row numbers of the pictures ``int [b]``, the random generator for their views, and the three kinds of texts:
    titles, phrases, and all words of each field."""

    index: np.ndarray
    random: np.random.Generator
    titles: Block
    phrases: Block
    words: list[Block]


class Batcher:
    """Draws batches of a corpus for one stage."""

    def __init__(self, corpus: Corpus, tokenizer: Any, stage: Stage, seed: list[int]) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer
        self._stage = stage
        self._seed = seed
        self._size = min(stage.batch, len(corpus.train))
        words = [Words(field, corpus.rows, corpus.train, corpus.sources) for field in WORD_FIELDS]
        self._words = [each for each in words if len(each) > 1]
        self.steps_an_epoch = len(corpus.train) // self._size

    def epoch(self, number: int, first_step: int = 0) -> Iterator[Batch]:
        """The batches of one epoch, from ``first_step`` on."""
        order = self._order(np.random.default_rng([*self._seed, number]))
        for step in range(first_step, self.steps_an_epoch):
            index = np.sort(order[step * self._size : (step + 1) * self._size])
            yield self._batch(index, np.random.default_rng([*self._seed, number, step]))

    def _batch(self, index: np.ndarray, random: np.random.Generator) -> Batch:
        words = [self._block(each.texts(random), *each.truth(index)) for each in self._words]
        return Batch(index, random, self._titles(index, random), self._phrases(index, random), words)

    def _order(self, random: np.random.Generator) -> np.ndarray:
        """A permutation of the training rows. Runs of ``alike`` rows are of one type, as far as that goes: negatives
        of the same type are the hard ones."""
        order = random.permutation(self._corpus.train)
        if self._stage.alike == 1:
            return order
        by_type = order[np.argsort(self._corpus.codes[order, TYPE], kind="stable")]
        runs = np.array_split(by_type, max(1, len(by_type) // self._stage.alike))
        return np.concatenate([runs[place] for place in random.permutation(len(runs))])

    def _titles(self, index: np.ndarray, random: np.random.Generator) -> Block:
        rows = [self._corpus.rows[i] for i in index]
        texts = [title_text(row.title, random, self._stage.shortened) for row in rows]
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
