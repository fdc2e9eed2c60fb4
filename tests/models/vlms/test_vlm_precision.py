"""Batches too large for the memory, and logits finer than the model's precision."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from shelfsight.core.errors import ModelError
from shelfsight.core.vectors import FloatArray
from shelfsight.models import open_vlm
from shelfsight.models.vlms.generative import GenerativeVlm
from shelfsight.models.vlms.heads import Head
from shelfsight.models.vlms.memory import within_memory
from shelfsight.models.vlms.yes_no import Words

Pairs = list[tuple[Image.Image, str]]
Saved = Callable[[str], Path]


def test_a_batch_too_large_for_the_memory_is_halved() -> None:
    tried: list[int] = []

    def double(batch: Sequence[int]) -> FloatArray:
        tried.append(len(batch))
        if len(batch) > 2 or 9 in batch:
            raise torch.OutOfMemoryError("not that many")
        return np.array(batch, np.float32) * 2

    assert within_memory([1, 2, 3, 4, 5], double).tolist() == [2, 4, 6, 8, 10]
    assert tried == [5, 2, 3, 1, 2]
    with pytest.raises(torch.OutOfMemoryError):
        within_memory([1, 9], double)


@contextmanager
def _room_for(model: GenerativeVlm, rows: int, *, until: int = 0) -> Iterator[list[int]]:
    """The decoder finds no memory for more rows, from its step ``until`` on. Gives the rows of every try."""
    tried: list[int] = []
    steps: list[int] = []

    def check(_: object, __: object, options: dict[str, torch.Tensor]) -> None:
        count, tokens = options["inputs_embeds"].shape[:2]
        if tokens > 1:  # a prompt
            tried.append(count)
            steps.clear()
        steps.append(tokens)
        if count > rows and len(steps) > until:
            raise torch.OutOfMemoryError("not that many")

    handle = model._model.model.language_model.register_forward_pre_hook(check, with_kwargs=True)
    try:
        yield tried
    finally:
        handle.remove()


@pytest.mark.parametrize("until", [0, 3])
@pytest.mark.parametrize("architecture", ["llava", "fast_vlm", "qwen2_5_vl"])
def test_a_generation_out_of_memory_goes_on_in_halves(
    saved: Saved, pairs: Pairs, architecture: str, until: int
) -> None:
    """What was said before is not said again."""
    model = _generative(saved(architecture))
    expected = model.generate(pairs, max_tokens=8)
    pieces: list[tuple[int, str]] = []
    with _room_for(model, 2, until=until) as tried:
        answers = model.generate(pairs, max_tokens=8, on_text=lambda index, piece: pieces.append((index, piece)))
    assert tried == [4, 2, 2]
    assert answers == expected
    for index, answer in enumerate(answers):
        assert "".join(piece for whose, piece in pieces if whose == index) == answer.text


def test_a_single_answer_that_finds_no_memory_is_told(saved: Saved, pairs: Pairs) -> None:
    model = _generative(saved("llava"))
    with _room_for(model, 0), pytest.raises(ModelError, match="failed on 4 questions"):
        model.generate(pairs, max_tokens=2)
    assert len(model.generate(pairs, max_tokens=2)) == 4


def test_scores_out_of_memory_are_made_in_halves(saved: Saved, pairs: Pairs) -> None:
    model = _generative(saved("fast_vlm"))
    expected = model.score(pairs)
    with _room_for(model, 2) as tried:
        scores = model.score(pairs)
    assert tried[0] == 4
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_logits_are_finer_than_bfloat16() -> None:
    """A hidden state of 1, 1, ... and rows near 20 / d: bfloat16 rounds their sum to a multiple of 1/8."""
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(hidden_size=64, intermediate_size=8, num_hidden_layers=1, vocab_size=6)
    )
    model.to(torch.bfloat16).requires_grad_(False)
    model.lm_head.weight.copy_(20 / 64 + 0.002 * torch.randn(6, 64))
    hidden = torch.ones(1, 64, dtype=torch.bfloat16)
    exact = (hidden.double() @ model.lm_head.weight.double().T)[0, [4, 1]]
    fine = Head(model).logits(hidden, [4, 1])
    assert fine.dtype == torch.float32
    np.testing.assert_allclose(fine[0].numpy(), exact.numpy(), atol=1e-5)


def test_a_head_hears_what_its_layer_is_given_and_then_no_more(saved: Saved) -> None:
    model = transformers.AutoModelForImageTextToText.from_pretrained(saved("llava")).requires_grad_(False)
    ids = torch.tensor([[5, 6, 7]])
    head = Head(model)
    with head.heard() as given:
        logits = model(input_ids=ids, logits_to_keep=1).logits
    assert [tuple(hidden.shape) for hidden in given] == [(1, 1, 32)]
    np.testing.assert_allclose(head.logits(given[0][:, -1], [3, 9]), logits[:, -1, [3, 9]], atol=1e-5)
    model(input_ids=ids)
    assert len(given) == 1


@pytest.mark.parametrize(("capped", "final"), [(30.0, False), (None, True)])
def test_a_head_behind_which_logits_are_changed_is_not_final(capped: float | None, final: bool) -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 8, "num_hidden_layers": 1, "vocab_size": 6, "head_dim": 8}
    config = transformers.Gemma2Config(**sizes, num_attention_heads=2, num_key_value_heads=1)
    config.final_logit_softcapping = capped
    assert Head(transformers.Gemma2ForCausalLM(config)).final == final


def test_masses_of_words_by_hand() -> None:
    words = Words(((0, 1), (2,)))
    logits = torch.log(torch.tensor([[1.0, 2.0, 1.0], [4.0, 4.0, 8.0]]))
    np.testing.assert_allclose(words.masses(logits).softmax(1), [[0.75, 0.25], [0.5, 0.5]], atol=1e-6)


def _generative(folder: Path) -> GenerativeVlm:
    model = open_vlm(str(folder), device="cpu")
    assert isinstance(model, GenerativeVlm)
    return model
