"""Which columns of a catalogue are attributes that a shopper might name, and what their values read like."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from shelfsight.core.types import Value

__all__ = ["MODIFIERS", "NOUN", "choose_columns", "role_of", "words_of"]

NOUN = "noun"
MODIFIERS = ("brand", "audience", "pattern", "colour", "material", "other")
"""In the order in which shoppers write them: nike men's striped blue cotton ... shirt."""

_MOST_VALUES = 400
_LONGEST_VALUE = 40
_LEAST_FILLED = 0.3
_SEVERAL = re.compile(r"\s*[|;]\s*|,\s+")
_PATH = re.compile(r"\s*[/>]\s*")
_ROLES = (
    (NOUN, ("type", "kind", "category", "categories", "label", "product", "class", "department", "taxonomy")),
    ("brand", ("brand", "vendor", "manufacturer")),
    ("audience", ("gender", "sex", "audience")),
    ("pattern", ("pattern", "print")),
    ("colour", ("colour", "color", "colours", "colors", "colorway")),
    ("material", ("material", "fabric")),
)


def role_of(column: str) -> str:
    """What a value of the column is in a phrase, by the words in the column's name: a noun or one of the modifiers."""
    parts = re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", column).lower())
    return next((role for role, names in _ROLES if any(part in names for part in parts)), "other")


def words_of(value: Value) -> tuple[str, ...]:
    """What shoppers type for a value: lower case, lists one by one, of a path (``Men/Tops/Hoodies``) the last part."""
    if isinstance(value, list):
        return tuple(dict.fromkeys(words for each in value for words in words_of(each)))
    if not isinstance(value, str):
        return ()
    found = (_PATH.split(part)[-1].strip().lower() for part in _SEVERAL.split(value))
    return tuple(dict.fromkeys(words for words in found if words and any(letter.isalnum() for letter in words)))


def choose_columns(rows: Sequence[Mapping[str, Value]]) -> tuple[str, ...]:
    """The columns of short texts that repeat, in the rows' order of columns.

    A column counts where at least three rows in ten have it, it takes 2 to 400 different values of 40 characters at
    most, and a value is shared by two rows and more on average.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return tuple(name for name in names if _is_attribute([words_of(row.get(name)) for row in rows]))


def _is_attribute(values: Sequence[tuple[str, ...]]) -> bool:
    counts = Counter(words for each in values for words in each)
    filled = sum(1 for each in values if each)
    return (
        filled >= _LEAST_FILLED * len(values)
        and 2 <= len(counts) <= min(_MOST_VALUES, counts.total() // 2)
        and max(map(len, counts)) <= _LONGEST_VALUE
    )
