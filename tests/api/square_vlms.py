"""Vision-language models for shops of plain squares: one that sees their colour, and some that fail in every way."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event

import numpy as np
from PIL.Image import Image

from shelfsight.core.calibration import Calibration, Fusion
from shelfsight.core.dialogue import Answer, Conversation, Stop
from shelfsight.core.errors import ModelError
from shelfsight.core.vectors import FloatArray

__all__ = ["COLOURS", "ChattyVlm", "FailingVlm", "NonsenseVlm", "SquareVlm", "StuckVlm", "WrongShapeVlm"]

COLOURS = {"red": (200, 20, 20), "green": (20, 160, 40), "blue": (30, 40, 200), "white": (245, 245, 245)}


def colour_of(picture: Image) -> str:
    """The name of a plain picture's colour."""
    mean = np.asarray(picture.convert("RGB"), dtype=np.float32).mean(axis=(0, 1))
    return min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))


class SquareVlm:
    """Says yes to the colour that a square has, no to another, and neither where no colour is asked.

    ``sees`` maps colours to those it takes them for. Its no, 2 log 0.03 = -7, weighs more than any standardised score
    among four, all within 1.74 of 0; so does the bias, 2, and what it says yes to is more likely relevant than not.
    """

    calibration = Calibration(fusion=Fusion(bias=2.0, model=2.0, floor=20.0))
    generates = True
    graded = False

    def __init__(self, name: str = "squares", *, sees: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._sees = sees or {}
        self.asked: list[str] = []
        self.scored = 0

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        self.scored += len(pairs)
        return np.array([self._yes(picture, question) for picture, question in pairs], np.float32)

    def generate(
        self,
        pairs: Sequence[tuple[Image, str | Conversation]],
        *,
        max_tokens: int,
        seconds: float | None = None,
        on_text: Callable[[int, str], None] | None = None,
    ) -> list[Answer]:
        """``It is red.``, a word a token; after turns ``Still red.``; a caption where nothing is asked."""
        assert seconds is None or seconds > 0
        return [
            self._answer(place, picture, asked, max_tokens, on_text) for place, (picture, asked) in enumerate(pairs)
        ]

    def _answer(
        self,
        place: int,
        picture: Image,
        asked: str | Conversation,
        max_tokens: int,
        on_text: Callable[[int, str], None] | None,
    ) -> Answer:
        told = asked if isinstance(asked, Conversation) else Conversation(question=asked)
        self.asked.append(told.question)
        colour = self._seen(picture)
        whole = f"It is {colour}." if told.question else f"a {colour} square"
        words = f"Still {colour}.".split() if told.turns else whole.split()
        said = words[:max_tokens]
        for number, word in enumerate(said):
            if on_text is not None:
                on_text(place, word if number == 0 else f" {word}")
        return Answer(" ".join(said), Stop.END if len(said) == len(words) else Stop.MAX_TOKENS)

    def _yes(self, picture: Image, question: str) -> float:
        named = [name for name in COLOURS if name in question]
        if not named:
            return 0.5
        return 0.97 if self._seen(picture) in named else 0.03

    def _seen(self, picture: Image) -> str:
        colour = colour_of(picture)
        return self._sees.get(colour, colour)


class ChattyVlm(SquareVlm):
    """Talks for minutes, unless nobody listens any more."""

    def __init__(self) -> None:
        super().__init__("chatty")
        self.interrupted = Event()

    def generate(
        self,
        pairs: Sequence[tuple[Image, str | Conversation]],
        *,
        max_tokens: int,
        seconds: float | None = None,
        on_text: Callable[[int, str], None] | None = None,
    ) -> list[Answer]:
        assert (len(pairs), seconds) != (1, None)
        assert on_text is not None
        try:
            for _ in range(max_tokens):
                time.sleep(0.05)
                on_text(0, "so ")
        except Exception:
            self.interrupted.set()
            raise
        return [Answer("so " * max_tokens, Stop.MAX_TOKENS)]


class FailingVlm(SquareVlm):
    """Killed: every call raises."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("failing")
        self._error = error or ModelError("vision-language model failing failed: killed")

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        self.scored += len(pairs)
        raise self._error

    def generate(self, pairs: Sequence[tuple[Image, str | Conversation]], **_limits: object) -> list[Answer]:
        self.asked += [str(asked) for _, asked in pairs]
        raise self._error


class StuckVlm(SquareVlm):
    """Its network never comes back, until the test lets it go."""

    def __init__(self) -> None:
        super().__init__("stuck")
        self.released = Event()

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        self.released.wait(30)
        return super().score(pairs)

    def generate(self, pairs: Sequence[tuple[Image, str | Conversation]], **_limits: object) -> list[Answer]:
        begun = time.monotonic()
        self.released.wait(30)
        return [Answer(f"after {time.monotonic() - begun:.0f} s", Stop.TIME) for _ in pairs]


class NonsenseVlm(SquareVlm):
    """Gives numbers that are none, and answers that are none."""

    def __init__(self) -> None:
        super().__init__("nonsense")

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        return np.full(len(pairs), np.nan, np.float32)

    def generate(self, pairs: Sequence[tuple[Image, str | Conversation]], **_limits: object) -> list[Answer]:
        self.asked += [str(asked) for _, asked in pairs]
        return []


class WrongShapeVlm(SquareVlm):
    """Gives one number too many, in one dimension too many."""

    def __init__(self) -> None:
        super().__init__("wrong shape")

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        return np.full((len(pairs) + 1, 2), 0.5, np.float32)
