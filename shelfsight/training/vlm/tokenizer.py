"""The decoder's tokenizer: the encoder's byte-level BPE with words of conversation, and the chat template."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["ANSWER", "END", "IMAGE", "PAD", "TEMPLATE", "fit_decoder_tokenizer", "load_decoder_tokenizer"]

PAD, IMAGE, ANSWER, END = "<pad>", "<image>", "<answer>", "<end>"

TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'image' -%}<image>"
    "{%- elif message['role'] == 'assistant' -%}<answer>{{ part['text'] }}<end>"
    "{%- else -%}{{ part['text'] | replace(' Answer with yes or no only.', '') }}{%- endif -%}"
    "{%- endfor -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}<answer>{%- endif -%}"
)
"""Pictures, questions and answers follow one another; a yes/no question needs no words that say that it is one."""


def fit_decoder_tokenizer(texts: Iterable[str], *, vocabulary: int, context: int, folder: Path) -> int:
    """Fit on ``texts`` and save into ``folder`` in Hugging Face's format; returns the number of tokens.

    Case never matters, every stretch of text between special tokens begins with a space, and bytes make every text
    expressible.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip(), normalizers.Prepend(" ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PAD, IMAGE, ANSWER, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _save(tokenizer, context, folder)


def load_decoder_tokenizer(folder: Path) -> Any:
    """The tokenizer that :func:`fit_decoder_tokenizer` saved."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(str(folder))


def _save(tokenizer: object, context: int, folder: Path) -> int:
    from shelfsight.models.torchvision_compat import ensure_torchvision

    ensure_torchvision()
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        extra_special_tokens={"image_token": IMAGE},
        model_max_length=context,
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return len(fast)
