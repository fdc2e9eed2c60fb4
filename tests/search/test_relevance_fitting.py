"""Fitting a scale: it finds the curve that made the judgements, and what it says is calibrated."""

import numpy as np
import pytest

from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.relevance import Judgement, fit_relevance
from shelfsight.search.relevance.fitting import WRONGLY_EMPTY

DIMENSION, HITS = 16, 40
RANDOM = np.random.default_rng(7)
PICTURES: FloatArray = normalise(RANDOM.standard_normal((64, DIMENSION)))


def judgements(count: int, *, seed: int, answerable: bool = True) -> list[Judgement]:
    """Queries whose hits are relevant with log-odds of -3 + standing + 2 cosine; or with none that is."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        vector = normalise(random.standard_normal(DIMENSION))
        cosines = PICTURES @ vector
        shift = 0.0 if answerable else -0.4
        scores = np.sort(random.uniform(-0.2, 0.9, HITS) + shift)[::-1]
        odds = -3 + (scores - cosines.mean()) / cosines.std() + 2 * scores
        relevant = (random.random(HITS) < 1 / (1 + np.exp(-odds))) & answerable
        made.append(
            Judgement(
                asked="text",
                vector=vector,
                cosines=scores,
                relevant=relevant,
                words=("known",) if answerable else ("strange",),
                answerable=answerable,
            )
        )
    return made


def fitted(given: list[Judgement], **more: object):  # type: ignore[no-untyped-def]
    return fit_relevance(given, pictures=PICTURES, source="made up", revision="1", **more)  # type: ignore[arg-type]


def test_the_curve_that_made_the_judgements_is_found() -> None:
    curve = fitted(judgements(800, seed=1)).hits["text"]
    assert (curve.bias, curve.standing, curve.cosine) == pytest.approx((-3, 1, 2), abs=0.4)
    assert curve.familiarity == 0.0  # never varies


def test_probabilities_agree_with_what_is_relevant_of_other_queries() -> None:
    scale = fitted(judgements(300, seed=2))
    probability, truth = [], []
    for each in judgements(300, seed=3):
        standing = scale.stand(each.vector)
        odds = np.array([scale.hits["text"].log_odds(standing, float(cosine)) for cosine in each.cosines])
        probability.append(1 / (1 + np.exp(-odds)))
        truth.append(each.relevant)
    told, found = np.concatenate(probability), np.concatenate(truth)
    for low in np.arange(0, 1, 0.2):
        part = (told >= low) & (told < low + 0.2)
        assert told[part].mean() == pytest.approx(found[part].mean(), abs=0.03)


def test_what_is_absent_is_told_from_what_is_not() -> None:
    vocabulary = frozenset(("known",))
    given = [*judgements(200, seed=4), *judgements(60, seed=5, answerable=False)]
    scale = fitted(given, vocabulary=vocabulary)
    best, bound = scale.best["text"], scale.nothing_below["text"]

    def empty(part: list[Judgement]) -> float:
        odds = [best.log_odds(scale.stand(each.vector, each.words), float(each.cosines[0])) for each in part]
        return float(np.mean(1 / (1 + np.exp(-np.array(odds))) < bound))

    assert empty(given[:200]) <= WRONGLY_EMPTY
    assert empty(judgements(200, seed=6)) <= 3 * WRONGLY_EMPTY
    assert empty(judgements(200, seed=8, answerable=False)) > 0.9


def test_without_absent_queries_the_best_hit_tells() -> None:
    scale = fitted(judgements(100, seed=9))
    assert scale.best == scale.hits
    assert 0 < scale.nothing_below["text"] < 1


def test_the_order_of_hits_is_never_turned_round() -> None:
    turned = [
        Judgement(asked="text", vector=each.vector, cosines=each.cosines, relevant=~each.relevant)
        for each in judgements(50, seed=10)
    ]
    curve = fitted(turned).hits["text"]
    assert (curve.standing, curve.cosine) == (0.0, 0.0)


def test_half_right_in_no_order_is_an_even_chance() -> None:
    """Every other hit, beginning with a wrong one: cosines tell nothing, and the bias is right from the first step."""
    even = [
        Judgement(asked="text", vector=each.vector, cosines=each.cosines, relevant=np.arange(HITS) % 2 == 1)
        for each in judgements(30, seed=14)
    ]
    curve = fitted(even).hits["text"]
    assert (curve.bias, curve.standing, curve.cosine) == (0.0, 0.0, 0.0)


def test_too_little_to_learn_from_is_refused() -> None:
    few = judgements(19, seed=11)
    with pytest.raises(UsageError, match="cannot be calibrated with 19 judged queries") as refused:
        fitted(few)
    assert "20 of one kind" in (refused.value.hint or "")
    with pytest.raises(UsageError):
        fitted(judgements(30, seed=12, answerable=False))


def test_the_same_judgements_make_the_same_scale() -> None:
    given = judgements(60, seed=13)
    one, other = fitted(given), fitted(given)
    assert (one.hits, one.nothing_below, one.cutoff) == (other.hits, other.nothing_below, other.cutoff)
