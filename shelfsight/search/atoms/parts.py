"""What the parser works on: the parts of a query, before it is known which of them are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shelfsight.search.atoms.vocabulary import Term

__all__ = ["ATTRIBUTES", "NOUNS", "Part", "Role", "joined"]

Role = Literal[
    "colour", "pattern", "material", "look", "wearer", "value", "kind", "thing", "unknown", "count", "limit",
    "cue", "and", "or", "but", "comma", "end", "with", "glue",
]  # fmt: skip
"""What a part is. ``value`` is an attribute that only the catalogue knows, ``unknown`` a run of words nothing knows.
From ``cue`` on, parts are marks: they order the others and become no atoms."""

ATTRIBUTES: frozenset[Role] = frozenset(("colour", "pattern", "material", "look", "wearer", "value"))
NOUNS: frozenset[Role] = frozenset(("kind", "thing", "unknown"))


@dataclass(slots=True)
class Part:
    """A stretch of the query.

    Attributes:
        start, end: its place in the text, in characters.
        key: its key; of a cue, the cue.
        term: the words asked of a picture; of a count and a limit, the words a person reads.
        known: values of the catalogue that it names, the likeliest first.
        negated: whether hits must not have it.
        also_thing: of a kind, whether it may be a part of another product.
        filter, opposite: of a limit, its filter and that of its negation.
        preset: whether ``negated`` was said by the part itself ("-red", "logo-free").
    """

    role: Role
    start: int
    end: int
    key: str = ""
    term: str = ""
    known: tuple[Term, ...] = ()
    negated: bool = False
    also_thing: bool = False
    filter: str | None = None
    opposite: str | None = None
    preset: bool = False


def joined(text: str, parts: Sequence[Part]) -> Part:
    """Several parts as one thing: "red laces". Nothing in a catalogue speaks of it."""
    start, end = parts[0].start, parts[-1].end
    words = " ".join(text[start:end].lower().split())
    return Part("thing", start, end, "".join(part.key for part in parts), words, negated=parts[0].negated)
