"""A query's concepts against the index: what stands for words that no item has, and what every document scores."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shelfsight.core.listing import WordQuery
from shelfsight.core.wording import LONGEST, compound, stem
from shelfsight.stores.records import is_text
from shelfsight.stores.words.concepts import Concept, Spoken, Way, code_keys, phrase, spoken, whole_keys
from shelfsight.stores.words.document import ID, KEY
from shelfsight.stores.words.memory import Memory
from shelfsight.stores.words.postings import DocArray, Posting, merged, union, within
from shelfsight.stores.words.vocabulary import tolerance

__all__ = ["Floats", "Indexed", "Scores", "Source", "look_up"]

_Found = tuple[Concept, Posting, float]

_COMPLETED = 0.6
_CORRECTED = 0.9
_LIFT = 0.5  # of its words' score, where they are a whole value of the item
_FEW = 50  # items that share an identifier at most; a value of more is none, whatever it looks like
_COMPLETABLE = 3
_LEAST = np.float32(1e-3)
_NONE = np.zeros(0, np.int32)
_HALF = 3  # letters of each part of a word that lacks a blank


Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scores:
    """What the words of a query say of every document.

    Attributes:
        score: (documents + 1,) a document with score 0 is not found.
        ids: (n,) those whose item's id is the whole query.
        exact: (n,) those that have the whole query as a value, or an identifier that is in it; ``ids`` among them.
        whole: (n,) those that have the whole query as a value.
        parts: each concept's documents, and its share of the weight of all.
        corrections: word as typed -> what was looked up in its place.
    """

    score: Floats
    ids: DocArray
    exact: DocArray
    whole: DocArray
    parts: tuple[tuple[DocArray, float], ...]
    corrections: dict[str, str]

    def shares(self, docs: DocArray) -> Floats:
        """(n,) in [0, 1]: the share of what was asked for, weighted by how rare it is, that each document has."""
        shares = within(docs, self.whole).astype(np.float32)
        had = np.zeros(len(docs))  # float32 would leave what has everything a little below 1
        for having, weight in self.parts:
            had += within(docs, having) * weight
        return np.clip(had.astype(np.float32), np.maximum(shares, _LEAST), 1.0)


class Source(Protocol):
    """Where words are looked up. Documents have numbers from 1 to ``last``."""

    @property
    def items(self) -> int:
        """Items that have words now."""
        ...

    @property
    def last(self) -> int: ...

    def gather(self, concepts: Sequence[Concept], keys: Sequence[str]) -> None:
        """What is going to be asked for: where not every document is at hand, those that matter are fetched."""
        ...

    def posting(self, terms: str) -> Posting:
        """The documents that hold a word, words one behind the other, or a key."""
        ...

    def having(self, terms: str) -> int:
        """Items that hold it now."""
        ...

    def having_any(self, terms: Sequence[str], docs: DocArray) -> int:
        """Items that hold one of ``terms`` now; ``docs`` are the documents that do."""
        ...

    def called(self, id: str) -> DocArray:
        """The documents of the item of exactly this id, which may be all signs."""
        ...

    def near(self, word: str, slips: int) -> dict[str, int]:
        """Words within ``slips`` of ``word`` -> how many slips away."""
        ...

    def beginning(self, start: str) -> list[str]:
        """Some words that begin with ``start`` and go on, shortest first."""
        ...


class Indexed:
    """All documents of ``words.sqlite``, dead ones included."""

    def __init__(self, connection: sqlite3.Connection, memory: Memory) -> None:
        self._connection = connection
        self._memory = memory

    @property
    def items(self) -> int:
        return self._memory.items

    @property
    def last(self) -> int:
        return len(self._memory.lengths) - 1

    def gather(self, concepts: Sequence[Concept], keys: Sequence[str]) -> None:
        """All are at hand."""

    def posting(self, terms: str) -> Posting:
        return self._memory.posting(self._connection, terms)

    def having(self, terms: str) -> int:
        return self._memory.having(self._connection, terms)

    def having_any(self, terms: Sequence[str], docs: DocArray) -> int:
        return self.having(terms[0]) if len(terms) == 1 else self._memory.count(docs)

    def called(self, id: str) -> DocArray:
        if not is_text(id):
            return _NONE
        found = self._connection.execute("SELECT doc FROM docs WHERE id = ?", (id,)).fetchall()
        return np.array([doc for (doc,) in found if doc <= self.last], np.int32)

    def near(self, word: str, slips: int) -> dict[str, int]:
        return self._memory.vocabulary.near(word, slips)

    def beginning(self, start: str) -> list[str]:
        return self._memory.vocabulary.beginning(self._connection, start)


def look_up(source: Source, query: WordQuery) -> Scores:
    """``query`` against all documents of ``source``."""
    search = _Search(source)
    corrections: dict[str, str] = {}
    asked = spoken(query)
    concepts = search.joined(asked.concepts)
    if query.tolerant:
        concepts = [search.meant(concept, corrections) for concept in concepts]
    key, codes = search.keys(asked, query.text)
    source.gather(concepts, [ID + key, KEY + key, *codes] if key else codes)
    found = [(concept, *search.posting(concept)) for concept in concepts]
    score = search.scored(found)
    ids, whole, coded = search.exact(key, codes, query.text)
    exact = union([whole, coded])
    score[exact] = np.maximum(score[exact], _LEAST)  # found, whatever their other words
    search.leave_out(score, found, query.negative)
    total = sum(weight for *_, weight in found) or 1.0
    parts = tuple((posting.docs, weight / total) for _, posting, weight in found)
    return Scores(score, ids[score[ids] > 0], exact[score[exact] > 0], whole, parts, corrections)


class _Search:
    def __init__(self, source: Source) -> None:
        self._source = source

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
        if concept.required or any(self._count(way.terms) for way in concept.ways):
            return concept
        return self._word_meant(concept, corrections) if concept.single else self._chunk_meant(concept, corrections)

    def _word_meant(self, concept: Concept, corrections: dict[str, str]) -> Concept:
        word = concept.words[0]
        if self._count(KEY + word):  # a value of several words, written without blanks
            return replace(concept, ways=(Way(KEY + word),))
        if concept.last and (ways := self._completed(word)):
            return replace(concept, ways=ways)
        slips = tolerance(concept.typed)
        other = self._split(word) or self._nearest(word, slips) if slips else None
        if other is None:
            return concept
        corrections[concept.typed] = other
        return replace(concept, ways=(Way(other, _CORRECTED),))

    def _chunk_meant(self, concept: Concept, corrections: dict[str, str]) -> Concept:
        """A slip is in parts of a chunk that are no words (``t-shrit``), or in the whole of it (``v-nek``)."""
        parts = tuple(concept.typed.split())
        whole = compound(parts) or ""
        if concept.last and (ways := self._completed(whole)):
            return replace(concept, ways=ways)
        others = {part: self._nearest(stem(part), tolerance(part)) for part in parts if not self._count(stem(part))}
        slips = {part: other for part, other in others.items() if other is not None}
        found = [terms for terms in phrase("-".join(slips.get(part, part) for part in parts)) if self._count(terms)]
        if not found and (other := self._nearest(whole, tolerance(whole))) is not None:
            slips, found = {concept.typed: other}, [other]
        if not found:
            return concept
        corrections |= slips
        return replace(concept, ways=tuple(Way(terms, _CORRECTED) for terms in found))

    def posting(self, concept: Concept) -> tuple[Posting, float]:
        """Where it is had, and its weight: BM25's idf, which never is below 0."""
        posting = merged([(self._of(way.terms), way.weight) for way in concept.ways])
        items = self._source.items
        having = self._source.having_any([way.terms for way in concept.ways], posting.docs)
        return posting, float(np.log1p((items - having + 0.5) / (having + 0.5)))

    def scored(self, found: Sequence[_Found]) -> Floats:
        """BM25F summed over the concepts; more where some words of the query are a whole value of the item: a brand,
        a colour, a part of a category."""
        score = np.zeros(self._source.last + 1, np.float32)
        for _, posting, weight in found:
            score[posting.docs] += posting.impacts * np.float32(weight)
        words = [word for concept, *_ in found for word in concept.words]
        worth = [weight / len(concept.words) for concept, _, weight in found for _ in concept.words]
        for key, start, end in whole_keys(words):
            docs = self._of(KEY + key).docs
            docs = docs[score[docs] > 0]
            score[docs] += np.float32(_LIFT * sum(worth[start:end]))
        return score

    def keys(self, asked: Spoken, text: str) -> tuple[str, list[str]]:
        """The whole query in one piece, and the identifiers that are in it."""
        key = "".join(asked.all_words)[: 2 * LONGEST]
        return key, [KEY + code for code in code_keys(text) if self._count(KEY + code) <= _FEW]

    def exact(self, key: str, codes: Sequence[str], text: str) -> tuple[DocArray, DocArray, DocArray]:
        """Documents that have the whole query as their id, those that have it as a value, the id among them, and those
        that have an identifier that is in it."""
        ids = union([self._source.called(text.strip()), self._of(ID + key).docs if key else _NONE])
        whole = union([ids, self._of(KEY + key).docs if key else _NONE])
        return ids, whole, union([self._of(code).docs for code in codes])

    def leave_out(self, score: Floats, found: Sequence[_Found], negative: Sequence[str]) -> None:
        """Documents without what is in quotes, and those with what must not be there, are not found."""
        for concept, posting, _ in found:
            if concept.required:
                kept = score[posting.docs]
                score[:] = 0.0
                score[posting.docs] = kept
        for term in negative:
            for terms in phrase(term):
                score[self._of(terms).docs] = 0.0

    def _of(self, terms: str) -> Posting:
        return self._source.posting(terms)

    def _count(self, terms: str) -> int:
        """Items that have it."""
        return self._source.having(terms)

    def _completed(self, start: str) -> tuple[Way, ...]:
        if len(start) < _COMPLETABLE:
            return ()
        words = self._source.beginning(start)
        if start.endswith("i"):  # the index knows accessories and hoodies as accessory and hoody
            words.append(f"{start[:-1]}y")
        return tuple(Way(word, _COMPLETED) for word in words if self._count(word))

    def _split(self, word: str) -> str | None:
        """The two words that one without a blank stands for, where items have them one behind the other."""
        pairs = [f"{word[:at]} {word[at:]}" for at in range(_HALF, len(word) - _HALF + 1)]
        counts = [(self._count(pair), pair) for pair in pairs]
        best = max(counts, default=(0, ""))
        return best[1] if best[0] else None

    def _nearest(self, word: str, slips: int) -> str | None:
        """The word that is the fewest slips away, then the one that most items have."""
        near = self._source.near(word, slips) if slips else {}
        for away in sorted(set(near.values())):
            counts = [(-self._count(other), other) for other, slips in near.items() if slips == away]
            count, other = min(counts)
            if count:
                return other
        return None


def _plain(concept: Concept) -> bool:
    return len(concept.ways) == 1
