"""Fields that a query bounds rather than looks at: numbers, sizes, what is in stock; and filters that bound them."""

import re
from collections.abc import Iterator, Mapping

from shelfsight.core.filters.tokens import KEYWORDS
from shelfsight.search.atoms.lexicon import MEASURES
from shelfsight.search.atoms.tokens import key_of, keys_of

__all__ = ["BoundedFields", "comparison", "quoted"]

_STOCK = keys_of("instock stock available availability inventory quantity qty")
_SALE = keys_of("onsale sale discounted")
_NAME = re.compile(r"[^\W\d]\w*")
_SIZE = key_of("size")
_WORDS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+")


def comparison(field: str, operator: str, literal: str) -> str | None:
    """``price < 50``; ``None`` for a name that the filter language cannot write."""
    if _NAME.fullmatch(field) and field.lower() not in KEYWORDS:
        return f"{field} {operator} {literal}"
    return None if "`" in field or not field else f"`{field}` {operator} {literal}"


def quoted(value: str) -> str:
    """A text constant of the filter language."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


class BoundedFields:
    """The fields of a catalogue that hold numbers, booleans and sizes.

    Attributes:
        starts: keys of the words that begin the name of a field of numbers.
        has_years: whether one of them holds years.
    """

    def __init__(self, fields: Mapping[str, str], facets: Mapping[str, Mapping[str, int]]) -> None:
        """Of field types, and of value counts of the text fields."""
        self._types = dict(sorted(fields.items(), key=lambda field: (len(field[0]), field[0])))
        self._sizes = {name: counts for name, counts in facets.items() if _SIZE in _keys(name)}
        self._keys: dict[str, str] = {key_of(name): name for name, kind in self._types.items() if kind == "number"}
        self.starts = frozenset(keys[0] for name in self._keys.values() if (keys := _keys(name)))
        self.has_years = self.number("year") is not None

    def number(self, quantity: str) -> str | None:
        """The numeric field of that name or of that quantity (``price``, ``year``); the shortest name of several."""
        if quantity in self._keys:
            return self._keys[quantity]
        return next((name for name in self._of("number") if quantity in map(_quantity, _keys(name))), None)

    def quantity(self, key: str) -> str | None:
        """The quantity that a word or phrase speaks of: a numeric field's own name, or a plain English word."""
        return key if key in self._keys else MEASURES.get(key)

    def available(self, meaning: str, *, negated: bool = False) -> str | None:
        """The filter of a meaning of :data:`~shelfsight.search.atoms.lexicon.AVAILABLE`, where a field knows."""
        wanted = (meaning != "no stock") != negated
        names = _SALE if meaning == "sale" else _STOCK
        for name in self._of("boolean"):
            if _bare(name) in names:
                return comparison(name, "==", "true" if wanted else "false")
        for name in self._of("number"):
            if _bare(name) in names:
                return comparison(name, ">" if wanted else "<=", "0")
        return None

    def size(self, key: str) -> str | None:
        """The filter of a size (``42``, ``xl``), where a field has sizes and, if they are texts, this one."""
        number = next((name for name in self._of("number") if _SIZE in _keys(name)), None)
        if number is not None and re.fullmatch(r"\d+(?:\.\d+)?", key):
            return comparison(number, "==", key)
        for name, values in self._sizes.items():
            written = next((value for value in values if key_of(value) == key_of(key)), None)
            if written is not None and self._types[name] == "text":
                return comparison(name, "==", quoted(written))
        return None

    def _of(self, kind: str) -> Iterator[str]:
        return (name for name, each in self._types.items() if each == kind)


def _keys(name: str) -> list[str]:
    """Keys of the words of a field's name: ``salePrice`` and ``sale_price`` have two."""
    return [key_of(word) for word in _WORDS.findall(name)]


def _quantity(key: str) -> str | None:
    return MEASURES.get(key) if len(key) > 2 else None


def _bare(name: str) -> str:
    """The key of a boolean's name without ``is`` or ``has``."""
    return key_of(re.sub(r"^(?:is|has)(?=[_\W])", "", name, flags=re.IGNORECASE).replace("_", " "))
