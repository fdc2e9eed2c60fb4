"""Tests of differences against enumeration by hand, scipy and simulation."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shelfsight.evaluation.metrics import interval
from shelfsight.evaluation.significance import holm, mcnemar, sign_flip, sign_flips


def test_every_sign_pattern_by_hand() -> None:
    # 1 + 2 + 3 = 6 is reached by +++ and ---: two of eight
    assert sign_flip(np.array([1.0, 2.0, 3.0])) == 2 / 8
    # |1 + 2 - 3| = 0: every pattern is at least as far
    assert sign_flip(np.array([1.0, 2.0, -3.0])) == 1.0
    assert sign_flip(np.array([0.5])) == 1.0


def test_ties_change_nothing() -> None:
    assert sign_flip(np.zeros(50)) == 1.0
    assert sign_flip(np.array([0.0, 1.0, 0.0, 2.0, 3.0])) == sign_flip(np.array([1.0, 2.0, 3.0]))


def test_sums_that_are_equal_but_for_rounding_count_as_equal() -> None:
    # 0.1 + 0.2 - 0.3 is not 0 in floating point, and 0.3 + 0.3 + 0.3 - 0.9 neither
    thirds = np.array([1 / 3, 1 / 3, 1 / 3, -1.0, 0.1, 0.2, -0.3])
    exact = np.array([10, 10, 10, -30, 3, 6, -9])
    sums = [abs(int(np.dot(signs, exact))) for signs in product((-1, 1), repeat=7)]
    assert sign_flip(thirds) == np.mean([each >= 0 for each in sums]) == 1.0


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=9))
def test_enumeration_in_whole_numbers(numbers: list[int]) -> None:
    seen = abs(sum(numbers))
    patterns = list(product((-1, 1), repeat=len(numbers)))
    share = sum(abs(sum(s * n for s, n in zip(signs, numbers, strict=True))) >= seen for signs in patterns)
    assert sign_flip(np.array(numbers) / 20) == pytest.approx(share / len(patterns))


@pytest.mark.parametrize(("n", "shift"), [(6, 0.5), (12, 0.2), (13, 0.0)])
def test_enumeration_is_scipys(n: int, shift: float) -> None:
    differences = np.random.default_rng(n).normal(shift, 1, size=n)
    theirs = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip(differences) == pytest.approx(theirs.pvalue)


def test_drawn_patterns_agree_with_all_of_them() -> None:
    differences = np.random.default_rng(3).normal(1.0, 1, size=13)
    exact = sign_flip(differences)  # 8,192 patterns
    drawn = sign_flip(differences, resamples=8_000)
    assert 0.01 < exact < 0.5
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 8_000))
    assert drawn == sign_flip(differences, resamples=8_000)  # seeded
    assert drawn != sign_flip(differences, resamples=8_000, seed=1)


def test_several_tests_are_as_fine_as_their_correction_needs() -> None:
    random = np.random.default_rng(5)
    large, small, none = random.normal(3, 1, size=40), random.normal(0.3, 1, size=40), np.zeros(40)
    assert sign_flips([large, small, none], level=0.05) == [sign_flip(each) for each in (large, small, none)]
    many = sign_flips([large, small, *[none] * 398], level=0.05)
    assert many[0] == 1 / 16_001
    assert many[0] * 400 <= 0.05 / 2
    assert many[1:] == [sign_flip(small), *[1.0] * 398]


def test_many_queries_agree_with_the_t_test() -> None:
    """The larger the sample, the nearer the two (Smucker et al. find the same for information retrieval)."""
    differences = np.random.default_rng(5).uniform(-1, 1.08, size=3_000)
    assert sign_flip(differences) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.01)
    assert sign_flip(np.full(5_000, 0.25)) == 1 / 10_000  # never 0


def test_without_a_difference_one_in_twenty_is_called_significant() -> None:
    random = np.random.default_rng(7)
    rounds = 600
    # the difference of two systems that find each of 40 items with the same chance
    nulls = (random.random((rounds, 40)) < 0.6).astype(float) - (random.random((rounds, 40)) < 0.6)
    false_alarms = sum(sign_flip(each, resamples=499) < 0.05 for each in nulls)
    assert 0.02 < false_alarms / rounds < 0.07  # discrete values: a little below the level
    smooth = random.normal(size=(rounds, 40))
    alarms = sum(sign_flip(each, resamples=499) < 0.05 for each in smooth)
    assert stats.binomtest(alarms, rounds, 0.05).pvalue > 0.001


def test_a_difference_that_is_there_is_found() -> None:
    random = np.random.default_rng(8)
    found = sum(sign_flip(random.normal(0.5, 1, size=80), resamples=999) < 0.05 for _ in range(50))
    assert found >= 48  # the t-test's power here is 0.993


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(only_first: int, only_second: int) -> None:
    cases = only_first + only_second
    expected = stats.binomtest(only_first, cases, 0.5).pvalue if cases else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(expected)


def test_mcnemar_by_hand_and_of_many() -> None:
    assert mcnemar(0, 5) == 2 / 32
    assert mcnemar(1, 5) == 2 * (1 + 6) / 64
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(20_000, 20_000) == 1.0
    assert mcnemar(0, 20_000) == 0.0  # below what a float holds
    assert mcnemar(5_000, 5_300) == pytest.approx(stats.binomtest(5_000, 10_300, 0.5).pvalue)


def test_holm_by_hand() -> None:
    # sorted: 0.01 * 4, 0.02 * 3, 0.03 * 2 -> not below the one before, 0.5
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.04]) == [0.04]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_is_between_single_and_bonferroni(values: list[float]) -> None:
    corrected = holm(values)
    for p, q in zip(values, corrected, strict=True):
        assert p <= q <= min(1.0, p * len(values)) + 1e-15
    assert [corrected[i] for i in np.argsort(values, kind="stable")] == sorted(corrected)


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    random = np.random.default_rng(9)
    covered = 0
    for _ in range(300):
        found = interval((random.random(60) < 0.3).astype(np.float64))
        covered += found.low <= 0.3 <= found.high
    assert 0.90 <= covered / 300 <= 0.98


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_lies_within_the_values(values: list[float]) -> None:
    found = interval(np.array(values))
    assert min(values) - 1e-12 <= found.low <= found.high <= max(values) + 1e-12
