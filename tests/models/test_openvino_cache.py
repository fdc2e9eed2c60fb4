"""Converted networks on disk: converted once, never half written, anew where damaged, done without where impossible."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from shelfsight.models.encoders.folding import fold_batch_norms
from shelfsight.models.encoders.loading import Loaded, load
from shelfsight.models.encoders.openclip import open_openclip
from shelfsight.models.encoders.runtimes.model_cache import ModelCache, cache_folder
from shelfsight.models.encoders.runtimes.openvino_towers import TOWERS, OpenVinoTowers
from shelfsight.models.encoders.runtimes.trial import trial_pictures

pytest.importorskip("openvino")


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache of this test's own."""
    monkeypatch.setenv("SHELFSIGHT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "openvino"


@pytest.fixture(scope="module")
def loaded(folder_of) -> Loaded:
    found = load(str(folder_of["timm"]), torch.device("cpu"))
    fold_batch_norms(found.model.visual)
    return found


def run(towers: OpenVinoTowers, loaded: Loaded) -> list[np.ndarray]:
    """What the towers make of fixed inputs."""
    ids = loaded.tokenizer(["red shoe", "blue bag"]).numpy()
    pixels = trial_pictures(3, *loaded.sides)
    return [towers.network("pictures", "f32")(pixels), towers.network("texts", "f32")(ids)]


def assert_same(left, right) -> None:
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_second_opening_converts_nothing(cache, loaded):
    first, second = OpenVinoTowers(loaded), OpenVinoTowers(loaded)
    answers = run(first, loaded)
    assert first.converted == list(TOWERS)
    assert_same(run(second, loaded), answers)
    assert second.converted == []
    assert sorted(path.name.rsplit("-", 1)[1] for path in cache.iterdir()) == ["pictures", "texts"]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.bin", "cut"),
        ("model.bin", "changed"),
        ("model.bin", "gone"),
        ("model.xml", "changed"),
        ("entry.json", "cut"),
        ("entry.json", "gone"),
    ],
)
def test_a_damaged_entry_is_made_anew(cache, loaded, name, damage):
    pixels = trial_pictures(3, *loaded.sides)
    answers = OpenVinoTowers(loaded).network("pictures", "f32")(pixels)
    (entry,) = cache.iterdir()
    data = (entry / name).read_bytes()
    if damage == "gone":
        (entry / name).unlink()
    else:
        middle = len(data) // 2
        other = bytes([data[middle] ^ 255])
        (entry / name).write_bytes(data[:middle] if damage == "cut" else data[:middle] + other + data[middle + 1 :])
    again = OpenVinoTowers(loaded)
    np.testing.assert_allclose(again.network("pictures", "f32")(pixels), answers, atol=1e-6)
    assert again.converted == ["pictures"]
    assert again.cache.find("pictures") is not None
    assert list(cache.iterdir()) == [entry]


@pytest.mark.parametrize("place", ["a file", "below a file"])
def test_where_nothing_can_be_written_it_runs_from_memory(tmp_path, monkeypatch, loaded, place):
    (tmp_path / "occupied").write_text("")
    folder = tmp_path / "occupied" if place == "a file" else tmp_path / "occupied" / "cache"
    monkeypatch.setenv("SHELFSIGHT_CACHE", str(folder))
    towers = OpenVinoTowers(loaded)
    pixels = trial_pictures(3, *loaded.sides)
    with torch.no_grad():
        batch = (torch.from_numpy(pixels).float() / 255 - torch.tensor(loaded.mean).view(3, 1, 1)) / torch.tensor(
            loaded.std
        ).view(3, 1, 1)
        expected = loaded.model.encode_image(batch).numpy()
    np.testing.assert_allclose(run(towers, loaded)[0], expected, atol=1e-4)
    assert towers.converted == list(TOWERS)


@pytest.mark.parametrize("field", ["revision", "architecture", "preprocess"])
@pytest.mark.usefixtures("cache")
def test_another_network_is_another_entry(loaded, field):
    """Other weights, the same weights in another architecture, or behind another standardisation."""
    other = {"revision": "0" * 64, "architecture": {"force_quick_gelu": True}, "preprocess": {"mean": (0.1, 0.2, 0.3)}}
    value = other[field] if field == "revision" else {**getattr(loaded, field), **other[field]}
    OpenVinoTowers(loaded).cache.write("texts", save_whole)
    assert OpenVinoTowers(loaded).cache.find("texts") is not None
    assert OpenVinoTowers(replace(loaded, **{field: value})).cache.find("texts") is None


KILLED = """
import os, sys
from pathlib import Path
from shelfsight.models.encoders.runtimes.model_cache import ModelCache

def save(path):
    path.write_bytes(b"<net/>")
    path.with_suffix(".bin").write_bytes(b"half")
    os._exit(9)

ModelCache(Path(sys.argv[1]), "key").write("pictures", save)
"""


def save_whole(path: Path) -> None:
    path.write_bytes(b"<net/>")
    path.with_suffix(".bin").write_bytes(b"whole")


def test_a_killed_writer_leaves_no_entry(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == 9
    (draft,) = tmp_path.iterdir()
    cache = ModelCache(tmp_path, "key")
    assert cache.find("pictures") is None
    old = time.time() - 2 * 24 * 3600
    os.utime(draft, (old, old))
    kept = cache.write("pictures", save_whole)
    assert kept == tmp_path / "key-pictures" / "model.xml"
    assert [path.name for path in tmp_path.iterdir()] == ["key-pictures"]  # the draft of the dead is swept away


def test_writers_at_once_leave_one_whole_entry(tmp_path):
    barrier = threading.Barrier(8)
    found = []

    def work() -> None:
        barrier.wait()
        found.append(ModelCache(tmp_path, "key").write("pictures", save_whole))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "key-pictures" / "model.xml"] * 8  # and none ever took another's away
    assert (tmp_path / "key-pictures" / "model.bin").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["key-pictures"]


def test_an_entry_that_nobody_opens_is_deleted_in_the_end(tmp_path):
    cache = ModelCache(tmp_path, "old")
    kept = cache.write("texts", save_whole)
    long_ago = time.time() - 100 * 24 * 3600
    os.utime(kept.parent, (long_ago, long_ago))
    ModelCache(tmp_path, "new").write("texts", save_whole)
    assert [path.name for path in tmp_path.iterdir()] == ["new-texts"]


def test_a_writer_that_fails_leaves_nothing(tmp_path):
    def full(path: Path) -> None:
        path.write_bytes(b"<net")
        raise RuntimeError("No space left on device")

    assert ModelCache(tmp_path, "key").write("pictures", full) is None
    assert list(tmp_path.iterdir()) == []


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("SHELFSIGHT_CACHE", str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"
    monkeypatch.delenv("SHELFSIGHT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "shelfsight"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "shelfsight"


def test_an_encoder_opened_twice_converts_once(cache, folder_of, pictures):
    vectors = []
    for _ in range(2):
        encoder = open_openclip(str(folder_of["clip"]), device="cpu", runtime="openvino")
        vectors.append(encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in pictures])))
        stamps = {path: path.stat().st_mtime_ns for path in cache.rglob("model.*")}
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("model.*")} == stamps
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_a_user_without_a_home_has_no_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("SHELFSIGHT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "~no-such-user-of-this-machine/cache")
    assert ModelCache(cache_folder(), "key").write("texts", save_whole) is None
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELFSIGHT_CACHE", "~/models")
    assert cache_folder() == tmp_path / "models"
