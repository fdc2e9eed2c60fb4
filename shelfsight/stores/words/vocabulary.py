"""The words that items have, and those of them that a mistyped or half-typed one may have meant."""

import sqlite3
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Vocabulary", "distances", "tolerance"]

_LONGEST = 32
_SHORT = 4
_COMPLETIONS = 32
_POPULATION = np.array([value.bit_count() for value in range(1 << 16)], np.uint8)


def tolerance(word: str) -> int:
    """Slips forgiven in a word: none in short ones, and none where a digit stands, which names another thing."""
    if len(word) < 4 or len(word) > _LONGEST or not word.isalpha():
        return 0
    return 1 if len(word) < 8 else 2


class Vocabulary:
    """The words of one file in memory, some 30 bytes and the word each. The caller keeps threads apart."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._lengths = np.zeros(0, np.uint8)
        self._letters = np.zeros(0, np.uint64)
        self._read = 0

    def follow(self, connection: sqlite3.Connection) -> None:
        """Take up the words that are new."""
        rows = connection.execute(
            "SELECT number, word FROM vocabulary WHERE number > ? ORDER BY number", (self._read,)
        ).fetchall()
        if rows:
            words = [word for _, word in rows]
            self._read = rows[-1][0]
            self._words += words
            lengths = np.fromiter((min(len(word), 255) for word in words), np.uint8, len(words))
            letters = np.fromiter(map(_letters, words), np.uint64, len(words))
            self._lengths = np.concatenate([self._lengths, lengths])
            self._letters = np.concatenate([self._letters, letters])

    def near(self, word: str, slips: int) -> dict[str, int]:
        """Words within ``slips`` of ``word`` -> how many slips away. Of four letters with another one among them a word
        is as often another word: no ``boot`` is meant by ``boat``."""
        close = np.abs(self._lengths.astype(np.int16) - len(word)) <= slips
        close &= self._lengths <= _LONGEST
        places = np.flatnonzero(close)
        # A slip takes away one letter and brings one at most.
        places = places[_bits(self._letters[places] ^ np.uint64(_letters(word))) <= 2 * slips]
        candidates = [self._words[place] for place in places.tolist()]
        if len(word) == _SHORT:
            candidates = [other for other in candidates if len(other) != _SHORT or sorted(other) == sorted(word)]
        found = distances(word, candidates).tolist()
        return {other: away for other, away in zip(candidates, found, strict=True) if 0 < away <= slips}

    def beginning(self, connection: sqlite3.Connection, start: str) -> list[str]:
        """Some words that begin with ``start`` and go on, shortest first."""
        rows = connection.execute(
            "SELECT word FROM vocabulary WHERE word > ? AND word < ? ORDER BY length(word), word LIMIT ?",
            (start, start[:-1] + chr(ord(start[-1]) + 1), _COMPLETIONS),
        )
        return [row[0] for row in rows]


def distances(word: str, others: Sequence[str]) -> npt.NDArray[np.int16]:
    """(n,) letters to put in, take out, change or swap with the next to make each of ``others`` of ``word``: optimal
    string alignment, which is the distance of F. Damerau (1964) and V. Levenshtein (1966) without edits between two
    letters that were swapped. All are worked out together, one cell of the table at a time."""
    if not others:
        return np.zeros(0, np.int16)
    width = max(map(len, others))
    codes = np.array(others, f"U{width}").view(np.uint32).reshape(len(others), width).T
    before = np.zeros((width + 1, len(others)), np.int16)
    above = np.repeat(np.arange(width + 1, dtype=np.int16)[:, None], len(others), axis=1)
    for i, letter in enumerate(map(ord, word)):
        row = np.empty_like(above)
        row[0] = i + 1
        for j in range(width):
            row[j + 1] = np.minimum(np.minimum(row[j], above[j + 1]) + 1, above[j] + (codes[j] != letter))
            if i and j:
                swapped = (codes[j] == ord(word[i - 1])) & (codes[j - 1] == letter)
                row[j + 1] = np.where(swapped, np.minimum(row[j + 1], before[j - 1] + 1), row[j + 1])
        before, above = above, row
    lengths = np.fromiter(map(len, others), np.int64, len(others))
    return above[lengths, np.arange(len(others))]


def _letters(word: str) -> int:
    """A set of letters as bits; letters far apart may share one, which only lets more words through."""
    bits = 0
    for character in word:
        bits |= 1 << (ord(character) & 63)
    return bits


def _bits(sets: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """(n,) how many bits are set in each."""
    return np.asarray(_POPULATION[sets.view(np.uint16)].reshape(-1, 4).sum(axis=1, dtype=np.int64))
