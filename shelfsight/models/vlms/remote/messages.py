"""What is sent: pictures as data URIs, and conversations as messages."""

import base64
import io
import re
from typing import Any

from PIL.Image import Image

from shelfsight.core.dialogue import Conversation
from shelfsight.models.vlms.families import CHAT_CAPTION, CHAT_YES_NO
from shelfsight.models.vlms.pictures import fit

__all__ = ["Message", "conversation_messages", "data_uri", "grade_messages", "yes_no_messages"]

Message = dict[str, Any]

_GRADE = (
    "{question} On a scale from 0 (certainly not) to 10 (certainly), how sure are you? Answer with the number only."
)
_EXACT = 256 * 256  # pixels; a small picture costs little as PNG, and suffers most as JPEG
_QUALITY = 90
_MARKUP = re.compile(r"<(?=[|\uff5c/\w])|\[(?=/?[A-Z_]+\])")


def data_uri(picture: Image, longest_side: int) -> str:
    """A decoded picture as a data URI: no side over ``longest_side`` pixels; PNG up to 65,536 pixels, JPEG above.
    Nothing but its pixels is sent: no EXIF, comment or profile."""
    rgb = fit(picture, longest=longest_side).copy()
    rgb.info = {}
    exact = rgb.width * rgb.height <= _EXACT
    encoded = io.BytesIO()
    rgb.save(encoded, **({"format": "PNG"} if exact else {"format": "JPEG", "quality": _QUALITY}))
    return f"data:image/{'png' if exact else 'jpeg'};base64,{base64.b64encode(encoded.getvalue()).decode()}"


def yes_no_messages(picture: str, question: str) -> list[Message]:
    """A question to be answered by yes or no, in the words that local models with a chat template get."""
    return [_seen(picture, CHAT_YES_NO.replace("{question}", _plain(question)))]


def grade_messages(picture: str, question: str) -> list[Message]:
    """The same question, to be answered by a grade."""
    return [_seen(picture, _GRADE.replace("{question}", _plain(question)))]


def conversation_messages(picture: str, asked: Conversation) -> list[Message]:
    """Earlier turns and the question; the picture comes first."""
    said = [(turn.question, turn.answer) for turn in asked.turns]
    questions = [_plain(question) for question, _ in said] + [_plain(asked.question) or CHAT_CAPTION]
    messages = [_seen(picture, questions[0])]
    for (_, answer), question in zip(said, questions[1:], strict=True):
        messages += [{"role": "assistant", "content": _plain(answer)}, {"role": "user", "content": question}]
    return messages


def _seen(picture: str, text: str) -> Message:
    shown = {"type": "image_url", "image_url": {"url": picture}}
    return {"role": "user", "content": [shown, {"type": "text", "text": text}]}


def _plain(text: str) -> str:
    """Break up what a server might read as its model's own markup (``<|im_end|>``, ``<image>``, ``[INST]``)."""
    return _MARKUP.sub(lambda found: f"{found[0]} ", text)
