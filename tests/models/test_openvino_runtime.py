"""The encoder in OpenVINO against the same encoder in torch: one model each of the architectures, and a real shop."""

import json
import os
import subprocess
import sys
import threading
from importlib.util import find_spec

import numpy as np
import openclip_folders as folders
import pytest
import torch

from shelfsight import open_engine
from shelfsight.catalog import open_catalogue
from shelfsight.core.errors import MissingExtra, ModelError, UsageError
from shelfsight.core.pictures import decode
from shelfsight.core.settings import PictureLimits
from shelfsight.models import open_encoder
from shelfsight.models.encoders.openclip import OpenClipEncoder, open_openclip
from shelfsight.models.encoders.runtimes.choice import check_runtime
from shelfsight.models.encoders.runtimes.openvino_library import is_installed

pytest.importorskip("openvino")

KINDS = ("clip", "siglip", "timm", "hf")
TEXTS = ["red shoe", "a", "A photo of a blue bag, size_42!", " ".join(["red shoes and blue bags"] * 40)]
SAME = 0.999


@pytest.fixture(scope="module", params=KINDS)
def pair(request, folder_of, tmp_path_factory) -> tuple[OpenClipEncoder, OpenClipEncoder]:
    """One model in torch and in OpenVINO."""
    if request.param == "hf":
        root = tmp_path_factory.mktemp("hf")
        folder = folders.write_hf_text_folder(root / "model", root / "text")
    else:
        folder = folder_of[request.param]
    return tuple(open_openclip(str(folder), device="cpu", runtime=name) for name in ("torch", "openvino"))


def test_the_runtime_is_told_and_the_spec_does_not_know_it(pair):
    in_torch, in_openvino = pair
    assert (in_torch.runtime, in_openvino.runtime) == ("torch", "openvino")
    assert in_torch.spec == in_openvino.spec


def test_pictures_are_torchs(pair, pictures):
    in_torch, in_openvino = pair
    pixels = np.stack([in_torch.prepare(picture) for picture in pictures])
    assert cosines(in_torch.encode_pixels(pixels), in_openvino.encode_pixels(pixels)).min() >= SAME


@pytest.mark.parametrize("count", [1, 3, 4, 70])
def test_texts_are_torchs(pair, count):
    in_torch, in_openvino = pair
    texts = [f"{TEXTS[number % len(TEXTS)]} {'abcdefgh'[number % 8]}" for number in range(count)]
    found = in_openvino.encode_texts(texts)
    assert found.shape == (count, in_torch.spec.dimension)
    assert cosines(in_torch.encode_texts(texts), found).min() >= 0.99999  # texts are in float32


def test_a_batch_is_its_members_one_at_a_time(pair, pictures):
    _, encoder = pair
    pixels = np.stack([encoder.prepare(picture) for picture in [*pictures, *pictures, *pictures]])
    singles = np.concatenate([encoder.encode_pixels(row[None]) for row in pixels])
    assert cosines(encoder.encode_pixels(pixels), singles).min() >= 0.9999
    words = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert cosines(encoder.encode_texts(TEXTS), words).min() >= 0.9999


def test_threads_share_one_encoder(pair, pictures):
    """More callers than streams, each with more passes than streams: all get theirs, and nobody waits for ever."""
    _, encoder = pair
    pixels = np.stack([encoder.prepare(picture) for picture in pictures] * 5)
    batches = [np.roll(pixels, shift, axis=0) for shift in range(6)]
    expected = [encoder.encode_pixels(batch) for batch in batches]
    found = {}

    def work(number: int) -> None:
        for _ in range(3):
            found[number] = encoder.encode_pixels(batches[number])
            encoder.encode_texts(TEXTS)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(batches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    for number, vectors in enumerate(expected):
        np.testing.assert_allclose(found[number], vectors, atol=1e-5)


def test_a_failed_call_is_told_and_the_next_one_works(pair, pictures):
    _, encoder = pair
    pixels = np.stack([encoder.prepare(picture) for picture in pictures] * 5)
    for _ in range(5):  # more often than there are streams to lose
        with pytest.raises(ModelError, match=r"failed on 40 pictures"):
            encoder.encode_pixels(pixels[:, :, :-1])
    assert encoder.encode_pixels(pixels).shape == (40, encoder.spec.dimension)


@pytest.fixture(scope="module")
def shop(demo_folder) -> tuple[list[str], list, list[str]]:
    """Ids, decoded pictures, and texts: all titles, all queries."""
    items = list(open_catalogue(demo_folder / "catalog.csv"))
    limits = PictureLimits()
    decoded = [decode(item.pictures[0].path.read_bytes(), limits=limits, target=None) for item in items]
    queries = [json.loads(line)["query"] for line in (demo_folder / "queries.jsonl").read_text().splitlines()]
    return [item.id for item in items], decoded, [*dict.fromkeys(item.title for item in items), *queries]


@pytest.mark.slow
def test_a_shop_has_the_same_vectors_and_the_same_top_ten(shop):
    ids, decoded, texts = shop
    in_torch = open_encoder("embedded", device="cpu", runtime="torch")
    in_openvino = open_encoder("embedded", device="cpu", runtime="openvino")
    pixels = np.stack([in_torch.prepare(picture) for picture in decoded])
    gallery, gallery_too = in_torch.encode_pixels(pixels), in_openvino.encode_pixels(pixels)
    asked, asked_too = in_torch.encode_texts(texts), in_openvino.encode_texts(texts)
    assert len(ids) >= 90
    assert len(texts) >= 80
    assert cosines(gallery, gallery_too).min() >= SAME
    assert cosines(asked, asked_too).min() >= SAME
    for scores, scores_too in zip(asked @ gallery.T, asked_too @ gallery_too.T, strict=True):
        assert_same_top(scores, scores_too)


def test_a_collection_made_in_torch_is_searched_in_openvino(demo_collection):
    with (
        open_engine(demo_collection, runtime="torch") as one,
        open_engine(demo_collection, runtime="openvino") as other,
    ):
        hits, hits_too = one.search("red running shoes").hits, other.search("red running shoes").hits
        assert (one.encoder.runtime, other.encoder.runtime) == ("torch", "openvino")
    assert [hit.id for hit in hits] == [hit.id for hit in hits_too]
    assert [hit.score for hit in hits_too] == pytest.approx([hit.score for hit in hits], abs=1e-4)


def assert_same_top(scores, scores_too, k: int = 10, tie: float = 1e-3) -> None:
    """The same k items, in the same order, but for scores that are as good as equal."""
    top, top_too = np.argsort(-scores)[:k], np.argsort(-scores_too)[:k]
    np.testing.assert_allclose(scores[top_too], scores[top], atol=tie)


def test_other_names_and_other_devices_are_refused():
    with pytest.raises(UsageError, match="there is no runtime 'onnx'") as caught:
        open_encoder("embedded", runtime="onnx")
    assert "openvino" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="not on cuda:0"):
        check_runtime("openvino", torch.device("cuda:0"))


def test_the_environment_names_a_runtime(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setenv("SHELFSIGHT_RUNTIME", "openvino")
    assert check_runtime(None, cpu) == "openvino"
    assert check_runtime("torch", cpu) == "torch"
    monkeypatch.setenv("SHELFSIGHT_RUNTIME", "")
    assert check_runtime(None, cpu) == "auto"
    monkeypatch.setenv("SHELFSIGHT_RUNTIME", "fast")
    with pytest.raises(UsageError, match="'fast'"):
        open_encoder("embedded")


def test_without_openvino(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtra) as caught:
        open_encoder("embedded", device="cpu", runtime="openvino")
    assert caught.value.hint == "pip install 'shelfsight[openvino]'"
    assert open_encoder("embedded", device="cpu", runtime="auto").runtime == "torch"


def test_a_folder_called_openvino_is_not_it(monkeypatch, tmp_path):
    (tmp_path / "openvino").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    assert find_spec("openvino") is not None  # Python would import it
    assert not is_installed()


def test_it_tells_nobody_that_it_is_used(tmp_path):
    code = (
        "import sys; from shelfsight.models.encoders.runtimes.openvino_library import import_openvino, shared_core;"
        "shared_core(); print('openvino' in sys.modules, any(name.startswith('openvino_tel') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True False"
    assert list(tmp_path.iterdir()) == []


def cosines(left, right):
    return (left * right).sum(axis=1)


FIRST_ARRAYS = """
import threading
import numpy as np
from shelfsight.models.encoders.runtimes.openvino_library import import_openvino
from shelfsight.models.encoders.runtimes.openvino_network import Network
openvino = import_openvino()
import openvino.opset13 as operations
given = operations.parameter([-1, 3], np.float32)
network = Network(openvino.Model([operations.result(operations.relu(given))], [given]), precision="f32", threads=2)
rows, together, right = np.ones((64, 3), dtype=np.float32), threading.Barrier(4), []
def call():
    together.wait()
    right.append(np.array_equal(network(rows), rows))
threads = [threading.Thread(target=call) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(right)
"""


def test_threads_that_bring_the_first_arrays_of_a_process_do_not_wait_for_one_another() -> None:
    for _ in range(4):  # without the remedy, half of the runs never ended
        done = subprocess.run([sys.executable, "-c", FIRST_ARRAYS], capture_output=True, text=True, timeout=60)
        assert done.stdout.strip() == "[True, True, True, True]", done.stderr
