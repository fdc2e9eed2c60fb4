"""A query's concepts against the index: what stands for words that no item has, and what every document scores."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from shelfsight.core.listing import WordQuery
from shelfsight.core.wording import LONGEST
from shelfsight.stores.blocks import BoolArray
from shelfsight.stores.records import is_text
from shelfsight.stores.words.concepts import Concept, Spoken, Way, code_keys, phrase, spoken, whole_keys
from shelfsight.stores.words.document import KEY
from shelfsight.stores.words.memory import Memory
from shelfsight.stores.words.postings import DocArray, Posting, merged
from shelfsight.stores.words.vocabulary import tolerance

__all__ = ["Scores", "look_up"]

_COMPLETED = 0.6
_CORRECTED = 0.9
_LIFT = 0.5  # of its words' score, where they are a whole value of the item
_FEW = 50  # items that share an identifier at most; a value of more is none, whatever it looks like
_COMPLETABLE = 3
_LEAST = np.float32(1e-3)
_HALF = 3  # letters of each part of a word that lacks a blank


@dataclass(frozen=True, slots=True)
class Scores:
    """What the words of a query say of every document.

    Attributes:
        score, share: (documents + 1,) float32; a document with score 0 is not found.
        exact: (documents + 1,) it has the whole query as a value, or an identifier that is in it.
        corrections: word as typed -> what was looked up in its place.
    """

    score: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]
    exact: BoolArray
    corrections: dict[str, str] = field(default_factory=dict)


def look_up(connection: sqlite3.Connection, memory: Memory, query: WordQuery) -> Scores:
    """``query`` against all documents, dead ones included."""
    search = _Search(connection, memory)
    asked = spoken(query)
    corrections: dict[str, str] = {}
    concepts = search.joined(asked.concepts)
    if query.tolerant:
        concepts = [search.meant(concept, corrections) for concept in concepts]
    found = [(concept, search.posting(concept)) for concept in concepts]
    scores = search.scores(found)
    search.mark_exact(scores, asked, query.text)
    search.leave_out(scores, found, query.negative)
    return replace(scores, corrections=corrections)


class _Search:
    def __init__(self, connection: sqlite3.Connection, memory: Memory) -> None:
        self._connection = connection
        self._memory = memory

    def joined(self, concepts: Sequence[Concept]) -> list[Concept]:
        """Two words one behind the other may be written as one (``t shirt``): where some item does, they are one
        concept, had by either spelling."""
        joined: list[Concept] = []
        for concept in concepts:
            before = joined[-1] if joined else None
            if before is not None and before.single and concept.single and _plain(before) and _plain(concept):
                one = before.words[0] + concept.words[0]
                if min(len(before.words[0]), len(concept.words[0])) < 5 and self._count(one):
                    both = (*before.words, *concept.words)
                    ways = (Way(" ".join(both)), Way(one))
                    joined[-1] = Concept(both, ways, last=concept.last, typed=f"{before.typed} {concept.typed}")
                    continue
            joined.append(concept)
        return joined

    def meant(self, concept: Concept, corrections: dict[str, str]) -> Concept:
        """``concept``, or what was meant by it where no item has it."""
        if not concept.single or any(self._count(way.terms) for way in concept.ways):
            return concept
        word = concept.words[0]
        if self._count(KEY + word):  # a value of several words, written without blanks
            return replace(concept, ways=(Way(KEY + word),))
        if concept.last and (ways := self._completed(word)):
            return replace(concept, ways=ways)
        other = self._split(word) or self._nearest(word)
        if other is None:
            return concept
        corrections[concept.typed] = other
        return replace(concept, ways=(Way(other, _CORRECTED),))

    def posting(self, concept: Concept) -> Posting:
        return merged([(self._of(way.terms), way.weight) for way in concept.ways])

    def scores(self, found: Sequence[tuple[Concept, Posting]]) -> Scores:
        """BM25F summed over the concepts, and the share of their weight (idf) that a document has."""
        size = len(self._memory.lengths)
        score, share = np.zeros(size, np.float32), np.zeros(size, np.float32)
        weights = [self._weight(posting) for _, posting in found]
        total = sum(weights) or 1.0
        for (_, posting), weight in zip(found, weights, strict=True):
            score[posting.docs] += posting.impacts * np.float32(weight)
            share[posting.docs] += np.float32(weight / total)
        self._lift(score, found, weights)
        return Scores(score, np.minimum(share, 1.0), np.zeros(size, np.bool_))

    def mark_exact(self, scores: Scores, asked: Spoken, text: str) -> None:
        """Found are these whatever their other words."""
        whole = [self._called(text.strip())]
        if asked.all_words:
            whole.append(self._of(KEY + "".join(asked.all_words)[: 2 * LONGEST]).docs)
        codes = [self._of(KEY + key).docs for key in code_keys(text)]
        for docs in whole:
            scores.share[docs] = 1.0
        for docs in (*whole, *(docs for docs in codes if self._memory.count(docs) <= _FEW)):
            scores.exact[docs] = True
            scores.score[docs] = np.maximum(scores.score[docs], _LEAST)
            scores.share[docs] = np.maximum(scores.share[docs], _LEAST)

    def leave_out(self, scores: Scores, found: Sequence[tuple[Concept, Posting]], negative: Sequence[str]) -> None:
        """Documents without what is in quotes, and those with what must not be there, are not found."""
        for concept, posting in found:
            if concept.required:
                without = np.ones(len(scores.score), np.bool_)
                without[posting.docs] = False
                scores.score[without] = 0.0
        for term in negative:
            for terms in phrase(term):
                scores.score[self._of(terms).docs] = 0.0

    def _called(self, id: str) -> DocArray:
        """The documents of the item of exactly this id, which may be all signs."""
        if not is_text(id):
            return np.zeros(0, np.int32)
        found = self._connection.execute("SELECT doc FROM docs WHERE id = ?", (id,)).fetchall()
        return np.array([doc for (doc,) in found if doc < len(self._memory.lengths)], np.int32)

    def _of(self, terms: str) -> Posting:
        return self._memory.postings.of(self._connection, self._memory.lengths, terms)

    def _count(self, terms: str) -> int:
        """Items that have it."""
        return self._memory.count(self._of(terms).docs)

    def _weight(self, posting: Posting) -> float:
        """BM25's idf, which never is below 0."""
        items, having = self._memory.items, self._memory.count(posting.docs)
        return float(np.log1p((items - having + 0.5) / (having + 0.5)))

    def _lift(
        self, score: npt.NDArray[np.float32], found: Sequence[tuple[Concept, Posting]], weights: Sequence[float]
    ) -> None:
        """More for items of which some of the words are a whole value: a brand, a colour, a part of a category."""
        words = [word for concept, _ in found for word in concept.words]
        worth = [
            weight / len(concept.words)
            for (concept, _), weight in zip(found, weights, strict=True)
            for _ in concept.words
        ]
        for key, start, end in whole_keys(words):
            docs = self._of(KEY + key).docs
            docs = docs[score[docs] > 0]
            score[docs] += np.float32(_LIFT * sum(worth[start:end]))

    def _completed(self, start: str) -> tuple[Way, ...]:
        if len(start) < _COMPLETABLE:
            return ()
        words = self._memory.vocabulary.beginning(self._connection, start)
        return tuple(Way(word, _COMPLETED) for word in words if self._count(word))

    def _split(self, word: str) -> str | None:
        """The two words that one without a blank stands for, where items have them one behind the other."""
        if not tolerance(word):
            return None
        pairs = [f"{word[:at]} {word[at:]}" for at in range(_HALF, len(word) - _HALF + 1)]
        counts = [(self._count(pair), pair) for pair in pairs]
        best = max(counts, default=(0, ""))
        return best[1] if best[0] else None

    def _nearest(self, word: str) -> str | None:
        """The word that is the fewest slips away, then the one that most items have."""
        near = self._memory.vocabulary.near(word, tolerance(word)) if tolerance(word) else {}
        for slips in sorted(set(near.values())):
            counts = [(-self._count(other), other) for other, away in near.items() if away == slips]
            count, other = min(counts)
            if count:
                return other
        return None


def _plain(concept: Concept) -> bool:
    return len(concept.ways) == 1
