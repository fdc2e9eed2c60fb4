"""What is found of one query by vector and by words, before it is put into one order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfsight.core.listing import Match, WordMatch, WordQuery, WordsFound
from shelfsight.core.snapshot import Snapshot
from shelfsight.core.vectors import FloatArray
from shelfsight.search.hybrid.fusion import Floats, Readings, standardised
from shelfsight.search.hybrid.spelling import texts, written
from shelfsight.search.planning import Plan
from shelfsight.search.query import understand

__all__ = ["POOL", "Pool", "look_up", "pool"]

POOL = 256
"""Candidates by vector, and by words, at least; and those by whose cosines all are standardised."""

_FEW = 20  # items with the SKU or the name asked for; what more have is a brand or a category, and one reason of many


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The candidates of one query.

    Attributes:
        matches: (n) by vector, then those found by words alone; each with its exact cosine.
        words: id -> what its words say, for those that have any of the query's.
        vector_ranks, word_ranks: id -> place in the list that found it, from 1.
        readings: of the matches, in their order.
        named: ids that are asked for by name -> their places among these, from 0.
        unwanted: ids whose words the query excludes.
        corrections: word as typed -> the word that was looked up in its place.
    """

    matches: tuple[Match, ...]
    words: dict[str, WordMatch]
    vector_ranks: dict[str, int]
    word_ranks: dict[str, int]
    readings: Readings
    named: dict[str, int]
    unwanted: frozenset[str]
    corrections: dict[str, str]

    def arranged(self, order: Floats) -> list[float]:
        """(n) what each match is ordered by, from what a fusion says: those named first, those unwanted last."""
        unwanted = np.array([match.id in self.unwanted for match in self.matches], np.bool_)
        if unwanted.any():  # no further than that takes: stages behind this one measure by the spread of the order
            order = order - unwanted * (float(np.ptp(order)) + 1.0)
        top = float(order.max(initial=0.0)) + 1.0
        first = {id: top + len(self.named) - place for id, place in self.named.items()}
        return [first.get(match.id, value) for match, value in zip(self.matches, order.tolist(), strict=True)]


def pool(snapshot: Snapshot, plan: Plan, vector: FloatArray, k: int) -> Pool:
    """What both ways find of a plan, at least k items where k pass its filter."""
    size = max(k, POOL)
    near = snapshot.search(vector[np.newaxis], size, where=plan.where, exclude=plan.query.exclude)[0]
    ids = [match.id for match in near]
    looked = look_up(snapshot, plan, size)
    found, words = looked.found, looked.of(ids, snapshot)
    known = set(ids)
    alone = snapshot.scored(vector, [match.id for match in found.matches if match.id not in known])
    matches = (*near, *alone.values())
    return Pool(
        matches=matches,
        words=words,
        vector_ranks={id: rank for rank, id in enumerate(ids, start=1)},
        word_ranks={match.id: rank for rank, match in enumerate(found.matches, start=1)},
        readings=_readings(snapshot, matches, words, [match.score for match in near[:POOL]]),
        named=_named(found.matches),
        unwanted=_unwanted(snapshot, looked.negative, [match.id for match in matches]),
        corrections=written(found, snapshot),
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked up by words.

    Attributes:
        asked: what in the end.
        negative: what is not wanted.
        found: the best.
    """

    asked: WordQuery | None
    negative: tuple[str, ...]
    found: WordsFound

    def of(self, ids: Sequence[str], snapshot: Snapshot) -> dict[str, WordMatch]:
        """What the words say of what was found, and of ``ids``."""
        words = {match.id: match for match in self.found.matches}
        if self.asked is not None and (missing := [id for id in ids if id not in words]):
            words |= {match.id: match for match in snapshot.words(self.asked, len(missing), among=missing).matches}
        return words


def look_up(snapshot: Snapshot, plan: Plan, size: int) -> Looked:
    """The ``size`` best of a plan by words."""
    if plan.words.text is None:
        return Looked(None, plan.words.negative, WordsFound())
    typed = understand(plan.query) if plan.atoms is None else plan.words
    where, exclude = plan.where, plan.query.exclude
    asked = WordQuery(text=typed.text or "", synonyms=plan.synonyms)
    found = snapshot.words(asked, size, where=where, exclude=exclude)
    named = any(match.exact is not None for match in found.matches)  # a name may hold any word, "no" among them
    if typed.text != plan.words.text and not named:
        asked = WordQuery(text=plan.words.text, synonyms=plan.synonyms)
        found = snapshot.words(asked, size, where=where, exclude=exclude)
    return Looked(asked, typed.negative if named else plan.words.negative, found)


def _readings(
    snapshot: Snapshot, matches: Sequence[Match], words: dict[str, WordMatch], best: Sequence[float]
) -> Readings:
    found = [words.get(match.id) for match in matches]
    top = max((match.score for match in words.values()), default=0.0) or 1.0
    items = snapshot.items([match.id for match in matches if match.id not in words]) if words else {}
    silent = {id for id, item in items.items() if not any(texts(item))}
    return Readings(
        cosines=standardised(np.array([match.score for match in matches], np.float64), best),
        shares=np.array([each.share if each else 0.0 for each in found], np.float64),
        scores=np.array([min(each.score / top, 1.0) if each else 0.0 for each in found], np.float64),
        silent=np.array([match.id in silent for match in matches], np.float64),
    )


def _named(matches: Sequence[WordMatch]) -> dict[str, int]:
    named = [match.id for match in matches if match.exact is not None]
    few = named if len(named) <= _FEW else [match.id for match in matches if match.exact == "id"]
    return {id: place for place, id in enumerate(few)}


def _unwanted(snapshot: Snapshot, negative: Sequence[str], ids: Sequence[str]) -> frozenset[str]:
    """Those of ``ids`` that have one of the terms."""
    found: set[str] = set()
    for term in negative:
        asked = WordQuery(text='"{}"'.format(term.replace('"', " ")), tolerant=False)
        found |= {match.id for match in snapshot.words(asked, len(ids), among=ids).matches} if ids else set()
    return frozenset(found)
