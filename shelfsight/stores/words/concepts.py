"""What is asked by words, taken apart: *concepts*, each of which an item has in one of several ways or has not."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shelfsight.core import wording
from shelfsight.core.listing import WordQuery

__all__ = ["Concept", "Spoken", "Way", "code_keys", "phrase", "spoken", "whole_keys"]

_QUOTED = re.compile(r'"([^"]*)(?:"|$)')
_MOST = 48  # concepts of a query; a pasted page is not read further
_SPAN = 4  # words of a value asked for among others
_SYNONYM = 0.9
_CODE_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have a concept: words one behind the other, separated by blanks; its weight is in (0, 1]."""

    terms: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Concept:
    """A word, a chunk or a quoted phrase.

    Attributes:
        words: as folded and stemmed, in order.
        ways: any of them will do.
        required: an item without it is not found by words; the person has put it in quotes.
        last: the text ends with it; it may be half typed.
        typed: as folded only.
    """

    words: tuple[str, ...]
    ways: tuple[Way, ...]
    required: bool = False
    last: bool = False
    typed: str = ""

    @property
    def single(self) -> bool:
        return len(self.words) == 1 and not self.required


@dataclass(frozen=True, slots=True)
class Spoken:
    """A query's concepts; ``all_words`` also holds those that say nothing."""

    concepts: tuple[Concept, ...]
    all_words: tuple[str, ...]


def spoken(query: WordQuery) -> Spoken:
    """The concepts of a query, no two the same. Words that say nothing are none, unless there are no others."""
    found: list[Concept] = []
    position = 0
    for quoted in _QUOTED.finditer(query.text):
        found += _free(query.text[position : quoted.start()])
        words = tuple(wording.words(quoted[1]))[:_MOST]
        if words:
            ways = tuple(Way(terms) for terms in phrase(quoted[1]))
            found.append(Concept(words, ways, required=True))
        position = quoted.end()
    tail = query.text[position:]
    found += _free(tail)
    telling = [concept for concept in found if concept.required or not _says_nothing(concept)] or found
    telling = list({concept.words: concept for concept in telling}.values())[:_MOST]
    if telling and tail.strip() and telling[-1] == found[-1] and tail[-1:].isalnum():
        telling[-1] = replace(telling[-1], last=True)
    synonyms = _synonyms(query.synonyms)
    return Spoken(
        tuple(_widened(telling, synonyms)),
        tuple(word for concept in found for word in concept.words)[: 2 * _MOST],
    )


def phrase(text: str) -> tuple[str, ...]:
    """What to look for to find a word or phrase: it as words, and in one piece where it is a chunk."""
    parts = list(wording.chunks(text))
    words = " ".join(wording.stem(word) for chunk in parts for word in chunk)
    joined = wording.compound(parts[0]) if len(parts) == 1 else None
    return tuple(dict.fromkeys(filter(None, (words, joined))))


def whole_keys(words: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """(key, first, end) of every run of up to a few words that may be a whole value."""
    for start in range(min(len(words), _MOST)):
        for end in range(start + 1, min(start + _SPAN, len(words)) + 1):
            yield "".join(words[start:end])[: 2 * wording.LONGEST], start, end


def code_keys(text: str) -> list[str]:
    """Keys of what looks like an identifier: it has a digit, and letters too or four digits at least. A number and
    the word before it may be one (``ms 10``)."""
    pieces = [wording.key(match[0]) for match in _CODE_WORD.finditer(text[:2000])]
    pairs = [a + b for a, b in pairwise(pieces) if a.isalpha() and len(a) < 6 and b[:1].isdigit()]
    return list(dict.fromkeys(piece for piece in (*pieces, *pairs) if _is_code(piece)))


def _is_code(piece: str) -> bool:
    digits = sum(character.isdigit() for character in piece)
    return digits > 0 and (len(piece) > 2 if digits < len(piece) else digits > 3)


def _free(text: str) -> list[Concept]:
    """One concept a chunk of text outside quotes."""
    found = []
    for parts in wording.chunks(text):
        joined = wording.compound(parts)
        words = tuple(map(wording.stem, parts))
        ways = [Way(" ".join(words)), *([Way(joined)] if joined else [])]
        found.append(Concept(words, tuple(ways), typed=" ".join(parts)))
        if len(found) >= 2 * _MOST:
            break
    return found


def _says_nothing(concept: Concept) -> bool:
    return all(word in wording.STOP_WORDS for word in concept.words)


def _synonyms(given: Mapping[str, Sequence[str]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    read = {tuple(wording.words(typed)): others for typed, others in given.items()}
    return {words: tuple(way for other in others for way in phrase(other)) for words, others in read.items() if words}


def _widened(concepts: Sequence[Concept], synonyms: Mapping[tuple[str, ...], tuple[str, ...]]) -> Iterator[Concept]:
    """Concepts with what counts as well; several that make up a phrase with synonyms become one."""
    longest = max(map(len, synonyms), default=0)
    start = 0
    while start < len(concepts):
        for end in range(min(len(concepts), start + longest), start, -1):
            run = concepts[start:end]
            words = tuple(word for concept in run for word in concept.words)
            if words in synonyms and (len(run) == 1 or not any(concept.required for concept in run)):
                ways = run[0].ways if len(run) == 1 else (Way(" ".join(words)),)
                others = (Way(other, _SYNONYM) for other in synonyms[words])
                typed = " ".join(concept.typed for concept in run)
                yield Concept(words, (*ways, *others), run[0].required, run[-1].last, typed)
                start = end
                break
        else:
            yield concepts[start]
            start += 1
