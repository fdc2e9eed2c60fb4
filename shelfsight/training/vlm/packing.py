"""Many questions behind one picture: each sees the picture and itself, as if it were asked alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shelfsight.training.vlm.lessons import Lesson

__all__ = ["Pack", "Packer"]


@dataclass(frozen=True)
class Pack:
    """A batch.

    Attributes:
        tokens: ``int64 [b, words]``: the lessons of each picture end to end, padded; the picture's tokens come before.
        positions: ``int64 [b, picture + words]``: every lesson begins where the picture ends.
        mask: ``bool [b, 1, picture + words, picture + words]``: who sees whom.
        rows, places: ``int64 [answers]``: where the tokens of answers are foretold.
        targets: ``int64 [answers]``: those tokens.
        weights: ``float32 [answers]``: each lesson counts as one.
    """

    tokens: Tensor
    positions: Tensor
    mask: Tensor
    rows: Tensor
    places: Tensor
    targets: Tensor
    weights: Tensor


class Packer:
    """Lessons to tensors."""

    def __init__(self, tokenizer: Any, picture: int, answer: int, end: int, pad: int) -> None:
        self._tokenizer = tokenizer
        self._picture = picture
        self._answer, self._end, self._pad = answer, end, pad
        self._known: dict[str, list[int]] = {}

    def pack(self, batch: Sequence[Sequence[Lesson]], dropped: np.ndarray | None = None) -> Pack:
        """Pack the lessons of ``b`` pictures.

        Args:
            dropped: ``bool [b, picture]``: tokens of the picture that nobody sees.
        """
        whole = [self._one(lessons) for lessons in batch]
        width = max(len(tokens) for tokens, *_ in whole)
        tokens = np.full((len(batch), width), self._pad, np.int64)
        owners = np.full((len(batch), width), -1, np.int64)
        places = np.zeros((len(batch), width), np.int64)
        answers: list[tuple[int, int, int, float]] = []
        for row, (ids, owner, place, foretold) in enumerate(whole):
            tokens[row, : len(ids)], owners[row, : len(ids)], places[row, : len(ids)] = ids, owner, place
            answers += [(row, self._picture + at, target, weight) for at, target, weight in foretold]
        rows, at, targets, weights = zip(*answers, strict=True)
        first = np.broadcast_to(np.arange(self._picture), (len(batch), self._picture))
        return Pack(
            torch.from_numpy(tokens),
            torch.from_numpy(np.concatenate([first, places], axis=1)),
            torch.from_numpy(self._mask(owners, dropped)),
            torch.tensor(rows),
            torch.tensor(at),
            torch.tensor(targets),
            torch.tensor(weights),
        )

    def _one(self, lessons: Sequence[Lesson]) -> tuple[list[int], list[int], list[int], list[tuple[int, int, float]]]:
        tokens: list[int] = []
        owners: list[int] = []
        places: list[int] = []
        foretold: list[tuple[int, int, float]] = []
        for number, lesson in enumerate(lessons):
            question, answer = [*self._ids(lesson.question), self._answer], [*self._ids(lesson.answer), self._end]
            begin = len(tokens) + len(question) - 1
            foretold += [(begin + n, token, 1.0 / len(answer)) for n, token in enumerate(answer)]
            said = [*question, *answer[:-1]]
            tokens += said
            owners += [number] * len(said)
            places += range(self._picture, self._picture + len(said))
        return tokens, owners, places, foretold

    def _mask(self, owners: np.ndarray, dropped: np.ndarray | None) -> np.ndarray:
        count, width = owners.shape
        whole = self._picture + width
        mask = np.zeros((count, whole, whole), bool)
        mask[:, :, : self._picture] = True if dropped is None else ~dropped[:, None, :]
        mask[:, self._picture :, self._picture :] = owners[:, :, None] == owners[:, None, :]
        mask &= np.tri(whole, dtype=bool)
        mask |= np.eye(whole, dtype=bool)
        seen: np.ndarray = mask[:, None]
        return seen

    def _ids(self, text: str) -> list[int]:
        if text not in self._known:
            self._known[text] = self._tokenizer(text, add_special_tokens=False).input_ids
        return self._known[text]
