"""Tiny checkpoints of BLIP-2: before a decoder, before an encoder-decoder, and with the matching head."""

from pathlib import Path
from typing import Any

import transformers as t
from tiny_parts import HIDDEN, VISION, ids, save, tiny_tokenizer


def blip_2_opt(folder: Path) -> None:
    tokenizer = tiny_tokenizer(bos="</s>", eos="</s>", pad="<pad>", special=["<image>"])
    text = t.OPTConfig(
        hidden_size=HIDDEN,
        word_embed_proj_dim=HIDDEN,
        ffn_dim=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=2048,
        init_std=0.3,
        vocab_size=len(tokenizer),
        **ids(tokenizer),
    )
    _blip_2(folder, tokenizer, text, t.Blip2ForConditionalGeneration)


def blip_2_t5(folder: Path) -> None:
    tokenizer = tiny_tokenizer(bos=None, eos="</s>", pad="<pad>", special=["<image>"])
    text = t.T5Config(
        d_model=HIDDEN,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        initializer_factor=3.0,
        vocab_size=len(tokenizer),
        decoder_start_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    _blip_2(folder, tokenizer, text, t.Blip2ForConditionalGeneration)


def blip_2_itm(folder: Path) -> None:
    tokenizer = tiny_tokenizer(bos="[CLS]", eos="[SEP]", pad="[PAD]", special=["<image>"])
    text = t.OPTConfig(hidden_size=HIDDEN, num_hidden_layers=1, num_attention_heads=4, vocab_size=len(tokenizer))
    _blip_2(folder, tokenizer, text, t.Blip2ForImageTextRetrieval)


def _blip_2(folder: Path, tokenizer: Any, text: Any, kind: Any) -> None:
    config = t.Blip2Config(
        vision_config={**VISION, "image_size": 28, "patch_size": 14},
        qformer_config={
            "hidden_size": HIDDEN,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "encoder_hidden_size": HIDDEN,
            "vocab_size": len(tokenizer),
            "initializer_range": 0.3,
            "use_qformer_text_input": kind is t.Blip2ForImageTextRetrieval,
        },
        text_config=text,
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    processor = t.Blip2Processor(t.BlipImageProcessor(size={"height": 28, "width": 28}), tokenizer, num_query_tokens=4)
    save(kind, config, processor, folder)
