"""Heat to a box and a picture to lay over."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from shelfsight.search.explain.regions import region


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_the_box_is_around_what_is_warm_and_hangs_together_with_the_peak() -> None:
    heat = np.zeros((4, 8), np.float32)
    heat[1, 2:4] = [10, 4]  # 40% of the peak is warm, 30% is not
    heat[2, 3] = 4
    heat[1, 4], heat[3, 7] = 3, 9
    found = region(heat, (800, 400))
    assert found is not None
    assert found.box == (2 / 8, 1 / 4, 4 / 8, 3 / 4)


def test_where_nothing_speaks_for_it_the_least_bad_place_is_shown() -> None:
    heat = np.full((4, 4), -5, np.float32)
    heat[0, 0] = -1
    found = region(heat, (100, 100))
    assert found is not None
    assert found.box == (0, 0, 0.25, 0.25)


@pytest.mark.parametrize("heat", [np.zeros((3, 3)), np.full((2, 2), np.nan), np.empty((0, 4)), np.full((2, 2), 7.0)])
def test_the_same_heat_everywhere_is_nowhere(heat: np.ndarray) -> None:
    assert region(heat.astype(np.float32), (10, 10)) is None


@pytest.mark.parametrize(
    ("size", "shape"), [((400, 400), (128, 128)), ((640, 120), (24, 128)), ((1, 5000), (128, 1)), ((10, 5), (64, 128))]
)
def test_the_map_has_the_pictures_shape_and_is_small(size: tuple[int, int], shape: tuple[int, int]) -> None:
    heat = np.random.default_rng(0).normal(size=(24, 24)).astype(np.float32)
    found = region(heat, size)
    assert found is not None
    assert opened(found.heat_map).shape == (*shape, 4)
    assert len(found.heat_map) < 16_000


def test_the_map_is_clear_where_there_is_no_heat_and_dense_at_the_peak() -> None:
    y, x = np.mgrid[:24, :24]
    heat = np.exp(-((y - 4) ** 2 + (x - 18) ** 2) / 18).astype(np.float32)
    found = region(heat, (300, 300))
    assert found is not None
    pixels = opened(found.heat_map)
    assert np.hypot(*(np.argwhere(pixels[..., 3] == pixels[..., 3].max()).mean(0) / 128 * 24 - (4.5, 18.5))) < 0.5
    assert 150 <= pixels[..., 3].max() <= 200
    assert pixels[64:, :64, 3].max() == 0
    hottest = pixels[pixels[..., 3] == pixels[..., 3].max()][0]
    assert hottest[0] > 200
    assert hottest[1] < 60
    assert len(found.heat_map) < 5_000


HEAT = arrays.arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-9, 9, width=32))


@given(HEAT, st.integers(1, 3000), st.integers(1, 3000))
def test_any_heat_has_a_box_within_the_picture_around_its_peak(heat: np.ndarray, width: int, height: int) -> None:
    found = region(heat, (width, height))
    if heat.min() == heat.max():
        assert found is None
        return
    assert found is not None
    left, top, right, bottom = found.box
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert left <= (x + 0.5) / heat.shape[1] <= right
    assert top <= (y + 0.5) / heat.shape[0] <= bottom
    assert max(opened(found.heat_map).shape[:2]) == 128
