"""A scale of relevance from judged queries: logistic regression, by Newton's method."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import UsageError
from shelfsight.core.relevance import Asked, Curve, RelevanceScale
from shelfsight.core.vectors import FloatArray

__all__ = ["FEWEST", "HITS", "Judgement", "fit_relevance"]

Floats = npt.NDArray[np.float64]

HITS = 50
"""Hits of a query that are learnt from: those that a person gets to see. Of all others the probability is what the
curve makes of it."""
FEWEST = 20
"""Judged queries of a kind that a fit needs."""
ABSENT_SHARE = 0.1
"""Of the queries of a shop, those that ask for what it has not: the weight of such queries in a fit."""
WRONGLY_EMPTY = 0.02
"""Of the queries that the collection has an answer to, those that may be told that nothing matches."""
_RIDGE = 0.1
_STEPS = 100
_LONGEST_STEP = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """A query that was judged, with its first hits.

    Attributes:
        vector: (d,) float32 of length 1, what was looked up.
        cosines: (n >= 1) descending, those of the first hits.
        relevant: (n) bool.
        words: of its text, see :func:`~shelfsight.search.relevance.words.meaning`.
        answerable: whether the collection has anything that is relevant, found or not.
    """

    asked: Asked
    vector: FloatArray
    cosines: npt.NDArray[np.floating]
    relevant: npt.NDArray[np.bool_]
    words: tuple[str, ...] = ()
    answerable: bool = True


def fit_relevance(
    judgements: Sequence[Judgement],
    *,
    pictures: FloatArray,
    source: str,
    revision: str,
    vocabulary: frozenset[str] = frozenset(),
) -> RelevanceScale:
    """The scale that explains the judgements best; kinds of queries with too few of them are left out.

    Queries count the same, whatever they found; those without an answer count :data:`ABSENT_SHARE` of all together.
    Where there are none of these, that nothing matches is told by the probability of the best hit.

    Args:
        pictures, vocabulary: see :class:`~shelfsight.core.relevance.RelevanceScale`.

    Raises:
        UsageError: no kind of query has enough judgements, or all hits are relevant, or none.
    """
    bare = RelevanceScale(
        source=source,
        revision=revision,
        hits={},
        best={},
        nothing_below={},
        cutoff=0.5,
        pictures=pictures,
        vocabulary=vocabulary,
    )
    tables = {kind: _Table.of([each for each in judgements if each.asked == kind], bare) for kind in get_args(Asked)}
    usable = {kind: table for kind, table in tables.items() if table.answerable.sum() >= FEWEST and table.is_mixed}
    if not usable:
        raise UsageError(
            f"relevance cannot be calibrated with {len(judgements)} judged queries",
            hint=f"it needs {FEWEST} of one kind (text, or picture, or both), with right and wrong hits among them",
        )
    hits = {kind: table.fit_hits() for kind, table in usable.items()}
    best = {kind: table.fit_best(hits[kind]) for kind, table in usable.items()}
    return RelevanceScale(
        source=source,
        revision=revision,
        hits={kind: _curve(weights) for kind, weights in hits.items()},
        best={kind: _curve(weights) for kind, weights in best.items()},
        nothing_below={kind: table.bound(best[kind]) for kind, table in usable.items()},
        cutoff=_cutoff([(table, hits[kind]) for kind, table in usable.items()]),
        pictures=pictures,
        vocabulary=vocabulary,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Judgements of one kind. h hits, q queries.

    Attributes:
        hits: (h, 4) readings: 1, standing, cosine, familiarity.
        relevant: (h).
        weights: (h) which sum to the same for each query of a sort.
        best: (q, 4) readings of the best hits.
        answerable: (q).
    """

    hits: Floats
    relevant: Floats
    weights: Floats
    best: Floats
    answerable: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, judgements: Sequence[Judgement], scale: RelevanceScale) -> "_Table":
        if not judgements:
            nothing = np.zeros((0, 4))
            return cls(nothing, np.zeros(0), np.zeros(0), nothing, np.zeros(0, np.bool_))
        readings = [_readings(each, scale) for each in judgements]
        answerable = np.array([each.answerable for each in judgements])
        counts = [len(each) for each in readings]
        of_query = _weights(answerable) / np.array(counts)
        return cls(
            np.concatenate(readings),
            np.concatenate([each.relevant[:HITS] for each in judgements]).astype(np.float64),
            np.repeat(of_query, counts),
            np.stack([each[0] for each in readings]),
            answerable,
        )

    @property
    def is_mixed(self) -> bool:
        return 0 < float(self.relevant.sum()) < len(self.relevant)

    def fit_hits(self) -> Floats:
        return _fit(self.hits, self.relevant, self.weights)

    def fit_best(self, otherwise: Floats) -> Floats:
        if self.answerable.all():
            return otherwise
        return _fit(self.best, self.answerable.astype(np.float64), _weights(self.answerable))

    def bound(self, weights: Floats) -> float:
        """The probability that all but a few answerable queries reach."""
        return float(np.quantile(_probability(self.best[self.answerable], weights), WRONGLY_EMPTY, method="lower"))


def _readings(judgement: Judgement, scale: RelevanceScale) -> Floats:
    """(hits, 4)."""
    standing = scale.stand(judgement.vector, judgement.words)
    cosines = np.asarray(judgement.cosines[:HITS], dtype=np.float64)
    ones = np.ones_like(cosines)
    stands = (cosines - standing.mean) / standing.deviation
    return np.stack([ones, stands, cosines, ones * standing.familiarity], axis=1)


def _weights(answerable: npt.NDArray[np.bool_]) -> Floats:
    """(q) weights of queries."""
    with_answer, without = int(answerable.sum()), int((~answerable).sum())
    if not with_answer or not without:
        return np.ones(len(answerable))
    return np.where(answerable, 1.0, ABSENT_SHARE / (1 - ABSENT_SHARE) * with_answer / without)


def _fit(readings: Floats, truth: Floats, weights: Floats) -> Floats:
    """(4) weights of the readings. They are kept from falling below 0, where they would turn the order of hits round;
    what does not vary has none."""
    used = np.array([True, *(readings[:, 1:].std(axis=0) > 1e-9)])
    while True:
        found = np.zeros(readings.shape[1])
        found[used] = _newton(readings[:, used], truth, weights / weights.mean())
        falling = (found < 0.0) & np.array([False, True, True, True])
        if not falling.any():
            return found
        used[int(np.argmin(np.where(falling, found, 0.0)))] = False


def _newton(readings: Floats, truth: Floats, weights: Floats) -> Floats:
    """Minimum of the weighted logistic loss with a slight ridge, which keeps it finite where classes part cleanly."""
    found = np.zeros(readings.shape[1])
    ridge = _RIDGE * np.eye(len(found))
    for _ in range(_STEPS):
        probability = _probability(readings, found)
        slope = readings.T @ (weights * (probability - truth)) + ridge @ found
        bend = (readings.T * (weights * np.maximum(probability * (1 - probability), 1e-9))) @ readings + ridge
        step = np.linalg.solve(bend, slope)
        longest = float(np.abs(step).max())
        found = found - step / max(1.0, longest / _LONGEST_STEP)
        if longest < 1e-9:
            break
    return found


def _probability(readings: Floats, weights: Floats) -> Floats:
    probability: Floats = 1.0 / (1.0 + np.exp(-np.clip(readings @ weights, -500.0, 500.0)))
    return probability


def _curve(weights: Floats) -> Curve:
    bias, standing, cosine, familiarity = (float(weight) for weight in weights)
    return Curve(bias=bias, standing=standing, cosine=cosine, familiarity=familiarity)


def _cutoff(parts: Sequence[tuple[_Table, Floats]]) -> float:
    """The probability in steps of 0.05 with the best F1 over all hits, the lower of two that are as good."""
    f1: dict[float, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for table, weights in parts:
        probability = _probability(table.hits, weights)
        for step in range(1, 20):
            kept = probability >= step / 20
            f1[step / 20][0] += 2 * float((table.weights * table.relevant)[kept].sum())
            f1[step / 20][1] += float(table.weights[kept].sum() + (table.weights * table.relevant).sum())
    return max(f1, key=lambda bound: (f1[bound][0] / f1[bound][1], -bound))
