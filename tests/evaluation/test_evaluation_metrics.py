"""Metrics against numbers worked out on paper from their definitions."""

import numpy as np
import pytest

from shelfsight.evaluation.metrics import interval, measure

PLAIN = ["x", "a", "y", "b"], {"a": 1, "b": 1, "c": 1}
GRADED = ["b", "c", "a"], {"a": 3, "b": 1, "c": 0}
MISSED = ["x", "y"], {"a": 1}
NOTHING: tuple[list[str], dict[str, int]] = [], {"a": 1}


@pytest.mark.parametrize(
    ("case", "metric", "expected"),
    [
        (PLAIN, "precision@2", 1 / 2),
        (PLAIN, "recall@2", 1 / 3),
        (PLAIN, "mrr@2", 1 / 2),
        (PLAIN, "mrr@1", 0.0),
        (PLAIN, "success@1", 0.0),
        (PLAIN, "success@2", 1.0),
        # gained 1/log2(3) = 0.630930; best order 1 + 0.630930
        (PLAIN, "ndcg@2", 0.386853),
        (PLAIN, "precision@4", 2 / 4),
        (PLAIN, "recall@4", 2 / 3),
        # gained 0.630930 + 1/log2(5) = 1.061607; best order 1 + 0.630930 + 0.5
        (PLAIN, "ndcg@4", 0.498189),
        # four came back, ten were asked for
        (PLAIN, "precision@10", 2 / 10),
        (GRADED, "precision@3", 2 / 3),
        (GRADED, "recall@3", 1.0),
        (GRADED, "mrr@3", 1.0),
        # gained 1 + 0 + 3/2 = 2.5; best order 3 + 0.630930
        (GRADED, "ndcg@3", 0.688529),
        (MISSED, "recall@10", 0.0),
        (MISSED, "ndcg@10", 0.0),
        (NOTHING, "precision@10", 0.0),
        (NOTHING, "mrr@10", 0.0),
    ],
)
def test_one_query_by_hand(case: tuple[list[str], dict[str, int]], metric: str, expected: float) -> None:
    ranking, grades = case
    values = measure([ranking], [grades], [1, 2, 3, 4, 10])
    assert values[metric].tolist() == [pytest.approx(expected, abs=1e-6)]


def test_queries_keep_their_order_and_do_not_mix() -> None:
    cases = [PLAIN, GRADED, MISSED, NOTHING] * 3
    values = measure([ranking for ranking, _ in cases], [grades for _, grades in cases], [3])
    assert values["recall@3"].tolist() == pytest.approx([1 / 3, 1, 0, 0] * 3)


def test_the_given_order_is_the_ranking_whatever_the_ids() -> None:
    # trec_eval puts equal scores in descending order of ids; the answer's own order must stand
    for ranking in (["a", "b", "c"], ["c", "b", "a"]):
        assert measure([ranking], [{ranking[0]: 1}], [1])["recall@1"].tolist() == [1.0]


def test_ids_may_hold_anything() -> None:
    odd = ["a b\tc", "\0", "ü\n", "\ud800", ""]
    values = measure([odd], [dict.fromkeys(odd, 1)], [5])
    assert values["recall@5"].tolist() == [1.0]


def test_the_interval_of_equal_values_is_a_point() -> None:
    found = interval(np.full(20, 0.25))
    assert (found.low, found.high) == (0.25, 0.25)


def test_the_interval_is_that_of_the_normal_approximation_for_many_values() -> None:
    values = np.tile([0.0, 1.0], 500)
    # standard error of a mean of 1,000 coin flips: 0.5 / sqrt(1000) = 0.015811; 1.96 of them either way
    found = interval(values)
    assert found.low == pytest.approx(0.5 - 0.030990, abs=0.003)
    assert found.high == pytest.approx(0.5 + 0.030990, abs=0.003)
    assert interval(values) == found
