"""The words of one catalogue: which phrases are values of which field, and which fields hold numbers."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from shelfsight.core.protocols import Snapshot
from shelfsight.search.atoms.fields import BoundedFields
from shelfsight.search.atoms.lexicon import LEXICON, LONGEST, canonical
from shelfsight.search.atoms.stopwords import GLUE
from shelfsight.search.atoms.tokens import key_of, keys_of, words_of

__all__ = ["EMPTY", "FieldRole", "Term", "Vocabulary", "halves_of", "parts_of"]

FieldRole = Literal["kind", "wearer", "attribute"]

_VALUES = 5_000
"""Distinct values of a field that are read at most; a field with more holds names or numbers of articles."""
_TERMS = 50_000
_WORDS = 6
"""Words of a value's part at most; longer ones are prose."""
_FEW = 20
"""So many values may all be different: the field of a small catalogue."""

_PARTS = re.compile(r"\s*[/>|,;•]+\s*")
_HALVES = re.compile(r"\s+(?:&|and|\+)\s+", re.IGNORECASE)
_NO_VALUES = keys_of("na none null unknown other yes no true false all any default notapplicable")

_FIELD_ROLES: dict[str, FieldRole] = {
    **dict.fromkeys(keys_of("category subcategory articletype producttype itemtype type kind product label"), "kind"),
    **dict.fromkeys(keys_of("class subclass department group productgroup garment"), "kind"),
    **dict.fromkeys(keys_of("gender sex wearer audience targetgender"), "wearer"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """A value that a phrase names.

    Attributes:
        field, value: the value, or the part of it that the phrase names, as the catalogue writes it.
        role: what the field speaks of.
        items: items that have it.
        half: it is one of several that a value joins (``Hoodies`` of ``Hoodies & Sweatshirts``).
    """

    field: str
    value: str
    role: FieldRole
    items: int
    half: bool = False


class Vocabulary:
    """What a catalogue's fields and their values are called. Immutable; make one for each state of a collection.

    Attributes:
        bounded: fields of numbers, booleans and sizes.
        known: keys of all phrases that the catalogue or the lexicon knows.
        longest: words of the longest of them.
    """

    def __init__(self, fields: Mapping[str, str], facets: Mapping[str, Mapping[str, int]]) -> None:
        """Of field types and of the value counts of text and list fields, as a snapshot gives them."""
        self.bounded = BoundedFields(fields, facets)
        self.longest = LONGEST
        found: dict[str, list[Term]] = defaultdict(list)
        for field in sorted(facets):
            for phrase, term in _terms(field, facets[field]):
                self._add(found, phrase, term)
        for field in sorted(name for name, kind in fields.items() if kind == "boolean"):
            phrase = re.sub(r"^(?:is|has)_", "", field).replace("_", " ")
            self._add(found, phrase, Term(field, "true", "attribute", 0))
        self._terms = {key: tuple(sorted(_summed(terms), key=_rank)) for key, terms in found.items()}
        self.known = self._terms.keys() | LEXICON.keys()

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Vocabulary":
        """The vocabulary of a state of a collection. It looks at facets alone, not at items."""
        fields = snapshot.fields()
        texts = [name for name, kind in fields.items() if kind in ("text", "json")]
        return cls(fields, snapshot.facets(texts, limit=_VALUES + 1) if texts else {})

    def find(self, key: str) -> tuple[Term, ...]:
        """Values that the phrase with this key, or a synonym, names: whole ones first, then the most frequent."""
        return self._terms.get(canonical(key), ())

    def _add(self, found: dict[str, list[Term]], phrase: str, term: Term) -> None:
        words, key = words_of(phrase), canonical(key_of(phrase))
        if not words or len(words) > _WORDS or len(key) < 2 or key.isnumeric() or key in _NO_VALUES | GLUE:
            return
        if key in found or len(found) < _TERMS:
            found[key].append(term)
            self.longest = max(self.longest, len(words))


EMPTY = Vocabulary({}, {})
"""Of a catalogue without fields: only plain English is known."""


def parts_of(value: str) -> tuple[str, ...]:
    """The parts of a path or a list in one text: ``Men/Tops/Tees`` has three, ``Cotton, Polyester`` two."""
    return tuple(filter(None, (part.strip() for part in _PARTS.split(value))))


def halves_of(part: str) -> tuple[str, ...]:
    """What one part joins: ``Hoodies & Sweatshirts`` two things; nothing where it joins nothing."""
    halves = tuple(half for half in _HALVES.split(part) if len(half) > 2)
    return halves if len(halves) > 1 else ()


def _terms(field: str, counts: Mapping[str, int]) -> Iterator[tuple[str, Term]]:
    """Phrases of a field, each with the value it names; none of a field that holds names or prose."""
    if not _speaks_in_words(counts):
        return
    role = _FIELD_ROLES.get(key_of(field.replace("_", " ")), "attribute")
    for value, items in counts.items():
        for part in parts_of(value):
            yield part, Term(field, part, role, items)
            yield from ((half, Term(field, half, role, items, half=True)) for half in halves_of(part))


def _speaks_in_words(counts: Mapping[str, int]) -> bool:
    if not 0 < len(counts) <= _VALUES:
        return False
    if len(counts) > _FEW and len(counts) > 0.5 * sum(counts.values()):
        return False
    long = sum(items for value, items in counts.items() if max(map(_length, parts_of(value)), default=0) > _WORDS)
    return long <= 0.5 * sum(counts.values())


def _length(part: str) -> int:
    return part.count(" ") + 1


def _summed(terms: list[Term]) -> Iterator[Term]:
    """One term a field: of a part that several values have (``Men/Tops``, ``Women/Tops``) all items, together."""
    by_field: dict[tuple[str, bool], list[Term]] = defaultdict(list)
    for term in terms:
        by_field[term.field, term.half].append(term)
    for same in by_field.values():
        most = max(same, key=lambda term: (term.items, term.value))
        yield replace(most, items=sum(term.items for term in same))


def _rank(term: Term) -> tuple[bool, int, str]:
    return term.half, -term.items, term.field
