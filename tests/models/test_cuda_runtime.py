"""The GPU's runtime: on a CPU against torch as it is; where there is a GPU, graphs, streams and memory for real."""

import copy
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from shelfsight.core.protocols import Batched
from shelfsight.models import open_encoder
from shelfsight.models.encoders.loading import load
from shelfsight.models.encoders.runtimes.cuda_runtime import CudaRuntime, GraphRecorder, cast_weights
from shelfsight.models.encoders.runtimes.lanes import Lanes
from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime

CPU = torch.device("cpu")
KINDS = ("clip", "siglip", "timm")
TEXTS = ["red shoe", "a", "", "A photo of a blue bag, size_42!", " ".join(["red shoes and blue bags"] * 40)]
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.fixture(scope="module", params=[CPU, pytest.param(torch.device("cuda"), marks=on_gpu)], ids=str)
def device(request) -> torch.device:
    return request.param


@pytest.fixture(scope="module", params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def runtime(folder_of, kind, device) -> CudaRuntime:
    return CudaRuntime(load(str(folder_of[kind]), device), device)


@pytest.fixture(scope="module")
def exact(folder_of, kind) -> TorchRuntime:
    return TorchRuntime(load(str(folder_of[kind]), CPU), CPU, bfloat16=False)


@pytest.fixture(scope="module")
def pixels(folder_of, kind) -> np.ndarray:
    height, width = load(str(folder_of[kind]), CPU).model.visual.image_size
    return np.random.default_rng(3).integers(0, 256, (21, 3, height, width), dtype=np.uint8)


@pytest.fixture(scope="module")
def ids(encoder_of, kind) -> np.ndarray:
    return encoder_of[kind].tokenize(TEXTS).numpy()


def cosines(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    assert found.shape == wanted.shape
    assert found.dtype == np.float32
    return (found * wanted).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)


@pytest.fixture(scope="module")
def near(device) -> float:
    """Least cosine of vectors that ought to be the same: a GPU rounds to bfloat16, or to TF32 in convolutions."""
    return 0.999999 if device == CPU else 0.999


def test_pictures_have_the_vectors_of_torch_as_it_is(runtime, exact, pixels, near):
    wanted = exact.encode_pictures(pixels)
    for _ in range(3):  # step by step, recorded, replayed
        assert cosines(runtime.encode_pictures(pixels), wanted).min() > near


def test_texts_have_the_vectors_of_torch_as_it_is(runtime, exact, ids):
    for _ in range(3):
        np.testing.assert_allclose(runtime.encode_texts(ids), exact.encode_texts(ids), rtol=1e-3, atol=1e-4)


def test_a_batch_is_its_members_one_at_a_time(runtime, pixels, ids, near):
    for _ in range(3):
        singles = np.concatenate([runtime.encode_pictures(each[None]) for each in pixels])
        assert cosines(runtime.encode_pictures(pixels), singles).min() > near
        texts = np.concatenate([runtime.encode_texts(each[None]) for each in ids])
        np.testing.assert_allclose(runtime.encode_texts(ids), texts, rtol=1e-3, atol=1e-4)


def test_what_was_in_the_batch_before_does_not_matter(runtime, pixels):
    """Same size of batch, other padding: the same bits."""
    for _ in range(3):  # recorded by now
        first = runtime.encode_pictures(pixels[:5])
    runtime.encode_pictures(np.full_like(pixels[:8], 255))
    np.testing.assert_array_equal(runtime.encode_pictures(pixels[:5]), first)


def test_threads_get_their_own_vectors(runtime, pixels, near):
    parts = [pixels[start : start + 5] for start in (0, 5, 10, 15)]
    wanted = [runtime.encode_pictures(part) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda turn: runtime.encode_pictures(parts[turn % 4]), range(40)))
    for turn, each in enumerate(found):
        assert cosines(each, wanted[turn % 4]).min() > near


def test_says_how_many_pictures_it_likes(runtime):
    assert isinstance(runtime, Batched)
    assert runtime.batch_size == 256


@pytest.fixture
def no_short_cut() -> Iterator[None]:
    """Torch takes a short cut through attention unless autocast is on, and looks for CUDA's autocast alone."""
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(True)


@pytest.mark.usefixtures("no_short_cut")
def test_weights_cast_once_give_autocasts_vectors_bit_for_bit(folder_of, kind):
    """Padding, buffers and graphs apart, this is all that bfloat16 on a GPU does."""
    tower = load(str(folder_of[kind]), CPU).model.visual
    cast = copy.deepcopy(tower)
    cast_weights(cast)
    torch.manual_seed(4)
    height, width = tower.image_size
    batch = torch.rand(3, 3, height, width)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(cast(batch), tower(batch), rtol=0, atol=0)
    dtypes = {name: parameter.dtype for name, parameter in cast.named_parameters()}
    assert torch.bfloat16 in dtypes.values()
    assert all(dtype == torch.float32 for name, dtype in dtypes.items() if "norm" in name or "ln_" in name)


@on_gpu
def test_the_networks_are_recorded(folder_of, kind, pixels, ids, caplog):
    """Nothing fell back: not a word in the log."""
    device = torch.device("cuda")
    runtime = CudaRuntime(load(str(folder_of[kind]), device), device)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            runtime.encode_pictures(pixels)
            runtime.encode_texts(ids)
    assert not caplog.records


@on_gpu
def test_a_thread_that_was_never_on_the_gpu_may_record(folder_of, kind, pixels, ids, caplog):
    """One runs a size first, another, new, records it: its libraries' handles are made before the recording."""
    device = torch.device("cuda")
    runtime = CudaRuntime(load(str(folder_of[kind]), device), device)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with ThreadPoolExecutor(1) as new:
                new.submit(runtime.encode_pictures, pixels).result()
                new.submit(runtime.encode_texts, ids).result()
    assert not caplog.records


@on_gpu
def test_batches_shrink_to_the_memory_there_is(caplog):
    """ViT-B-32 with little memory beyond its weights: what fits is found, and the vectors are the same."""
    device = torch.device("cuda")
    torch.manual_seed(6)
    model = open_clip.create_model("ViT-B-32", load_weights=False, device=device).eval()

    def network(pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = model.encode_image(pixels.float() / 255)
        return features

    def lanes() -> Lanes:
        return Lanes(network, device, dtype=torch.uint8, limit=256, recorder=GraphRecorder)

    pixels = np.random.default_rng(5).integers(0, 256, (300, 3, 224, 224), dtype=np.uint8)
    wanted = lanes()(pixels)
    torch.cuda.empty_cache()
    allowed = torch.cuda.memory_reserved(device) + 300 * 2**20
    torch.cuda.set_per_process_memory_fraction(allowed / torch.cuda.get_device_properties(device).total_memory, device)
    try:
        narrow = lanes()
        with caplog.at_level(logging.WARNING):
            found = narrow(pixels)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
    assert 1 <= narrow.limit < 256
    assert cosines(found, wanted).min() > 0.9999


@on_gpu
def test_the_embedded_encoder_has_the_same_vectors_on_gpu_and_cpu(demo_folder):
    pictures = [Image.open(path).convert("RGB") for path in sorted((demo_folder / "images").iterdir())[:32]]
    on_cpu, on_cuda = (open_encoder("embedded", device=name) for name in ("cpu", "cuda"))
    batch = np.stack([on_cpu.prepare(picture) for picture in pictures])
    assert (on_cpu.encode_pixels(batch) * on_cuda.encode_pixels(batch)).sum(axis=1).min() > 0.995
    assert (on_cpu.encode_texts(TEXTS) * on_cuda.encode_texts(TEXTS)).sum(axis=1).min() > 0.9999
