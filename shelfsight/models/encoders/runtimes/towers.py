"""The two towers of an OpenCLIP model as modules of one input and one output each."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["PictureTower", "Standardise", "TextTower"]


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


class TextTower(nn.Module):
    """(n, context length) int64 token ids to (n, d) features."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        features: Tensor = self.model.encode_text(ids)
        return features
