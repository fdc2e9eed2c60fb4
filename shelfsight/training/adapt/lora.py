"""Low-rank deltas on a text tower's matrices (LoRA: Hu et al. 2021, "Low-Rank Adaptation of Large Language Models").

The tower itself is never touched: a forward pass is given the sums of its matrices and their deltas in their place
(``torch.func.functional_call``), whatever kind of tower it is: OpenCLIP's own, inside the model or beside it, packed
attention weights included, or one of Hugging Face.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from shelfsight.core.errors import ModelError

__all__ = ["TextLora", "text_matrices"]


def text_matrices(model: Any) -> dict[str, Tensor]:
    """The weight matrices that texts go through, by their names in ``model``.

    Look-up tables are left out: a delta of low rank would move the rows of words that no text holds, too.

    Raises:
        ModelError: the model has none.
    """
    inside = not hasattr(model, "text")  # the first kind of OpenCLIP model has its text tower among its own parts
    tables = {f"{name}.weight" for name, part in model.named_modules() if isinstance(part, nn.Embedding)}
    matrices = {
        name: value
        for name, value in model.named_parameters()
        if value.ndim == 2
        and name.startswith(("transformer.", "text_projection") if inside else "text.")
        and name not in tables
        and not name.endswith("positional_embedding")
    }
    if not matrices:
        raise ModelError("the encoder has no text tower that can be adapted")
    return matrices


class TextLora(nn.Module):
    """Trainable deltas ``up @ down`` for every text matrix of a model. At the start they are exactly zero.

    Attributes:
        tower: the text side of the model.
        names: of the matrices.
        context: texts of fewer tokens are given to the tower with position tables cut to their length.
    """

    tower: "_Tower"

    def __init__(self, model: Any, rank: int) -> None:
        super().__init__()
        matrices = text_matrices(model)
        object.__setattr__(self, "tower", _Tower(model))  # no part of this module: its weights are not ours to train
        self.names = list(matrices)
        self.context = 0
        self._off = False
        self.down = nn.ParameterList()
        self.up = nn.ParameterList()
        for value in matrices.values():
            rows, columns = value.shape
            kept = min(rank, rows, columns)
            self.down.append(nn.Parameter(torch.randn(kept, columns) / math.sqrt(columns)))
            self.up.append(nn.Parameter(torch.zeros(rows, kept)))
        self.to(next(iter(matrices.values())).device)

    def forward(self, ids: Tensor) -> Tensor:
        """``int64 [n, length]`` token ids to vectors of length 1, ``float32 [n, d]``."""
        replaced = {} if self._off else self.tower.added_to(self.deltas())
        if ids.shape[1] < self.context:
            replaced.update(self.tower.cut_to(ids.shape[1]))
        features: Tensor = functional_call(self.tower, replaced, (ids,))
        return nn.functional.normalize(features.float(), dim=-1)

    def deltas(self) -> dict[str, Tensor]:
        """What is added to each matrix, by its name."""
        return {name: up @ down for name, (up, down) in self.factors().items()}

    def factors(self) -> dict[str, tuple[Tensor, Tensor]]:
        """(up, down) of each matrix, by its name; their product is the delta."""
        return dict(zip(self.names, zip(self.up, self.down, strict=True), strict=True))

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """Run as the base does."""
        self._off = True
        try:
            yield
        finally:
            self._off = False


class _Tower(nn.Module):
    """The text side of a model as a module of its own."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self._part = "model.text" if hasattr(model, "text") else "model"

    def forward(self, ids: Tensor) -> Tensor:
        features: Tensor = self.model.encode_text(ids)
        return features

    def added_to(self, deltas: dict[str, Tensor]) -> dict[str, Tensor]:
        """The sums of matrices and deltas, by their names in this module."""
        own = dict(self.model.named_parameters())
        return {f"model.{name}": own[name] + delta for name, delta in deltas.items()}

    def cut_to(self, length: int) -> Iterator[tuple[str, Tensor]]:
        """Position tables as long as the texts are, for OpenCLIP's own towers, which take no shorter text without."""
        part: Any = self.get_submodule(self._part)
        positions = getattr(part, "positional_embedding", None)
        if positions is not None:
            yield f"{self._part}.positional_embedding", positions[:length]
            if part.attn_mask is not None:
                yield f"{self._part}.attn_mask", part.attn_mask[:length, :length]
