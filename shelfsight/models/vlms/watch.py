"""Watch over a running generation: what was said so far, and when it must stop."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shelfsight.core.dialogue import Answer, Stop

if TYPE_CHECKING:
    import torch

__all__ = ["Watch"]

_UNFINISHED = "\ufffd"  # how a tokenizer writes bytes that are no character yet


@dataclass(slots=True)
class _Row:
    """One answer: its tokens, whether it ended, and how much of its text was passed on."""

    index: int
    ids: list[int] = field(default_factory=list)
    ended: bool = False
    said: str = ""


class Watch:
    """A stopping criterion of Transformers' ``generate``, called with all token ids after each step; and what makes
    a generation that is begun again, in parts, say the same (see :meth:`begin`).

    Attributes:
        max_tokens: of an answer.
        failure: what ``on_text`` raised; the generation is over then.
    """

    def __init__(
        self,
        indices: Sequence[int],
        *,
        decode: Callable[[list[int]], str],
        ends: Iterable[int],
        max_tokens: int,
        deadline: float | None,
        on_text: Callable[[int, str], None] | None,
    ) -> None:
        """
        Args:
            indices: of the pairs in the batch, for ``on_text``.
            decode: token ids to text.
            ends: ids of the tokens that end an answer.
            max_tokens: at which Transformers stops.
            deadline: by ``time.monotonic``.
        """
        self._decode = decode
        self._ends = tuple(ends)
        self.max_tokens = max_tokens
        self._deadline = deadline
        self._on_text = on_text
        self._all = [_Row(index) for index in indices]
        self.failure: BaseException | None = None
        self.begin(range(len(self._all)))

    def begin(self, rows: Sequence[int]) -> None:
        """A generation of these rows of the batch begins; if not for the first time, with the words it said before."""
        self._rows = [self._all[row] for row in rows]
        self._step = 0

    @property
    def left(self) -> float | None:
        """Seconds until the deadline, where there is one; below 0 behind it."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether no token may be begun any more."""
        return self.failure is not None or (self.left is not None and self.left <= 0)

    def __call__(self, ids: "torch.Tensor", _: Any, **__: Any) -> "torch.Tensor":
        for row, token in zip(self._rows, ids[:, -1].tolist(), strict=True):
            if self._step == len(row.ids):  # not one that was taken before
                self._take(row, token)
        self._step += 1
        return ids.new_full((len(self._rows),), self.over).bool()

    def repeat(self, _: "torch.Tensor", logits: "torch.Tensor") -> "torch.Tensor":
        """A logits processor: (n, vocabulary) logits of a step, of rows that were further before changed so that
        the token they had there is the likeliest."""
        for place, row in enumerate(self._rows):
            over = row.ended and bool(self._ends)
            if self._step < len(row.ids) or over:
                logits[place] = -float("inf")
                logits[place, row.ids[self._step] if self._step < len(row.ids) else self._ends[0]] = 0.0
        return logits

    def answers(self) -> list[Answer]:
        """The answers, when the generation is over; what was held back is said."""
        answers = [Answer(self._text(row), self._stop(row)) for row in self._all]
        for row, answer in zip(self._all, answers, strict=True):
            self._say(row, answer.text)
        return answers

    def _take(self, row: _Row, token: int) -> None:
        if row.ended:
            return  # padding behind an answer that ended
        if token in self._ends:
            row.ended = True
            return
        row.ids.append(token)
        if self._on_text is not None:
            self._say(row, self._text(row).rstrip(_UNFINISHED).rstrip())

    def _text(self, row: _Row) -> str:
        return self._decode(row.ids).strip()

    def _say(self, row: _Row, text: str) -> None:
        """Pass on what is new in ``text``."""
        said = row.said
        if self._on_text is None or self.failure is not None or len(text) <= len(said) or not text.startswith(said):
            return
        row.said = text
        try:
            self._on_text(row.index, text[len(said) :])
        except BaseException as error:  # raised again outside, when Transformers is done
            self.failure = error

    def _stop(self, row: _Row) -> Stop:
        if row.ended:
            return Stop.END
        return Stop.MAX_TOKENS if len(row.ids) >= self.max_tokens else Stop.TIME
