"""Parameters of OpenCLIP architectures, counted on networks that are built without memory for their weights."""

import functools
import logging
from typing import Any

from shelfsight.models.torchvision_compat import ensure_torchvision

__all__ = ["parameters_of"]

# Text towers that OpenCLIP takes from Transformers: their published configurations, as far as they differ from the
# defaults. OpenCLIP would fetch them from the hub.
_ROBERTA = {"vocab_size": 250_002, "max_position_embeddings": 514, "type_vocab_size": 1}
_LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
_NLLB = {"vocab_size": 256_206, "d_model": 1024, "encoder_layers": 12, "encoder_ffn_dim": 4096, "decoder_layers": 1}


@functools.cache
def parameters_of(architecture: str) -> tuple[int, int, int]:
    """(side of the picture, parameters of the picture tower, parameters of everything)."""
    ensure_torchvision()
    import open_clip
    import torch

    config = open_clip.get_model_config(architecture)
    if "hf_model_name" in config["text_cfg"]:
        return _with_transformers_text(config)
    logging.disable(logging.WARNING)
    try:
        with torch.device("meta"):
            model = open_clip.create_model(architecture, device="meta")
    finally:
        logging.disable(logging.NOTSET)
    return model.visual.image_size[0], _count(model.visual), _count(model)


def _with_transformers_text(config: dict[str, Any]) -> tuple[int, int, int]:
    import torch
    from open_clip.hf_model import HFTextEncoder
    from open_clip.model import CLIPTextCfg, _build_vision_tower

    text = CLIPTextCfg(**config["text_cfg"])
    settings, transformer = _text_network(str(text.hf_model_name))
    with torch.device("meta"):
        visual = _build_vision_tower(config["embed_dim"], config["vision_cfg"])
        tower = HFTextEncoder(
            text.hf_model_name,
            output_dim=config["embed_dim"],
            config=settings,
            proj_type=text.hf_proj_type,
            pooler_type=text.hf_pooler_type,
            pretrained=False,
        )
        words = transformer(settings)
    scalars = 2 if "init_logit_bias" in config else 1
    image = _count(visual)
    return visual.image_size[0], image, image + _count(words) + _count(tower.proj) + scalars


def _text_network(name: str) -> tuple[Any, Any]:
    """(configuration, the network that OpenCLIP keeps of the pretrained one: no pooler, no decoder)."""
    from transformers import M2M100Config, XLMRobertaConfig, XLMRobertaModel
    from transformers.models.m2m_100.modeling_m2m_100 import M2M100Encoder

    if name.startswith("xlm-roberta"):
        settings = XLMRobertaConfig(**_ROBERTA, **(_LARGE if name.endswith("large") else {}))
        return settings, functools.partial(XLMRobertaModel, add_pooling_layer=False)
    return M2M100Config(**_NLLB), M2M100Encoder


def _count(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
