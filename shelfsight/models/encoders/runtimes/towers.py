"""The two towers of an OpenCLIP model as modules of one input and one output each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shelfsight.models.encoders.runtimes.base import IdArray

__all__ = ["CausalTextTower", "Cut", "PictureTower", "Standardise", "TextTower", "text_tower"]

_STEP = 8  # lengths are multiples of it, so that few of them occur and what is kept for a length is used again


class Standardise(nn.Module):
    """Bytes to the numbers a tower was trained on: ``(x / 255 - mean) / std``, per channel, in float32.

    The operations of torchvision's ``ToTensor`` and ``Normalize`` in their order, so that the result is theirs bit for
    bit. Here, behind the batch, because bytes are a quarter of the floats to hold, stack and copy to a device.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """
        Args:
            mean: one a channel, of pixels in [0, 1].
            std: likewise.
        """
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def forward(self, pixels_bchw: Tensor) -> Tensor:
        """(b, 3, h, w) uint8 to float32 of the same shape and memory format."""
        return pixels_bchw.to(torch.float32).div_(255).sub_(self.mean).div_(self.std)


class PictureTower(nn.Module):
    """(b, 3, h, w) uint8 pixels to (b, d) features."""

    def __init__(self, model: Any, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.standardise = Standardise(mean, std)
        self.model = model

    def forward(self, pixels_bchw: Tensor) -> Tensor:
        features: Tensor = self.model.encode_image(self.standardise(pixels_bchw))
        return features


def text_tower(model: Any) -> "TextTower":
    """The text tower of an OpenCLIP model, the shorter one where it gives the same."""
    part = model.text if hasattr(model, "text") else model
    return CausalTextTower(model, part) if _is_causal(part) else TextTower(model)


@dataclass(frozen=True, slots=True)
class Cut:
    """The columns of (n, context length) ids up to the last end-of-text token, and a few more.

    Attributes:
        end: id of that token; ``None``, the greatest of a text.
    """

    end: int | None

    def __call__(self, ids: IdArray) -> IdArray:
        ends = ids.argmax(axis=1) if self.end is None else (ids == self.end).argmax(axis=1)
        length = int(ends.max()) + 1
        return np.ascontiguousarray(ids[:, : -(-length // _STEP) * _STEP])


class TextTower(nn.Module):
    """(n, length) int64 token ids to (n, d) features, whatever the text tower is.

    Attributes:
        cut: (n, context length) ids to the columns of them that matter to any of the texts; here all.
    """

    cut: Callable[[IdArray], IdArray]

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.cut = np.ascontiguousarray

    def forward(self, ids: Tensor) -> Tensor:
        features: Tensor = self.model.encode_text(ids)
        return features


class CausalTextTower(TextTower):
    """CLIP's own text transformer, run to the end of the longest text instead of the end of the context.

    Attention that never looks ahead, pooled at the end-of-text token, gives what follows that token no say: a query of
    eight tokens in a context of 77 is the same vector for a tenth of the work.
    """

    def __init__(self, model: Any, part: Any) -> None:
        """
        Args:
            part: the module of ``model`` with the text transformer in it; see :func:`_is_causal`.
        """
        super().__init__(model)
        self._part = part
        self._end = None if _pool(part) == "argmax" else _end_id(part)
        self.cut = Cut(self._end)

    def forward(self, ids: Tensor) -> Tensor:
        part, length = self._part, ids.shape[1]
        x = part.token_embedding(ids) + part.positional_embedding[:length]
        x = part.ln_final(part.transformer(x, attn_mask=part.attn_mask[:length, :length]))
        ends = ids.argmax(dim=-1) if self._end is None else (ids == self._end).int().argmax(dim=-1)
        pooled: Tensor = x[torch.arange(x.shape[0], device=x.device), ends]
        return _project(pooled, part.text_projection)


def _is_causal(part: Any) -> bool:
    """Whether ``part`` is a plain text transformer that never looks ahead and is pooled at the end-of-text token."""
    mask = getattr(part, "attn_mask", None)
    wanted = ("token_embedding", "positional_embedding", "transformer", "ln_final", "text_projection")
    return (
        isinstance(mask, Tensor)
        and mask.equal(torch.full_like(mask, float("-inf")).triu(1))
        and all(hasattr(part, name) for name in wanted)
        and getattr(part, "cls_emb", None) is None
        and not getattr(part, "use_pad_mask", False)
        and (_pool(part) == "argmax" or (_pool(part) == "eos" and _end_id(part) is not None))
    )


def _project(pooled: Tensor, projection: Any) -> Tensor:
    """The last step is a matrix, a linear layer, or left out."""
    if projection is None:
        return pooled
    projected: Tensor = pooled @ projection if isinstance(projection, Tensor) else projection(pooled)
    return projected


def _pool(part: Any) -> str | None:
    return getattr(part, "text_pool_type", None) or getattr(part, "pool_type", None)


def _end_id(part: Any) -> int | None:
    found = getattr(part, "text_eos_id", None)
    return getattr(part, "eos_id", None) if found is None else found
