"""What tiny checkpoints are made of: a tokenizer trained on a page of text, and sizes that all of them share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils import logging

HIDDEN = 32
TEXT = {
    "hidden_size": HIDDEN,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "initializer_range": 0.3,  # answers that depend on what was asked
}
VISION = {
    "hidden_size": HIDDEN,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "initializer_range": 0.3,
}

_PAGE = [
    "Does this picture show a red running shoe? Yes. No. yes no YES NO",
    "Is it blue? Answer with yes or no only. Describe this picture in one sentence.",
    "Question: what is it? Answer: a leather bag. USER: ASSISTANT: user assistant answer en caption en",
] * 4


def tiny_tokenizer(
    *,
    bos: str | None,
    eos: str,
    pad: str,
    special: Sequence[str] = (),
    named: dict[str, str] | None = None,
    last: str | None = None,
    says_bos: bool = True,
) -> PreTrainedTokenizerFast:
    """A byte-level BPE of a few hundred tokens, the words yes and no among them.

    Args:
        named: special tokens that the tokenizer has as attributes.
        last: the special token with the highest id.
        says_bos: whether it writes ``bos`` before a text.
    """
    marks = list(dict.fromkeys([*filter(None, (bos, eos, pad)), *special, *(named or {}).values()]))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        _PAGE, trainers.BpeTrainer(vocab_size=420, special_tokens=marks, initial_alphabet=alphabet, show_progress=False)
    )
    tokenizer.add_tokens(["yes", "Yes", "no", "No", "ĠYes", "ĠNo"])
    if last:
        tokenizer.add_special_tokens([last])
    if bos and says_bos:
        pair = [(bos, tokenizer.token_to_id(bos))]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=pair
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        additional_special_tokens=[mark for mark in [*marks, *filter(None, [last])] if mark not in (bos, eos, pad)],
        extra_special_tokens=named or {},
    )


def chat_template(*, user: str, image: str, end: str, answer: str, start: str = "") -> str:
    """A chat template: ``user`` or ``answer`` before a message, ``end`` behind it; ``answer`` asks for one."""
    return (
        f"{_jinja(start)}{{% for message in messages %}}"
        f"{{% if message['role'] == 'user' %}}{_jinja(user)}{{% else %}}{_jinja(answer)}{{% endif %}}"
        "{% for part in message['content'] %}"
        f"{{% if part['type'] == 'image' %}}{_jinja(image)}{{% else %}}{{{{ part['text'] }}}}{{% endif %}}"
        f"{{% endfor %}}{_jinja(end)}{{% endfor %}}"
        f"{{% if add_generation_prompt %}}{_jinja(answer)}{{% endif %}}"
    )


def ids(tokenizer: Any) -> dict[str, int | None]:
    """A tokenizer's marks, as a configuration wants to hear of them."""
    return {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}


def save(kind: Callable[[Any], Any], config: Any, processor: Any, folder: Path) -> None:
    """Save a model with the random weights of seed 0, and its processor."""
    logging.disable_progress_bar()
    torch.manual_seed(0)
    kind(config).save_pretrained(folder)
    processor.save_pretrained(folder)


def _jinja(text: str) -> str:
    return "{{ " + repr(text) + " }}" if text else ""
