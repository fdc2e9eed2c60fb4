"""How many products a query wants to see: "set of 3", "two", "3 pack", "2 shirts"."""

from collections.abc import Sequence

from shelfsight.search.atoms.amounts import key_at
from shelfsight.search.atoms.lexicon import LEXICON, NUMBERS
from shelfsight.search.atoms.tokens import Token, key_of

__all__ = ["number_word", "read_count"]

_SETS = frozenset(map(key_of, ("set", "pack", "box", "bundle", "lot", "collection", "group")))
_SETS_AFTER = frozenset(map(key_of, ("set", "pack")))
_MOST = 99
_FIGURES = 12
_BETWEEN = 4
"""Words from a figure to what it counts, at most."""

_WORDS = {number: word for word, number in reversed(NUMBERS.items())}


def read_count(tokens: Sequence[Token], at: int, *, alone: bool) -> tuple[int, int] | None:
    """The number said at token ``at``, if one is, and the token after it. "A pair of shoes" is no number of products.

    Args:
        alone: no other content stands right before, so that a figure counts what comes: "2 shirts", not "Air 2 shoes".
    """
    token = tokens[at]
    if token.key in _SETS and key_at(tokens, at + 1) == "of":
        number = _number(tokens, at + 2)
        return None if number is None else (number, at + 3)
    number = _number(tokens, at)
    if number is None or token.joined:
        return None
    if key_at(tokens, at + 1) in _SETS_AFTER:
        return number, at + 2
    if token.form == "word" or (alone and number <= _FIGURES and _counted(tokens[at + 1 : at + 1 + _BETWEEN])):
        return number, at + 1
    return None


def number_word(number: int) -> str:
    """The number as it is asked of a picture: ``three``; in figures from thirteen on."""
    return _WORDS.get(number, str(number))


def _number(tokens: Sequence[Token], at: int) -> int | None:
    key = key_at(tokens, at)
    if key in NUMBERS:
        return NUMBERS[key]
    figures = key.isdecimal() and len(key) <= 2 and tokens[at].form == "number"
    return int(key) if figures and 2 <= int(key) <= _MOST else None


def _counted(tokens: Sequence[Token]) -> bool:
    """Whether a kind or a part of a product follows, with nothing but words for its looks before it."""
    for token in tokens:
        word = LEXICON.get(token.key) if token.form == "word" else None
        if word is None or word.role in ("kind", "thing"):
            return word is not None
    return False
