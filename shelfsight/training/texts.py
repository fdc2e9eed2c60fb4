"""What a person might type to find a picture: its title, or a phrase made of some of its attributes.

A phrase knows which attributes it names, so the training can tell every other picture that satisfies it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shelfsight.training.data import FIELDS, Row
from shelfsight.training.words import COLOUR_NAMES, GENDER_NAMES, SHARED_NAMES, names_of, singular

__all__ = ["Phrase", "every_text", "title_text", "word_for", "write_phrase"]

_PLANS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("colour", "type"), 0.32),
    (("type",), 0.12),
    (("colour", "kind"), 0.14),
    (("kind",), 0.05),
    (("gender", "colour", "type"), 0.1),
    (("gender", "type"), 0.05),
    (("colour", "pattern", "type"), 0.1),
    (("pattern", "type"), 0.03),
    (("usage", "type"), 0.03),
    (("colour", "usage", "type"), 0.03),
    (("colour",), 0.03),
    (("brand", "type"), 0.08),
    (("brand", "colour", "type"), 0.06),
    (("brand", "gender", "type"), 0.06),
)
_TEMPLATES = ("a {}", "{} for sale", "a photo of a {}", "buy {}", "{} online", "picture of {}")


@dataclass(frozen=True)
class Phrase:
    """A phrase and the attributes it names, as booleans in the order of :data:`FIELDS`."""

    text: str
    named: tuple[bool, ...]


def write_phrase(row: Row, random: np.random.Generator) -> Phrase:
    """A phrase that is true of the row's picture."""
    fields = _choose_plan(row, random)
    words = [word_for(field, row.attributes[field], random) for field in fields]
    if words[-1] in SHARED_NAMES:
        fields = (*fields[:-1], "kind")
    if len(words) > 1 and random.random() < 0.1:
        words = [words[-1], *words[:-1]]
    text = " ".join(words)
    if random.random() < 0.08:
        text = _TEMPLATES[random.integers(len(_TEMPLATES))].format(text)
    return Phrase(text, tuple(field in fields for field in FIELDS))


def title_text(title: str, random: np.random.Generator, shortened: float = 0.2) -> tuple[str, bool]:
    """The title as written or slightly changed, and whether words were dropped from it (from a share ``shortened``)."""
    words = title.split()
    chance = random.random()
    if chance < shortened and len(words) > 3:
        kept = [word for word in words if random.random() > 0.25]
        if len(kept) >= 2:
            return " ".join(kept), True
    chance = random.random()
    if chance < 0.12:
        return title.replace("-", " ").replace("&", "and"), False
    if chance < 0.18:
        return " ".join(random.permutation(words)), False
    return title, False


def every_text(rows: list[Row], random: np.random.Generator) -> Iterator[str]:
    """Texts to fit the tokenizer on: every distinct title once and one phrase a row."""
    yield from dict.fromkeys(row.title for row in rows if row.title)
    for row in rows:
        yield write_phrase(row, random).text


def _choose_plan(row: Row, random: np.random.Generator) -> tuple[str, ...]:
    possible = [(fields, weight) for fields, weight in _PLANS if all(field in row.attributes for field in fields)]
    weights = np.array([weight for _, weight in possible])
    return possible[random.choice(len(possible), p=weights / weights.sum())][0]


def word_for(field: str, value: str, random: np.random.Generator) -> str:
    """A word that people use for the value of a field."""
    if field in ("type", "kind"):
        own = random.random() < 0.5
        return _one_of((value, singular(value)) if own else names_of(value), random)
    if field == "colour":
        return _one_of(COLOUR_NAMES.get(value, (value,)), random)
    if field == "gender":
        return _one_of(GENDER_NAMES.get(value, (value,)), random)
    return value


def _one_of(choices: tuple[str, ...], random: np.random.Generator) -> str:
    return choices[random.integers(len(choices))]
