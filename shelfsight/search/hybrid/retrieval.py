"""Words and vectors together: candidates of both, in one order."""

from dataclasses import replace

from shelfsight.core.listing import Match, WordMatch
from shelfsight.core.snapshot import Snapshot
from shelfsight.core.vectors import FloatArray
from shelfsight.search.candidates import Candidate, Retrieved
from shelfsight.search.hybrid.fusion import FUSION, WordFusion
from shelfsight.search.hybrid.pool import POOL, Pool, look_up, pool
from shelfsight.search.planning import Plan

__all__ = ["everything", "retrieve"]


def retrieve(snapshot: Snapshot, plan: Plan, vector: FloatArray, k: int, *, fusion: WordFusion = FUSION) -> Retrieved:
    """The k best items for a plan's words and its (d,) vector; fewer only where fewer pass its filter.

    Items of which the query names the id, the SKU or the title are first, unless these are many. Items whose words
    have what the query excludes are behind all others. Without a text, or where the store has no words, this is the
    order by vector.
    """
    found = pool(snapshot, plan, vector, k)
    order = found.arranged(fusion.order(found.readings))
    ranked = sorted(zip(found.matches, order, strict=True), key=lambda pair: (-pair[1], pair[0].id))[:k]
    return Retrieved(
        candidates=tuple(_candidate(match, value, found) for match, value in ranked), corrections=found.corrections
    )


def everything(snapshot: Snapshot, plan: Plan, vector: FloatArray, cosine: float) -> list[Candidate]:
    """All that pass a plan's filter and have at least this cosine with its (d,) vector, or a whole value that is asked
    for, with what their words say; ordered by their cosines, and in no order here."""
    near = snapshot.above(vector, cosine, where=plan.where, exclude=plan.query.exclude)
    ids, size = [match.id for match in near], POOL
    while True:
        looked = look_up(snapshot, plan, size)
        named = [match.id for match in looked.found.matches if match.exact is not None]
        if len(named) < size:  # they are the first of what is found
            break
        size *= 16
    words, known = looked.of(ids, snapshot), set(ids)
    alone = snapshot.scored(vector, [id for id in named if id not in known])
    return [_said(Candidate(match=match, order=match.score), words.get(match.id)) for match in (*near, *alone.values())]


def _candidate(match: Match, order: float, found: Pool) -> Candidate:
    places = {"vector": found.vector_ranks.get(match.id), "words": found.word_ranks.get(match.id)}
    ranks = {name: rank for name, rank in places.items() if rank}
    candidate = Candidate(match=match, order=order, named=match.id in found.named, ranks=ranks)
    return _said(candidate, found.words.get(match.id))


def _said(candidate: Candidate, words: WordMatch | None) -> Candidate:
    """``candidate`` with what its words say."""
    if words is None:
        return candidate
    reasons = (f"exact {words.exact}",) if words.exact is not None else ()
    return replace(candidate, exact=words.exact, share=words.share, reasons=reasons)
