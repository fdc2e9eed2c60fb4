"""How fast a vision-language model scores: batched against one at a time, features made before against pictures.

    python -m benchmarks.vlm_rate [--vlm embedded] [--pairs 50] [--device cpu] [--side 384] [--rounds 7]

The baseline scores pictures one call each, by the same model on the same threads (``OMP_NUM_THREADS``) or the same GPU.
Every variant takes its turn in every round; p50 and p95 are over rounds, ratios are of medians and by pair. Beside each
stands the largest difference between its probabilities and the baseline's.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

import numpy as np
from PIL import Image

from shelfsight.core.questions import yes_no_question
from shelfsight.core.vectors import FloatArray
from shelfsight.core.vision import Reusable, VisionLanguageModel
from shelfsight.models import open_vlm
from shelfsight.models.encoders.threads import available_threads

_BASELINE = "pictures, one at a time (baseline)"
_QUESTIONS = (
    yes_no_question("whole", "red running shoes for women"),
    yes_no_question("kind", "running shoes"),
    yes_no_question("attribute", "red"),
    yes_no_question("wearer", "women"),
)

Variants = Mapping[str, tuple[int, Callable[[], FloatArray | None]]]
"""By name: how many pairs a call answers, and the call; the first so many probabilities are the baseline's."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description="How fast a vision-language model scores.")
    parser.add_argument("--vlm", default="embedded", help="name (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=50, help="pictures asked about (default: %(default)s)")
    parser.add_argument("--device", help="cpu, cuda, ... (default: CUDA where there is one)")
    parser.add_argument("--side", type=int, default=384, help="of the pictures, in pixels (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="turns that every variant takes (default: %(default)s)")
    arguments = parser.parse_args(argv)
    start = perf_counter()
    vlm = open_vlm(arguments.vlm, device=arguments.device)
    ready = perf_counter() - start
    print(f"{vlm.name}, {arguments.device or 'any device'}, {available_threads()} threads, ready after {ready:.1f} s")
    noise = np.random.default_rng(0).integers(0, 256, (arguments.pairs, arguments.side, arguments.side, 3), np.uint8)
    pictures = [Image.fromarray(pixels) for pixels in noise]
    _compare(f"{arguments.pairs} pictures", {**_pictures(vlm, pictures), **_features(vlm, pictures)}, arguments.rounds)


def _pictures(vlm: VisionLanguageModel, pictures: Sequence[Image.Image]) -> Variants:
    pairs = [(picture, _QUESTIONS[0]) for picture in pictures]
    return {
        _BASELINE: (len(pairs), lambda: np.concatenate([vlm.score([pair]) for pair in pairs])),
        "pictures": (len(pairs), lambda: vlm.score(pairs)),
    }


def _features(vlm: VisionLanguageModel, pictures: Sequence[Image.Image]) -> Variants:
    if not isinstance(vlm, Reusable):
        return {}
    made = vlm.picture_features(pictures)
    pairs = [(features, _QUESTIONS[0]) for features in made]
    many = [(features, question) for question in _QUESTIONS for features in made]

    def make() -> None:
        vlm.picture_features(pictures)

    return {
        "features, made": (len(pairs), make),
        "features, one at a time": (
            len(pairs),
            lambda: np.concatenate([vlm.score_features([pair]) for pair in pairs]),
        ),
        "features": (len(pairs), lambda: vlm.score_features(pairs)),
        f"features, {len(_QUESTIONS)} questions each": (len(many), lambda: vlm.score_features(many)),
    }


def _compare(what: str, variants: Variants, rounds: int) -> None:
    """Warm up and compare every variant once, then time them in turns."""
    answers = {name: call() for name, (_, call) in variants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, (_, call) in variants.items():
            start = perf_counter()
            call()
            seconds[name].append(perf_counter() - start)
    print(what)
    baseline, count = answers[_BASELINE], variants[_BASELINE][0]
    each = float(np.median(seconds[_BASELINE])) / count
    for name, (pairs, _) in variants.items():
        middle, slow = np.percentile(seconds[name], (50, 95))
        said = answers[name]
        apart = "" if said is None or baseline is None else f"   apart {np.abs(said[:count] - baseline).max():.0e}"
        figures = f"p50 {middle * 1000:8.0f} ms  p95 {slow * 1000:8.0f} ms {pairs / middle:8.1f} pairs/s"
        print(f"  {name:<36} {figures} {each * pairs / middle:6.2f} x{apart}")


if __name__ == "__main__":
    main()
