"""An item as the words it is found by: four texts, already folded and stemmed, that the index only takes apart."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice
from typing import NamedTuple

from shelfsight.core import wording
from shelfsight.core.types import Value

__all__ = ["COLUMNS", "ID", "KEY", "Document", "document", "keys_of"]

COLUMNS = ("title", "attributes", "body", "codes")
"""The title; texts of a few words (brand, category, colour); longer ones; ids, and whole values in one piece."""

KEY = "\ue001"
"""Begins a whole value in one piece. A character for private use: no word has it, and FTS5 takes it for a letter."""

ID = KEY + KEY
"""Begins an id in one piece, which is a value too."""

_BREAK = " \ue000 "  # between two values: no phrase reaches across
_FEW = 8  # words up to which a text is an attribute
_MOST = 2000  # words of one text
_VALUES = 200  # values of one item
_DEPTH = 4
_LONGEST_VALUE = 2 * wording.LONGEST  # characters of a value that is looked up whole
_NUMBER_IS_CODE = 1000  # smaller ones are sizes and counts
_PARTS = re.compile(r"[/>|,;]")
_ADDRESS = ("http://", "https://", "data:")


@dataclass(frozen=True, slots=True)
class Document:
    """What the index keeps of an item.

    Attributes:
        columns: one text for each of ``COLUMNS``.
        lengths: words of title, attributes and body, at most 255.
        words: all its words, for those that were mistyped.
    """

    columns: tuple[str, str, str, str]
    lengths: tuple[int, int, int]
    words: tuple[str, ...]

    @property
    def digest(self) -> int:
        """Equal where all is equal: a price changes, and the words stay."""
        text = "\n".join(self.columns).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


class _Text(NamedTuple):
    words: tuple[str, ...]
    compounds: tuple[str, ...]
    keys: tuple[str, ...]


_NO_TEXT = _Text((), (), ())


def document(id: str, title: str | None, metadata: dict[str, Value]) -> Document:
    """The words of an item."""
    texts = [_text(value) for value in islice(_leaves(metadata.values()), _VALUES)]
    heading = _title(title)
    attributes = [text for text in texts if 0 < len(text.words) <= _FEW]
    body = [text for text in texts if len(text.words) > _FEW]
    keys = dict.fromkeys(chain([wording.key(id)], *(text.keys for text in (heading, *texts))))
    codes = [*_id_words(id), ID + wording.key(id), *(KEY + key for key in keys if key)]
    columns = ([heading], attributes, body)
    lengths = [min(sum(len(text.words) for text in column), 255) for column in columns]
    return Document(
        (_column([heading]), _column(attributes), _column(body), " ".join(codes)),
        (lengths[0], lengths[1], lengths[2]),
        tuple(chain.from_iterable((*text.words, *text.compounds) for column in columns for text in column)),
    )


def keys_of(value: Value, *, title: bool = False) -> Iterator[str]:
    """The keys of a value, or of what a list or object holds; of a title only the whole."""
    texts = [_title(value if isinstance(value, str) else None)] if title else map(_text, _leaves([value]))
    return chain.from_iterable(text.keys for text in texts)


def _title(title: str | None) -> _Text:
    """A comma in a title does not make values of its parts."""
    text = _text(title or "")
    return text._replace(keys=text.keys[:1])


def _text(value: Value) -> _Text:
    """A value's words; of a number only whether it may be a code."""
    if isinstance(value, str):
        return _short(value) if len(value) <= _LONGEST_VALUE else _read(value)
    if isinstance(value, int | float) and abs(value) >= _NUMBER_IS_CODE and float(value).is_integer():
        return _Text((), (), (str(int(value)),))
    return _NO_TEXT


def _read(text: str) -> _Text:
    if text.startswith(_ADDRESS):
        return _NO_TEXT
    words, compounds = wording.read(text)
    return _Text(tuple(words[:_MOST]), tuple(dict.fromkeys(compounds[:_MOST])), ())


@lru_cache(maxsize=50_000)
def _short(text: str) -> _Text:
    """With its keys: the whole in one piece, and the parts of a path or a list."""
    read = _read(text)
    parts = _PARTS.split(text) if read.words else ()
    keys = ("".join(read.words), *(map(wording.key, parts) if len(parts) > 1 else ()))
    return read._replace(keys=tuple(key[:_LONGEST_VALUE] for key in keys if key))


def _column(texts: Iterable[_Text]) -> str:
    pieces = [" ".join(text.words) for text in texts if text.words]
    return _BREAK.join((*pieces, *dict.fromkeys(chain.from_iterable(text.compounds for text in texts))))


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
