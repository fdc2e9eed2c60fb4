"""The only L2 normalisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shelfsight.core.vectors import normalise


def test_three_four_five() -> None:
    np.testing.assert_allclose(normalise(np.array([[3.0, 4.0], [0.0, -2.0]])), [[0.6, 0.8], [0.0, -1.0]], rtol=1e-7)


def test_the_result_is_float32_and_the_argument_untouched() -> None:
    given_vector = np.array([3.0, 4.0], dtype=np.float64)
    assert normalise(given_vector).dtype == np.float32
    assert given_vector.tolist() == [3.0, 4.0]


@given(arrays(np.float32, (4, 7), elements=st.floats(0.125, 1000, width=32)))
def test_lengths_are_one_and_directions_kept(vectors: np.ndarray) -> None:
    unit = normalise(vectors)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(unit * np.linalg.norm(vectors, axis=1, keepdims=True), vectors, rtol=1e-5)


@pytest.mark.parametrize("bad", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_vector_without_direction_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="no direction"):
        normalise(np.array([bad]))
