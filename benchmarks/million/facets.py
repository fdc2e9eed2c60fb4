"""Part ``facets``: counts over five fields under filters, against a plain count of the columns, and milliseconds."""

from time import perf_counter

import numpy as np

from benchmarks.million.catalogue import FACETS, Catalogue
from benchmarks.million.collection import collection
from benchmarks.million.filtering import like
from benchmarks.million.report import Report
from benchmarks.million.run import Run
from shelfsight.core.filters import parse
from shelfsight.core.protocols import Snapshot
from shelfsight.stores import open_store

__all__ = ["run"]

MILLISECONDS = 50.0
_TIMES = 30
_FILTERS = (("lot", 500), ("shelf", 100), ("lot", 10), ("shelf", 1))


def run(run: Run) -> None:
    report = run.report("facets")
    store = open_store(collection(run.data, run.work))
    snapshot = store.snapshot()
    catalogue = Catalogue(run.data)
    start = perf_counter()
    snapshot.facets(FACETS)
    report.figures["first"] = perf_counter() - start
    for field, bound in _FILTERS:
        _measure(report, snapshot, catalogue, field, bound)
    report.row("facets, the first time", f"{report.figures['first'] * 1000:.0f} ms", parameters="columns are made")
    store.close()


def _measure(report: Report, snapshot: Snapshot, catalogue: Catalogue, field: str, bound: float) -> None:
    where, keep = f"{field} < {bound}", catalogue.passing(field, bound)
    exact = snapshot.facets(FACETS, parse(where), limit=None) == catalogue.counts(keep)
    took, plain = [], []
    for number in range(_TIMES):
        new = parse(like(field, bound, number))
        start = perf_counter()
        snapshot.facets(FACETS, new)
        took.append((perf_counter() - start) * 1000)
        start = perf_counter()
        catalogue.counts(keep)
        plain.append((perf_counter() - start) * 1000)
    p50, p95 = np.quantile(took, [0.5, 0.95])
    report.figures[where] = took
    report.row(
        f"facets over {len(FACETS)} fields, {int(keep.sum()):,} items pass",
        f"{'exact' if exact else 'WRONG'}, p50 {p50:.1f} ms, p95 {p95:.1f} ms",
        asked="exact, p50 < 50 ms",
        parameters=f"{where}, as a new filter each time; {p50 / np.median(plain):.2f} x counting with the filter's mask"
        " at hand",
        met=bool(exact and p50 < MILLISECONDS),
    )
