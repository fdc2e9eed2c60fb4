"""The embedded encoder gives today what it gave when its weights came in; see ``golden/__init__.py``."""

import numpy as np
import pytest
from golden import OTHER_COSINE, TEXTS, TORCH_COSINE, TORCH_DIFFERENCE, Golden, pictures, read

from shelfsight.models import open_encoder
from shelfsight.models.encoders.loading import load, pick_device
from shelfsight.models.encoders.openclip import OpenClipEncoder
from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime

ANEW = "write them anew with `python -m tests.models.golden` if that was meant"


@pytest.fixture(scope="module")
def encoder() -> OpenClipEncoder:
    loaded = load("embedded", pick_device("cpu"))
    return OpenClipEncoder(loaded, TorchRuntime(loaded, pick_device("cpu"), bfloat16=False))


@pytest.fixture(scope="module")
def golden(encoder: OpenClipEncoder) -> Golden:
    stored = read()
    assert stored.revision == encoder.spec.revision, f"the weights are not those of the golden vectors: {ANEW}"
    assert stored.fingerprint == encoder.spec.fingerprint, f"preprocessing or tokenizer changed: {ANEW}"
    return stored


def test_the_stored_vectors_are_worth_comparing_with(golden):
    assert golden.pictures.shape == (len(pictures()), golden.texts.shape[1])
    assert len(golden.texts) == len(TEXTS)
    everything = np.concatenate([golden.pictures, golden.texts])
    assert everything.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(everything, axis=1), 1, atol=1e-5)
    cosines = everything @ everything.T - np.eye(len(everything))
    assert cosines.max() < TORCH_COSINE - 0.001, "two of them are the same: they could be swapped unseen"
    assert len({picture.size for picture in pictures()}) == len(pictures())


def test_torch_gives_them(encoder, golden):
    found = encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in pictures()]))
    for vectors, expected in ((found, golden.pictures), (encoder.encode_texts(TEXTS), golden.texts)):
        assert (vectors * expected).sum(axis=1).min() >= TORCH_COSINE
        assert np.abs(vectors - expected).max() <= TORCH_DIFFERENCE


def test_whatever_runs_on_this_machine_is_near_them(golden):
    ours = open_encoder("embedded")
    found = ours.encode_pixels(np.stack([ours.prepare(picture) for picture in pictures()]))
    assert (found * golden.pictures).sum(axis=1).min() >= OTHER_COSINE
    assert (ours.encode_texts(TEXTS) * golden.texts).sum(axis=1).min() >= OTHER_COSINE


def test_another_interpolation_is_seen(encoder, golden):
    blurred = [picture.reduce(2).resize(picture.size) for picture in pictures()]
    found = encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in blurred]))
    assert np.abs(found - golden.pictures).max() > TORCH_DIFFERENCE
