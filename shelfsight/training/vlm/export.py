"""Write the trained model as a Transformers folder that needs nothing of this project to be loaded."""

from pathlib import Path
from typing import Any

import torch

from shelfsight.training.vlm.model import IMAGE_SIZE, Learner
from shelfsight.training.vlm.tokenizer import TEMPLATE

__all__ = ["export_vlm"]

_PATCH = 26
"""161 // 26 = 6: the processor writes 6 x 6 places for the picture's tokens."""


def export_vlm(vlm: Any, encoder: Any, learner: Learner, mean: Learner, tokenizer: Any, folder: Path) -> Path:
    """Put the averaged weights into ``vlm`` and save it, weights as float16, with its processor.

    Args:
        encoder: the OpenCLIP model whose picture tower the learner's upper parts belong to.
        learner: whose modules are those of ``vlm`` and ``encoder``.
        mean: the weights that count.

    Returns:
        ``folder``.
    """
    from transformers import LlavaImageProcessor, LlavaProcessor

    learner.load_state_dict(mean.state_dict())
    vlm.model.vision_tower.timm_model.load_state_dict(encoder.visual.trunk.state_dict(), strict=True)
    vlm.generation_config.eos_token_id = vlm.config.eos_token_id
    vlm.generation_config.pad_token_id = vlm.config.pad_token_id
    halved = vlm.eval().to(torch.float16)
    for name, buffer in encoder.visual.trunk.named_buffers():
        if "running_" in name:  # may be smaller than float16 can hold exactly
            halved.model.vision_tower.timm_model.get_buffer(name).data = buffer.float()
    halved.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    pictures = LlavaImageProcessor(
        do_pad=True,
        size={"shortest_edge": IMAGE_SIZE},
        crop_size={"height": IMAGE_SIZE, "width": IMAGE_SIZE},
        rescale_factor=2 / 255,
        image_mean=[1.0, 1.0, 1.0],  # also the colour around a picture that is not square: white
        image_std=[1.0, 1.0, 1.0],
    )
    processor = LlavaProcessor(  # type: ignore[no-untyped-call]
        pictures, tokenizer, patch_size=_PATCH, vision_feature_select_strategy="full", chat_template=TEMPLATE
    )
    processor.save_pretrained(folder)
    return folder
