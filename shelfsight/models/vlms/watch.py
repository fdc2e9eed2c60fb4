"""Watch over a running generation: what was said so far, and when it must stop."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from shelfsight.core.dialogue import Answer, Stop

if TYPE_CHECKING:
    import torch

__all__ = ["Watch"]

_UNFINISHED = "\ufffd"  # how a tokenizer writes bytes that are no character yet


class Watch:
    """A stopping criterion of Transformers' ``generate``: called with all token ids after each step.

    Attributes:
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
        self._indices = indices
        self._decode = decode
        self._ends = frozenset(ends)
        self._max_tokens = max_tokens
        self._deadline = deadline
        self._on_text = on_text
        self._ids: list[list[int]] = [[] for _ in indices]
        self._ended = [False for _ in indices]
        self._said = ["" for _ in indices]
        self.failure: BaseException | None = None

    @property
    def left(self) -> float | None:
        """Seconds until the deadline, where there is one; below 0 behind it."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    def __call__(self, ids: "torch.Tensor", _: Any, **__: Any) -> "torch.Tensor":
        for row, token in enumerate(ids[:, -1].tolist()):
            self._take(row, token)
        late = self.left is not None and self.left <= 0
        return ids.new_full((len(self._ids),), late or self.failure is not None).bool()

    def answers(self) -> list[Answer]:
        """The answers, when the generation is over; what was held back is said."""
        answers = [Answer(self._text(row), self._stop(row)) for row in range(len(self._ids))]
        for row, answer in enumerate(answers):
            self._say(row, answer.text)
        return answers

    def _take(self, row: int, token: int) -> None:
        if self._ended[row]:
            return  # padding behind an answer that ended
        if token in self._ends:
            self._ended[row] = True
            return
        self._ids[row].append(token)
        if self._on_text is not None:
            self._say(row, self._text(row).rstrip(_UNFINISHED).rstrip())

    def _text(self, row: int) -> str:
        return self._decode(self._ids[row]).strip()

    def _say(self, row: int, text: str) -> None:
        """Pass on what is new in ``text``."""
        said = self._said[row]
        if self._on_text is None or self.failure is not None or len(text) <= len(said) or not text.startswith(said):
            return
        self._said[row] = text
        try:
            self._on_text(self._indices[row], text[len(said) :])
        except BaseException as error:  # raised again outside, when Transformers is done
            self.failure = error

    def _stop(self, row: int) -> Stop:
        if self._ended[row]:
            return Stop.END
        return Stop.MAX_TOKENS if len(self._ids[row]) >= self._max_tokens else Stop.TIME
