"""Tiny OpenCLIP folders with random weights and the true architectures, written the way real ones are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shelfsight.models.torchvision_compat import ensure_torchvision

ensure_torchvision()

import open_clip  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors  # noqa: E402

CLIP_CFG = {
    "embed_dim": 48,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}
"""ViT-B-32's shape, small: class token, causal text transformer, pooled at the end-of-text token."""

SIGLIP_CFG = {
    "embed_dim": 64,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": {
        "image_size": 160,
        "timm_model_name": "test_vit",
        "timm_model_pretrained": False,
        "timm_pool": "map",
        "timm_proj": "none",
    },
    "text_cfg": {
        "context_length": 64,
        "vocab_size": 64,
        "hf_tokenizer_name": "tokenizer-in-this-folder",
        "tokenizer_kwargs": {"clean": "canonicalize"},
        "width": 64,
        "heads": 2,
        "layers": 2,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "norm_kwargs": {"eps": 1e-6},
    },
}
"""ViT-B-16-SigLIP's shape, small: attention pooling, no causal mask, pooled at the last of 64 positions."""

TIMM_CFG = {
    "embed_dim": 32,
    "custom_text": True,
    "vision_cfg": {
        "image_size": 96,
        "timm_model_name": "test_efficientnet",
        "timm_model_pretrained": False,
        "timm_pool": "",
        "timm_proj": "linear",
    },
    "text_cfg": {
        "context_length": 24,
        "vocab_size": 64,
        "hf_tokenizer_name": "tokenizer-in-this-folder",
        "tokenizer_kwargs": {"clean": "lower"},
        "width": 32,
        "heads": 2,
        "layers": 2,
        "no_causal_mask": True,
        "pool_type": "last",
    },
}
"""A convolutional timm tower with a linear head, beside a native text transformer with a tokenizer of its own."""

SIGLIP_PREPROCESS = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
PREPROCESS = {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28], "interpolation": "bilinear"}
END = 1
"""SigLIP's end-of-text id, which is its padding too."""


def write_folder(
    folder: Path,
    config: Mapping[str, Any],
    preprocess: Mapping[str, Any],
    *,
    seed: int = 7,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write configuration and seeded random weights (and the tokenizer the configuration asks for)."""
    folder.mkdir(parents=True)
    document = {"model_cfg": config, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(document))
    if "hf_tokenizer_name" in config["text_cfg"]:
        write_tokenizer(folder)
    torch.manual_seed(seed)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
    state = {name: _stirred(tensor).to(dtype) for name, tensor in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


def _stirred(tensor: torch.Tensor) -> torch.Tensor:
    """No parameter keeps a value (zero, one) that would let a mistake pass unseen."""
    if not tensor.is_floating_point():
        return tensor.contiguous()
    return (tensor + 0.02 * torch.randn_like(tensor).abs()).contiguous()


def write_tokenizer(folder: Path) -> None:
    """A T5-like unigram tokenizer: words and letters, ``</s>`` at the end, padded with ``</s>``, as SigLIP's is."""
    pieces = ["<pad>", "</s>", "<unk>", "▁", "▁red", "▁shoe", "▁blue", "▁bag", "▁a", "▁photo", "▁of", "s", "ing"]
    pieces += [chr(code) for code in range(ord("a"), ord("z") + 1) if chr(code) != "s"]
    vocabulary = [(piece, -float(rank) / 10) for rank, piece in enumerate(pieces)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=2, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", END)])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "</s>",
        "pad_token": "</s>",
        "unk_token": "<unk>",
        "model_max_length": 64,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def write_hf_text_folder(folder: Path, text_config: Path) -> Path:
    """A model whose text tower is a Transformers one, as xlm-roberta-base-ViT-B-32's is; its configuration goes to
    ``text_config``."""
    from transformers import BertConfig

    BertConfig(
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=40,
        pad_token_id=END,
    ).save_pretrained(text_config)
    text = {
        "hf_model_name": str(text_config),
        "hf_tokenizer_name": "tokenizer-in-this-folder",
        "hf_proj_type": "mlp",
        "hf_pooler_type": "mean_pooler",
        "context_length": 24,
    }
    return write_folder(folder, {**CLIP_CFG, "custom_text": True, "text_cfg": text}, PREPROCESS)
