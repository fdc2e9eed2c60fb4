"""Stores alone: milliseconds a commit, a search and a list, seconds to open, beside a bare NumPy search.

    python -m benchmarks.stores [--items 41584] [--dimension 256] [--searches 200]

Vectors are random, so the figures say nothing about quality. The baseline is one matrix product and a partition.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from shelfsight.core.filters import parse
from shelfsight.core.listing import SortKey
from shelfsight.core.protocols import Change, EncoderSpec, Fingerprints, Snapshot, Store, StoredItem, StoredPicture
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import KINDS, create_store, open_store

COMMIT = 512
K = 10
FILTERS = {
    "all items": None,
    "six in ten": parse("price < 60"),
    "one in three hundred": parse('price == 3 and brand == "Acme"'),
    "a word in the title": parse('title like "%7 shirt%"'),
}


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    vectors = normalise(np.random.default_rng(0).standard_normal((arguments.items, arguments.dimension)))
    queries = normalise(np.random.default_rng(1).standard_normal((arguments.searches, arguments.dimension)))
    baseline = _median_ms(partial(_bare, vectors), queries)
    print(f"{arguments.items} items, {arguments.dimension} dimensions, medians")
    print(f"bare NumPy (baseline): {baseline:.2f} ms a search")
    for kind in KINDS:
        with TemporaryDirectory() as folder:
            _measure(kind, Path(folder) / "c", vectors, queries, baseline)
    print(f"largest memory: {getrusage(RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _measure(kind: str, path: Path, vectors: FloatArray, queries: FloatArray, baseline: float) -> None:
    encoder = EncoderSpec(name="random", revision="0", fingerprint="0", dimension=vectors.shape[1], image_size=1)
    with closing(create_store(path, kind=kind, encoder=encoder)) as store:
        print(f"{kind}: {_median_ms(store.commit, list(_batches(vectors))):.1f} ms a commit of {COMMIT} items")
        print(f"  {_seconds(store.maintain):.2f} s to seal")
    with closing(open_store(path)) as store:
        print(f"  {_seconds(store.snapshot):.2f} s to open, {_seconds(store.snapshot().fields):.2f} s for its fields")
        for name in FILTERS:
            milliseconds = _median_ms(partial(_search, store, name), queries)
            print(
                f"  {milliseconds:.2f} ms a search and its {K} items, {name}: {milliseconds / baseline:.2f} x baseline"
            )

    with closing(open_store(path)) as store:
        _measure_lists(store, len(vectors))


def _measure_lists(store: Store, items: int) -> None:
    """What is counted, ordered and changed; each again after a commit of new prices, which the next answer has."""
    fields = ["brand", "stock", "price"]
    asked: dict[str, Callable[[Snapshot], object]] = {
        "facets of 3 fields, all": lambda snapshot: snapshot.facets(fields),
        "facets of 3 fields, filtered": lambda snapshot: snapshot.facets(fields, FILTERS["six in ten"]),
        "a histogram, filtered": lambda snapshot: snapshot.histogram("price", FILTERS["six in ten"]),
        "the first 10 by price": lambda snapshot: snapshot.select(K, sort=[SortKey("price")]),
        "a filter alone": lambda snapshot: snapshot.count(FILTERS["six in ten"]),
    }
    for name, ask in asked.items():
        print(f"  {_median_ms(ask, [store.snapshot()] * 9):.2f} ms, {name}")
    updates = [[_change(i, None) for i in range(turn, items, max(1, items // 1000))][:1000] for turn in range(5)]
    print(f"  {_median_ms(store.commit, updates):.1f} ms a commit of {len(updates[0])} prices")
    for name, ask in asked.items():
        milliseconds = []
        for changes in updates[:3]:
            store.commit(changes)
            milliseconds.append(1000 * _seconds(partial(_ask, store, ask)))
        print(f"  {np.median(milliseconds):.2f} ms behind such a commit, {name}")


def _ask(store: Store, ask: Callable[[Snapshot], object]) -> object:
    return ask(store.snapshot())


def _bare(vectors: FloatArray, query: FloatArray) -> object:
    return np.argpartition(vectors @ query, -K)[-K:]


def _search(store: Store, name: str, query: FloatArray) -> object:
    snapshot = store.snapshot()
    found = snapshot.search(query[None], K, where=FILTERS[name])[0]
    return snapshot.items([match.id for match in found])


def _batches(vectors: FloatArray) -> Iterator[list[Change]]:
    for start in range(0, len(vectors), COMMIT):
        yield [_change(i, vectors[i]) for i in range(start, min(start + COMMIT, len(vectors)))]


def _change(number: int, vector: FloatArray | None) -> Change:
    item = StoredItem(
        id=f"sku-{number:07d}",
        title=f"Number {number} shirt",
        metadata={"price": float(number % 100), "brand": ("Acme", "Umbra", "Initech")[number % 3], "stock": number % 7},
        pictures=(StoredPicture(name=f"{number}.jpg", path=f"/pictures/{number}.jpg"),),
        fingerprints=Fingerprints(pictures=f"{number:064x}", metadata=f"{number:064x}"),
    )
    return Change(item=item, vectors=None if vector is None else vector[None])


def _median_ms(work: Callable[[Any], object], arguments: Iterable[Any]) -> float:
    return 1000 * float(np.median([_seconds(partial(work, argument)) for argument in arguments]))


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Latency of the stores.")
    parser.add_argument("--items", type=int, default=41_584, help="how many (default: %(default)s)")
    parser.add_argument("--dimension", type=int, default=256, help="of a vector (default: %(default)s)")
    parser.add_argument("--searches", type=int, default=200, help="how many (default: %(default)s)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
