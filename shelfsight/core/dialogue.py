"""What a generative model is asked about a picture, and what it says."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Answer", "Conversation", "Stop", "Turn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question that was answered before."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is asked about one picture. A bare string stands for a conversation of that one question.

    Attributes:
        question: empty asks for a caption.
        turns: what was said about the picture before, oldest first. The oldest are forgotten where a model cannot
            read them all.
        opening: words the answer starts with; the model goes on from there (prompted captioning: ``a photo of``).
            They are not repeated in the answer.
    """

    question: str = ""
    turns: tuple[Turn, ...] = ()
    opening: str = ""


class Stop(StrEnum):
    """Why an answer ends where it ends."""

    END = "end"
    MAX_TOKENS = "max_tokens"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its text without white space around it, and why it ends there."""

    text: str
    stop: Stop
