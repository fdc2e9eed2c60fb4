"""What the encoder's choices are worth: folding, memory layout, bfloat16, OpenVINO; texts cut at their end.

    python -m benchmarks.encoder_rate [--encoder embedded | ViT-B-32] [--batch 32]

A bare OpenCLIP architecture is measured with random weights, which run as fast as trained ones. The baseline is
OpenCLIP as it comes, in float32 torch; every variant gets the same batch and the same threads (``OMP_NUM_THREADS``),
takes its turn in every round, and stands beside the least cosine of its vectors with the baseline's. Medians count.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from copy import deepcopy
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from benchmarks.untrained import name_of
from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.folding import fold_batch_norms
from shelfsight.models.encoders.loading import Loaded, load
from shelfsight.models.encoders.runtimes.conversion import least_cosine
from shelfsight.models.encoders.runtimes.openvino_library import has_bfloat16, is_installed
from shelfsight.models.encoders.runtimes.towers import PictureTower, text_tower
from shelfsight.models.encoders.runtimes.trial import trial_pictures
from shelfsight.models.encoders.threads import available_threads, torch_threads

ROUNDS = 7
_BASELINE = "torch, float32 (baseline)"
_TEXT = "red running shoes for women"

Variants = Mapping[str, Callable[[], FloatArray]]


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description="Worth of the encoder's choices.")
    parser.add_argument("--encoder", default="embedded", help="name, or a bare architecture (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=32, help="pictures at once (default: %(default)s)")
    parser.add_argument(
        "--cache", type=Path, default=Path(gettempdir()) / "shelfsight-bench", help="for random weights"
    )
    arguments = parser.parse_args(argv)
    loaded = load(name_of(arguments.encoder, arguments.cache), torch.device("cpu"))
    height, width = loaded.sides
    print(f"{arguments.encoder}, {available_threads()} threads, {width} x {height} pixels")
    with torch.no_grad():
        for count in dict.fromkeys((1, arguments.batch)):
            _compare(
                f"{count} pictures", count, _pictures(loaded, torch.from_numpy(trial_pictures(count, height, width)))
            )
        _compare("1 text", 1, _texts(loaded))


def _pictures(loaded: Loaded, pixels: Tensor) -> Variants:
    plain = PictureTower(loaded.model, loaded.mean, loaded.std).eval()
    fast = deepcopy(plain)
    folded = fold_batch_norms(fast.model.visual)
    fast.model.visual.to(memory_format=torch.channels_last)
    last = pixels.contiguous(memory_format=torch.channels_last)
    name = f"torch, channels last, {folded} folded"
    variants = {_BASELINE: lambda: _run(plain, pixels), name: lambda: _run(fast, last)}
    variants[f"{name}, bfloat16"] = lambda: _run(fast, last, bfloat16=True)
    return {**variants, **_openvino(loaded, "pictures", pixels)}


def _texts(loaded: Loaded) -> Variants:
    whole: Tensor = loaded.tokenizer([_TEXT])
    tower = text_tower(loaded.model).eval()
    cut = torch.from_numpy(tower.cut(whole.numpy()))

    def on_one_thread() -> FloatArray:
        with torch_threads(1):
            return _run(tower, cut)

    variants = {_BASELINE: lambda: loaded.model.encode_text(whole).numpy()}
    variants[f"torch, {cut.shape[1]} of {whole.shape[1]} tokens"] = lambda: _run(tower, cut)
    variants[f"torch, {cut.shape[1]} of {whole.shape[1]} tokens, 1 thread"] = on_one_thread
    return {**variants, **_openvino(loaded, "texts", cut)}


def _openvino(loaded: Loaded, tower: Any, batch: Tensor) -> Variants:
    if not is_installed():
        print("  OpenVINO is not installed: pip install 'shelfsight[openvino]'")
        return {}
    from shelfsight.models.encoders.runtimes.openvino_towers import OpenVinoTowers

    towers = OpenVinoTowers(loaded)
    start = perf_counter()
    networks = {"OpenVINO, float32": towers.network(tower, "f32")}
    how = "converted" if towers.converted else "from the cache"
    print(f"  OpenVINO ready after {perf_counter() - start:.1f} s, {how}")
    if has_bfloat16():
        networks["OpenVINO, bfloat16"] = towers.network(tower, "bf16")
    return {name: partial(network, batch.numpy()) for name, network in networks.items()}


def _run(tower: torch.nn.Module, batch: Tensor, *, bfloat16: bool = False) -> FloatArray:
    with torch.autocast("cpu", dtype=torch.bfloat16) if bfloat16 else nullcontext():
        features: FloatArray = tower(batch).float().numpy()
    return features


def _compare(what: str, count: int, variants: Variants) -> None:
    """Warm up and compare every variant once, then time them in turns."""
    exact = variants[_BASELINE]()
    cosines = {name: least_cosine(call(), exact) for name, call in variants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, call in variants.items():
            start = perf_counter()
            call()
            seconds[name].append(perf_counter() - start)
    print(what)
    baseline = median(seconds[_BASELINE])
    for name, taken in seconds.items():
        each = median(taken)
        figures = f"{each * 1000:9.1f} ms {count / each:9.1f} /s {baseline / each:6.2f} x   cosine {cosines[name]:.6f}"
        print(f"  {name:<44} {figures}")


if __name__ == "__main__":
    main()
