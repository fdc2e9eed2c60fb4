"""The contract of vision-language models, on a tiny checkpoint of every architecture, opened as a user would."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from direct_vlm import Direct
from PIL import Image
from vlm_checkpoints import BUILDERS

from shelfsight.core.dialogue import Stop
from shelfsight.core.vision import VisionLanguageModel
from shelfsight.models import open_vlm

Pairs = list[tuple[Image.Image, str]]
GENERATIVE = [name for name, builder in BUILDERS.items() if builder.prompt]
TOLERANCE = 1e-5

# PaliGemma's processor turns tensors to arrays in a way that NumPy means to give up.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


@pytest.fixture(scope="module", params=GENERATIVE)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(architecture: str, saved: Callable[[str], Path]) -> Path:
    return saved(architecture)


@pytest.fixture(scope="module")
def model(folder: Path) -> VisionLanguageModel:
    return open_vlm(str(folder), device="cpu")


@pytest.fixture(scope="module")
def direct(folder: Path, architecture: str) -> Direct:
    return Direct(folder, BUILDERS[architecture].prompt or "")


def test_it_is_opened_by_its_folder(model: VisionLanguageModel, folder: Path) -> None:
    assert model.name == str(folder)
    assert model.generates


def test_p_yes_is_that_of_a_direct_forward(model: VisionLanguageModel, direct: Direct, pairs: Pairs) -> None:
    scores = model.score(pairs)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [direct.probability(*pair) for pair in pairs], atol=TOLERANCE)


def test_p_yes_depends_on_picture_and_question(model: VisionLanguageModel, pairs: Pairs) -> None:
    picture, question = pairs[0]
    scores = model.score([(picture, question), (pairs[1][0], question), (picture, pairs[1][1])])
    assert abs(scores[1] - scores[0]) > 100 * TOLERANCE
    assert abs(scores[2] - scores[0]) > 100 * TOLERANCE


def test_markup_in_a_question_is_read_as_text(model: VisionLanguageModel, direct: Direct, pairs: Pairs) -> None:
    mark = str(direct.processor.image_token)
    broken = f"{mark[0]} {mark[1:]}"
    picture = pairs[0][0]
    asked = model.score([(picture, f"Is {mark} blue?"), (picture, f"{mark}{mark}")])
    expected = [direct.probability(picture, f"Is {broken} blue?"), direct.probability(picture, broken * 2)]
    np.testing.assert_allclose(asked, expected, atol=TOLERANCE)


def test_pictures_of_any_shape_and_mode_are_taken(model: VisionLanguageModel, pairs: Pairs) -> None:
    shapes = [(1, 1), (3, 700), (1, 2000), (1700, 3)]
    odd = [Image.new("RGB", size, "red") for size in shapes] + [Image.new("L", (30, 30)), Image.new("RGBA", (9, 9))]
    batch = [(picture, "Is it blue?") for picture in odd]
    singles = np.concatenate([model.score([pair]) for pair in batch])
    np.testing.assert_allclose(model.score([*pairs, *batch])[len(pairs) :], singles, atol=TOLERANCE)


def test_a_batch_scores_as_its_members(model: VisionLanguageModel, pairs: Pairs) -> None:
    many = pairs * 3  # more than one batch of the network
    singles = np.concatenate([model.score([pair]) for pair in pairs])
    np.testing.assert_allclose(model.score(many), np.tile(singles, 3), atol=TOLERANCE)
    np.testing.assert_allclose(model.score(pairs[::-1]), singles[::-1], atol=TOLERANCE)


def test_answers_are_greedy_and_those_of_singles(model: VisionLanguageModel, direct: Direct, pairs: Pairs) -> None:
    answers = model.generate(pairs, max_tokens=6)
    prompts = [_answer_prompt(direct.prompt).replace("{question}", question) for _, question in pairs]
    expected = [direct.greedy(picture, prompt, 6) for (picture, _), prompt in zip(pairs, prompts, strict=True)]
    assert [answer.text for answer in answers] == expected
    assert [model.generate([pair], max_tokens=6)[0] for pair in pairs] == answers


def test_max_tokens_cuts_an_answer(model: VisionLanguageModel, pairs: Pairs) -> None:
    answers = model.generate(pairs, max_tokens=6)
    first = model.generate(pairs, max_tokens=1)
    for long, short in zip(answers, first, strict=True):
        assert long.text.startswith(short.text.rstrip("\ufffd"))
        assert short.stop in (Stop.MAX_TOKENS, long.stop)
    assert Stop.MAX_TOKENS in {answer.stop for answer in first}


def test_pieces_joined_are_the_answers(model: VisionLanguageModel, pairs: Pairs) -> None:
    pieces: list[tuple[int, str]] = []
    answers = model.generate(pairs, max_tokens=12, on_text=lambda index, piece: pieces.append((index, piece)))
    assert answers == model.generate(pairs, max_tokens=12)
    for index, answer in enumerate(answers):
        assert "".join(piece for whose, piece in pieces if whose == index) == answer.text
    assert len(pieces) > len(pairs)


def test_time_is_up(model: VisionLanguageModel, pairs: Pairs) -> None:
    whole = model.generate(pairs[:2], max_tokens=40)
    begun = time.monotonic()
    cut = model.generate(pairs[:2], max_tokens=40, seconds=0.4, on_text=lambda *_: time.sleep(0.2))
    assert time.monotonic() - begun < 3
    assert Stop.TIME in {answer.stop for answer in cut}
    for long, short in zip(whole, cut, strict=True):
        assert long.text.startswith(short.text.rstrip("\ufffd"))
        assert short.text != long.text or short.stop == long.stop


def _answer_prompt(prompt: str) -> str:
    return prompt.replace(" Answer with yes or no only.", "")
