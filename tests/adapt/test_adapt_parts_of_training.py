"""The loss, the lessons, the questions and the verdict, against definitions and hand computation."""

import numpy as np
import pytest
import torch

from shelfsight.evaluation.metrics import Interval, interval
from shelfsight.training.adapt.head import PictureHead
from shelfsight.training.adapt.lessons import Lessons
from shelfsight.training.adapt.material import Material, gather
from shelfsight.training.adapt.parts import Part
from shelfsight.training.adapt.questions import Questions, draw_questions, is_held_out, score
from shelfsight.training.adapt.settings import AdaptSettings
from shelfsight.training.adapt.shelf import Row, Shelf
from shelfsight.training.adapt.verdict import Comparison, crossed_interval, judge
from shelfsight.training.loss import contrastive_loss

COLOURS, KINDS = ("red", "blue", "green", "white"), ("shoe", "bag", "hat", "mug", "lamp")
SETTINGS = AdaptSettings(least_texts=5, batch=16)


def _shelf(items: int = 200, pictures: int = 2) -> Shelf:
    """Items of ``pictures`` random vectors each; every third title is that of the item before."""
    random = np.random.default_rng(0)
    rows = [
        Row(
            id=f"id{n}",
            title=f"thing {n - (n % 3 == 1)}",
            metadata={"kind": KINDS[n % 5], "colour": COLOURS[n // 5 % 4]},
            pictures=tuple(random.bytes(32) for _ in range(pictures)),
        )
        for n in range(items)
    ]
    vectors = random.normal(size=(items * pictures, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Shelf(rows, vectors, np.arange(items + 1) * pictures, {})


@pytest.fixture(scope="module")
def material() -> Material:
    return gather(_shelf(), SETTINGS, pairs=None, text_columns=None, split_column=None)


def test_the_loss_with_several_right_answers():
    """Two texts, three pictures, by hand: uniform targets over the right ones, both ways, the unknown left out."""
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
    right = torch.tensor([[True, True, False], [False, False, True]])
    unknown = torch.tensor([[False, False, False], [False, True, False]])
    rows = [
        -np.mean([2 - np.logaddexp.reduce([2, 1, 0]), 1 - np.logaddexp.reduce([2, 1, 0])]),
        -(1 - np.logaddexp.reduce([0, 1])),
    ]
    columns = [-(2 - np.logaddexp.reduce([2, 0])), 0.0, -(1 - np.logaddexp.reduce([0, 1]))]
    expected = (np.mean(rows) + np.mean(columns)) / 2
    assert contrastive_loss(logits, right, unknown).item() == pytest.approx(expected, rel=1e-6)


def test_the_head_at_the_start_is_the_identity():
    vectors = torch.nn.functional.normalize(torch.randn(5, 8), dim=-1)
    torch.testing.assert_close(PictureHead(8)(vectors), vectors)


def test_no_title_is_on_two_sides(material):
    sides: dict[str, set[Part]] = {}
    for row, part in zip(material.shelf.rows, material.parts, strict=True):
        sides.setdefault(row.title, set()).add(part)
    assert len(sides) < len(material.shelf.rows)
    assert all(len(found) == 1 for found in sides.values())


def test_items_with_the_same_picture_are_on_one_side():
    shelf = _shelf()
    rows = [
        Row(row.id, row.title, row.metadata, (*row.pictures[:1], bytes([n // 10] * 32)))
        for n, row in enumerate(shelf.rows)
    ]
    shelf = Shelf(rows, shelf.vectors, shelf.bounds, {})
    parts = gather(shelf, SETTINGS, pairs=None, text_columns=None, split_column=None).parts
    assert len(set(parts)) == 3
    assert all(len(set(parts[start : start + 10])) == 1 for start in range(0, 200, 10))


def test_lessons_hold_training_items_and_no_text_that_is_held_out(material):
    assert {material.parts[item] for item in material.lessons} == {Part.TRAIN}
    for numbers, _ in material.lessons.values():
        assert not [number for number in numbers if is_held_out(material.texts.texts[number])]


def test_batches(material):
    lessons = Lessons(material, batch=16, seed=3)
    batches = list(lessons.epoch(0))
    assert len(batches) == lessons.steps
    items = [picture // 2 for batch in batches for picture in batch.pictures]
    assert sorted(items) == sorted(material.lessons), "every training item once"
    for batch in batches:
        assert batch.right.any(axis=0).all(), "every picture has a text in the batch"
        for text, row in zip(batch.texts, batch.right, strict=True):
            true, _ = material.texts.facts.judge_all(material.texts.texts[text])
            np.testing.assert_array_equal(row, true[batch.pictures // 2])
    again, other = list(lessons.epoch(0)), list(lessons.epoch(1))
    np.testing.assert_array_equal(batches[0].texts, again[0].texts)
    assert not np.array_equal(np.sort(batches[0].pictures), np.sort(other[0].pictures))


@pytest.mark.parametrize("part", [Part.VALIDATION, Part.TEST])
def test_questions_are_asked_of_their_part_alone(material, part):
    questions = draw_questions(material.texts, material.shelf, material.parts, part, 1000)
    in_part = np.array([each == part for each in material.parts])
    trained = np.array([each == Part.TRAIN for each in material.parts])
    in_test = np.array([each == Part.TEST for each in material.parts])
    assert {"title", "attributes"} <= set(questions.families)
    for question in questions.asked:
        true, unknown = material.texts.facts.judge_all(material.texts.texts[question.text])
        ignored = np.unpackbits(question.ignored, count=200).astype(bool)
        np.testing.assert_array_equal(question.right, np.flatnonzero(true & in_part))
        assert len(question.right)
        hidden = trained | in_test if part is Part.VALIDATION else trained
        np.testing.assert_array_equal(ignored, (true & ~in_part) | unknown | hidden)


def test_a_new_phrase_is_asked_in_one_part_and_never_learnt(material):
    learnt = {int(number) for numbers, _ in material.lessons.values() for number in numbers}
    new = [
        {question.text for question in part.asked if question.family == "attributes, new"}
        for part in (material.validation, material.test)
    ]
    assert new[0] | new[1]
    assert not new[0] & new[1]
    assert not (new[0] | new[1]) & learnt


def test_scores_are_those_of_a_ranking_by_the_best_picture(material):
    """The oracle: sort every item by its best picture, leave out the ignored, and count by hand."""
    shelf, questions = material.shelf, material.test
    texts = np.random.default_rng(2).normal(size=(len(questions.asked), 8)).astype(np.float32)
    found = score(questions, shelf, texts, shelf.vectors)
    for row, question in enumerate(questions.asked):
        best = (shelf.vectors @ texts[row]).reshape(-1, 2).max(axis=1)
        ignored = np.unpackbits(question.ignored, count=200).astype(bool)
        ranking = [item for item in np.argsort(-best) if not ignored[item]][:10]
        hits = np.isin(ranking, question.right)
        assert found["recall@10"][row] == pytest.approx(hits.sum() / len(question.right))
        assert found["precision@10"][row] == pytest.approx(hits.sum() / 10)
        assert found["mrr@10"][row] == pytest.approx(1 / (1 + hits.argmax()) if hits.any() else 0.0)
        ideal = sum(1 / np.log2(rank + 2) for rank in range(min(10, len(question.right))))
        assert found["ndcg@10"][row] == pytest.approx(sum(hits / np.log2(np.arange(len(hits)) + 2)) / ideal)


def test_of_questions_apart_the_interval_is_that_of_the_bootstrap():
    """Against the percentile bootstrap over questions, and the normal one."""
    values = np.random.default_rng(5).normal(0.1, 1.0, 400)
    found, reference = crossed_interval(values, _apart(400)), interval(values)
    error = values.std() / np.sqrt(len(values))
    np.testing.assert_allclose((found.low, found.high), (reference.low, reference.high), atol=0.2 * error)
    np.testing.assert_allclose(found.high - found.low, 2 * 1.96 * error, rtol=0.1)


def test_the_interval_knows_that_questions_about_one_fact_go_together():
    """Colours make the difference, not questions: ten colours are ten trials, however many kinds each is asked with.
    One draw in twenty may miss the truth; an interval that takes 200 questions for 200 trials misses most of the time.
    """
    random, held = np.random.default_rng(6), {"crossed": 0, "apart": 0}
    stated = np.array([(colour, 10 + kind, -1) for colour in range(10) for kind in range(20)])
    for _ in range(60):
        values = random.normal(size=10)[stated[:, 0]] + 0.1 * random.normal(size=200)
        for name, facts in (("crossed", stated), ("apart", _apart(200))):
            found = crossed_interval(values, facts)
            held[name] += found.low <= 0 <= found.high
    assert held["crossed"] >= 48
    assert held["apart"] <= 36


# --- the verdict -----------------------------------------------------------------------------------------------------


def _apart(count):
    """Facts of questions that have none in common."""
    return np.stack([np.arange(count), np.full(count, -1), np.full(count, -1)], axis=1)


def _judged(before, after, families, validation=(0.3, 0.4)):
    questions = Questions([], np.array(families), _apart(len(families)))
    values = ({"ndcg@10": np.array(each, dtype=np.float64)} for each in (before, after))
    return judge(questions, *values, "ndcg@10", validation=validation)


def test_a_clear_gain_is_promoted():
    before = np.linspace(0, 0.5, 40)
    verdict = _judged(before, before + 0.1, ["title"] * 40)
    assert verdict.better
    assert verdict.metrics["ndcg@10"] == Comparison.of(before, before + 0.1, _apart(40))
    assert verdict.metrics["ndcg@10"].interval.low == pytest.approx(0.1)


def test_no_difference_is_no_gain():
    values = np.linspace(0, 1, 40)
    verdict = _judged(values, values, ["title"] * 40)
    assert not verdict.better
    assert verdict.metrics["ndcg@10"].interval == Interval(0.0, 0.0)


def test_a_gain_that_may_be_chance_is_refused():
    random = np.random.default_rng(1)
    before = random.random(40)
    after = before + random.normal(0.02, 0.2, 40)
    verdict = _judged(before, after, ["title"] * 40)
    found = verdict.metrics["ndcg@10"].interval
    assert found.low < 0 < found.high
    assert "is not certainly better" in verdict.objections[0]


def test_a_family_that_got_worse_is_an_objection():
    before = np.full(60, 0.5)
    after = before + np.where(np.arange(60) < 12, -0.1, 0.3)
    families = ["clicks"] * 12 + ["title"] * 48
    verdict = _judged(before, after, families)
    assert verdict.metrics["ndcg@10"].interval.low > 0
    (objection,) = verdict.objections
    assert objection.startswith("ndcg@10 of the family 'clicks' is certainly worse (0.5000 -> 0.4000")


def test_a_gain_that_validation_does_not_confirm_is_refused():
    before = np.linspace(0, 0.5, 40)
    (objection,) = _judged(before, before + 0.1, ["title"] * 40, (0.3, 0.3)).objections
    assert objection == "ndcg@10 of the validation texts is no better (0.3000 -> 0.3000)"


def test_a_family_of_few_questions_says_nothing():
    before = np.full(60, 0.5)
    after = before + np.where(np.arange(60) < 9, -0.1, 0.3)
    assert _judged(before, after, ["clicks"] * 9 + ["title"] * 51).better
