"""What is read: the text of a reply, why it ends, the likeliest first tokens, a grade."""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from shelfsight.core.dialogue import Answer, Stop
from shelfsight.core.errors import ModelError

__all__ = ["Reply", "grade", "yes_probability"]

Token = tuple[str, float]

_SCALES = re.compile(r"\b0\s*(?:-|\u2013|to)\s*10\b|(?:/|\bout of)\s*10\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,])([-\u2212]?\d+(?:[.,]\d+)?)(?![\w.,]*\d)(\s*%)?")
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_SPACES = "ĠĊ▁ \t\r\n"  # some servers write a token as its vocabulary does
_WORDS = {"yes": 1.0, "no": 0.0}


class Reply:
    """One reply, whole or in pieces as they come."""

    def __init__(self, who: str, say: Callable[[str], None] | None = None) -> None:
        """
        Args:
            who: speaks, for errors.
            say: called with each new piece of the text; white space around the whole is never said.
        """
        self._who = who
        self._say = say
        self._text = ""
        self._said = 0
        self._spoke = False
        self._thought = False
        self._finish: str | None = None
        self.first_tokens: list[Token] | None = None

    @property
    def finished(self) -> bool:
        """Whether the server said why the answer ends."""
        return self._finish is not None

    @property
    def only_thought(self) -> bool:
        """Whether the model used up its tokens before it said a word."""
        thought = self._thought or not self._spoke
        return thought and self._finish == "length" and not self._text.strip()

    def take(self, document: Any) -> None:
        """Read a whole reply or the next piece of one.

        Raises:
            ModelError: it is neither.
        """
        choice = self._choice(document)
        if choice is None:
            return
        message = choice.get("delta") or choice.get("message") or {}
        if not isinstance(message, dict):
            raise self._strange()
        self._thought |= bool(message.get("reasoning_content") or message.get("reasoning")) or _has_thought(document)
        self._hear(message.get("content"))
        self.first_tokens = self.first_tokens or _first_tokens(choice.get("logprobs"))
        finish = choice.get("finish_reason")
        self._finish = finish if isinstance(finish, str) else self._finish

    def answer(self, stop: Stop | None = None) -> Answer:
        """What was said so far."""
        ended = Stop.MAX_TOKENS if self._finish == "length" else Stop.END
        return Answer(self._text.strip(), stop or ended)

    def _hear(self, content: Any) -> None:
        if content is None:
            return
        if not isinstance(content, str):
            raise self._strange()
        self._spoke = True
        self._text += content
        said = self._text.strip()
        if self._say is not None and len(said) > self._said:
            self._say(said[self._said :])
            self._said = len(said)

    def _choice(self, document: Any) -> dict[str, Any] | None:
        """The first choice; ``None`` where a piece has none (it counts tokens, or keeps the connection open)."""
        choices = document.get("choices") if isinstance(document, dict) else None
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise self._strange()
        return choices[0] if choices else None

    def _strange(self) -> ModelError:
        return ModelError(
            f"{self._who} does not answer as a chat-completions server does", hint="The base URL usually ends in /v1."
        )


def yes_probability(tokens: Iterable[Token]) -> float | None:
    """The mass of yes in that of yes and no, in every case and with or without white space before them; ``None``
    where neither is among the (token, log-probability) pairs."""
    masses: dict[str, list[float]] = {"yes": [], "no": []}
    for token, logprob in tokens:
        masses.get(token.lstrip(_SPACES).casefold(), []).append(logprob)
    if not masses["yes"] and not masses["no"]:
        return None
    odds = _log_sum(masses["yes"]) - _log_sum(masses["no"])
    return 1.0 / (1.0 + math.exp(-odds)) if odds > 0 else math.exp(odds) / (1.0 + math.exp(odds))


def grade(text: str) -> float | None:
    """A grade from 0 to 10 as a number in [0, 1]; ``7``, ``7/10``, ``**7.5**``, ``70%`` and a bare yes or no are
    understood. ``None`` where there is no grade in it, or several and none in front."""
    said = _THOUGHT.sub(" ", text).strip().strip("*_.!`\"'").strip()
    if said.casefold() in _WORDS:
        return _WORDS[said.casefold()]
    numbers = _NUMBER.findall(_SCALES.sub(" ", said).replace("*", ""))
    if numbers and (len(set(numbers)) == 1 or said.startswith(numbers[0][0])):
        number, percent = numbers[0]
        value = float(number.replace("\u2212", "-").replace(",", ".")) / (100 if percent else 10)
        if 0 <= value <= 1:
            return value
    return None


def _first_tokens(logprobs: Any) -> list[Token] | None:
    """(token, log-probability) of the likeliest first tokens; ``None`` where there are not two."""
    try:
        listed = logprobs["content"][0]["top_logprobs"]
        tokens = [(str(entry["token"]), float(entry["logprob"])) for entry in listed]
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return None if len(tokens) < 2 or any(math.isnan(logprob) for _, logprob in tokens) else tokens


def _has_thought(document: dict[str, Any]) -> bool:
    try:
        return bool(document["usage"]["completion_tokens_details"]["reasoning_tokens"])
    except (KeyError, TypeError):
        return False


def _log_sum(logprobs: list[float]) -> float:
    """The logarithm of the summed probabilities; of none, far below the -9999 that servers write for nothing."""
    highest = max(logprobs, default=-math.inf)
    if not math.isfinite(highest):
        return -1e5
    return highest + math.log(sum(math.exp(logprob - highest) for logprob in logprobs))
