"""The embedded encoder as a network: how OpenCLIP builds it, and the parts in which it is trained."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from shelfsight.models.torchvision_compat import ensure_torchvision
from shelfsight.training.fused import fuse_norms
from shelfsight.training.settings import EncoderSettings

_TOGETHER = 96
WEIGHTS = "open_clip_model.safetensors"

__all__ = [
    "embed_pictures",
    "embed_texts",
    "load_tokenizer",
    "make_model",
    "open_clip_config",
    "run_parts",
    "vision_parts",
]


def open_clip_config(settings: EncoderSettings, vocabulary: int) -> dict[str, Any]:
    """``open_clip_config.json``: a timm tower, mean pooling and one linear head without bias (so the embedding before
    normalisation is the mean of the embeddings of the patches), and OpenCLIP's own text transformer."""
    return {
        "model_cfg": {
            "embed_dim": settings.embed_dim,
            "custom_text": True,
            "vision_cfg": {
                "timm_model_name": "mobilenetv2_100",
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "linear",
                "timm_drop": 0.0,
                "image_size": settings.image_size,
            },
            "text_cfg": {
                "context_length": settings.text.context,
                "vocab_size": vocabulary,
                "hf_tokenizer_name": "shelfsight-embedded",
                "width": settings.text.width,
                "heads": settings.text.heads,
                "layers": settings.text.layers,
                "pool_type": "argmax",
            },
        },
        "preprocess_cfg": {
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bicubic",
            "resize_mode": "longest",
            "fill_color": 255,
        },
    }


def make_model(settings: EncoderSettings, folder: Path, start: Path | None) -> Any:
    """A fresh OpenCLIP model for the tokenizer in ``folder``; writes ``open_clip_config.json`` there.

    Args:
        start: safetensors file for the vision trunk (timm names, no classifier), the folder of an encoder for all
            weights, or None for random ones.
    """
    ensure_torchvision()
    import open_clip
    from safetensors.torch import load_file

    vocabulary = len(load_tokenizer(folder, settings, check_config=False).tokenizer)
    config = open_clip_config(settings, vocabulary)
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    torch.manual_seed(settings.seed)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    if start is not None:
        whole = start.is_dir()
        weights = {name: value.float() for name, value in load_file(start / WEIGHTS if whole else start).items()}
        (model if whole else model.visual.trunk).load_state_dict(weights, strict=True)
    fuse_norms(model.visual.trunk)
    return model.to(memory_format=torch.channels_last).eval()


def load_tokenizer(folder: Path, settings: EncoderSettings, *, check_config: bool = True) -> Any:
    """OpenCLIP's tokenizer for ``folder``: texts to ``int64 [n, context]``."""
    ensure_torchvision()
    import open_clip

    if check_config:
        return open_clip.get_tokenizer(f"local-dir:{folder}")
    return open_clip.tokenizer.HFTokenizer(str(folder), context_length=settings.text.context)


def vision_parts(model: Any) -> list[nn.Module]:
    """The vision trunk cut into nine parts that run one after another: stem, seven groups of blocks, top with pooling.

    With ``k`` parts frozen, part ``k - 1``'s output is what is kept on disk; after all nine it is the pooled feature.
    """
    trunk = model.visual.trunk
    stem = nn.Sequential(trunk.conv_stem, trunk.bn1)
    top = nn.Sequential(trunk.conv_head, trunk.bn2, trunk.global_pool)
    return [stem, *trunk.blocks, top]


def run_parts(parts: list[nn.Module], values: Tensor) -> Tensor:
    for part in parts:
        values = part(values)
    return values


def embed_pictures(model: Any, values: Tensor, first: int, kept: Tensor | None = None) -> Tensor:
    """Unit embeddings ``float32 [n, d]`` from the outputs of the first ``first`` parts (pictures in [-1, 1] for 0).

    Args:
        kept: factors of the pooled features, ``float32 [n, features]``: dropout, drawn by the caller.
    """
    features = run_parts(vision_parts(model)[first:], values)
    features = features if kept is None else features * kept
    return nn.functional.normalize(model.visual.head(features).float(), dim=-1)


def embed_texts(model: Any, tokens: Tensor) -> Tensor:
    """Unit embeddings ``float32 [n, d]`` of ``tokens [n, context]``.

    Texts of like length go through together, without the columns that hold only padding. Attention is causal and the
    tower is read at the end token, so the answer is the one that OpenCLIP gives for the full width.
    """
    lengths = (tokens != 0).sum(dim=1)
    order = lengths.argsort()
    groups = [
        _embed_trimmed(model.text, tokens[group, : int(lengths[group].max())])
        for group in torch.split(order, _TOGETHER)
    ]
    return nn.functional.normalize(torch.cat(groups)[order.argsort()].float(), dim=-1)


def _embed_trimmed(text: Any, tokens: Tensor) -> Tensor:
    width = tokens.shape[1]
    values = text.token_embedding(tokens) + text.positional_embedding[:width]
    values = text.ln_final(text.transformer(values, attn_mask=text.attn_mask[:width, :width]))
    ends: Tensor = values[torch.arange(len(tokens), device=tokens.device), tokens.argmax(dim=1)]
    embedded: Tensor = ends @ text.text_projection
    return embedded
