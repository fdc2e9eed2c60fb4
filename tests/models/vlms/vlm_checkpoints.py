"""One tiny checkpoint of each architecture, with random weights and the architecture's true classes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers as t
from blip_2_checkpoints import blip_2_itm, blip_2_opt, blip_2_t5
from fast_vlm_checkpoints import fast_vlm
from tiny_parts import HIDDEN, TEXT, VISION, chat_template, ids, save, tiny_tokenizer

YES_NO = "{question} Answer with yes or no only."
ROPE = {"rope_type": "default", "rope_theta": 10000.0}


def llava(folder: Path) -> None:
    tokenizer = tiny_tokenizer(bos="<s>", eos="</s>", pad="<pad>", special=["<image>"])
    config = t.LlavaConfig(
        vision_config=t.CLIPVisionConfig(**VISION, image_size=28, patch_size=14),
        text_config=t.LlamaConfig(**TEXT, vocab_size=len(tokenizer), **ids(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    processor = t.LlavaProcessor(
        t.CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=chat_template(user="USER: ", image="<image>\n", end=" ", answer="ASSISTANT:"),
    )
    save(t.LlavaForConditionalGeneration, config, processor, folder)


def llava_next(folder: Path) -> None:
    tokenizer = tiny_tokenizer(bos="<s>", eos="</s>", pad="<pad>", special=["<image>"])
    grid = [[28, 56], [56, 28], [56, 56]]
    config = t.LlavaNextConfig(
        vision_config=t.CLIPVisionConfig(**VISION, image_size=28, patch_size=14),
        text_config=t.MistralConfig(**TEXT, vocab_size=len(tokenizer), **ids(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=grid,
    )
    processor = t.LlavaNextProcessor(
        t.LlavaNextImageProcessor(
            size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}, image_grid_pinpoints=grid
        ),
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=chat_template(user="[INST] ", image="<image>\n", end=" ", answer="[/INST]"),
    )
    save(t.LlavaNextForConditionalGeneration, config, processor, folder)


def qwen2_5_vl(folder: Path) -> None:
    tokenizer = _qwen_tokenizer()
    config = t.Qwen2_5_VLConfig(
        vision_config={
            "depth": 2,
            "hidden_size": HIDDEN,
            "intermediate_size": 48,
            "num_heads": 4,
            "out_hidden_size": HIDDEN,
            "fullatt_block_indexes": [1],
            "window_size": 56,
            "initializer_range": 0.3,
        },
        text_config=_qwen_text(tokenizer, [2, 1, 1]),
        **_qwen_marks(tokenizer),
    )
    processor = t.Qwen2_5_VLProcessor(
        t.Qwen2VLImageProcessor(min_pixels=28 * 28, max_pixels=28 * 28 * 12),
        tokenizer,
        t.Qwen2VLVideoProcessor(),
        chat_template=_chat_ml("<|vision_start|><|image_pad|><|vision_end|>"),
    )
    save(t.Qwen2_5_VLForConditionalGeneration, config, processor, folder)


def qwen3_vl(folder: Path) -> None:
    tokenizer = _qwen_tokenizer()
    config = t.Qwen3VLConfig(
        vision_config={
            "depth": 2,
            "hidden_size": HIDDEN,
            "intermediate_size": 48,
            "num_heads": 4,
            "out_hidden_size": HIDDEN,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0],
            "initializer_range": 0.3,
        },
        text_config={**_qwen_text(tokenizer, [2, 1, 1]), "head_dim": 8},
        **_qwen_marks(tokenizer),
    )
    pixels = {"shortest_edge": 32 * 32, "longest_edge": 32 * 32 * 12}
    processor = t.Qwen3VLProcessor(
        t.Qwen2VLImageProcessor(patch_size=16, size=pixels),
        tokenizer,
        t.Qwen3VLVideoProcessor(),
        chat_template=_chat_ml("<|vision_start|><|image_pad|><|vision_end|>"),
    )
    save(t.Qwen3VLForConditionalGeneration, config, processor, folder)


def paligemma(folder: Path) -> None:
    tokenizer = tiny_tokenizer(bos="<bos>", eos="<eos>", pad="<pad>", special=["<image>"], says_bos=False)
    pictures = t.SiglipImageProcessor(size={"height": 28, "width": 28})
    pictures.image_seq_length = 4
    processor = t.PaliGemmaProcessor(pictures, tokenizer)
    config = t.PaliGemmaConfig(
        vision_config=t.SiglipVisionConfig(**VISION, image_size=28, patch_size=14, vision_use_head=False),
        text_config=t.GemmaConfig(**TEXT, head_dim=8, vocab_size=len(tokenizer), **ids(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        projection_dim=HIDDEN,
        hidden_size=HIDDEN,
    )
    save(t.PaliGemmaForConditionalGeneration, config, processor, folder)


def mllama(folder: Path) -> None:
    tokenizer = tiny_tokenizer(
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
        pad="<|finetune_right_pad_id|>",
        special=["<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>"],
        last="<|image|>",
    )
    words = len(tokenizer) - 1  # the picture's token is embedded, and never said
    config = t.MllamaConfig(
        vision_config={
            "hidden_size": HIDDEN,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_global_layers": 1,
            "attention_heads": 4,
            "vision_output_dim": 2 * HIDDEN,
            "image_size": 28,
            "intermediate_layers_indices": [0],
            "initializer_range": 0.3,
        },
        text_config={
            **TEXT,
            "vocab_size": words,
            "cross_attention_layers": [1],
            "rope_parameters": ROPE,
            **ids(tokenizer),
        },
        image_token_index=words,
    )
    header = "<|start_header_id|>{role}<|end_header_id|>\n\n"
    processor = t.MllamaProcessor(
        t.MllamaImageProcessor(size={"height": 28, "width": 28}, max_image_tiles=4),
        tokenizer,
        chat_template=chat_template(
            start="<|begin_of_text|>",
            user=header.format(role="user"),
            image="<|image|>",
            end="<|eot_id|>",
            answer=header.format(role="assistant"),
        ),
    )
    save(_opened_gates(t.MllamaForConditionalGeneration), config, processor, folder)


def idefics3(folder: Path) -> None:
    tokenizer = _idefics_tokenizer()
    processor = t.Idefics3Processor(
        t.Idefics3ImageProcessor(size={"longest_edge": 112}, max_image_size={"longest_edge": 56}),
        tokenizer,
        image_seq_len=4,
        chat_template=_idefics_chat(),
    )
    save(t.Idefics3ForConditionalGeneration, _idefics_config(t.Idefics3Config, tokenizer), processor, folder)


def smolvlm(folder: Path) -> None:
    tokenizer = _idefics_tokenizer()
    processor = t.SmolVLMProcessor(
        t.SmolVLMImageProcessor(size={"longest_edge": 112}, max_image_size={"longest_edge": 56}),
        tokenizer,
        t.SmolVLMVideoProcessor(),
        image_seq_len=4,
        chat_template=_idefics_chat(),
    )
    save(t.SmolVLMForConditionalGeneration, _idefics_config(t.SmolVLMConfig, tokenizer), processor, folder)


def internvl(folder: Path) -> None:
    marks = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = tiny_tokenizer(bos=None, eos="<|im_end|>", pad="<|endoftext|>", special=["<|im_start|>"], named=marks)
    config = t.InternVLConfig(
        vision_config=t.InternVLVisionConfig(**VISION, image_size=[56, 56], patch_size=[14, 14]),
        text_config=t.Qwen2Config(**TEXT, vocab_size=len(tokenizer), **ids(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    processor = t.InternVLProcessor(
        t.GotOcr2ImageProcessor(size={"height": 56, "width": 56}, crop_to_patches=True, max_patches=4),
        tokenizer,
        t.InternVLVideoProcessor(),
        image_seq_length=4,
        chat_template=_chat_ml("<IMG_CONTEXT>\n"),
    )
    save(t.InternVLForConditionalGeneration, config, processor, folder)


def deepseek_vl(folder: Path) -> None:
    tokenizer = _deepseek_tokenizer()
    config = t.DeepseekVLConfig(**_deepseek_towers(tokenizer))
    pictures = t.DeepseekVLImageProcessor(size={"height": 28, "width": 28})
    processor = t.DeepseekVLProcessor(pictures, tokenizer, num_image_tokens=4, chat_template=_deepseek_chat())
    save(t.DeepseekVLForConditionalGeneration, config, processor, folder)


def deepseek_vl_hybrid(folder: Path) -> None:
    tokenizer = _deepseek_tokenizer()
    high = t.SamVisionConfig(
        hidden_size=HIDDEN,
        output_channels=8,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=64,
        window_size=2,
        global_attn_indexes=[0],
        initializer_range=0.3,
    )
    config = t.DeepseekVLHybridConfig(high_res_vision_config=high, **_deepseek_towers(tokenizer))
    pictures = t.DeepseekVLHybridImageProcessor(
        size={"height": 28, "width": 28}, high_res_size={"height": 64, "width": 64}
    )
    processor = t.DeepseekVLHybridProcessor(pictures, tokenizer, num_image_tokens=4, chat_template=_deepseek_chat())
    save(_opened_gates(t.DeepseekVLHybridForConditionalGeneration), config, processor, folder)


@dataclass(frozen=True)
class Builder:
    """What saves a checkpoint into a folder, and the prompt of a yes/no question as the model's card has it."""

    save: Callable[[Path], None]
    prompt: str | None


_QWEN = f"<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>{YES_NO}<|im_end|>\n<|im_start|>assistant\n"
_LLAMA = (
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n<|image|>"
    f"{YES_NO}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
)
_IDEFICS = f"<|im_start|>User:<image>{YES_NO}<end_of_utterance>\nAssistant:"
_DEEPSEEK = f"User: <image_placeholder>{YES_NO}\n\nAssistant:"

BUILDERS = {
    "llava": Builder(llava, f"USER: <image>\n{YES_NO} ASSISTANT:"),
    "fast_vlm": Builder(fast_vlm, f"<|im_start|>user\n<image>{YES_NO}<|im_end|>\n<|im_start|>assistant\n"),
    "llava_next": Builder(llava_next, f"[INST] <image>\n{YES_NO} [/INST]"),
    "qwen2_5_vl": Builder(qwen2_5_vl, _QWEN),
    "qwen3_vl": Builder(qwen3_vl, _QWEN),
    "paligemma": Builder(paligemma, "<image>answer en {question}"),
    "mllama": Builder(mllama, _LLAMA),
    "idefics3": Builder(idefics3, _IDEFICS),
    "smolvlm": Builder(smolvlm, _IDEFICS),
    "internvl": Builder(internvl, f"<|im_start|>user\n<IMG_CONTEXT>\n{YES_NO}<|im_end|>\n<|im_start|>assistant\n"),
    "deepseek_vl": Builder(deepseek_vl, _DEEPSEEK),
    "deepseek_vl_hybrid": Builder(deepseek_vl_hybrid, _DEEPSEEK),
    "blip_2_opt": Builder(blip_2_opt, "Question: {question} Answer:"),
    "blip_2_t5": Builder(blip_2_t5, "Question: {question} Answer:"),
    "blip_2_itm": Builder(blip_2_itm, None),
}


def _qwen_tokenizer() -> Any:
    special = ["<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    return tiny_tokenizer(bos=None, eos="<|im_end|>", pad="<|endoftext|>", special=special)


def _qwen_marks(tokenizer: Any) -> dict[str, int]:
    names = {"image_token_id": "image_pad", "video_token_id": "video_pad"}
    names |= {"vision_start_token_id": "vision_start", "vision_end_token_id": "vision_end"}
    return {key: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for key, name in names.items()}


def _qwen_text(tokenizer: Any, sections: list[int]) -> dict[str, Any]:
    rope = {**ROPE, "mrope_section": sections}
    return {**TEXT, "vocab_size": len(tokenizer), "rope_parameters": rope, **ids(tokenizer)}


def _chat_ml(image: str) -> str:
    return chat_template(user="<|im_start|>user\n", image=image, end="<|im_end|>\n", answer="<|im_start|>assistant\n")


def _idefics_tokenizer() -> Any:
    tiles = [f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)]
    special = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", "<|im_end|>", *tiles]
    return tiny_tokenizer(bos="<|im_start|>", eos="<end_of_utterance>", pad="<|endoftext|>", special=special)


def _idefics_chat() -> str:
    return chat_template(
        start="<|im_start|>", user="User:", image="<image>", end="<end_of_utterance>\n", answer="Assistant:"
    )


def _idefics_config(kind: Any, tokenizer: Any) -> Any:
    return kind(
        vision_config={**VISION, "image_size": 56, "patch_size": 14},
        text_config=t.LlamaConfig(**TEXT, vocab_size=len(tokenizer), **ids(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
        scale_factor=2,
    )


def _deepseek_tokenizer() -> Any:
    return tiny_tokenizer(
        bos="<|begin_of_sentence|>",
        eos="<|end_of_sentence|>",
        pad="<pad>",
        named={"image_token": "<image_placeholder>"},
    )


def _deepseek_towers(tokenizer: Any) -> dict[str, Any]:
    return {
        "vision_config": t.SiglipVisionConfig(**VISION, image_size=28, patch_size=14),
        "text_config": t.LlamaConfig(**TEXT, vocab_size=len(tokenizer), **ids(tokenizer)),
        "image_token_id": tokenizer.convert_tokens_to_ids("<image_placeholder>"),
    }


def _deepseek_chat() -> str:
    return chat_template(user="User: ", image="<image_placeholder>", end="\n\n", answer="Assistant:")


def _opened_gates(kind: Any) -> Any:
    """Some are born with gates shut, so that no picture, or not its details, would be seen."""

    def build(config: Any) -> Any:
        model = kind(config)
        for name, parameter in model.named_parameters():
            if parameter.numel() == 1 and ("gate" in name or "alpha" in name):
                torch.nn.init.constant_(parameter, 1.0)
        return model

    return build
