"""The head of a list in a new order, or, where anything goes wrong, in the old one with a word why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

import numpy as np

from shelfsight.core.errors import ShelfsightError
from shelfsight.core.protocols import Match
from shelfsight.core.types import StageReport
from shelfsight.core.vision import Listwise
from shelfsight.search.look import Viewing
from shelfsight.search.patience import Budget, Patience
from shelfsight.search.rerank import fusion as fusing
from shelfsight.search.rerank.inquiry import Inquiry, Weights
from shelfsight.search.rerank.listwise import compare_all
from shelfsight.search.rerank.pointwise import judge_each

__all__ = ["STAGE", "Reranked", "rerank"]

STAGE = "rerank"

Ended = Literal["complete", "budget", "settled", "gate", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranked:
    """What a second look made of the candidates.

    Attributes:
        matches: the candidates, best first.
        relevance: id -> calibrated probability of relevance, of those that the model looked at by themselves: a
            comparison (listwise) orders candidates and gives no probabilities.
        report: what it cost and changed.
        warnings: what was degraded.
    """

    matches: tuple[Match, ...]
    relevance: Mapping[str, float] = field(default_factory=dict)
    report: StageReport
    warnings: tuple[str, ...] = ()


def rerank(
    matches: Sequence[Match],
    inquiry: Inquiry,
    viewing: Viewing,
    *,
    window: int,
    budget: Budget,
    patience: Patience,
) -> Reranked:
    """Order ``matches`` by what retrieval and the model say together; see :mod:`shelfsight.search.rerank.fusion`.

    The answer does not depend on the order that ``matches`` come in: the first stage's order is that of their scores,
    ties by id. It is kept where the model objects to no candidate, or prefers none (the gate), and where it fails,
    talks nonsense or does not answer in time; this never raises for what a model or a picture does.

    Args:
        window: places from the first on that are wanted: those behind may stay unjudged once these are settled.
    """
    start = perf_counter()
    first = tuple(sorted(matches, key=lambda match: (-match.score, match.id)))
    try:
        evidence, ended = _evidence(first, inquiry, viewing, window, budget, patience)
    except ShelfsightError as error:
        warning = f"the order is that of the first stage, because re-ranking failed: {error.message}"
        report = _report(viewing, first, first, 0, "failed", start)
        return Reranked(matches=first, report=report, warnings=(warning,))
    fusion = viewing.look.calibration.fusion
    log_odds = fusing.fused(evidence, _retrieval(first), fusion)
    if fusing.says_nothing(evidence, fusion):
        ordered, ended = first, "gate"
    else:
        ordered = tuple(first[place] for place in fusing.order(log_odds))
    looked = ~np.isnan(evidence)
    relevance = {} if _compares(viewing) else _by_id(first, fusing.relevance(log_odds), looked)
    report = _report(viewing, first, ordered, int(looked.sum()), ended, start)
    return Reranked(matches=ordered, relevance=relevance, report=report, warnings=_unopened(viewing, first))


def _evidence(
    first: Sequence[Match], inquiry: Inquiry, viewing: Viewing, window: int, budget: Budget, patience: Patience
) -> tuple[Weights, Ended]:
    keys = [(match.id, match.picture_index) for match in first]
    fusion, vlm = viewing.look.calibration.fusion, viewing.look.vlm
    if not inquiry.parts or not first:
        return np.full(len(first), np.nan), "complete"
    if viewing.look.listwise and isinstance(vlm, Listwise):
        utilities, how = compare_all(keys, inquiry.sought, vlm, viewing, budget=budget, patience=patience)
        return (fusion.model + fusion.atoms) * utilities, how
    return judge_each(keys, _retrieval(first), inquiry, viewing, window=window, budget=budget, patience=patience)


def _compares(viewing: Viewing) -> bool:
    return viewing.look.listwise and isinstance(viewing.look.vlm, Listwise)


def _retrieval(first: Sequence[Match]) -> Weights:
    return fusing.standardised(np.array([match.score for match in first]))


def _by_id(first: Sequence[Match], values: Weights, looked: np.ndarray) -> dict[str, float]:
    return {match.id: float(value) for match, value, seen in zip(first, values, looked, strict=True) if seen}


def _report(
    viewing: Viewing, first: Sequence[Match], ordered: Sequence[Match], scored: int, ended: Ended, start: float
) -> StageReport:
    return StageReport(
        name=STAGE,
        model=viewing.look.vlm.name,
        candidates=len(first),
        scored=scored,
        moved=sum(before.id != after.id for before, after in zip(first, ordered, strict=True)),
        ended=ended,
        milliseconds=(perf_counter() - start) * 1000.0,
    )


def _unopened(viewing: Viewing, first: Sequence[Match]) -> tuple[str, ...]:
    reasons = viewing.unopened
    missed = [key for match in first if (key := (match.id, match.picture_index)) in reasons]
    if not missed:
        return ()
    return (
        f"{len(missed)} of {len(first)} pictures could not be opened and were not looked at, "
        f"that of item {missed[0][0]!r} because: {reasons[missed[0]]}",
    )
