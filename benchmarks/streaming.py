"""How soon a search that is re-ranked and explained shows its first hits when it streams, against when it is whole.

    python -m benchmarks.streaming COLLECTION [--json FILE]

Every query is asked once each way, every other one whole first; the baseline is the whole answer.
"""

import json
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np

from shelfsight import Engine, open_engine

_COLOURS = ("red", "blue", "green", "black", "white")
_KINDS = ("shoes", "shirt", "bag")
_EXPLAINED = 5


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    with open_engine(arguments.collection) as engine:
        engine.search("a warm up", rerank=True, explain=1)
        figures: dict[str, list[float]] = defaultdict(list)
        for number, (colour, kind) in enumerate(product(_COLOURS, _KINDS)):
            for whole in (number % 2 == 0, number % 2 == 1):
                _ask(engine, f"{colour} {kind}", whole, figures)
        items = engine.count()
    medians = {name: float(np.median(each)) for name, each in figures.items()}
    print(f"{len(_COLOURS) * len(_KINDS)} searches over {items} items, milliseconds until, median")
    for name, milliseconds in medians.items():
        print(f"  {name:<24} {milliseconds:10.1f}")
    print(f"first hits before the whole answer: {medians['whole (baseline)'] / medians['HitsFound']:.0f} times as soon")
    if arguments.json:
        arguments.json.write_text(json.dumps({"items": items, **medians}, indent=2) + "\n")


def _ask(engine: Engine, text: str, whole: bool, figures: dict[str, list[float]]) -> None:
    start = perf_counter()
    if whole:
        engine.search(text, rerank=True, explain=_EXPLAINED)
        figures["whole (baseline)"].append(1000 * (perf_counter() - start))
        return
    first: dict[str, float] = {}
    for event in engine.search_events(text, rerank=True, explain=_EXPLAINED):
        first.setdefault(type(event).__name__, 1000 * (perf_counter() - start))
    for name, milliseconds in first.items():
        figures[name].append(milliseconds)


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Time to the first hits of a stream.")
    parser.add_argument("collection", type=Path, help="directory of a collection")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
