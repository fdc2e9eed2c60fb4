"""Metrics of rankings, by the library ir-measures, with bootstrap intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Interval", "interval", "measure"]

_RESAMPLES = 1000
_SEED = 20260
_BLOCK = 50


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval of a mean."""

    low: float
    high: float


def measure(
    rankings: Sequence[Sequence[str]], judgements: Sequence[Mapping[str, int]], ks: Sequence[int]
) -> dict[str, npt.NDArray[np.float64]]:
    """Metrics of each query: ``recall@k``, ``precision@k``, ``mrr@k``, ``ndcg@k``, ``success@k`` for each k.

    By the definitions of trec_eval, as ir-measures gives them: precision divides by k even where fewer items
    came back; mrr is the reciprocal rank of the first relevant item, 0 beyond k; ndcg takes the grade as gain
    and log2(rank + 1) as discount, against the best order of all judged items; success is 1 where one of the
    first k is relevant.

    Args:
        rankings: ids best first, one list a query. Their order is the ranking: no score is looked at.
        judgements: id -> grade, one mapping a query; a positive grade is relevant.
        ks: depths, each >= 1.

    Returns:
        metric -> (q,) float64 in the order of the queries.
    """
    import ir_measures
    from ir_measures import RR, P, R, Success, nDCG

    kinds = {"recall": R, "precision": P, "mrr": RR, "ndcg": nDCG, "success": Success}
    names: dict[Any, str] = {kind @ k: f"{name}@{k}" for name, kind in kinds.items() for k in ks}
    values = {name: np.zeros(len(rankings)) for name in names.values()}
    run, qrels = {}, {}
    for index, (ranking, grades) in enumerate(zip(rankings, judgements, strict=True)):
        run[str(index)], qrels[str(index)] = _numbered(ranking, grades)
    for found in ir_measures.iter_calc(list(names), qrels, run):
        values[names[found.measure]][int(found.query_id)] = found.value
    return values


def _numbered(ranking: Sequence[str], grades: Mapping[str, int]) -> tuple[dict[str, float], dict[str, int]]:
    """A run and its judgements for the library: plain numbers for ids, which may hold anything, and scores that
    say the order and nothing else, because trec_eval breaks ties its own way."""
    number = {id: str(place) for place, id in enumerate(dict.fromkeys((*ranking, *grades)))}
    run = {number[id]: float(len(ranking) - rank) for rank, id in enumerate(ranking)}
    return run, {number[id]: grade for id, grade in grades.items()}


def interval(values: npt.NDArray[np.float64]) -> Interval:
    """Percentile bootstrap of the mean (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13):
    the middle 95 % of the means of 1,000 seeded resamples.

    Args:
        values: (n,) float64, n >= 1.
    """
    random = np.random.default_rng(_SEED)
    blocks = (values[random.integers(len(values), size=(_BLOCK, len(values)))] for _ in range(_RESAMPLES // _BLOCK))
    means = np.concatenate([block.mean(axis=1) for block in blocks])
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(low), float(high))
