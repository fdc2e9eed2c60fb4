"""The training of the embedded vision-language model, on a tiny catalogue that the test draws itself."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from training_shop import picture, write_catalogues

from shelfsight.core.calibration import Scale
from shelfsight.models import open_vlm
from shelfsight.models.encoders.names import EMBEDDED_FOLDER
from shelfsight.training.corpus import load_corpus
from shelfsight.training.frozen import from_kept
from shelfsight.training.settings import EncoderSettings
from shelfsight.training.vlm.calibrate import PRECISION, fit_scale
from shelfsight.training.vlm.composed import composed_rows, members
from shelfsight.training.vlm.lessons import Lesson, Teacher
from shelfsight.training.vlm.material import load_material
from shelfsight.training.vlm.model import IMAGE_TOKENS, Learner, make_vlm
from shelfsight.training.vlm.packing import Packer
from shelfsight.training.vlm.run import train_vlm
from shelfsight.training.vlm.settings import Decoder, VlmSettings
from shelfsight.training.vlm.tokenizer import ANSWER, END, IMAGE, PAD, load_decoder_tokenizer
from shelfsight.training.vlm.validate import area_under_curve
from shelfsight.training.vlm.wordings import answer_word, pattern_of

SETTINGS = VlmSettings(
    decoder=Decoder(width=32, layers=1, heads=2, inner=48, context=256, vocabulary=700),
    views=2,
    rendered=0,
    composed=12,
    questions=4,
    epochs=8,
    batch=12,
    rate=5e-3,
    warmup=2,
    threads=1,
    bfloat16=False,
    checkpoint_seconds=1e9,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogues(tmp_path_factory.mktemp("vlm-data"))


@pytest.fixture(scope="module")
def run(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("vlm-run")
    train_vlm(shop, out, SETTINGS, encoder=EMBEDDED_FOLDER)
    return out


@pytest.fixture(scope="module")
def teacher(shop: Path, run: Path) -> Teacher:
    return Teacher(load_corpus(shop, run / "cache", EncoderSettings(rendered=0)))


def test_training_lowers_the_loss(run: Path) -> None:
    log = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(log) == SETTINGS.epochs
    assert log[-1]["loss"] < 0.7 * log[0]["loss"]
    assert 0 <= log[-1]["kind"] <= 1


def test_interrupted_and_resumed_equals_uninterrupted(shop: Path, run: Path, tmp_path: Path) -> None:
    assert train_vlm(shop, tmp_path, SETTINGS, encoder=EMBEDDED_FOLDER, stop_after=5) is None
    train_vlm(shop, tmp_path, SETTINGS, encoder=EMBEDDED_FOLDER)
    once, twice = ((folder / "vlm" / "model.safetensors").read_bytes() for folder in (run, tmp_path))
    assert once == twice


def test_other_settings_do_not_go_on(shop: Path, run: Path) -> None:
    with pytest.raises(ValueError, match="other settings"):
        train_vlm(shop, run, SETTINGS.model_copy(update={"batch": 13}), encoder=EMBEDDED_FOLDER)


def test_the_folder_answers_as_the_learner_does(shop: Path, run: Path) -> None:
    vlm = open_vlm(str(run / "vlm"))
    questions = ["Is the product red?", "Does this picture show blue trousers?"]
    seen = picture("Red", "Trousers")
    expected = _learner_says(shop, run, questions)
    assert vlm.score([(seen, question) for question in questions]) == pytest.approx(expected, abs=5e-3)
    assert vlm.generate([(seen, "What is it?")], max_tokens=4)[0].text


def _learner_says(shop: Path, run: Path, questions: list[str]) -> np.ndarray:
    """P(yes) of the averaged weights in the checkpoint, packed, about the red trousers of the catalogue."""
    material = load_material(shop, run, SETTINGS, EMBEDDED_FOLDER)
    tokenizer = load_decoder_tokenizer(run / "tokenizer")
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in (IMAGE, ANSWER, END, PAD, "Ġyes", "Ġno")}
    learner = Learner(
        make_vlm(SETTINGS, len(tokenizer), ids[IMAGE], ids[END], ids[PAD]), material.encoder, SETTINGS.frozen
    )
    learner.load_state_dict(torch.load(run / "checkpoint.pt", weights_only=True)["mean"])
    row = next(i for i, row in enumerate(material.corpus.rows) if row.title == "Acme0 Women Red Trousers")
    packer = Packer(tokenizer, IMAGE_TOKENS, ids[ANSWER], ids[END], ids[PAD])
    pack = packer.pack([[Lesson(question, "yes") for question in questions]])
    with torch.no_grad():
        logits = learner(from_kept(material.views[0][np.array([row])]), pack)[pack.targets == ids["Ġyes"]]
    answers: np.ndarray = (logits[:, ids["Ġyes"]] - logits[:, ids["Ġno"]]).sigmoid().numpy()
    return answers


def test_packed_questions_do_not_see_one_another(run: Path) -> None:
    tokenizer = load_decoder_tokenizer(run / "tokenizer")
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in (IMAGE, ANSWER, END, PAD)}
    vlm = make_vlm(SETTINGS, len(tokenizer), ids[IMAGE], ids[END], ids[PAD])
    packer = Packer(tokenizer, IMAGE_TOKENS, ids[ANSWER], ids[END], ids[PAD])
    lessons = [Lesson("What is it?", "a red watch"), Lesson("Is the product blue?", "no"), Lesson("How many?", "one")]
    pictures = torch.randn(1, IMAGE_TOKENS, SETTINGS.decoder.width)

    def logits(asked: list[Lesson]) -> torch.Tensor:
        pack = packer.pack([asked])
        decoder = vlm.model.language_model
        with torch.no_grad():
            hidden = decoder(
                inputs_embeds=torch.cat([pictures, decoder.embed_tokens(pack.tokens)], dim=1),
                attention_mask=pack.mask,
                position_ids=pack.positions,
                use_cache=False,
            ).last_hidden_state
        answers: torch.Tensor = hidden[pack.rows, pack.places]
        return answers

    alone = torch.cat([logits([lesson]) for lesson in lessons])
    assert torch.allclose(logits(lessons), alone, atol=1e-5)
    assert torch.allclose(logits(lessons[::-1])[-4:], logits(lessons[:1]), atol=1e-5)


def test_each_lesson_counts_as_one(run: Path) -> None:
    packer = Packer(load_decoder_tokenizer(run / "tokenizer"), IMAGE_TOKENS, 2, 3, 0)
    pack = packer.pack([[Lesson("Is it?", "yes"), Lesson("What is it?", "a red watch for women")], [Lesson("a", "b")]])
    assert pack.weights.sum().item() == pytest.approx(3.0)


def test_dropped_patches_are_seen_by_nobody(run: Path) -> None:
    packer = Packer(load_decoder_tokenizer(run / "tokenizer"), IMAGE_TOKENS, 2, 3, 0)
    dropped = np.zeros((1, IMAGE_TOKENS), bool)
    dropped[0, 7] = True
    mask = packer.pack([[Lesson("Is it?", "yes")]], dropped).mask[0, 0]
    assert mask[:, 7].nonzero().flatten().tolist() == [7]
    assert mask[-1, :IMAGE_TOKENS].sum() == IMAGE_TOKENS - 1


def test_lessons_say_what_the_catalogue_says(teacher: Teacher) -> None:
    """Row 0: red handbags for women."""
    random = np.random.default_rng(0)
    lessons = {lesson for _ in range(400) for lesson in teacher.lessons(0, 4, random)}
    answers = {lesson.question: lesson.answer for lesson in lessons}
    assert answers["Is the product red?"] == "yes"
    assert answers["Is the product blue?"] == "no"
    assert answers["Is the product for women?"] == "yes"
    assert answers["What is it?"] == "handbag"
    assert answers["Which colour is it?"] == "red"
    assert answers["What does it cost?"] == "cannot tell"
    assert answers["How many are there?"] == "one"
    assert answers["Describe this picture."] == "a red handbag for women."
    for question, answer in answers.items():
        if question.startswith("Does this picture show") and "not" not in question and "without" not in question:
            wrong = any(word in question for word in ("blue", "green", "black", "watch", "trousers", "pants"))
            assert not (wrong and answer == "yes"), question


def test_one_question_has_one_answer(teacher: Teacher) -> None:
    random = np.random.default_rng(1)
    for row in range(12):
        seen: dict[str, str] = {}
        for _ in range(200):
            for lesson in teacher.lessons(row, 4, random):
                assert seen.setdefault(lesson.question, lesson.answer) == lesson.answer, lesson.question


def test_composed_pictures_are_counted(shop: Path, run: Path) -> None:
    corpus = load_corpus(shop, run / "cache", EncoderSettings(rendered=0))
    rows = list(composed_rows(corpus, 40, seed=3))
    assert {len(members(row)) for row in rows} == {2, 3, 4}
    assert any(len(set(members(row))) == 1 for row in rows)
    assert all(corpus.rows[member].split == "train" for row in rows for member in members(row))
    assert [row.key for row in rows] == [row.key for row in composed_rows(corpus, 40, seed=3)]


@pytest.mark.parametrize(
    ("title", "pattern"),
    [
        ("Turtle Check Men Navy Blue Shirt", "checked"),
        ("Mark Taylor Men Striped White Shirt", "striped"),
        ("Inkfruit Women Printed Red Top", "printed"),
        ("Checkmate Men Watch", None),
        ("Nike Men Shoe", None),
    ],
)
def test_pattern_of_a_title(title: str, pattern: str | None) -> None:
    assert pattern_of(title) == pattern


def test_answers_are_words_that_people_use() -> None:
    assert answer_word("type", "tshirts") == "t-shirt"
    assert answer_word("colour", "navy blue") == "navy blue"


def test_area_under_the_curve_by_hand() -> None:
    truth = np.array([True, False, True, False])
    assert area_under_curve(np.array([4.0, 1.0, 3.0, 2.0]), truth) == 1.0
    assert area_under_curve(np.array([1.0, 1.0, 1.0, 1.0]), truth) == 0.5
    assert area_under_curve(np.array([3.0, 2.0, 1.0, 0.0]), truth) == 0.75


def test_scale_finds_the_truth_again() -> None:
    random = np.random.default_rng(2)
    raw = random.normal(0, 4, 20000)
    truth = random.random(20000) < 1 / (1 + np.exp(-(0.5 * raw + 1)))
    scale = fit_scale(raw, truth)
    assert scale.slope == pytest.approx(0.5, abs=0.03)
    assert scale.intercept == pytest.approx(1.0, abs=0.08)
    calibrated = 1 / (1 + np.exp(-(scale.slope * raw + scale.intercept)))
    assert truth[calibrated >= scale.yes_from].mean() >= PRECISION - 1e-9
    assert (~truth[calibrated < scale.no_below]).mean() >= PRECISION - 0.01


def test_useless_answers_are_no_verdicts() -> None:
    random = np.random.default_rng(3)
    scale = fit_scale(random.normal(size=4000), random.random(4000) < 0.5)
    assert scale == Scale(slope=scale.slope, intercept=scale.intercept, yes_from=0.99, no_below=0.01)
