"""The picture head: one matrix on the frozen picture vectors, the identity at the start."""

import torch
from torch import Tensor, nn

__all__ = ["PictureHead"]


class PictureHead(nn.Module):
    """``normalise(x + x @ delta)``. The weight decay on ``delta`` is a ridge that pulls the head to the identity."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.delta = nn.Parameter(torch.zeros(dimension, dimension))

    def forward(self, vectors: Tensor) -> Tensor:
        """``float32 [n, d]`` to the same, of length 1."""
        return nn.functional.normalize(vectors + vectors @ self.delta, dim=-1)
