"""The OpenCLIP encoder against direct calls of the library, on tiny models of the true architectures."""

import logging
import threading
import warnings

import numpy as np
import open_clip
import openclip_folders as folders
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2

from shelfsight.core.errors import ModelError
from shelfsight.core.protocols import Encoder
from shelfsight.models import open_encoder
from shelfsight.models.encoders.loading import load
from shelfsight.models.encoders.openclip import OpenClipEncoder, open_openclip
from shelfsight.models.encoders.pixels import Prepare
from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime
from shelfsight.models.encoders.runtimes.towers import Standardise

KINDS = ("clip", "siglip", "timm")
TEXTS = [
    "red shoe",
    "a",
    "",
    "A photo of a blue bag, size_42!",
    "Große Füße & café 連衣裙",
    " ".join(["red shoes and blue bags"] * 40),
]


@pytest.fixture(scope="module", params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def encoder(encoder_of, kind) -> OpenClipEncoder:
    return encoder_of[kind]


@pytest.fixture
def reference(folder_of, kind):
    """The library's own model, transform and tokenizer."""
    name = f"local-dir:{folder_of[kind]}"
    model, transform = open_clip.create_model_from_pretrained(name)
    return model.eval(), transform, open_clip.get_tokenizer(name)


def test_is_an_encoder(encoder):
    promised: Encoder = encoder
    assert promised.spec.dimension in {48, 64, 32}


def test_prepared_and_standardised_is_the_librarys_transform_bit_for_bit(encoder, reference, pictures):
    model, transform, _ = reference
    configuration = PreprocessCfg(**model.visual.preprocess_cfg)
    standardise = Standardise(configuration.mean, configuration.std)
    for picture in pictures:
        pixels = encoder.prepare(picture)
        assert pixels.dtype == np.uint8
        batch = torch.from_numpy(pixels[None]).contiguous(memory_format=torch.channels_last)
        np.testing.assert_array_equal(standardise(batch)[0].numpy(), transform(picture).numpy(), str(picture.size))
        np.testing.assert_array_equal(batch[0].numpy(), pixels)  # the caller's bytes are not touched


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_prepare_knows_every_resize_mode(mode, pictures):
    config = {"size": (48, 48), "mean": (0.1, 0.2, 0.3), "std": (0.9, 0.8, 0.7), "resize_mode": mode, "fill_color": 9}
    prepare, transform = Prepare(config), image_transform_v2(PreprocessCfg(**config), is_train=False)
    standardise = Standardise(config["mean"], config["std"])
    for picture in pictures:
        found = standardise(torch.from_numpy(prepare(picture)))
        np.testing.assert_array_equal(found.numpy(), transform(picture).numpy(), err_msg=str(picture.size))


def test_pixels_that_are_no_bytes_are_refused(encoder, pictures):
    pixels = encoder.prepare(pictures[0])[None]
    with pytest.raises(ModelError, match="pixels are bytes, and these are float32"):
        encoder.encode_pixels(pixels.astype(np.float32))


def test_pixels_of_any_layout(encoder, pictures):
    pixels = np.stack([encoder.prepare(picture) for picture in pictures[:3]])
    frozen = pixels.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(encoder.encode_pixels(frozen), encoder.encode_pixels(pixels))
    np.testing.assert_array_equal(encoder.encode_pixels(np.asfortranarray(pixels)), encoder.encode_pixels(pixels))


def test_pictures_equal_the_library(encoder, reference, pictures):
    model, transform, _ = reference
    batch = torch.stack([transform(picture) for picture in pictures])
    with torch.no_grad():
        expected = model.encode_image(batch, normalize=True).numpy()
    found = encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in pictures]))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_texts_equal_the_library(encoder, reference):
    model, _, tokenizer = reference
    with torch.no_grad():
        expected = model.encode_text(tokenizer(TEXTS), normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), expected, atol=1e-5)


def test_a_batch_is_its_members_one_at_a_time(encoder, pictures):
    pixels = np.stack([encoder.prepare(picture) for picture in pictures])
    singles = np.concatenate([encoder.encode_pixels(pixels[row : row + 1]) for row in range(len(pixels))])
    assert _cosines(encoder.encode_pixels(pixels), singles).min() >= 0.9999
    texts = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert _cosines(encoder.encode_texts(TEXTS), texts).min() >= 0.9999


def test_many_texts_cross_the_inner_batch(encoder):
    texts = [f"{TEXTS[n % 2]} {'abcdefgh'[n % 8]} {'xyz'[n % 3]}" for n in range(150)]
    found = encoder.encode_texts(texts)
    assert found.shape == (150, encoder.spec.dimension)
    np.testing.assert_allclose(found[149], encoder.encode_texts(texts[149:])[0], atol=1e-5)


def test_vectors_have_length_one(encoder, pictures):
    vectors = encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in pictures]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(encoder.encode_texts(TEXTS), axis=1), 1, atol=1e-6)


def test_different_texts_and_pictures_differ(encoder, pictures):
    """The tiny models answer: equal vectors for everything would pass every comparison above."""
    vectors = encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in pictures[:3]]))
    assert (vectors @ vectors.T)[np.triu_indices(3, 1)].max() < 0.99999
    texts = encoder.encode_texts(["red shoe", "blue bag"])
    assert texts[0] @ texts[1] < 0.99999


def test_siglip_texts_are_64_tokens_padded_with_the_end_token(encoder_of, folder_of):
    ids = encoder_of["siglip"].tokenize(["red shoe", "Blue, BAG!"]).tolist()
    assert [len(row) for row in ids] == [64, 64]
    red, shoe, blue, bag = 4, 5, 6, 7
    assert ids[0] == [red, shoe] + [folders.END] * 62
    assert ids[1] == [blue, bag] + [folders.END] * 62  # canonicalised: lower case, no punctuation
    library = open_clip.get_tokenizer(f"local-dir:{folder_of['siglip']}")
    assert encoder_of["siglip"].tokenize(TEXTS).equal(library(TEXTS))


def test_siglip_long_texts_end_with_the_end_token(encoder_of):
    ids = encoder_of["siglip"].tokenize(["red " * 100])[0].tolist()
    assert ids == [4] * 63 + [folders.END]


def test_siglip_padding_decides_the_vector(encoder_of, reference_model_of):
    """Padded like a CLIP text (zeros after the end token) the same words give another vector: it matters."""
    encoder, model = encoder_of["siglip"], reference_model_of("siglip")
    ids = encoder.tokenize(["red shoe"])
    zeros = torch.where(torch.arange(64) > 2, torch.zeros_like(ids), ids)
    with torch.no_grad():
        wrong = model.encode_text(zeros, normalize=True).numpy()
    assert _cosines(encoder.encode_texts(["red shoe"]), wrong)[0] < 0.999


@pytest.fixture
def reference_model_of(folder_of):
    return lambda kind: open_clip.create_model(f"local-dir:{folder_of[kind]}").eval()


def test_clip_texts_are_77_tokens_between_start_and_end(encoder_of):
    ids = encoder_of["clip"].tokenize(["red shoe"])[0].tolist()
    assert len(ids) == 77
    assert (ids[0], ids[3]) == (49406, 49407)
    assert ids[4:] == [0] * 73


def test_weights_stored_in_half_precision_run_in_float32(tmp_path, pictures, encoder_of):
    folder = folders.write_folder(tmp_path / "half", folders.TIMM_CFG, folders.PREPROCESS, dtype=torch.float16)
    encoder = open_openclip(str(folder), device="cpu")
    loaded = load(str(folder), torch.device("cpu"))
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    pixels = np.stack([encoder.prepare(picture) for picture in pictures])
    assert _cosines(encoder.encode_pixels(pixels), encoder_of["timm"].encode_pixels(pixels)).min() > 0.999


def test_bfloat16_pictures_agree_with_float32(encoder, folder_of, kind, pictures):
    pixels = np.stack([encoder.prepare(picture) for picture in pictures])
    exact = encoder.encode_pixels(pixels)
    loaded = load(str(folder_of[kind]), torch.device("cpu"))
    assert TorchRuntime(loaded, torch.device("cpu")).bfloat16 is False  # small models stay in float32 on a CPU
    halved = OpenClipEncoder(loaded, TorchRuntime(loaded, torch.device("cpu"), bfloat16=True))
    rough = halved.encode_pixels(pixels)
    single = np.concatenate([halved.encode_pixels(row[None]) for row in pixels])
    assert rough.dtype == np.float32
    assert not np.array_equal(rough, exact)
    assert _cosines(rough, exact).min() > 0.999
    assert _cosines(rough, single).min() >= 0.9999


def test_threads_share_one_encoder(encoder, pictures):
    expected = encoder.encode_texts(TEXTS)
    pixels = [encoder.prepare(picture) for picture in pictures]
    wrong: list[str] = []

    def work() -> None:
        for _ in range(5):
            if not np.allclose(encoder.encode_texts(TEXTS), expected, atol=1e-5):
                wrong.append("texts")
            if any(not np.array_equal(encoder.prepare(p), pixels[i]) for i, p in enumerate(pictures)):
                wrong.append("pictures")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_encoding_leaves_torchs_threads_alone(encoder, pictures):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        encoder.encode_texts(["red shoe"])
        encoder.encode_pixels(encoder.prepare(pictures[0])[None])
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_opening_leaves_logging_and_warnings_alone(folder_of):
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.root.manager.disable, list(warnings.filters))
    open_encoder(str(folder_of["siglip"]), device="cpu")
    assert (list(root.handlers), root.level, logging.root.manager.disable, list(warnings.filters)) == before


def _cosines(left, right):
    return (left * right).sum(axis=1)
