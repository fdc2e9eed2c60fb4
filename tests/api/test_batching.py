"""One encoder for all requests: each answer is the single one, an error stays with who asked, texts are remembered."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from PIL import Image
from tiny_encoder import TintEncoder

from shelfsight import open_engine
from shelfsight.api.service.batching import BatchingEncoder, EncoderUse
from shelfsight.api.service.embeddings import Embeddings
from shelfsight.core.errors import ModelError
from shelfsight.core.settings import LoadSettings
from shelfsight.core.types import Picture
from shelfsight.core.vectors import FloatArray
from shelfsight.models import open_encoder

TEXTS = [f"{adjective} {noun}" for adjective in ("red", "tiny", "very long-sleeved") for noun in ("shoe", "mug", "hat")]


class Fussy(TintEncoder):
    """A tint encoder that fails on one colour, and says how many texts each pass had."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[int] = []

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        self.passes.append(len(texts))
        if "black" in texts:
            raise ModelError("black has no direction")
        return super().encode_texts(texts)


@pytest.fixture(scope="module")
def embedded() -> BatchingEncoder:
    return BatchingEncoder(open_encoder("embedded"), LoadSettings(embeddings=0))


def test_texts_of_many_threads_get_the_vectors_that_they_get_alone(embedded: BatchingEncoder) -> None:
    alone = {text: embedded._encoder.encode_texts([text])[0] for text in TEXTS}
    start = Barrier(len(TEXTS))

    def ask(text: str) -> FloatArray:
        start.wait(20)
        return embedded.encode_texts([text, TEXTS[0], text])

    before = embedded.use
    with ThreadPoolExecutor(len(TEXTS)) as threads:
        for text, vectors in zip(TEXTS, threads.map(ask, TEXTS), strict=True):
            expected = np.stack([alone[text], alone[TEXTS[0]], alone[text]])
            np.testing.assert_allclose(vectors, expected, atol=2e-6)
    passes = embedded.use.text_passes - before.text_passes
    assert passes < len(TEXTS)


def test_pictures_of_many_threads_get_the_vectors_that_they_get_alone(embedded: BatchingEncoder) -> None:
    pixels = [embedded.prepare(Image.new("RGB", (40, 30), (20 * n, 90, 200 - 20 * n))) for n in range(6)]
    start = Barrier(len(pixels))

    def ask(place: int) -> FloatArray:
        start.wait(20)
        return embedded.encode_pixels(pixels[place][None])

    with ThreadPoolExecutor(len(pixels)) as threads:
        for pixel, vectors in zip(pixels, threads.map(ask, range(len(pixels))), strict=True):
            np.testing.assert_allclose(vectors, embedded._encoder.encode_pixels(pixel[None]), atol=2e-5)


def test_a_text_that_fails_fails_for_those_alone_who_asked_for_it() -> None:
    encoder = Fussy()
    shared = BatchingEncoder(encoder, LoadSettings(batch=8, embeddings=0))
    colours = ["red", "green", "black", "blue", "white", "black"] * 5
    start = Barrier(6)

    def ask(colour: str) -> FloatArray | None:
        start.wait(20)
        try:
            return shared.encode_texts([colour])
        except ModelError:
            return None

    with ThreadPoolExecutor(6) as threads:
        found = dict(zip(colours, threads.map(ask, colours), strict=True))
    assert found.pop("black") is None
    for colour, vectors in found.items():
        np.testing.assert_array_equal(vectors, TintEncoder().encode_texts([colour]))


def test_remembered_texts_are_not_encoded_again() -> None:
    encoder = Fussy()
    shared = BatchingEncoder(encoder, LoadSettings(embeddings=2))
    for text in ("red", "red", "blue", "red", "green", "blue"):
        np.testing.assert_array_equal(shared.encode_texts([text]), TintEncoder().encode_texts([text]))
    assert encoder.passes == [1, 1, 1, 1]  # red, blue, green, and blue again: red was asked for after it
    assert shared.use == EncoderUse(remembered=2, fresh=4, text_passes=4, texts=4)


def test_a_part_that_is_remembered_is_left_out_of_the_pass() -> None:
    encoder = Fussy()
    shared = BatchingEncoder(encoder, LoadSettings())
    shared.encode_texts(["red"])
    vectors = shared.encode_texts(["blue", "red", "green", "blue"])
    np.testing.assert_array_equal(vectors, TintEncoder().encode_texts(["blue", "red", "green", "blue"]))
    assert encoder.passes == [1, 2]


def test_what_a_caller_does_to_its_vectors_stays_with_it() -> None:
    shared = BatchingEncoder(TintEncoder(), LoadSettings())
    shared.encode_texts(["red"])[:] = 0
    shared.encode_texts(["red"])[:] = 0
    np.testing.assert_array_equal(shared.encode_texts(["red"]), TintEncoder().encode_texts(["red"]))


def test_another_encoder_has_embeddings_of_its_own() -> None:
    embeddings = Embeddings(10)
    first = BatchingEncoder(TintEncoder(), LoadSettings(), embeddings)
    other = BatchingEncoder(TintEncoder(turn=2), LoadSettings(), embeddings)
    assert first.encode_texts(["red"]).shape == (1, 3)
    assert other.encode_texts(["red"]).shape == (1, 5)
    spec = TintEncoder().spec
    for field in ("name", "revision", "fingerprint"):
        assert embeddings.get(replace(spec, **{field: "other"}), ["red"]) == {}
    assert [*embeddings.get(spec, ["red"])] == ["red"]


def test_long_texts_are_not_kept() -> None:
    embeddings, spec, vector = Embeddings(10), TintEncoder().spec, np.ones(3, np.float32)
    embeddings.put(spec, {"a" * 1000: vector, "a" * 1001: vector})
    assert len(embeddings) == 1


def test_an_engine_remembers_what_was_searched(demo_collection: Path) -> None:
    with open_engine(demo_collection) as engine:
        assert engine.encoder_use == EncoderUse()
        pages = [engine.search("a yellow hat", k=3) for _ in range(3)]
        use = engine.encoder_use
    assert (use.remembered, use.fresh, use.text_passes, use.texts) == (2, 1, 1, 1)
    assert all(page.hits == other.hits for page, other in pairwise(pages))


def test_pictures_of_queries_go_through_the_shared_encoder(demo_collection: Path, demo_folder: Path) -> None:
    with open_engine(demo_collection) as engine:
        for path in islice(sorted((demo_folder / "images").iterdir()), 3):
            picture = Picture(name=path.name, path=path)
            assert picture.path is not None
            hit = engine.search(image=picture.path, k=1).hits[0]
            assert hit.picture.endswith(path.name)
        assert (engine.encoder_use.picture_passes, engine.encoder_use.pictures) == (3, 3)
