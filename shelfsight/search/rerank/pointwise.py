"""Every candidate judged by itself: best first, in chunks, until all is said, time is up, or the page is settled."""

from collections.abc import Sequence
from time import monotonic
from typing import Literal

import numpy as np

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
    judging = _Judging(keys, retrieval, inquiry, viewing, window, budget)
    try:
        ended = patience.call(judging.run, budget.left)
        return judging.evidence, ended
    except TimeUp:
        evidence = judging.evidence
        if evidence is judging.unjudged:
            raise
        return evidence, "budget"


class _Judging:
    """One run over the candidates, which another thread may give up waiting for.

    Attributes:
        unjudged: the evidence before the first chunk.
        evidence: that of all chunks so far; a new array for each, so that whoever gave up has one that stays.
    """

    def __init__(
        self,
        keys: Sequence[PictureKey],
        retrieval: Weights,
        inquiry: Inquiry,
        viewing: Viewing,
        window: int,
        budget: Budget,
    ) -> None:
        self._keys, self._retrieval, self._window = keys, retrieval, window
        self._inquiry, self._viewing, self._budget = inquiry, viewing, budget
        self._fusion = viewing.look.calibration.fusion
        self.unjudged = self.evidence = np.full(len(keys), np.nan)

    def run(self) -> Ended:
        pace, done = _Pace(self._budget), 0
        while done < len(self._keys):
            chunk = slice(done, min(done + pace.next(), len(self._keys)))
            if chunk.start == chunk.stop:
                return "budget"
            start = monotonic()
            answers = self._viewing.ask(self._inquiry.questions(self._keys[chunk]))
            pace.judged(chunk.stop - done, monotonic() - start)
            evidence = self.evidence.copy()
            evidence[chunk] = self._inquiry.evidence(answers)
            self.evidence, done = evidence, chunk.stop
            if self._is_settled():
                return "settled"
        return "complete"

    def _is_settled(self) -> bool:
        return is_settled(self.evidence, self._retrieval, self._fusion, most=self._inquiry.most, window=self._window)
