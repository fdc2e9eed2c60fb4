"""Words and vectors together: candidates of both, in one order."""

from dataclasses import replace

from shelfsight.core.listing import Match
from shelfsight.core.snapshot import Snapshot
from shelfsight.core.vectors import FloatArray
from shelfsight.search.candidates import Candidate, Retrieved
from shelfsight.search.hybrid.fusion import FUSION, WordFusion
from shelfsight.search.hybrid.pool import Pool, pool
from shelfsight.search.planning import Plan

__all__ = ["retrieve"]


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


def _candidate(match: Match, order: float, found: Pool) -> Candidate:
    ranks = {"vector": found.vector_ranks.get(match.id), "words": found.word_ranks.get(match.id)}
    candidate = Candidate(match=match, order=order, ranks={name: rank for name, rank in ranks.items() if rank})
    words = found.words.get(match.id)
    if words is None:
        return candidate
    reasons = (f"exact {words.exact}",) if words.exact is not None else ()
    return replace(candidate, exact=words.exact, share=words.share, reasons=reasons)
