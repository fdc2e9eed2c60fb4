"""What the encoder's choices are worth: folding, memory layout, bfloat16, one thread a text.

    python -m benchmarks.encoder_rate [--encoder embedded | ViT-B-32]

A bare OpenCLIP architecture is measured with random weights, which run as fast as trained ones. The baseline is
OpenCLIP as it comes; beside every variant stands the least cosine of its vectors with the baseline's.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from copy import deepcopy
from functools import partial
from time import perf_counter
from typing import Any

import torch

from shelfsight.models.encoders.folding import fold_batch_norms
from shelfsight.models.encoders.loading import load
from shelfsight.models.encoders.threads import torch_threads
from shelfsight.models.torchvision_compat import ensure_torchvision

ROUNDS = 5


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description="Worth of the encoder's choices.")
    parser.add_argument("--encoder", default="embedded", help="name, or a bare architecture (default: %(default)s)")
    arguments = parser.parse_args(argv)
    model, tokenizer = _open(arguments.encoder)
    with torch.no_grad():
        _pictures(model)
        _texts(model, tokenizer)


def _open(name: str) -> tuple[Any, Callable[[list[str]], torch.Tensor]]:
    ensure_torchvision()
    import open_clip

    if name in open_clip.list_models():
        return open_clip.create_model(name, load_weights=False).eval(), open_clip.get_tokenizer(name)
    loaded = load(name, torch.device("cpu"))
    return loaded.model, loaded.tokenizer


def _pictures(model: Any) -> None:
    height, width = model.visual.image_size
    fast = deepcopy(model)
    folded = fold_batch_norms(fast.visual)
    fast.visual.to(memory_format=torch.channels_last)
    for count in (1, 32):
        pixels = torch.rand(count, 3, height, width)
        pixels_last = pixels.contiguous(memory_format=torch.channels_last)
        print(f"{count} pictures of {width} x {height}")
        seconds, exact = _time(partial(model.encode_image, pixels))
        _line("OpenCLIP (baseline)", seconds, seconds, 1.0)
        for bfloat16 in (False, True):
            with torch.autocast("cpu", dtype=torch.bfloat16) if bfloat16 else nullcontext():
                taken, found = _time(partial(fast.encode_image, pixels_last))
            cosine = torch.nn.functional.cosine_similarity(found.float(), exact).min().item()
            name = f"channels last, {folded} folded" + (", bfloat16" if bfloat16 else "")
            _line(name, taken, seconds, cosine)


def _texts(model: Any, tokenizer: Callable[[list[str]], torch.Tensor]) -> None:
    print("1 text")
    ids = tokenizer(["red running shoes for women"])
    seconds, exact = _time(lambda: model.encode_text(ids))
    _line(f"{torch.get_num_threads()} threads (baseline)", seconds, seconds, 1.0)
    with torch_threads(1):
        taken, found = _time(lambda: model.encode_text(ids))
    _line("1 thread", taken, seconds, torch.nn.functional.cosine_similarity(found, exact).min().item())


def _time(call: Callable[[], torch.Tensor]) -> tuple[float, torch.Tensor]:
    """Seconds of the best round after one to warm up, and the answer."""
    answer = call()
    best = float("inf")
    for _ in range(ROUNDS):
        start = perf_counter()
        call()
        best = min(best, perf_counter() - start)
    return best, answer


def _line(name: str, seconds: float, baseline: float, cosine: float) -> None:
    print(f"  {name:<40} {seconds * 1000:9.1f} ms   {baseline / seconds:5.2f} x   cosine {cosine:.6f}")


if __name__ == "__main__":
    main()
