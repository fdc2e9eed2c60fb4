"""An item as the words it is found by: four texts, already folded and stemmed, that the index only takes apart."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

from shelfsight.core import wording
from shelfsight.core.types import Value

__all__ = ["COLUMNS", "KEY", "Document", "document", "values_of"]

COLUMNS = ("title", "attributes", "body", "codes")
"""The title; texts of a few words (brand, category, colour); longer ones; ids, and whole values in one piece."""

KEY = "\ue001"
"""Begins a whole value in one piece. A character for private use: no word has it, and FTS5 takes it for a letter."""

_BREAK = "\ue000"  # between two values: no phrase reaches across
_FEW = 8  # words up to which a text is an attribute
_MOST = 2000  # words of one column
_VALUES = 200  # texts of one item
_DEPTH = 4
_NUMBER_IS_CODE = 1000  # smaller ones are sizes and counts
_PARTS = re.compile(r"[/>|,;]")
_ADDRESS = re.compile(r"https?://|data:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """What the index keeps of an item.

    Attributes:
        columns: one text for each of ``COLUMNS``.
        lengths: words of title, attributes and body, at most 255.
        words: those that a mistyped word may have meant.
    """

    columns: tuple[str, str, str, str]
    lengths: tuple[int, int, int]
    words: frozenset[str]

    @property
    def digest(self) -> int:
        """Equal where all is equal: a price changes, and the words stay."""
        text = "\n".join(self.columns).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def document(id: str, title: str | None, metadata: dict[str, Value]) -> Document:
    """The words of an item."""
    values = list(islice(_leaves(metadata.values()), _VALUES))
    texts = [value for value in values if isinstance(value, str) and not _ADDRESS.match(value)]
    attributes = _Column()
    body = _Column()
    for text in texts:
        column = _Column()
        column.add(text)
        (attributes if len(column.words) <= _FEW else body).take(column)
    heading = _Column()
    heading.add(title or "")
    codes = [*_id_words(id), *(KEY + key for key in dict.fromkeys(_keys(id, title, values)) if key)]
    found = (heading, attributes, body)
    return Document(
        (heading.text(), attributes.text(), body.text(), " ".join(codes)),
        (len(heading), len(attributes), len(body)),
        frozenset(word for column in found for word in (*column.words, *column.compounds) if word.isalpha()),
    )


class _Column:
    def __init__(self) -> None:
        self.words: list[str] = []
        self.compounds: list[str] = []
        self._breaks: list[int] = []

    def __len__(self) -> int:
        return min(len(self.words), 255)

    def add(self, text: str) -> None:
        for parts in wording.chunks(text):
            self.words += map(wording.stem, parts)
            joined = wording.compound(parts)
            if joined is not None:
                self.compounds.append(joined)
            if len(self.words) >= _MOST:
                break

    def take(self, other: "_Column") -> None:
        self._breaks.append(len(self.words))
        self.words += other.words
        self.compounds += other.compounds

    def text(self) -> str:
        starts = [start for start in self._breaks if 0 < start < _MOST]
        pieces = [self.words[a:b] for a, b in zip([0, *starts], [*starts, _MOST], strict=True)]
        pieces += [[each] for each in dict.fromkeys(self.compounds[:_MOST])]
        return f" {_BREAK} ".join(" ".join(piece) for piece in pieces if piece)


def _leaves(values: Iterable[Value], depth: int = 0) -> Iterator[Value]:
    for value in values:
        if isinstance(value, list | dict):
            if depth < _DEPTH:
                yield from _leaves(value.values() if isinstance(value, dict) else value, depth + 1)
        elif value is not None and not isinstance(value, bool):
            yield value


def _id_words(id: str) -> list[str]:
    """Parts of an id that name something: ``mh01`` of ``MH01-Black``, and not the ``jpg`` of a file."""
    return [word for word in dict.fromkeys(wording.words(id)) if _names_something(word)]


def _names_something(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return digits > 0 and (digits < len(word) or digits > 3)


def _keys(id: str, title: str | None, values: Iterable[Value]) -> Iterator[str]:
    """Whole values in one piece: the id, the title, attributes and the parts of a path among them, long numbers."""
    yield wording.key(id)
    yield wording.key(title or "")
    yield from values_of(values)


def values_of(values: Iterable[Value] | Value) -> Iterator[str]:
    """The keys of values, and of what lists and objects hold."""
    for value in _leaves([values] if isinstance(values, str | int | float | list | dict | None) else values):
        if isinstance(value, str):
            if len(value) <= 2 * wording.LONGEST and not _ADDRESS.match(value):
                yield wording.key(value)
                parts = _PARTS.split(value)
                yield from map(wording.key, parts if len(parts) > 1 else ())
        elif isinstance(value, int | float) and abs(value) >= _NUMBER_IS_CODE and float(value).is_integer():
            yield str(int(value))
