"""The vector that is looked up, against values computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.compose import MINUS_WEIGHT, blend, subtract


def vector(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float32)


def test_text_or_picture_alone_is_taken_as_it_is() -> None:
    assert blend(vector(0.6, 0.8), None, 1.0).tolist() == vector(0.6, 0.8).tolist()
    assert blend(None, vector(0.6, 0.8), 0.0).tolist() == vector(0.6, 0.8).tolist()


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (0.0, (1.0, 0.0)),
        (1.0, (0.0, 1.0)),
        (0.5, (0.70710678, 0.70710678)),
        # (0.8, 0.2) has length sqrt(0.68) = 0.824621
        (0.2, (0.97014250, 0.24253563)),
    ],
)
def test_text_and_picture_are_weighted(weight: float, expected: tuple[float, float]) -> None:
    np.testing.assert_allclose(blend(vector(1, 0), vector(0, 1), weight), expected, atol=1e-6)


def test_opposite_text_and_picture_are_refused() -> None:
    with pytest.raises(UsageError, match="cancel"):
        blend(vector(1, 0), vector(-1, 0), 0.5)


def test_without_minus_terms_the_query_is_untouched() -> None:
    query = vector(0.6, 0.8)
    assert subtract(query, []) is query


def test_an_unrelated_minus_term_is_subtracted_with_its_weight() -> None:
    turned = subtract(vector(1, 0), [vector(0, 1)])
    np.testing.assert_allclose(turned, normalise(np.array([1.0, -MINUS_WEIGHT])), atol=1e-6)


def test_what_a_minus_term_shares_with_the_query_is_left_alone() -> None:
    # n = (0.6, 0.8), q = (1, 0): n - (n.q) q = (0, 0.8)
    turned = subtract(vector(1, 0), [vector(0.6, 0.8)])
    np.testing.assert_allclose(turned, normalise(np.array([1.0, -0.8 * MINUS_WEIGHT])), atol=1e-6)
    np.testing.assert_allclose(subtract(vector(1, 0), [vector(1, 0)]), (1, 0), atol=1e-6)


def test_unrelated_minus_terms_push_together_as_hard_as_one() -> None:
    one = subtract(vector(1, 0, 0, 0), [vector(0, 1, 0, 0)])
    three = subtract(vector(1, 0, 0, 0), [vector(0, 1, 0, 0), vector(0, 0, 1, 0), vector(0, 0, 0, 1)])
    # 1 / sqrt(1.25) in both; the rest is shared: 0.5 / sqrt(3) / sqrt(1.25)
    assert one[0] == pytest.approx(0.894427, abs=1e-6)
    np.testing.assert_allclose(three, (0.894427, -0.258199, -0.258199, -0.258199), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_minus_terms_sink_and_the_query_stays_first(seed: int, terms: int) -> None:
    random = np.random.default_rng(seed)
    query, *negatives = normalise(random.normal(size=(terms + 1, 8)))
    turned = subtract(query, negatives)
    assert np.linalg.norm(turned) == pytest.approx(1, abs=1e-6)
    assert turned @ query >= 1 / np.sqrt(1 + terms * MINUS_WEIGHT**2) - 1e-6
    unwanted = np.sum(negatives, axis=0)
    assert turned @ unwanted <= query @ unwanted + 1e-6
