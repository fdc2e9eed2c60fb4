"""The embedded encoder through the same code as every other: what comes with the package runs, and equals OpenCLIP."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

import shelfsight.models
from shelfsight.models import open_encoder

FOLDER = Path(shelfsight.models.__file__).parent / "embedded" / "encoder"
TEXTS = ["red running shoe", "Blue BAG", "a", "", "a very long text " * 30]


@pytest.fixture(scope="module")
def embedded():
    return open_encoder("embedded", device="cpu")


def test_it_is_named_embedded_and_small(embedded):
    assert embedded.spec.name == "embedded"
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 40_000_000


def test_it_answers_as_openclip_does(embedded, pictures):
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{FOLDER}")
    model.eval()
    tokenizer = open_clip.get_tokenizer(f"local-dir:{FOLDER}")
    with torch.no_grad():
        expected = model.encode_image(torch.stack([transform(picture) for picture in pictures]), normalize=True)
        words = model.encode_text(tokenizer(TEXTS), normalize=True)
    pixels = np.stack([embedded.prepare(picture) for picture in pictures])
    np.testing.assert_allclose(embedded.encode_pixels(pixels), expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(embedded.encode_texts(TEXTS), words.numpy(), atol=1e-4)


def test_a_batch_is_its_members_one_at_a_time(embedded, pictures):
    pixels = np.stack([embedded.prepare(picture) for picture in pictures])
    singles = np.concatenate([embedded.encode_pixels(row[None]) for row in pixels])
    assert (embedded.encode_pixels(pixels) * singles).sum(axis=1).min() >= 0.9999
    texts = np.concatenate([embedded.encode_texts([text]) for text in TEXTS])
    assert (embedded.encode_texts(TEXTS) * texts).sum(axis=1).min() >= 0.9999


def test_a_picture_and_a_text_share_a_space(embedded, pictures):
    vectors = embedded.encode_pixels(embedded.prepare(pictures[0])[None])
    assert vectors.shape == (1, embedded.spec.dimension)
    assert embedded.encode_texts(["shoe"]).shape == vectors.shape


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (3, 2000), (200_000, 1)])
def test_a_picture_that_is_hardly_wider_than_nothing(embedded, size):
    side = embedded.spec.image_size
    pixels = embedded.prepare(Image.new("RGB", size, (200, 30, 30)))
    assert pixels.shape == (3, side, side)
    middle = embedded.prepare(Image.new("RGB", (side, side), (200, 30, 30)))[:, 0, 0]
    np.testing.assert_array_equal(pixels[:, side // 2, side // 2], middle)


def test_importing_the_room_is_cheap():
    code = (
        "import sys, shelfsight.models; print([m for m in ('torch', 'open_clip', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
