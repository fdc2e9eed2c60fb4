"""One question about one picture: within bounds, in time, and whatever the model does, with an answer or an error."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import BoundedSemaphore
from time import monotonic

from PIL.Image import Image

from shelfsight.core import background
from shelfsight.core.dialogue import Answer, Conversation, Turn
from shelfsight.core.errors import ModelError, ShelfsightError, UsageError
from shelfsight.core.texts import check_text
from shelfsight.core.vision import VisionLanguageModel

__all__ = ["LONGEST_ANSWER", "MAX_QUESTION", "MAX_TOKENS", "MAX_TURNS", "Asker", "conversation"]

MAX_QUESTION = 1_000
"""Characters of a question at most."""
LONGEST_ANSWER = 4_000
"""Characters of an earlier answer at most."""
MAX_TURNS = 20
MAX_TOKENS = 512

_AT_ONCE = 8
_GRACE = 5.0
"""Seconds that a model has beyond those it was given, for a step that cannot be interrupted."""

OnText = Callable[[str], None]


def conversation(question: str, turns: Sequence[Turn]) -> Conversation:
    """What is put to the model. An empty question asks for a caption.

    Raises:
        UsageError: a text is too long or holds half a character, or there are too many turns.
    """
    if len(turns) > MAX_TURNS:
        raise UsageError(f"{len(turns)} turns went before", hint=f"send the last {MAX_TURNS}")
    for text in (question, *(turn.question for turn in turns)):
        check_text(text, MAX_QUESTION, "the question")
    for turn in turns:
        check_text(turn.answer, LONGEST_ANSWER, "the answer")
    return Conversation(question=question.strip(), turns=tuple(turns))


class Asker:
    """Puts questions to vision-language models, each in a thread of its own.

    A step of a network cannot be interrupted. Who asks does not wait for one that never ends, and at most
    ``at_once`` questions are open, those that nobody waits for any more among them.
    """

    def __init__(self, at_once: int = _AT_ONCE, grace: float = _GRACE) -> None:
        self._slots = BoundedSemaphore(at_once)
        self._grace = grace

    def ask(
        self,
        vlm: VisionLanguageModel,
        picture: Image,
        asked: Conversation,
        *,
        max_tokens: int,
        seconds: float,
        on_text: OnText | None = None,
    ) -> Answer:
        """One answer.

        Args:
            on_text: called with the next piece of the answer as soon as it is there. What it raises ends the call.

        Raises:
            UsageError: a limit is out of range, or the model cannot do what is asked.
            ModelError: it fails, talks nonsense, does not answer in time, or has too many questions open.
        """
        if not 1 <= max_tokens <= MAX_TOKENS:
            raise UsageError(f"an answer of at most {max_tokens} tokens", hint=f"ask for 1 to {MAX_TOKENS}")
        if not 0 < seconds < float("inf"):
            raise UsageError(f"{seconds} seconds are no time to answer in", hint="give more than 0")
        if not self._slots.acquire(timeout=seconds):
            raise ModelError(f"vision-language model {vlm.name!r} has too many questions open", hint="ask again later")
        call = _Call(vlm, picture, asked, max_tokens, monotonic() + seconds, on_text)
        background.start(self._run, call, name="shelfsight-ask")
        return call.wait(seconds + self._grace)

    def _run(self, call: "_Call") -> None:
        try:
            call.run()
        finally:
            self._slots.release()


class _Call:
    """One question under way."""

    def __init__(
        self,
        vlm: VisionLanguageModel,
        picture: Image,
        asked: Conversation,
        max_tokens: int,
        deadline: float,
        on_text: OnText | None,
    ) -> None:
        self._vlm, self._picture, self._asked = vlm, picture, asked
        self._max_tokens, self._deadline = max_tokens, deadline
        self._on_text = on_text
        self._listener_failed: BaseException | None = None
        self._answer: Future[Answer] = Future()

    def wait(self, seconds: float) -> Answer:
        try:
            return self._answer.result(seconds)
        except TimeoutError as error:
            raise ModelError(f"vision-language model {self._vlm.name!r} did not answer in {seconds:g} s") from error
        finally:
            self._on_text = None

    def run(self) -> None:
        try:
            answers = self._vlm.generate(
                [(self._picture, self._asked)],
                max_tokens=self._max_tokens,
                seconds=max(self._deadline - monotonic(), 1e-3),
                on_text=None if self._on_text is None else self._hear,
            )
            self._answer.set_result(_one(answers, self._vlm.name))
        except BaseException as error:
            self._answer.set_exception(self._told(error))

    def _hear(self, _index: int, piece: str) -> None:
        listener = self._on_text
        if listener is None:
            raise _NobodyListensError
        try:
            listener(piece)
        except BaseException as error:
            self._listener_failed = error
            raise

    def _told(self, error: BaseException) -> BaseException:
        if self._listener_failed is not None:
            return self._listener_failed
        if isinstance(error, ShelfsightError):
            return error
        return ModelError(f"vision-language model {self._vlm.name!r} failed: {type(error).__name__}: {error}")


class _NobodyListensError(Exception):
    """Ends a generation that whoever asked for it has given up."""


def _one(answers: object, name: str) -> Answer:
    if isinstance(answers, list) and len(answers) == 1 and isinstance(answers[0], Answer):
        return answers[0]
    raise ModelError(f"vision-language model {name!r} gave no answer that can be read")
