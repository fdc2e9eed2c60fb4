"""P(yes) from the logits at the place where an answer begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shelfsight.core.errors import ModelError
from shelfsight.core.vectors import FloatArray

if TYPE_CHECKING:
    import torch

__all__ = ["SPACES", "YesNo", "checked_scores", "yes_no_tokens"]

SPACES = "Ġ▁ĊĉčĠ \t\n"
"""As byte-level BPE, SentencePiece and plain vocabularies write white space before a word."""


@dataclass(frozen=True, slots=True)
class YesNo:
    """The tokens that say yes, and those that say no, in every case and with or without white space before them."""

    yes: tuple[int, ...]
    no: tuple[int, ...]

    def probability(self, logits: "torch.Tensor") -> "torch.Tensor":
        """(n, vocabulary) logits to (n,) float32: the mass of yes in that of yes and no."""
        exact = logits.float()
        return (exact[:, list(self.yes)].logsumexp(1) - exact[:, list(self.no)].logsumexp(1)).sigmoid()


def yes_no_tokens(vocabulary: Mapping[str, int]) -> YesNo:
    """Find them in a tokenizer's vocabulary (token -> id).

    Raises:
        ModelError: there is no token for one of the two words.
    """
    found = {
        word: tuple(sorted(id for token, id in vocabulary.items() if token.lstrip(SPACES).casefold() == word))
        for word in ("yes", "no")
    }
    for word, ids in found.items():
        if not ids:
            raise ModelError(f"its tokenizer has no token for {word!r}, so that it cannot be asked yes or no")
    return YesNo(found["yes"], found["no"])


def checked_scores(scores: "torch.Tensor") -> FloatArray:
    """(n,) probabilities on any device to float32 of NumPy.

    Raises:
        ModelError: one of them is no number.
    """
    here: FloatArray = scores.float().cpu().numpy()
    if not np.isfinite(here).all():
        raise ModelError("its answers are not finite", hint="The weights are damaged, or too large for this precision.")
    return here
