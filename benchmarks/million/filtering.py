"""Part ``filters``: recall@10 against exact search among what passes, and milliseconds, at four selectivities.

``independent`` filters say nothing about the picture. ``correlated`` ones pass whole categories or clusters; they are
asked by queries of the clusters that pass (as by a person who filters for shoes and types "red shoes") and, apart, by
queries from elsewhere, which is the worst that can be asked of a graph. A filter is timed when its like was asked
before (its mask may be remembered) and as a new one for every query, with a bound so little lower that the same items
pass. Times are by the clock; beside them is what was used of a processor, which a busy machine changes less.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, thread_time
from typing import NamedTuple

import numpy as np

from benchmarks.million.catalogue import SHARES, Catalogue
from benchmarks.million.collection import collection
from benchmarks.million.data import Data
from benchmarks.million.exact import Rows, nearest, recall
from benchmarks.million.ours import row_of
from benchmarks.million.report import Report
from benchmarks.million.run import Run
from shelfsight.core.filters import parse
from shelfsight.core.filters.tree import Expr
from shelfsight.core.protocols import Snapshot
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import open_store

__all__ = ["like", "run"]

K = 10
QUERIES = 200
RECALL, MILLISECONDS = 0.98, 10.0


@dataclass(frozen=True)
class Case:
    """Attributes: what is asked of whom; ``field < bound`` is the filter."""

    name: str
    share: str
    field: str
    bound: float
    queries: FloatArray

    @property
    def where(self) -> str:
        return f"{self.field} < {self.bound:g}"


class Took(NamedTuple):
    """Milliseconds."""

    clock: float
    processor: float


def run(run: Run) -> None:
    report = run.report("filters")
    store = open_store(collection(run.data, run.work))
    snapshot = store.snapshot()
    catalogue = Catalogue(run.data)
    start = perf_counter()
    snapshot.search(run.data.queries[:1], K, where=parse("lot < 2000 and shelf < 2000"))
    report.figures["first"] = perf_counter() - start
    for case in _cases(run.data, catalogue):
        _measure(report, run, snapshot, catalogue, case)
    store.close()


def _cases(data: Data, catalogue: Catalogue) -> list[Case]:
    cases = []
    for share, bound in SHARES.items():
        cases.append(Case("independent", share, "lot", bound, data.queries[:QUERIES]))
        inside = np.unique(data.clusters[catalogue.passing("shelf", bound)])
        pool = np.concatenate([data.queries, data.throughput_queries])
        of = np.concatenate([data.query_clusters, data.throughput_clusters])
        here = np.isin(of, inside)
        for name, chosen in (("correlated, asked from inside", here), ("correlated, asked from elsewhere", ~here)):
            if chosen.any():
                cases.append(Case(name, share, "shelf", bound, pool[chosen][:QUERIES]))
    return cases


def _measure(report: Report, run: Run, snapshot: Snapshot, catalogue: Catalogue, case: Case) -> None:
    keep = catalogue.passing(case.field, case.bound)
    truth, scores = nearest(run.data.vectors, case.queries, K, keep=keep)
    snapshot.search(case.queries[:1], K, where=parse(case.where))
    again: list[Took] = []
    new: list[Took] = []
    found: list[Sequence[int]] = []
    for number, query in enumerate(case.queries):
        rows, took = _timed(snapshot, query, parse(case.where))
        found.append(rows)
        again.append(took)
        new.append(_timed(snapshot, query, parse(like(case.field, case.bound, number)))[1])
    _tell(report, case, int(keep.sum()), (recall(found, truth, scores), _complete(found, truth)), again, new)


def like(field: str, bound: float, number: int) -> str:
    """Another filter that passes what ``field < bound`` does: values have three decimals at most."""
    return f"{field} < {bound - (1 + number) * 1e-7:.7f}"


def _timed(snapshot: Snapshot, query: FloatArray, where: Expr) -> tuple[list[int], Took]:
    start, used = perf_counter(), thread_time()
    hits = snapshot.search(query[None], K, where=where)[0]
    took = Took((perf_counter() - start) * 1000, (thread_time() - used) * 1000)
    return [row_of(match.id) for match in hits], took


def _complete(found: Sequence[Sequence[int]], truth: Rows) -> bool:
    """Whether every query got as many hits as there are, up to k."""
    return all(len(mine) == int((true >= 0).sum()) for mine, true in zip(found, truth, strict=True))


def _tell(
    report: Report, case: Case, passing: int, quality: tuple[float, bool], again: list[Took], new: list[Took]
) -> None:
    recalled, complete = quality
    (p50, used), (p95, _) = np.quantile(again, [0.5, 0.95], axis=0)
    (new_p50, new_used), (new_p95, _) = np.quantile(new, [0.5, 0.95], axis=0)
    report.figures[f"{case.name} {case.share}"] = {"recall": recalled, "again": again, "new": new}
    report.row(
        f"filter passing {case.share} ({passing:,} items), {case.name}",
        f"recall@10 {recalled:.4f}, p50 {p50:.2f} ms (processor {used:.2f}), p95 {p95:.2f} ms;"
        f" as a new filter p50 {new_p50:.2f} ms (processor {new_used:.2f}), p95 {new_p95:.2f} ms"
        f"{'' if complete else '; FEWER THAN k HITS'}",
        asked=f"{RECALL}, p50 < {MILLISECONDS:.0f} ms",
        parameters=f"{case.where}; {len(case.queries)} queries",
        met=bool(recalled >= RECALL and max(p50, new_p50) < MILLISECONDS and complete),
    )
