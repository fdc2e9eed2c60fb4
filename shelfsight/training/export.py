"""Write the trained encoder as an OpenCLIP model folder that needs nothing of this project to be loaded."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

__all__ = ["copy_folder", "copy_tokenizer", "export", "write_weights"]

CONFIG = "open_clip_config.json"
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def export(model: Any, source: Path, target: Path) -> Path:
    """Copy configuration and tokenizer from ``source`` and write the weights as float16.

    Running variances of BatchNorm may be smaller than float16 can hold exactly; they and their means stay float32.

    Returns:
        The path of the weights.
    """
    copy_folder(source, target)
    return write_weights(model.state_dict(), target)


def copy_folder(source: Path, target: Path) -> None:
    """Copy what an encoder's folder holds beside its weights."""
    copy_tokenizer(source, target)
    shutil.copyfile(source / CONFIG, target / CONFIG)


def write_weights(state: Mapping[str, torch.Tensor], target: Path) -> Path:
    """Write a state dict as float16 into an encoder's folder; see :func:`export`."""
    from safetensors.torch import save_file

    weights = {name: _stored(name, value) for name, value in state.items()}
    path = target / "open_clip_model.safetensors"
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)
    return path


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy the tokenizer's files from one folder to another, which is made."""
    target.mkdir(parents=True, exist_ok=True)
    for name in _TOKENIZER_FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def _stored(name: str, value: torch.Tensor) -> torch.Tensor:
    keep = not value.is_floating_point() or "running_" in name or value.ndim == 0
    return value.detach().cpu().contiguous().to(value.dtype if keep else torch.float16)
