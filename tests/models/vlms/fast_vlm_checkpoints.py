"""A tiny checkpoint of FastVLM, which has its picture tower from timm, as the embedded model has."""

from pathlib import Path

import torch
import transformers as t
from tiny_parts import TEXT, chat_template, ids, save, tiny_tokenizer

_PIXELS = 64


def fast_vlm(folder: Path) -> None:
    tokenizer = tiny_tokenizer(bos=None, eos="<|im_end|>", pad="<pad>", special=["<|im_start|>", "<image>"])
    tower = t.TimmWrapperConfig(
        architecture="mobilenetv2_035", num_labels=0, do_pooling=False, hidden_size=1280, model_args={}
    )
    config = t.FastVlmConfig(
        vision_config=tower,
        text_config=t.Qwen2Config(**TEXT, vocab_size=len(tokenizer), **ids(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=4,
    )
    processor = t.LlavaProcessor(
        t.LlavaImageProcessor(
            do_pad=True, size={"shortest_edge": _PIXELS}, crop_size={"height": _PIXELS, "width": _PIXELS}
        ),
        tokenizer,
        patch_size=32,
        vision_feature_select_strategy="full",
        chat_template=chat_template(
            user="<|im_start|>user\n", image="<image>", end="<|im_end|>\n", answer="<|im_start|>assistant\n"
        ),
    )
    save(_seeing, config, processor, folder)


def _seeing(config: t.FastVlmConfig) -> t.FastVlmForConditionalGeneration:
    """Untrained normalisation lets a picture fade from layer to layer: here it is made as strong again as it was."""
    model = t.FastVlmForConditionalGeneration(config)
    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        tower = model.model.vision_tower.train()
        tower(torch.randn(64, 3, _PIXELS, _PIXELS, generator=noise))
        for part in tower.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.momentum = 1.0
        tower(torch.randn(64, 3, _PIXELS, _PIXELS, generator=noise))
    return model.eval()
