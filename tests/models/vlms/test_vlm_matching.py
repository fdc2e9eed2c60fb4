"""BLIP-2's image-text-matching head as a scorer of its own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from shelfsight.core.errors import ModelError, UsageError
from shelfsight.core.vision import VisionLanguageModel
from shelfsight.models import open_vlm

Pairs = list[tuple[Image.Image, str]]


@pytest.fixture(scope="module")
def folder(saved: Callable[[str], Path]) -> Path:
    return saved("blip_2_itm")


@pytest.fixture(scope="module")
def head(folder: Path) -> VisionLanguageModel:
    return open_vlm(f"blip2-itm:{folder}", device="cpu")


def test_it_scores_as_a_direct_forward(head: VisionLanguageModel, folder: Path, pairs: Pairs) -> None:
    model = transformers.Blip2ForImageTextRetrieval.from_pretrained(folder, dtype=torch.float32).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    expected = []
    for picture, text in pairs:
        inputs = processor(images=picture, text=text, return_tensors="pt")
        with torch.no_grad():
            logits = model(**inputs, use_image_text_matching_head=True).logits_per_image
        expected.append(float(logits.softmax(1)[0, 1]))
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(head.score(pairs), expected, atol=1e-5)


def test_a_batch_scores_as_its_members(head: VisionLanguageModel, pairs: Pairs) -> None:
    singles = np.concatenate([head.score([pair]) for pair in pairs])
    np.testing.assert_allclose(head.score(pairs * 9), np.tile(singles, 9), atol=1e-5)


def test_it_is_named_by_its_head_and_folder(head: VisionLanguageModel, folder: Path) -> None:
    assert head.name == f"blip2-itm:{folder}"
    assert head.score([]).shape == (0,)


def test_it_writes_nothing(head: VisionLanguageModel, pairs: Pairs) -> None:
    assert not head.generates
    with pytest.raises(UsageError, match="writes none"):
        head.generate(pairs, max_tokens=3)


def test_a_text_that_is_too_long_is_refused(head: VisionLanguageModel, pairs: Pairs) -> None:
    with pytest.raises(UsageError, match="too long"):
        head.score([(pairs[0][0], "red shoe " * 600)])


def test_the_two_heads_are_not_confused(folder: Path, saved: Callable[[str], Path]) -> None:
    with pytest.raises(ModelError, match="image-text-matching head") as told:
        open_vlm(str(folder))
    assert told.value.hint == f"Open it as blip2-itm:{folder}."
    with pytest.raises(ModelError, match="has no image-text-matching head"):
        open_vlm(f"blip2-itm:{saved('blip_2_opt')}")
