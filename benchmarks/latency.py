"""From text to hits in one process: milliseconds a search, and where they go.

    python -m benchmarks.latency --data DIR [--searches 500] [--json FILE]

The collection is all fashion pictures. Every text is asked once, so none is answered from the memory of texts;
the baseline is the same search with its text's vector at hand (retrieval, items and counts alone).
"""

import json
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.gallery import add_arguments, build, rows
from shelfsight.core.settings import Settings
from shelfsight.core.types import Page, Query
from shelfsight.models import open_encoder
from shelfsight.search import Searcher

WARM_UP = 20
TARGET_MS = 15.0


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    encoder = open_encoder(arguments.encoder)
    path = arguments.data / "fashion"
    store = build(path, arguments.cache, encoder=encoder, kind=arguments.store)
    searcher = Searcher(encoder, store, Settings())
    texts = sorted({row.title for row in rows(path) if row.title})
    np.random.default_rng(0).shuffle(texts)
    for text in texts[:WARM_UP]:
        searcher.search(Query(text=text))
    asked = texts[WARM_UP : WARM_UP + arguments.searches]
    cold = _time(searcher, [Query(text=text) for text in asked])
    vectors = encoder.encode_texts(asked)
    ready = _time(searcher, [Query(vector=vector) for vector in vectors])
    figures = {"text": cold, "vector (baseline)": ready}
    items = store.manifest.items
    for name, stages in figures.items():
        print(f"{name}, {len(asked)} searches over {items} items, milliseconds")
        for stage, (p50, p95) in stages.items():
            print(f"  {stage:<12} p50 {p50:8.2f}   p95 {p95:8.2f}")
    print(f"ratio to baseline, p50: {cold['total'][0] / ready['total'][0]:.2f}")
    print(f"p50 under {TARGET_MS} ms: {'yes' if cold['total'][0] < TARGET_MS else 'NO'}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"items": items, "store": arguments.store, **figures}, indent=2) + "\n")
    store.close()


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Search latency in process.")
    add_arguments(parser)
    parser.add_argument("--searches", type=int, default=500, help="how many (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args(argv)
    if arguments.data is None:
        parser.error("--data or SHELFSIGHT_DATA must name the folder of data sets")
    return arguments


def _time(searcher: Searcher, queries: list[Query]) -> dict[str, tuple[float, float]]:
    """Stage -> (p50, p95) in milliseconds; ``total`` is measured from outside."""
    stages: dict[str, list[float]] = defaultdict(list)
    for query in queries:
        start = perf_counter()
        page: Page = searcher.search(query)
        whole = (perf_counter() - start) * 1000
        for stage, milliseconds in {**page.trace, "total": whole}.items():
            stages[stage].append(milliseconds)
    return {stage: (float(np.median(each)), float(np.quantile(each, 0.95))) for stage, each in stages.items()}


if __name__ == "__main__":
    main()
