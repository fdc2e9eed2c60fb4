"""The embedded vision-language model: the contract, through the code that runs the big ones, and what it must know.

It is asked about the demo catalogue's pictures, of a seed that was not trained on.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from direct_vlm import Direct
from PIL import Image

import shelfsight.models
from shelfsight.catalog.demo.assortment import Spec, spec
from shelfsight.catalog.demo.render import render
from shelfsight.catalog.demo.vocabulary import COLOURS, KINDS
from shelfsight.core.calibration import UNCALIBRATED
from shelfsight.core.dialogue import Conversation, Stop, Turn
from shelfsight.core.errors import UsageError
from shelfsight.core.questions import Subject, yes_no_question
from shelfsight.models import open_vlm
from shelfsight.models.vlms.reusable import ReusableVlm

FOLDER = Path(shelfsight.models.__file__).parent / "embedded" / "vlm"
SEED = 5
COUNT = 60
TOLERANCE = 1e-5
ROUNDING = 1e-3


@pytest.fixture(scope="module")
def embedded() -> ReusableVlm:
    model = open_vlm("embedded", device="cpu")
    assert isinstance(model, ReusableVlm)
    return model


@pytest.fixture(scope="module")
def goods() -> list[tuple[Spec, Image.Image]]:
    """Items of the demo catalogue, each with its picture."""
    items = [spec(SEED, index) for index in range(COUNT)]
    return [(item, render(item, SEED).picture) for item in items]


@pytest.fixture(scope="module")
def asked(goods: list[tuple[Spec, Image.Image]]) -> list[tuple[Image.Image, str]]:
    """A few pictures with questions of unlike lengths."""
    terms = ["shoe", "red leather handbag for women that is not small", "lamp", "navy blue dress"]
    return [(picture, yes_no_question("whole", term)) for (_, picture), term in zip(goods, terms, strict=False)]


def test_it_is_named_embedded_small_and_calibrated(embedded: ReusableVlm) -> None:
    assert embedded.name == "embedded"
    assert sum(file.stat().st_size for file in FOLDER.rglob("*")) <= 60_000_000
    assert embedded.calibration != UNCALIBRATED
    assert {"whole", "kind", "attribute"} <= set(embedded.calibration.scales)
    assert embedded.calibration.source
    assert json.loads((FOLDER / "config.json").read_text())["model_type"] == "fast_vlm"


def test_p_yes_is_that_of_a_direct_forward(embedded: ReusableVlm, asked: list[tuple[Image.Image, str]]) -> None:
    direct = Direct(FOLDER, "<image>{question}<answer>")
    np.testing.assert_allclose(embedded.score(asked), [direct.probability(*pair) for pair in asked], atol=1e-4)


def test_a_batch_scores_as_its_members(embedded: ReusableVlm, asked: list[tuple[Image.Image, str]]) -> None:
    singles = np.concatenate([embedded.score([pair]) for pair in asked])
    np.testing.assert_allclose(embedded.score(asked * 20), np.tile(singles, 20), atol=TOLERANCE)


def test_features_score_as_pictures(embedded: ReusableVlm, asked: list[tuple[Image.Image, str]]) -> None:
    features = embedded.picture_features([picture for picture, _ in asked])
    assert {made.shape for made in features} == {(36, 256)}
    scores = embedded.score_features([(made, text) for made, (_, text) in zip(features, asked, strict=True)])
    np.testing.assert_allclose(scores, embedded.score(asked), atol=ROUNDING)


def test_an_answer_in_a_batch_is_that_of_a_single(embedded: ReusableVlm, goods: list[tuple[Spec, Image.Image]]) -> None:
    questions = ["", "What is it?", "Which colour is it, and for whom?"]
    pairs = [(picture, question) for (_, picture), question in zip(goods, questions, strict=False)]
    together = embedded.generate(pairs, max_tokens=20)
    assert together == [embedded.generate([pair], max_tokens=20)[0] for pair in pairs]
    assert {answer.stop for answer in together} == {Stop.END}
    short = embedded.generate([(goods[0][1], "")], max_tokens=2)[0]
    assert short.stop == Stop.MAX_TOKENS
    assert together[0].text.startswith(short.text)


def test_a_question_longer_than_it_reads_is_refused(
    embedded: ReusableVlm, goods: list[tuple[Spec, Image.Image]]
) -> None:
    picture = goods[0][1]
    with pytest.raises(UsageError, match="too long"):
        embedded.score([(picture, "red " * 600)])
    turns = tuple(Turn(question="What is it? " * 10, answer="a shoe") for _ in range(40))
    (answer,) = embedded.generate([(picture, Conversation(question="What is it?", turns=turns))], max_tokens=8)
    assert answer.text  # the oldest turns are forgotten


def test_it_knows_kinds(embedded: ReusableVlm, goods: list[tuple[Spec, Image.Image]]) -> None:
    random = np.random.default_rng(0)
    true = [item.kind.name for item, _ in goods]
    false = [random.choice([name for name in KINDS if name != item.kind.name]) for item, _ in goods]
    assert _share_right(embedded, goods, "kind", true, false) >= 0.9


def test_it_knows_colours(embedded: ReusableVlm, goods: list[tuple[Spec, Image.Image]]) -> None:
    random = np.random.default_rng(0)
    true = [item.colour for item, _ in goods]
    false = [random.choice([name for name in COLOURS if name not in (item.colour, item.accent)]) for item, _ in goods]
    assert _share_right(embedded, goods, "attribute", true, false) >= 0.85


def test_it_names_what_it_sees(embedded: ReusableVlm, goods: list[tuple[Spec, Image.Image]]) -> None:
    captions = embedded.generate([(picture, "") for _, picture in goods], max_tokens=24)
    told = [_mentions(caption.text, item.kind.name) for caption, (item, _) in zip(captions, goods, strict=True)]
    assert np.mean(told) >= 0.8


def test_it_says_that_it_cannot_tell(embedded: ReusableVlm, goods: list[tuple[Spec, Image.Image]]) -> None:
    questions = ("What does it cost?", "Which size is it?")
    pairs = [(picture, question) for _, picture in goods[:20] for question in questions]
    answers = [answer.text for answer in embedded.generate(pairs, max_tokens=8)]
    assert np.mean([answer == "cannot tell" for answer in answers]) >= 0.95
    sure = embedded.generate([(picture, "Which colour is it?") for _, picture in goods[:20]], max_tokens=8)
    assert np.mean([answer.text in COLOURS for answer in sure]) >= 0.9


def _share_right(
    embedded: ReusableVlm,
    goods: Sequence[tuple[Spec, Image.Image]],
    subject: Subject,
    true: Sequence[str],
    false: Sequence[str],
) -> float:
    """Share of answers on the right side of a calibrated half, of what is true and what is false of each."""
    scale = embedded.calibration.scale(subject)
    pairs = [(picture, yes_no_question(subject, term)) for (_, picture), term in zip(goods, true, strict=True)]
    pairs += [(picture, yes_no_question(subject, term)) for (_, picture), term in zip(goods, false, strict=True)]
    yes = np.array([scale.probability(score) > 0.5 for score in embedded.score(pairs)])
    return float(np.mean(yes == np.repeat([True, False], len(goods))))


def _mentions(caption: str, kind: str) -> bool:
    """Whether a caption names a kind, by its name or one that goes as well."""
    return any(word in caption.lower() for word in (kind, *_ALSO.get(kind, ())))


_ALSO = {
    "running shoe": ("sports shoe", "shoe", "sneaker", "trainer"),
    "high heel": ("heel", "pump"),
    "t-shirt": ("tshirt", "tee", "top"),
    "sweater": ("jumper", "pullover", "cardigan"),
    "trousers": ("pants", "jeans"),
    "boot": ("shoe",),
    "sofa": ("couch",),
    "handbag": ("bag",),
    "hat": ("cap", "beanie"),
}
