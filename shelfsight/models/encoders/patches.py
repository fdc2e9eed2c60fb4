"""What each patch of a picture says by itself, in the space that pictures and texts share.

A tower pools its patches and sends the pooled one through a head. Sending every patch through pooling and head alone
gives each a vector of its own. Where pooling is a mean and the head linear, as in the embedded model, the vectors of
the patches add up: their mean is the picture's, before it is normalised. Attention at the end of a transformer is
treated as in Zhou et al. 2022, "Extract Free Dense Labels from CLIP" (MaskCLIP): every patch attends to itself only.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shelfsight.models.encoders.fit import cells_of
from shelfsight.models.encoders.runtimes.towers import PictureTower

__all__ = ["PatchTower", "drift_of", "patch_tower"]

_STRIDE = 32  # of nearly all convolutional towers
_SPOT = 5  # of the input's side
_FINER = 2  # a convolutional tower sees the picture this much larger: so much finer is its grid


@dataclass(frozen=True, slots=True)
class PatchTower:
    """A picture tower without its pooling.

    Attributes:
        sides: height and width of its input, in pixels: the tower's own, or larger where the tower takes any size.
        embed: (1, 3, h, w) standardised pixels to (rows, columns, d) vectors of patches, not normalised.
        drift: how far below and to the right of where a thing is it appears in the grid, in cells.
    """

    tower: PictureTower
    sides: tuple[int, int]
    embed: Callable[[Tensor], Tensor]
    drift: tuple[float, float] = (0.0, 0.0)

    def __call__(self, pixels_bchw: Tensor) -> Tensor:
        """(1, 3, h, w) uint8 pixels to (rows, columns, d) float32 vectors of patches, not normalised, on the CPU."""
        weights = next(self.tower.parameters())
        halved = any(weight.dtype is torch.bfloat16 for weight in self.tower.parameters())
        with torch.no_grad(), torch.autocast(weights.device.type, torch.bfloat16, enabled=halved):
            vectors = self.embed(self.tower.standardise(pixels_bchw.to(weights.device)))
        return vectors.float().cpu()


def patch_tower(tower: PictureTower, sides: tuple[int, int], *, finer: bool = True) -> PatchTower | None:
    """The patches of ``tower``, or ``None`` where it has none that can be told apart.

    Args:
        sides: height and width of its input, in pixels.
        finer: whether a tower that takes pictures of any size may see them larger than it was trained to.
    """
    embed = _embedder(tower.model.visual)
    if embed is None:
        return None
    larger = tuple(_FINER * side // _STRIDE * _STRIDE + 1 for side in sides)
    for height, width in [larger, sides] if finer else [sides]:
        found = PatchTower(tower, (height, width), embed)
        try:
            vectors = found(torch.zeros(1, 3, height, width, dtype=torch.uint8))
        except Exception:  # a tower that insists on its size, or on all patches at once, raises whatever its code does
            continue
        if vectors.isfinite().all() and vectors.shape[0] * vectors.shape[1] > 1:
            # A transformer's patches stay in their places; what a stack of convolutions moves, nothing moves back.
            return found if (height, width) == sides else replace(found, drift=drift_of(found, found.sides))
    return None


def drift_of(patches: Callable[[Tensor], Tensor], sides: tuple[int, int]) -> tuple[float, float]:
    """How far below and to the right of where a thing is it appears in a grid, in cells, at most one.

    Measured: spots, alike to all sides, are put on grey, each at four places that mirror one another, and the change
    of the patches' vectors has a middle. On average over the places, that of a grid without drift is the spot's.
    """
    height, width = sides
    spot, noise = min(sides) // _SPOT, np.random.default_rng(0)
    found = []
    for grey in (128, 245):
        empty = torch.full((1, 3, height, width), grey, dtype=torch.uint8)
        before = patches(empty)
        quarter = noise.integers(0, 256, (1, 3, 3, 3)).astype(np.float32)
        colours = torch.from_numpy(np.pad(quarter, ((0, 0), (0, 0), (0, 3), (0, 3)), mode="symmetric"))
        texture = torch.nn.functional.interpolate(colours, (spot, spot), mode="bilinear").to(torch.uint8)
        for y, x in ((row * height // 10, column * width // 10) for row in (3, 7) for column in (3, 7)):
            top, left = y - spot // 2, x - spot // 2
            picture = empty.clone()
            picture[..., top : top + spot, left : left + spot] = texture
            found.append(_displacement((patches(picture) - before).square().sum(-1), (top, left), spot, sides))
    rows, columns = np.clip(np.nan_to_num(np.mean(found, axis=0)), -1, 1)
    return float(rows), float(columns)


def _displacement(change: Tensor, corner: tuple[int, int], spot: int, sides: tuple[int, int]) -> list[float]:
    """From the middle of a spot to the middle of (rows, columns) change, in cells."""
    moved = []
    for axis, (start, side) in enumerate(zip(corner, sides, strict=True)):
        along = change.sum(1 - axis).numpy().astype(np.float64)
        middle = float(along @ np.arange(len(along)) / along.sum()) if along.sum() else np.nan
        moved.append(middle - float(cells_of(np.array(start + spot / 2), side, len(along))))
    return moved


def _embedder(visual: Any) -> Callable[[Tensor], Tensor] | None:
    from open_clip.timm_model import TimmModel
    from open_clip.transformer import VisionTransformer

    if isinstance(visual, TimmModel):
        return _TimmPatches(visual)
    if isinstance(visual, VisionTransformer) and visual.attn_pool is None:
        return _ClipPatches(visual)
    return None


@dataclass(frozen=True, slots=True)
class _TimmPatches:
    """A timm trunk and OpenCLIP's head, patch by patch."""

    visual: Any

    def __call__(self, pixels: Tensor) -> Tensor:
        features = self.visual.trunk.forward_features(pixels)
        return self._of_map(features) if features.ndim == 4 else self._of_tokens(features)

    def _of_map(self, features: Tensor) -> Tensor:
        if getattr(self.visual.trunk, "output_fmt", "NCHW") == "NHWC":
            rows, columns, channels = features.shape[1:]
            alone = features.reshape(rows * columns, 1, 1, channels)
        else:
            channels, rows, columns = features.shape[1:]
            alone = features[0].flatten(1).T.reshape(rows * columns, channels, 1, 1)
        return self._pooled(alone).reshape(rows, columns, -1)

    def _of_tokens(self, tokens: Tensor) -> Tensor:
        trunk = self.visual.trunk
        first = int(trunk.num_prefix_tokens)
        alone = tokens[0, first:].unsqueeze(1)
        if first and trunk.global_pool != "token":  # other pooling leaves out the tokens in front, whatever they are
            alone = torch.cat([tokens[:, :first].expand(len(alone), -1, -1), alone], dim=1)
        return self._pooled(alone).reshape(*trunk.patch_embed.grid_size, -1)

    def _pooled(self, alone: Tensor) -> Tensor:
        vectors: Tensor = self.visual.head(self.visual.trunk.forward_head(alone))
        return vectors


@dataclass(frozen=True, slots=True)
class _ClipPatches:
    """CLIP's own vision transformer."""

    visual: Any

    def __call__(self, pixels: Tensor) -> Tensor:
        visual = self.visual
        *earlier, last = visual.transformer.resblocks
        x = visual._embeds(pixels)
        for block in earlier:
            x = block(x)
        x = visual.ln_post(last(x, attn_mask=self._itself_only(x)))[0, 1:]
        vectors: Tensor = x if visual.proj is None else x @ visual.proj
        return vectors.reshape(*visual.grid_size, -1)

    def _itself_only(self, x: Tensor) -> Tensor | None:
        """A mean of patches is made of what they are after the last attention; a class token of what it attends to."""
        if self.visual.pool_type == "avg":
            return None
        others = ~torch.eye(x.shape[1], dtype=torch.bool, device=x.device)
        return torch.zeros_like(others, dtype=x.dtype).masked_fill(others, float("-inf"))
