"""What the model saw: claims on the atoms that the catalogue leaves open."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import ShelfsightError
from shelfsight.core.protocols import PictureKey
from shelfsight.core.types import Claim
from shelfsight.core.vectors import FloatArray
from shelfsight.search.explain.claims import by_nobody, by_picture
from shelfsight.search.explain.draft import Draft
from shelfsight.search.explain.locating import Locator
from shelfsight.search.look import Question, Viewing
from shelfsight.search.patience import Budget, Patience, TimeUp

__all__ = ["Ended", "Witness"]

Ended = Literal["complete", "budget", "failed"]

_AT_ONCE = 32
_AT_ONCE_AWAITED = 8
_AT_ONCE_IN_HASTE = 3
"""Hits of which a model is asked at once where time is short: what is done when it is up is whole hits."""


class Witness:
    """One look at hits within a budget.

    Attributes:
        ended: ``complete``, ``budget`` (drafts stay open), or ``failed`` (their open claims say "cannot tell").
    """

    def __init__(self, atoms: Sequence[Atom], viewing: Viewing, budget: Budget, patience: Patience) -> None:
        self._atoms = atoms
        self._viewing = viewing
        self._budget = budget
        self._patience = patience
        self._blind: str | None = None
        self._locator = Locator(atoms, viewing, budget, patience)
        self._missing: dict[PictureKey, None] = {}
        self._looked_at = 0
        self.ended: Ended = "complete"

    def look(self, drafts: Sequence[Draft], *, awaited: bool = False) -> Iterator[Sequence[Draft]]:
        """Close the drafts, from the first on, as far as the budget goes; those that are closed, as they are.

        Args:
            awaited: somebody waits for the first: the model is asked about one, then two, then four, and so on.
        """
        most = _AT_ONCE if self._budget.left is None else _AT_ONCE_IN_HASTE
        start, size = 0, 1 if awaited else most
        while start < len(drafts):
            group = drafts[start : start + size]
            try:
                answers = self._answers(group)
            except ShelfsightError as error:
                if isinstance(error, TimeUp) and self._budget.left is not None:
                    self.ended = "budget"
                else:
                    self._fail(error, drafts[start:])
                    yield drafts[start:]
                return
            self._looked_at += len(group)
            self._judge(group, answers)
            self._locator.locate(group)
            yield group
            start += size
            size = min(2 * size, _AT_ONCE_AWAITED, most) if awaited else most

    def warnings(self) -> tuple[str, ...]:
        """What was degraded, in sentences."""
        found = []
        if self._blind is not None:
            found.append(f"explanations rest on the catalogue alone, because nobody could look: {self._blind}")
        if self._missing:
            first = next(iter(self._missing))
            reason = self._viewing.unopened.get(first, "it cannot be opened")
            found.append(
                f"{len(self._missing)} of {self._looked_at} pictures could not be opened and explain nothing, "
                f"that of item {first[0]!r} because: {reason}"
            )
        if self._locator.failure is not None:
            found.append(f"explanations have no heat maps: {self._locator.failure}")
        return tuple(found)

    def _answers(self, group: Sequence[Draft]) -> FloatArray:
        """Raw P(yes) for the gaps of a group, in order, NaN where the picture cannot be opened."""
        questions = [
            Question(draft.key, self._atoms[place].subject, self._atoms[place].term)
            for draft in group
            for place in draft.gaps
        ]
        if self._budget.spent:
            raise TimeUp("the budget is spent")
        return self._patience.call(partial(self._viewing.ask, questions), self._budget.left)

    def _judge(self, group: Sequence[Draft], answers: FloatArray) -> None:
        scores = iter(answers.tolist())
        for draft in group:
            for place in draft.gaps:
                draft.claims[place] = self._claim(self._atoms[place], draft, next(scores))

    def _claim(self, atom: Atom, draft: Draft, score: float) -> Claim:
        if math.isnan(score):
            self._missing[draft.key] = None
            return by_nobody(atom)
        look = self._viewing.look
        return by_picture(atom, score, look.calibration, draft.hit.picture_index, graded=look.vlm.graded)

    def _fail(self, error: ShelfsightError, drafts: Sequence[Draft]) -> None:
        self.ended, self._blind = "failed", error.message
        for draft in drafts:
            draft.close(self._atoms)
