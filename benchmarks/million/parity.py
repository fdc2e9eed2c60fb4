"""Part ``parity``: the same items, queries, filters and deletions in every store: same ids up to ties, same scores.

``exact`` is the reference. The others hold 20,000 items at most, which they search without approximation.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.million.catalogue import Catalogue, changes, encoder_of, item
from benchmarks.million.data import Data
from benchmarks.million.run import Run
from shelfsight.core.errors import MissingExtra
from shelfsight.core.filters import parse
from shelfsight.core.protocols import Change, Match, Store
from shelfsight.stores import KINDS, create_store

__all__ = ["differences", "run"]

ITEMS, QUERIES, K = 20_000, 50, 10
TOLERANCE = 1e-4
FILTERS = (
    None,
    "lot < 100",
    "shelf < 10",
    'price < 40 and (colour in ["colour-00", "colour-03"] or not (stock > 5))',
    'brand like "brand-0%" and category == "category-01"',
    "lot < 1",
)


def run(run: Run) -> None:
    report = run.report("parity")
    data = run.data.first(ITEMS)
    with TemporaryDirectory(dir=run.work) as folder, ExitStack() as opened:
        stores: dict[str, Store] = {}
        for kind in KINDS:
            try:
                store = create_store(Path(folder) / kind, kind=kind, encoder=encoder_of(data))
            except MissingExtra as error:
                report.row(f"{kind}: left out", str(error))
                continue
            stores[kind] = opened.enter_context(closing(store))
            _fill(store, data)
        reference = _answers(stores["exact"], data)
        for kind, store in stores.items():
            if kind != "exact":
                others, worst = differences(reference, _answers(store, data))
                report.row(
                    f"{kind} against exact, {data.items:,} items",
                    f"{others} of {sum(map(len, reference)):,} hits differ, scores by {worst:.1e} at most",
                    asked="same ids up to ties, scores to 1e-4",
                    parameters=f"{QUERIES} queries x {len(FILTERS)} filters, after updates and deletions",
                    met=others == 0 and worst <= TOLERANCE,
                )


def _fill(store: Store, data: Data) -> None:
    """All items; then one in ten deleted, one in ten with other metadata, one in ten with another's vector."""
    catalogue = Catalogue(data)
    for part in changes(catalogue, 2000):
        store.commit(part)
    metadata = [Change(item=item(row, catalogue.metadata(row - 1), 2), vectors=None) for row in _tenth(data, 1)]
    moved = [
        Change(item=item(row, catalogue.metadata(row)), vectors=data.vectors[row - 1][None].copy())
        for row in _tenth(data, 2)
    ]
    store.commit([*metadata, *moved], [f"sku-{row:07d}" for row in _tenth(data, 3)])
    store.maintain()


def _tenth(data: Data, rest: int) -> range:
    return range(rest, data.items, 10)


def _answers(store: Store, data: Data) -> list[list[Match]]:
    snapshot = store.snapshot()
    found = []
    for text in FILTERS:
        where = None if text is None else parse(text)
        found += snapshot.search(data.queries[:QUERIES], K, where=where)
    return found


def differences(mine: Sequence[Sequence[Match]], theirs: Sequence[Sequence[Match]]) -> tuple[int, float]:
    """How many hits are not the same and no tie's other end, and how far scores at the same rank are apart."""
    others, worst = 0, 0.0
    for left, right in zip(mine, theirs, strict=True):
        others += abs(len(left) - len(right))
        scores = {match.id: match.score for match in left}
        for a, b in islice(zip(left, right, strict=False), K):
            worst = max(worst, abs(a.score - b.score))
            known = scores.get(b.id)
            tie = abs(b.score - left[-1].score) <= TOLERANCE if known is None else abs(known - b.score) <= TOLERANCE
            others += not tie
    return others, worst
