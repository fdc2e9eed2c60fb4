"""How probable a few words are, yes and no or numbers, from the logits at the place where an answer begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shelfsight.core.errors import ModelError
from shelfsight.core.vectors import FloatArray

if TYPE_CHECKING:
    import torch

__all__ = ["YES_NO", "Words", "checked_scores", "words_of"]

YES_NO = ("yes", "no")
_SPACES = "Ġ▁ĊĉčĠ \t\n"  # as byte-level BPE, SentencePiece and plain vocabularies write white space before a word


@dataclass(frozen=True, slots=True)
class Words:
    """For each of some words the tokens that say it, in every case and with or without white space before it."""

    tokens: tuple[tuple[int, ...], ...]

    @property
    def ids(self) -> list[int]:
        """All these tokens, word by word."""
        return [id for group in self.tokens for id in group]

    def masses(self, logits: "torch.Tensor") -> "torch.Tensor":
        """(n, ids) logits of :attr:`ids` to (n, words) float32: the logarithm of each word's mass, whose softmax over
        some of the words is how probable each is among them."""
        import torch

        parts = torch.split(logits.float(), [len(group) for group in self.tokens], dim=1)
        return torch.stack([part.logsumexp(1) for part in parts], dim=1)


def words_of(vocabulary: Mapping[str, int], words: Sequence[str]) -> Words:
    """Find lower-case ``words`` in a tokenizer's vocabulary (token -> id).

    Raises:
        ModelError: there is no token for one of them.
    """
    found: dict[str, list[int]] = {word: [] for word in words}
    for token, id in vocabulary.items():
        word = token.lstrip(_SPACES).casefold()
        if word in found:
            found[word].append(id)
    for word, ids in found.items():
        if not ids:
            raise ModelError(f"its tokenizer has no token for {word!r}, so that its answers cannot be read")
    return Words(tuple(tuple(sorted(ids)) for ids in found.values()))


def checked_scores(scores: "torch.Tensor") -> FloatArray:
    """Probabilities on any device to float32 of NumPy, in the same shape.

    Raises:
        ModelError: one of them is no number.
    """
    here: FloatArray = scores.float().cpu().numpy()
    if not np.isfinite(here).all():
        raise ModelError("its answers are not finite", hint="The weights are damaged, or too large for this precision.")
    return here
