"""The client against a real server of the protocol, which serves a real model."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from openai_server import OpenAIServer, TransformersBrain, served_openai
from PIL import Image

from shelfsight.core.dialogue import Conversation, Turn
from shelfsight.core.vision import VisionLanguageModel
from shelfsight.models import open_vlm
from shelfsight.models.vlms.names import EMBEDDED, EMBEDDED_FOLDER

Pairs = list[tuple[Image.Image, str]]
Saved = Callable[[str], Path]

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


@pytest.fixture(scope="module", params=["qwen2_5_vl", EMBEDDED])
def folder(request: pytest.FixtureRequest, saved: Saved) -> Path:
    return EMBEDDED_FOLDER if request.param == EMBEDDED else saved(request.param)


@pytest.fixture(scope="module")
def local(folder: Path) -> VisionLanguageModel:
    return open_vlm(str(folder), device="cpu")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[OpenAIServer]:
    with served_openai(TransformersBrain(folder)) as server:
        yield server


def test_scores_are_those_of_the_model_itself(server: OpenAIServer, local: VisionLanguageModel, pairs: Pairs) -> None:
    remote = open_vlm(server.name())
    scores = remote.score(pairs)
    assert np.abs(scores - local.score(pairs)).max() < 1e-4
    assert np.ptp(scores) > 1e-3
    assert not remote.graded
    assert np.array_equal(scores, [remote.score([pair])[0] for pair in pairs])


def test_a_large_picture_is_scored_as_it_was_sent(
    server: OpenAIServer, local: VisionLanguageModel, pairs: Pairs
) -> None:
    large = pairs[0][0].resize((1200, 900), Image.Resampling.BICUBIC)
    score = open_vlm(server.name()).score([(large, "Is it blue?")])
    sent = server.pictures()[-1]
    assert sent.size == (768, 576)
    assert np.abs(score - local.score([(sent, "Is it blue?")])).max() < 1e-4


def test_answers_are_those_of_the_model_itself(server: OpenAIServer, local: VisionLanguageModel, pairs: Pairs) -> None:
    turns = (Turn(question="What is it?", answer="a bag"), Turn(question="Of what?", answer="leather"))
    asked = [(picture, question) for picture, question in pairs]
    asked += [(pairs[0][0], ""), (pairs[1][0], Conversation(question="Is it red?", turns=turns))]
    assert open_vlm(server.name()).generate(asked, max_tokens=7) == local.generate(asked, max_tokens=7)


def test_a_stream_says_what_the_model_says(server: OpenAIServer, local: VisionLanguageModel, pairs: Pairs) -> None:
    said = dict.fromkeys(range(len(pairs)), "")

    def hear(index: int, piece: str) -> None:
        said[index] += piece

    answers = open_vlm(server.name()).generate(pairs, max_tokens=9, seconds=60, on_text=hear)
    assert answers == local.generate(pairs, max_tokens=9)
    assert [said[index] for index in range(len(pairs))] == [answer.text for answer in answers]
