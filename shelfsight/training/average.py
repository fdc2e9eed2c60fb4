"""The mean of encoders that stem from one another: often better than each of them.

Wortsman et al., "Robust fine-tuning of zero-shot models" (2022) and "Model soups" (2022): weights that were trained on
from common weights lie in one valley, and their mean forgets less of what the earlier ones knew.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from shelfsight.training.export import copy_folder, write_weights
from shelfsight.training.model import WEIGHTS

__all__ = ["average_encoders"]

_SAME = ("open_clip_config.json", "tokenizer.json")


def average_encoders(shares: Mapping[Path, float], out: Path) -> Path:
    """Write the weighted mean of encoder folders as the encoder folder ``out``.

    Args:
        shares: folder -> its share; they add up to 1.

    Raises:
        ValueError: shares that do not, or encoders of different architecture or tokenizer.
    """
    from safetensors.torch import load_file

    if abs(sum(shares.values()) - 1.0) > 1e-6:
        raise ValueError(f"shares add up to {sum(shares.values()):g}, not to 1")
    first, *others = shares
    for other in others:
        for name in _SAME:
            if (first / name).read_bytes() != (other / name).read_bytes():
                raise ValueError(f"{first} and {other} differ in {name}")
    loaded = {folder: load_file(folder / WEIGHTS) for folder in shares}
    names = loaded[first].keys()
    if any(weights.keys() != names for weights in loaded.values()):
        raise ValueError("the encoders have different weights")
    copy_folder(first, out)
    return write_weights({name: _mean([(shares[f], loaded[f][name]) for f in shares]) for name in names}, out)


def _mean(values: list[tuple[float, Tensor]]) -> Tensor:
    if not values[0][1].is_floating_point():
        return values[0][1]
    return torch.stack([share * value.float() for share, value in values]).sum(dim=0)
