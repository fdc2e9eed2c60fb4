"""Models that compare several pictures in one prompt."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from direct_vlm import Direct
from PIL import Image
from vlm_checkpoints import BUILDERS, YES_NO

from shelfsight.core.errors import UsageError
from shelfsight.models import open_vlm
from shelfsight.models.vlms.listwise import ListwiseVlm

Pairs = list[tuple[Image.Image, str]]
Saved = Callable[[str], Path]
QWEN = "<|vision_start|><|image_pad|><|vision_end|>"
MARKS = {
    "qwen2_5_vl": QWEN,
    "qwen3_vl": QWEN,
    "internvl": "<IMG_CONTEXT>\n",
    "idefics3": "<image>",
    "smolvlm": "<image>",
}
TOLERANCE = 1e-5


@pytest.fixture(scope="module", params=MARKS)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(architecture: str, saved: Saved) -> ListwiseVlm:
    opened = open_vlm(str(saved(architecture)), device="cpu")
    assert isinstance(opened, ListwiseVlm)
    return opened


def _prompt(architecture: str, pictures: int, sought: str) -> str:
    mark = MARKS[architecture]
    before, behind = (BUILDERS[architecture].prompt or "").split(mark)
    shown = "".join(f"Picture {number}: {mark}\n" for number in range(1, pictures + 1))
    asked = f"Which picture fits best: {sought}? Answer with its number only."
    return before + shown + behind.replace(YES_NO, asked)


def test_shares_are_those_of_a_direct_forward(
    model: ListwiseVlm, architecture: str, saved: Saved, pairs: Pairs
) -> None:
    direct = Direct(saved(architecture), "")
    pictures = [picture for picture, _ in pairs]
    lists = [(pictures[:3], "a red shoe"), (pictures[2:], "no"), (pictures[::-1][:3], "a leather bag that is blue")]
    shares = model.choose(lists)
    for (shown, sought), share in zip(lists, shares, strict=True):
        numbers = [str(number) for number in range(1, len(shown) + 1)]
        expected = direct.shares(shown, _prompt(architecture, len(shown), sought), numbers)
        assert share.dtype == np.float32
        np.testing.assert_allclose(share, expected, atol=TOLERANCE)
        assert abs(float(share.sum()) - 1.0) < TOLERANCE


def test_a_batch_chooses_as_its_members(model: ListwiseVlm, pairs: Pairs) -> None:
    pictures = [picture for picture, _ in pairs]
    most = (pictures * 2)[: model.most_pictures]
    lists = [(pictures[:2], "red"), (most, "a red shoe of leather"), (pictures[1:3], "")]
    alone = [model.choose([each])[0] for each in lists]
    for together, single in zip(model.choose(lists * 12), alone * 12, strict=True):
        np.testing.assert_allclose(together, single, atol=TOLERANCE)


def test_the_share_depends_on_the_pictures_and_on_what_is_sought(model: ListwiseVlm, pairs: Pairs) -> None:
    (first, _), (second, _), *_ = pairs
    one, turned, other = model.choose([([first, second], "red"), ([second, first], "red"), ([first, second], "blue")])
    assert abs(one[0] - turned[0]) > 100 * TOLERANCE
    assert abs(one[0] - other[0]) > 10 * TOLERANCE


def test_too_few_and_too_many_are_refused(model: ListwiseVlm, pairs: Pairs) -> None:
    picture = pairs[0][0]
    for count in (0, 1, model.most_pictures + 1):
        with pytest.raises(UsageError, match=f"compares 2 to {model.most_pictures} pictures, not {count}"):
            model.choose([([picture] * count, "red")])
    assert model.choose([]) == []


def test_markup_in_what_is_sought_is_read_as_text(
    model: ListwiseVlm, architecture: str, saved: Saved, pairs: Pairs
) -> None:
    direct = Direct(saved(architecture), "")
    shown, mark = [pairs[0][0], pairs[3][0]], str(direct.processor.image_token)
    (share,) = model.choose([(shown, f"red {mark} shoe")])
    broken = f"red {mark[0]} {mark[1:]} shoe"
    np.testing.assert_allclose(share, direct.shares(shown, _prompt(architecture, 2, broken), "12"), atol=TOLERANCE)
