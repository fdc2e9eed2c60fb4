"""What is asked of every picture to fill a catalogue's empty fields, and how an answer becomes a value."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shelfsight.core.dialogue import Answer, Stop
from shelfsight.core.questions import Subject
from shelfsight.core.types import Value

__all__ = ["ATTRIBUTES", "CAPTION", "Attribute", "caption_of", "field_for", "is_said", "value_of"]

CAPTION = "caption"
_LONGEST_CAPTION = 300  # characters
_MOST_WORDS = 4
_UNSURE = re.compile(
    r"\b(?:cannot|can ?not|can't|unable|unknown|unclear|undefined|unspecified|not|none|n/a)\b|^(?:yes|no)\b"
)
_OPENING = re.compile(r"^(?:it is|it's|this is|they are|these are)?\s*(?:for|in)?\s*(?:an?|the)?\s+")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One question.

    Attributes:
        subject: how the answer is put into a yes/no question, whose P(yes) says how far it can be trusted.
        names: what catalogues call the field, small letters and digits alone; the first is ours.
    """

    question: str
    subject: Subject
    names: tuple[str, ...]


ATTRIBUTES = (
    Attribute("What is it?", "kind", ("type", "kind", "producttype", "articletype", "itemtype")),
    Attribute("Which colour is it?", "attribute", ("colour", "color", "basecolour", "basecolor", "maincolor")),
    Attribute("Which pattern does it have?", "attribute", ("pattern", "patterntype")),
    Attribute("For whom is it?", "wearer", ("gender", "sex", "targetgroup", "targetgender")),
)


def field_for(attribute: Attribute, fields: Iterable[str]) -> str:
    """The field that suggestions go by: that of a collection's ``fields`` which speaks of ``attribute``, the likeliest
    of several; our name where none does."""
    own = [field for field in fields if _bare(field) in attribute.names]
    return min(own, key=lambda field: (attribute.names.index(_bare(field)), field), default=attribute.names[0])


def is_said(field: str, metadata: Mapping[str, Value]) -> bool:
    """Whether the merchant said what ``field`` says, in this field or in one of another name for the same thing."""
    names = next((each.names for each in ATTRIBUTES if _bare(field) in each.names), (_bare(field),))
    return any(value not in (None, "", [], {}) for name, value in metadata.items() if _bare(name) in names)


def value_of(answer: Answer) -> str | None:
    """The value that an answer gives: a few words in small letters. ``None`` for one that was cut off, says that it
    cannot tell, or is a sentence."""
    if answer.stop is not Stop.END:
        return None
    text = _printable(answer.text).lower().strip(" .!\"'")
    value = _OPENING.sub("", f"{text} ").strip() if " " in text else text
    return value if value and len(value.split()) <= _MOST_WORDS and not _UNSURE.search(text) else None


def caption_of(answer: Answer) -> str | None:
    """The caption, on one line; ``None`` where the model wrote nothing, or did not come to an end."""
    text = _printable(answer.text)
    return text if text and answer.stop is Stop.END and len(text) <= _LONGEST_CAPTION else None


def _printable(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _bare(field: str) -> str:
    return "".join(character for character in field.lower() if character.isalnum())
