"""Architectures with random weights, which run as fast as trained ones, opened as any other encoder is."""

import json
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from shelfsight.models.torchvision_compat import ensure_torchvision

__all__ = ["is_architecture", "name_of"]


def is_architecture(name: str) -> bool:
    """Whether ``name`` is a bare OpenCLIP architecture (``ViT-B-32``)."""
    return name in _open_clip().list_models()


def name_of(name: str, cache: Path) -> str:
    """``name``; for a bare architecture, the model folder in ``cache`` with random weights for it.

    The folder is written once. It goes through the product's own loading, so what is measured is what a user runs.
    """
    if not is_architecture(name):
        return name
    folder = cache / f"untrained-{name}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=f".{folder.name}-", dir=cache))
        try:
            _write(draft, name)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return str(folder)


def _write(folder: Path, architecture: str) -> None:
    import torch
    from safetensors.torch import save_file

    library = _open_clip()
    torch.manual_seed(0)
    model = library.create_model(architecture, load_weights=False, pretrained_text=False)
    keys = ("mean", "std", "interpolation", "resize_mode")
    document = {
        "model_cfg": library.get_model_config(architecture),
        "preprocess_cfg": {key: model.visual.preprocess_cfg[key] for key in keys},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(document))
    weights = {key: value.clone().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")


def _open_clip() -> Any:
    ensure_torchvision()
    import open_clip

    return open_clip
