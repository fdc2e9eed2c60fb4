"""Words as search compares them: without case, accents, possessives and plural endings.

A run of letters and digits is a word. Words joined by one of ``- ' . & + _`` are a *chunk* (``t-shirt``, ``H&M``,
``MS-10``) that is looked up in parts and in one piece, so that ``tshirt`` and ``MS10`` are the same.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["CHUNK", "LONGEST", "STOP_WORDS", "WORD", "chunks", "compound", "fold", "key", "read", "stem", "words"]

LONGEST = 48
"""Characters of a word that count."""

_TELL_NOTHING = """
a an and any are as at be by can do for from has have i in is it its me my of on or our please show some than that the
their them then there these they this to want was we were what which who will with you your
"""
STOP_WORDS = frozenset(_TELL_NOTHING.split())
"""They say nothing of an item; a query that is nothing else is looked up by them all the same."""

CHUNK = re.compile(r"[^\W_]+(?:[-'\u2019.&+_][^\W_]+)*")
"""A word, or words joined by signs."""
WORD = re.compile(r"[^\W_]+")
_JOINED = re.compile(r"[^\W_]+(?:[-'\u2019.&+_][^\W_]+)+")
_MAYBE_JOINED = re.compile(r"[-'\u2019.&+_][^\W_]")  # several times as fast as the other where there is none
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_COMPOUND_PARTS = 4
_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "scarves": "scarf",
    "shelves": "shelf",
    "knives": "knife",
    "axes": "axe",
}


def fold(text: str) -> str:
    """``text`` without case, accents and the endings of possessives."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(character for character in decomposed if not unicodedata.combining(character))
    text = text.casefold()
    return _POSSESSIVE.sub("", text) if "'" in text or "\u2019" in text else text


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A folded word without its plural ending.

    D. Harman, *How effective is suffixing?* (1991), the S stemmer, with ``-sses``, ``-shes``, ``-ches`` and ``-xes``
    taken back to ``-ss`` and so on, and a few plurals that no rule makes. It makes ``-y`` of ``-ies``, so of ``-ie``
    too: ``hoodie``, ``hoodies`` and ``hoody`` are one. A word with a digit stays as it is.
    """
    word = word[:LONGEST]
    if len(word) < 4 or not word.isalpha():
        return _IRREGULAR.get(word, word)
    singular = word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        singular = word[:-3] + "y" if len(word) > 4 else word[:-1]
    elif word.endswith("ie") and not word.endswith(("eie", "aie")):
        singular = word[:-2] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        singular = word[:-2]
    elif word.endswith("s") and not word.endswith(("us", "ss", "is")):
        singular = word[:-1]
    return _IRREGULAR.get(singular, singular)


def chunks(text: str) -> Iterator[tuple[str, ...]]:
    """The parts of each chunk of ``text``, folded, in order."""
    for match in CHUNK.finditer(fold(text)):
        yield tuple(WORD.findall(match[0]))


def words(text: str) -> list[str]:
    """Every word of ``text``, folded and stemmed, in order."""
    return list(map(stem, WORD.findall(fold(text))))


def read(text: str) -> tuple[list[str], list[str]]:
    """Every word of ``text``, folded and stemmed, in order; and its chunks of several parts in one piece."""
    text = fold(text)
    found = _JOINED.findall(text) if _MAYBE_JOINED.search(text) else ()
    joined = (compound(tuple(WORD.findall(chunk))) for chunk in found)
    return list(map(stem, WORD.findall(text))), [word for word in joined if word]


def compound(parts: tuple[str, ...]) -> str | None:
    """A chunk in one piece, stemmed; ``None`` where it has one part only, or too many."""
    return stem("".join(parts)) if 1 < len(parts) <= _COMPOUND_PARTS else None


def key(text: str) -> str:
    """What is left of a value when only its letters and digits count: ``MS-10`` and ``ms 10`` are the same."""
    return "".join(words(text))[: 2 * LONGEST]
