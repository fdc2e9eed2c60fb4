"""Ranked answers against judgements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Query
from shelfsight.evaluation.metrics import Interval, interval, measure
from shelfsight.evaluation.queries import JudgedQuery

__all__ = ["Answer", "EvaluationReport", "evaluate"]

Answer = Callable[[Sequence[Query]], Sequence[Sequence[tuple[str, float]]]]
"""Queries to (id, score) pairs, best first, at most the query's k: ``Searcher.rank``, or something compared with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """How well a collection answers.

    Attributes:
        queries: how many were asked.
        absent: distinct relevant ids that are not in the collection; each counts as a miss.
        metrics: metric -> mean over the queries.
        intervals: metric -> 95 % bootstrap interval of that mean.
        families: family -> metric -> mean over its queries, where queries have a family.
        seconds: wall time of answering, without the metrics.
    """

    queries: int
    absent: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    families: Mapping[str, Mapping[str, float]]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``evaluate --json``."""
        return {
            "queries": self.queries,
            "absent": self.absent,
            "metrics": dict(self.metrics),
            "intervals": {name: [each.low, each.high] for name, each in self.intervals.items()},
            "families": {family: dict(metrics) for family, metrics in self.families.items()},
            "seconds": self.seconds,
        }


def evaluate(
    answer: Answer,
    queries: Sequence[JudgedQuery],
    *,
    ks: Sequence[int] = (10,),
    contains: Callable[[Iterable[str]], set[str]],
) -> EvaluationReport:
    """Ask every query and compare the answers with the judgements.

    Args:
        answer: asked once, with all queries, for max(ks) hits each. The order it gives is the ranking.
        queries: at least one.
        ks: depths, each >= 1, as in ``recall@10``; :func:`~shelfsight.evaluation.metrics.measure` defines the metrics.
        contains: those of the given ids that are in the collection (``Snapshot.contains``).

    Raises:
        UsageError: no queries, or a depth below 1.
    """
    if not queries:
        raise UsageError("there is nothing to evaluate", hint="give at least one judged query")
    if not ks or min(ks) < 1:
        raise UsageError(f"k is {list(ks)}", hint="name depths of 1 and more, as in --k 1,10")
    depth = max(ks)
    start = perf_counter()
    answers = answer([query.ask(depth) for query in queries])
    seconds = perf_counter() - start
    rankings = [[id for id, _ in hits] for hits in answers]
    values = measure(rankings, [query.relevant for query in queries], sorted(set(ks)))
    return EvaluationReport(
        queries=len(queries),
        absent=_absent(queries, contains),
        metrics={name: float(each.mean()) for name, each in values.items()},
        intervals={name: interval(each) for name, each in values.items()},
        families=_families(queries, values),
        seconds=seconds,
    )


def _absent(queries: Sequence[JudgedQuery], contains: Callable[[Iterable[str]], set[str]]) -> int:
    relevant = {id for query in queries for id, grade in query.relevant.items() if grade > 0}
    return len(relevant - contains(relevant))


def _families(
    queries: Sequence[JudgedQuery], values: Mapping[str, npt.NDArray[np.float64]]
) -> dict[str, dict[str, float]]:
    members: dict[str, list[int]] = defaultdict(list)
    for index, query in enumerate(queries):
        if query.family is not None:
            members[query.family].append(index)
    return {
        family: {name: float(each[rows].mean()) for name, each in values.items()}
        for family, rows in sorted(members.items())
    }
