"""Words and vectors together: candidates of both, in one order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shelfsight.core.listing import Match, WordMatch, WordQuery, WordsFound
from shelfsight.core.snapshot import Snapshot
from shelfsight.core.vectors import FloatArray
from shelfsight.search.candidates import Candidate, Retrieved
from shelfsight.search.hybrid.fusion import FUSION, WordFusion, standardised
from shelfsight.search.planning import Plan

__all__ = ["POOL", "Pool", "pool", "retrieve"]

POOL = 256
"""Candidates by vector, and by words, at least; and those by whose cosines all are standardised."""

_FEW = 20  # items with the SKU or the name asked for; what more have is a brand or a category, and one reason of many
_PUSHED = 1000.0  # behind all that has nothing the query excludes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What both ways found of one query, before it is put into one order.

    Attributes:
        matches: (n) by vector, then those found by words alone; each with its exact cosine.
        words: id -> what its words say, for those that have any.
        vector_ranks, word_ranks: id -> place in the list that found it, from 1.
        best: cosines of the first by vector.
        top: the best score by words; 0 where there is none.
        named: ids that are asked for by name, in order.
        unwanted: ids whose words the query excludes.
    """

    matches: tuple[Match, ...]
    words: dict[str, WordMatch]
    vector_ranks: dict[str, int]
    word_ranks: dict[str, int]
    best: tuple[float, ...]
    top: float
    named: tuple[str, ...]
    unwanted: frozenset[str]
    corrections: dict[str, str]

    def order(self, fusion: WordFusion) -> list[float]:
        """(n) what each match is ordered by."""
        found = [self.words.get(match.id) for match in self.matches]
        shares = np.array([each.share if each else 0.0 for each in found])
        scores = np.array([each.score / self.top if each else 0.0 for each in found])
        cosines = standardised(np.array([match.score for match in self.matches]), self.best)
        order = fusion.order(cosines, shares, np.clip(scores, 0.0, 1.0))
        order -= _PUSHED * np.array([match.id in self.unwanted for match in self.matches], np.float64)
        top = float(order.max(initial=0.0)) + 1.0
        first = {id: top + len(self.named) - place for place, id in enumerate(self.named)}
        return [first.get(match.id, value) for match, value in zip(self.matches, order.tolist(), strict=True)]


def retrieve(snapshot: Snapshot, plan: Plan, vector: FloatArray, k: int, *, fusion: WordFusion = FUSION) -> Retrieved:
    """The k best items for a plan's words and its (d,) vector; fewer only where fewer pass its filter.

    An item of which the query names the id or SKU is first. An item whose words have what the query excludes is
    behind all others. Without a text, or where the store has no words, this is the order by vector.
    """
    found = pool(snapshot, plan, vector, k)
    order = found.order(fusion)
    ranked = sorted(zip(found.matches, order, strict=True), key=lambda pair: (-pair[1], pair[0].id))[:k]
    return Retrieved(
        candidates=tuple(_candidate(match, value, found) for match, value in ranked), corrections=found.corrections
    )


def pool(snapshot: Snapshot, plan: Plan, vector: FloatArray, k: int) -> Pool:
    """What both ways find of a plan, at least k items where k pass its filter."""
    size, exclude = max(k, POOL), plan.query.exclude
    near = snapshot.search(vector[np.newaxis], size, where=plan.where, exclude=exclude)[0]
    ids = [match.id for match in near]
    asked = WordQuery(text=plan.words.text or "", synonyms=plan.synonyms)
    found = WordsFound()
    words: dict[str, WordMatch] = {}
    if asked.text:
        found = snapshot.words(asked, size, where=plan.where, exclude=exclude)
        words = {match.id: match for match in found.matches}
        if missing := [id for id in ids if id not in words]:
            among = snapshot.words(asked, len(missing), among=missing)
            words |= {match.id: match for match in among.matches}
    alone = snapshot.scored(vector, [match.id for match in found.matches if match.id not in set(ids)])
    matches = (*near, *alone.values())
    return Pool(
        matches=matches,
        words=words,
        vector_ranks={id: rank for rank, id in enumerate(ids, start=1)},
        word_ranks={match.id: rank for rank, match in enumerate(found.matches, start=1)},
        best=tuple(match.score for match in near[:POOL]),
        top=max((match.score for match in words.values()), default=0.0) or 1.0,
        named=_named(found.matches),
        unwanted=_unwanted(snapshot, plan.words.negative, [match.id for match in matches]),
        corrections=dict(found.corrections),
    )


def _named(matches: Sequence[WordMatch]) -> tuple[str, ...]:
    named = [match.id for match in matches if match.exact is not None]
    return tuple(named) if len(named) <= _FEW else ()


def _unwanted(snapshot: Snapshot, negative: Sequence[str], ids: Sequence[str]) -> frozenset[str]:
    """Those of ``ids`` that have one of the terms."""
    found: set[str] = set()
    for term in negative:
        asked = WordQuery(text='"{}"'.format(term.replace('"', " ")), tolerant=False)
        found |= {match.id for match in snapshot.words(asked, len(ids), among=ids).matches} if ids else set()
    return frozenset(found)


def _candidate(match: Match, order: float, found: Pool) -> Candidate:
    words = found.words.get(match.id)
    ranks = {"vector": found.vector_ranks.get(match.id), "words": found.word_ranks.get(match.id)}
    candidate = Candidate(match=match, order=order, ranks={name: rank for name, rank in ranks.items() if rank})
    if words is None:
        return candidate
    reasons = (f"exact {words.exact}",) if words.exact is not None else ()
    return replace(candidate, exact=words.exact, share=words.share, reasons=reasons)
