"""Ranked answers against judgements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Query
from shelfsight.evaluation.metrics import Interval, interval, measure
from shelfsight.evaluation.queries import JudgedQuery

__all__ = ["Answer", "EvaluationReport", "evaluate", "families_of"]

Answer = Callable[[Sequence[Query]], Sequence[Sequence[tuple[str, float]]]]
"""Queries to (id, score) pairs, best first, at most the query's k: ``Searcher.rank``, or something compared with it."""

_Values = Mapping[str, npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """How well a collection answers.

    Attributes:
        queries: how many were asked.
        absent: distinct relevant ids that are not in the collection; each counts as a miss.
        metrics: metric -> mean over the queries.
        intervals: metric -> 95 % bootstrap interval of that mean.
        families: family -> metric -> mean over its queries, where queries have a family.
        family_intervals: family -> metric -> 95 % bootstrap interval of that mean.
        family_queries: family -> how many queries it has.
        seconds: wall time of answering, without the metrics.
        ks: the depths, ascending.
        judged: the queries, in the order asked.
        rankings: ids best first, at most max(ks), one tuple a query.
        values: metric -> (q,) float64 in the order of the queries.
    """

    queries: int
    absent: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    families: Mapping[str, Mapping[str, float]]
    family_intervals: Mapping[str, Mapping[str, Interval]]
    family_queries: Mapping[str, int]
    seconds: float
    ks: tuple[int, ...]
    judged: tuple[JudgedQuery, ...] = field(repr=False)
    rankings: tuple[tuple[str, ...], ...] = field(repr=False)
    values: Mapping[str, npt.NDArray[np.float64]] = field(repr=False, compare=False)

    @property
    def headline(self) -> tuple[str, ...]:
        """The metrics that are told first: recall at every depth, the others at the greatest."""
        deepest = self.ks[-1]
        return (*(f"recall@{k}" for k in self.ks), *(f"{name}@{deepest}" for name in ("precision", "mrr", "ndcg")))

    @property
    def telling(self) -> str:
        """The metric that queries are ordered by: ndcg at the greatest depth."""
        return f"ndcg@{self.ks[-1]}"

    def worst(self, count: int) -> list[int]:
        """Places of the ``count`` queries with the least :attr:`telling`, worst first; of equal ones those with more
        relevant items first, then in the order asked."""
        values = self.values[self.telling]
        return sorted(range(self.queries), key=lambda i: (values[i], -len(self.judged[i].wanted), i))[:count]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Plain values for ``--per-query FILE``: query, family, metrics and the ranked ids, in the order asked."""
        for index, query in enumerate(self.judged):
            yield {
                **query.naming(),
                "metrics": {name: float(each[index]) for name, each in self.values.items()},
                "ranking": list(self.rankings[index]),
            }

    def to_json(self, *, worst: int = 10) -> dict[str, Any]:
        """Plain values for ``evaluate --json``, with the ``worst`` worst queries."""
        return {
            "queries": self.queries,
            "absent": self.absent,
            "metrics": dict(self.metrics),
            "intervals": _plain(self.intervals),
            "families": {family: dict(metrics) for family, metrics in self.families.items()},
            "family_intervals": {family: _plain(each) for family, each in self.family_intervals.items()},
            "family_queries": dict(self.family_queries),
            "worst": [self._worst_json(index) for index in self.worst(worst)],
            "seconds": self.seconds,
        }

    def _worst_json(self, index: int) -> dict[str, Any]:
        query = self.judged[index]
        found = sum(id in query.wanted for id in self.rankings[index])
        value = float(self.values[self.telling][index])
        return {
            **query.naming(),
            "metric": self.telling,
            "value": value,
            "relevant": len(query.wanted),
            "found": found,
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
    depths = tuple(sorted(set(ks)))
    start = perf_counter()
    answers = answer([query.ask(depths[-1]) for query in queries])
    seconds = perf_counter() - start
    rankings = tuple(tuple(id for id, _ in hits) for hits in answers)
    values = measure(rankings, [query.relevant for query in queries], depths)
    members = families_of(queries)
    return EvaluationReport(
        queries=len(queries),
        absent=_absent(queries, contains),
        metrics=_means(values),
        intervals=_intervals(values),
        families={family: _means(_rows(values, rows)) for family, rows in members.items()},
        family_intervals={family: _intervals(_rows(values, rows)) for family, rows in members.items()},
        family_queries={family: len(rows) for family, rows in members.items()},
        seconds=seconds,
        ks=depths,
        judged=tuple(queries),
        rankings=rankings,
        values=values,
    )


def families_of(queries: Sequence[JudgedQuery]) -> dict[str, list[int]]:
    """family -> places of its queries, by family; queries without one are in none."""
    members: dict[str, list[int]] = defaultdict(list)
    for index, query in enumerate(queries):
        if query.family is not None:
            members[query.family].append(index)
    return dict(sorted(members.items()))


def _absent(queries: Sequence[JudgedQuery], contains: Callable[[Iterable[str]], set[str]]) -> int:
    relevant = {id for query in queries for id in query.wanted}
    return len(relevant - contains(relevant))


def _rows(values: _Values, rows: Sequence[int]) -> _Values:
    return {name: each[rows] for name, each in values.items()}


def _means(values: _Values) -> dict[str, float]:
    return {name: float(each.mean()) for name, each in values.items()}


def _intervals(values: _Values) -> dict[str, Interval]:
    return {name: interval(each) for name, each in values.items()}


def _plain(intervals: Mapping[str, Interval]) -> dict[str, list[float]]:
    return {name: [each.low, each.high] for name, each in intervals.items()}
