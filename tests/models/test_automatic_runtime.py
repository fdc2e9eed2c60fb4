"""The automatic choice: measured, remembered, obeyed, and never waited for by whoever has little to encode."""

import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from shelfsight.models.encoders.loading import Loaded, load
from shelfsight.models.encoders.openclip import open_openclip
from shelfsight.models.encoders.runtimes.automatic import AutomaticRuntime
from shelfsight.models.encoders.runtimes.openvino_runtime import OpenVinoRuntime
from shelfsight.models.encoders.runtimes.openvino_towers import TOWERS, OpenVinoTowers
from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime
from shelfsight.models.encoders.runtimes.trial import Verdict, machine, measure, trial_pictures
from shelfsight.models.encoders.runtimes.trials import Trials
from shelfsight.models.encoders.threads import available_threads

pytest.importorskip("openvino")

FASTER = Verdict(seconds={"torch": 2.0, "openvino f32": 1.0}, cosines={"torch": 1.0, "openvino f32": 1.0})
SLOWER = Verdict(seconds={"torch": 1.0, "openvino f32": 2.0}, cosines={"torch": 1.0, "openvino f32": 1.0})


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def loaded(folder_of) -> Loaded:
    return load(str(folder_of["clip"]), torch.device("cpu"))


def automatic(loaded: Loaded, **settings: float) -> tuple[AutomaticRuntime, OpenVinoTowers, Trials]:
    in_torch, towers = TorchRuntime(loaded, torch.device("cpu")), OpenVinoTowers(loaded)
    trials = Trials(loaded, in_torch, towers)
    return AutomaticRuntime(in_torch, OpenVinoRuntime(loaded, towers, trials), trials, **settings), towers, trials


def leave(verdict: Verdict, loaded: Loaded) -> None:
    """As if an earlier process had made a trial."""
    for tower in TOWERS:
        name = f"{tower}-{machine(available_threads())}"
        OpenVinoTowers(loaded).cache.write_verdict(name, verdict.model_dump_json().encode())


@pytest.mark.parametrize(
    ("seconds", "cosines", "best", "best_openvino"),
    [
        ((1.0, 0.5, 0.2), (1.0, 1.0, 0.9995), "openvino bf16", "openvino bf16"),
        ((1.0, 0.5, 0.2), (1.0, 1.0, 0.9985), "openvino f32", "openvino f32"),
        ((1.0, 0.5, 0.2), (1.0, 0.9, 0.9), "torch", None),
        ((1.0, 1.5, 1.2), (1.0, 1.0, 1.0), "torch", "openvino bf16"),
        ((1.0, 0.99, 0.98), (1.0, 1.0, 1.0), "torch", "openvino bf16"),  # not worth a second runtime
    ],
)
def test_the_best_is_the_fastest_that_answers_the_same(seconds, cosines, best, best_openvino):
    names = ("torch", "openvino f32", "openvino bf16")
    verdict = Verdict(seconds=dict(zip(names, seconds, strict=True)), cosines=dict(zip(names, cosines, strict=True)))
    assert verdict.best() == best
    assert verdict.best(torch_too=False) == best_openvino


def test_where_openvino_cannot_run_a_network_torch_is_best():
    verdict = Verdict(seconds={"torch": 1.0}, cosines={"torch": 1.0})
    assert (verdict.best(), verdict.best(torch_too=False)) == ("torch", None)


def test_a_trial_measures_time_and_likeness():
    exact = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    turned = np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float32)

    def slow() -> np.ndarray:
        time.sleep(0.05)
        return exact

    verdict = measure({"torch": slow, "turned": lambda: turned, "nothing": lambda: 0 * exact}, exact, callers=2)
    assert verdict.cosines == pytest.approx({"torch": 1.0, "turned": 0.8, "nothing": -1.0})
    assert 0.05 <= verdict.seconds["torch"] < 0.5
    assert verdict.seconds["turned"] < 0.05


def test_candidates_are_held_to_torch_as_it_runs_here_too():
    """One collection may hold vectors of both: each a little off, in two directions, is not the same."""
    exact, left, right = (np.array([[np.cos(a), np.sin(a)]], dtype=np.float32) for a in (0.0, 0.04, -0.04))
    found = measure({"torch": lambda: left, "openvino bf16": lambda: right}, exact, callers=1)
    assert found.cosines == pytest.approx({"torch": np.cos(0.04), "openvino bf16": np.cos(0.08)}, abs=1e-6)
    assert np.cos(0.04) >= 0.999 > np.cos(0.08)
    assert found.best(torch_too=False) is None


@pytest.mark.parametrize(("verdict", "runtime"), [(FASTER, "openvino"), (SLOWER, "torch")])
def test_an_old_verdict_is_obeyed_from_the_first_picture(loaded, verdict, runtime):
    leave(verdict, loaded)
    chosen, towers, _ = automatic(loaded)
    pixels = trial_pictures(1, *loaded.sides)
    expected = TorchRuntime(loaded, torch.device("cpu")).encode_pictures(pixels)
    np.testing.assert_allclose(chosen.encode_pictures(pixels), expected, atol=1e-4)
    assert chosen.name == runtime
    assert towers.converted == (["pictures"] if runtime == "openvino" else [])


@pytest.mark.parametrize(
    "document",
    [
        b'{"seconds": 3}',
        b'{"seconds": {}, "cosines": {}}',
        b'{"seconds": {"openvino f32": 1}, "cosines": {"openvino f32": 1}}',
        b'{"seconds": {"torch": 2, "openvino f32": 1}, "cosines": {"torch": 1}}',
    ],
)
def test_a_verdict_that_cannot_be_read_is_none(loaded, document):
    leave(FASTER, loaded)
    cache = OpenVinoTowers(loaded).cache
    cache.write_verdict(f"texts-{machine(available_threads())}", document)
    _, _, trials = automatic(loaded)
    assert trials.known() is None


def test_without_a_verdict_torch_works_until_a_trial_has_paid(loaded):
    chosen, towers, trials = automatic(loaded, patience=1000.0)
    chosen.encode_pictures(trial_pictures(16, *loaded.sides))
    assert (chosen.name, towers.converted, trials.known()) == ("torch", [], None)


def test_a_trial_is_made_kept_and_obeyed(loaded):
    chosen, towers, trials = automatic(loaded, patience=0.0)
    chosen.encode_pictures(trial_pictures(1, *loaded.sides))
    assert towers.converted == []  # a query's picture waits for no trial
    pixels = trial_pictures(16, *loaded.sides)
    expected = TorchRuntime(loaded, torch.device("cpu")).encode_pictures(pixels)
    found = chosen.encode_pictures(pixels)
    cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() >= 0.999
    verdicts = trials.known()
    assert verdicts is not None
    assert chosen.name == verdicts["pictures"].best().split()[0]
    assert verdicts["texts"].cosines["openvino f32"] >= 0.9999
    assert towers.converted == list(TOWERS)
    assert automatic(loaded)[2].known() == verdicts


def test_texts_follow_the_verdict_from_the_second_on(loaded):
    leave(FASTER, loaded)
    chosen, towers, _ = automatic(loaded)
    ids = loaded.tokenizer(["red shoe"]).numpy()
    expected = TorchRuntime(loaded, torch.device("cpu")).encode_texts(ids)
    np.testing.assert_allclose(chosen.encode_texts(ids), expected, atol=1e-5)
    assert towers.converted == []
    for _ in range(600):
        np.testing.assert_allclose(chosen.encode_texts(ids), expected, atol=1e-4)
        if chosen._texts.name == "openvino":
            return
        time.sleep(0.1)
    pytest.fail("texts never went through OpenVINO")


class Unable(OpenVinoTowers):
    """As where memory is short for a moment."""

    def network(self, tower, precision):
        raise RuntimeError(f"no room for {tower} in {precision}")


def test_a_trial_that_could_not_be_made_is_made_another_time(loaded):
    in_torch = TorchRuntime(loaded, torch.device("cpu"))
    failed = Trials(loaded, in_torch, Unable(loaded)).verdicts()
    assert {verdict.best() for verdict in failed.values()} == {"torch"}
    again = Trials(loaded, in_torch, OpenVinoTowers(loaded))
    assert again.known() is None
    assert "openvino f32" in again.verdict("pictures").seconds


class Breaking:
    """A runtime that works so many times, and then no more."""

    name = "openvino"

    def __init__(self, times: int, error: Exception) -> None:
        self.left = times
        self.error = error

    def prepare_pictures(self) -> None:
        self._work()

    def prepare_texts(self) -> None:
        self._work()

    def encode_pictures(self, pixels_bchw):
        self._work()
        return np.zeros((len(pixels_bchw), 1), dtype=np.float32)

    def encode_texts(self, ids):
        self._work()
        return np.zeros((len(ids), 1), dtype=np.float32)

    def _work(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise self.error


def breaking(loaded: Loaded, times: int, error: Exception) -> AutomaticRuntime:
    leave(FASTER, loaded)
    in_torch = TorchRuntime(loaded, torch.device("cpu"))
    return AutomaticRuntime(in_torch, Breaking(times, error), Trials(loaded, in_torch, OpenVinoTowers(loaded)))


def test_openvino_that_breaks_in_the_middle_of_a_job_costs_no_batch(loaded, caplog):
    chosen = breaking(loaded, 2, RuntimeError("primitive failed\nin some file"))
    pixels = trial_pictures(2, *loaded.sides)
    assert not chosen.encode_pictures(pixels).any()
    assert chosen.name == "openvino"
    expected = TorchRuntime(loaded, torch.device("cpu")).encode_pictures(pixels)
    for _ in range(2):
        np.testing.assert_array_equal(chosen.encode_pictures(pixels), expected)
    assert chosen.name == "torch"
    assert [record.message for record in caplog.records] == [
        "OpenVINO failed on pictures, torch goes on: primitive failed"
    ]


def test_openvino_that_breaks_on_a_query_costs_no_query(loaded):
    chosen = breaking(loaded, 1, RuntimeError("primitive failed"))
    ids = loaded.tokenizer(["red shoe"]).numpy()
    expected = TorchRuntime(loaded, torch.device("cpu")).encode_texts(ids)
    chosen._take_texts()
    np.testing.assert_array_equal(chosen.encode_texts(ids), expected)
    assert chosen._texts.name == "torch"


def test_no_error_of_making_a_network_ends_a_job(loaded):
    chosen = breaking(loaded, 0, TypeError("an OpenVINO of another time"))
    pixels = trial_pictures(2, *loaded.sides)
    expected = TorchRuntime(loaded, torch.device("cpu")).encode_pictures(pixels)
    np.testing.assert_array_equal(chosen.encode_pictures(pixels), expected)
    assert chosen.name == "torch"


def test_one_text_imports_no_openvino(folder_of):
    code = (
        "import sys; from shelfsight.models import open_encoder;"
        "open_encoder(sys.argv[1], device='cpu', runtime='auto').encode_texts(['red shoe']);"
        "print('openvino' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder_of["clip"])], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_an_encoder_follows_the_verdict(folder_of, loaded, pictures):
    leave(FASTER, loaded)
    encoder = open_openclip(str(folder_of["clip"]), device="cpu", runtime="auto")
    encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in pictures]))
    assert encoder.runtime == "openvino"
