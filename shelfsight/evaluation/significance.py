"""Whether a difference may be chance: paired tests and the correction for many of them."""

from collections.abc import Sequence
from math import ceil

import numpy as np
import numpy.typing as npt

__all__ = ["holm", "mcnemar", "sign_flip", "sign_flips"]

_RESAMPLES = 9_999
_SEED = 20260
_CELLS = 2_000_000
"""Signs drawn at a time: bounds memory, whatever the number of queries."""

_ROUNDING = 1e-9
_NEAR = 10
"""Patterns as far as the one seen: with fewer, the drawn share says little of the true one."""


def sign_flip(differences: npt.NDArray[np.float64], *, resamples: int = _RESAMPLES, seed: int = _SEED) -> float:
    """Two-sided p-value of the paired randomisation test of a mean difference of zero.

    If it made no difference which of two systems answered a query, each difference could as well have the other
    sign. The p-value is the share of all sign patterns whose mean is at least as far from zero as the one seen.
    (Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval
    Evaluation", CIKM 2007.) All patterns are tried where there are at most ``resamples`` of them; else that many
    seeded ones are drawn, and the pattern seen is counted among them, so p is never 0 (Phipson and Smyth,
    "Permutation P-values Should Never Be Zero", 2010).

    Args:
        differences: (n,) float64, one a query. Zeros are ties and change nothing.
        resamples: patterns at most, >= 1.
    """
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    # sums that are equal on paper differ in their last bits
    seen = abs(float(moved.sum())) - _ROUNDING * float(np.abs(moved).sum())
    if 2 ** min(len(moved), 63) <= resamples:
        return float(np.mean(np.abs(_every_sum(moved)) >= seen))
    return (1 + _as_far(moved, seen, resamples, seed)) / (resamples + 1)


def _every_sum(moved: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(2**n,): the sum under every sign pattern."""
    sums = np.zeros(1)
    for each in moved:
        sums = np.concatenate((sums + each, sums - each))
    return sums


def _as_far(moved: npt.NDArray[np.float64], seen: float, resamples: int, seed: int) -> int:
    """How many of ``resamples`` random sign patterns have a sum at least ``seen`` from zero."""
    random = np.random.default_rng(seed)
    block = max(1, _CELLS // len(moved))
    found = 0
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        flips = np.unpackbits(random.integers(256, size=(rows, -(-len(moved) // 8)), dtype=np.uint8), axis=1)
        sums = moved.sum() - 2.0 * (flips[:, : len(moved)].astype(np.float64) @ moved)
        found += int(np.count_nonzero(np.abs(sums) >= seen))
    return found


def sign_flips(several: Sequence[npt.NDArray[np.float64]], *, level: float, resamples: int = _RESAMPLES) -> list[float]:
    """:func:`sign_flip` of each of ``several``, as finely as their common correction needs.

    Drawn p-values have a least one, 1 / (resamples + 1). Where that, corrected for as many tests as these, could
    not come below half of ``level``, the tests that came near it are drawn again, often enough that it could.
    Without that, many families would hide a difference however large it was.
    """
    different = {each.tobytes(): each for each in several}  # at depth 1 metrics are often one and the same
    chances = {key: sign_flip(each, resamples=resamples) for key, each in different.items()}
    enough = ceil(2 * len(several) / level)
    if enough > resamples:
        near = [key for key, value in chances.items() if value <= _NEAR / (resamples + 1)]
        chances |= {key: sign_flip(different[key], resamples=enough) for key in near}
    return [chances[each.tobytes()] for each in several]


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p-value of McNemar's exact test: of the cases that just one of two classifiers gets right, each
    is as likely to be the first's as the second's (McNemar, "Note on the sampling error of the difference between
    correlated proportions or percentages", 1947; binomial, not its approximation).

    Args:
        only_first: cases that only the first gets right, >= 0.
        only_second: cases that only the second gets right, >= 0.
    """
    cases, fewer = only_first + only_second, min(only_first, only_second)
    ways = tail = 1
    for place in range(fewer):
        ways = ways * (cases - place) // (place + 1)
        tail += ways
    return min(1.0, float(2 * tail / 2**cases))


def holm(values: Sequence[float]) -> list[float]:
    """p-values corrected so that among all true null hypotheses one is rejected by chance at most as often as the
    level says (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979). In the order given."""
    corrected = [1.0] * len(values)
    least = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, values[index] * (len(values) - rank)))
        corrected[index] = least
    return corrected
