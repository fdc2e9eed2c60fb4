"""The small byte-level BPE of the embedded encoder, fitted on the training texts.

Texts are put in NFKC form and lower case, so case never matters, and every word follows a space, so its place does not
matter either; bytes make every text expressible. The end token has
the largest id: the text tower of CLIP is read where the token id is largest (Radford et al. 2021).
"""

import json
from collections.abc import Iterable
from pathlib import Path

__all__ = ["fit_tokenizer"]

_PAD, _START, _END = "<pad>", "<start>", "<end>"


def fit_tokenizer(texts: Iterable[str], *, vocabulary: int, context: int, folder: Path) -> int:
    """Fit on ``texts`` and save into ``folder`` in Hugging Face's format.

    Returns:
        The number of tokens, at most ``vocabulary``; ids run from 0 (padding) to that number - 1 (end).
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip(), normalizers.Prepend(" ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - 1,
        min_frequency=2,
        special_tokens=[_PAD, _START],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([_END])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_START} $A {_END}",
        special_tokens=[(_START, tokenizer.token_to_id(_START)), (_END, tokenizer.token_to_id(_END))],
    )
    return _save(tokenizer, context, folder)


def _save(tokenizer: object, context: int, folder: Path) -> int:
    from shelfsight.models.torchvision_compat import ensure_torchvision

    ensure_torchvision()
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, bos_token=_START, eos_token=_END, pad_token=_PAD, model_max_length=context
    )
    fast.save_pretrained(folder)
    _name_for_all_versions(folder / "tokenizer_config.json")
    return len(fast)


def _name_for_all_versions(path: Path) -> None:
    """Transformers 5 writes a class name that 4 does not know; both know the old one."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
