"""Every candidate judged by itself: best first, in chunks, until all is said, time is up, or the page is settled."""

from collections.abc import Sequence
from time import monotonic
from typing import Literal

import numpy as np

from shelfsight.core.calibration import Fusion
from shelfsight.core.protocols import PictureKey
from shelfsight.search.look import Viewing
from shelfsight.search.patience import Budget, Patience, TimeUp
from shelfsight.search.rerank.fusion import is_settled
from shelfsight.search.rerank.inquiry import Inquiry, Weights

__all__ = ["Ended", "judge_each"]

Ended = Literal["complete", "budget", "settled"]

_FIRST = 10
"""Candidates of the first chunk: it is asked however little time there seems to be."""
_MOST = 64
_SURE = 0.8
"""Share of the time left that a chunk may be expected to take."""


class _Pace:
    """How many candidates to judge next: twice as many as before, while they fit into the budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._last = 0
        self._seconds_each = 0.0

    def next(self) -> int:
        """0 where not even one more is expected to be judged in time."""
        if not self._last:
            return _FIRST
        size, left = min(2 * self._last, _MOST), self._budget.left
        if left is None or self._seconds_each * size <= _SURE * left:
            return size
        return int(_SURE * left / self._seconds_each)

    def judged(self, count: int, seconds: float) -> None:
        self._last, self._seconds_each = count, seconds / count


def judge_each(
    keys: Sequence[PictureKey],
    retrieval: Weights,
    inquiry: Inquiry,
    fusion: Fusion,
    viewing: Viewing,
    *,
    window: int,
    budget: Budget,
    patience: Patience,
) -> tuple[Weights, Ended]:
    """The evidence on each picture.

    Args:
        keys: n pictures, in the first stage's order.
        retrieval: (n,) standardised retrieval scores.
        window: places from the first on that are wanted.

    Returns:
        (n,) evidence, NaN of those that were not looked at; and why it ended.

    Raises:
        TimeUp: not even the first chunk was judged in time.
        ShelfsightError: the model failed.
    """
    evidence = np.full(len(keys), np.nan)
    pace, done = _Pace(budget), 0
    while done < len(keys):
        size = min(pace.next(), len(keys) - done)
        chunk = inquiry.questions(keys[done : done + size])
        if not size:
            return evidence, "budget"
        start = monotonic()
        try:
            answers = patience.call(lambda asked=chunk: viewing.ask(asked), budget.left)  # type: ignore[misc]
        except TimeUp:
            if not done:
                raise
            return evidence, "budget"
        pace.judged(size, monotonic() - start)
        evidence[done : done + size] = inquiry.evidence(answers)
        done += size
        if is_settled(evidence, retrieval, fusion, most=inquiry.most, window=window):
            return evidence, "settled"
    return evidence, "complete"
