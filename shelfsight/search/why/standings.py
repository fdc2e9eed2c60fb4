"""Where an item stood behind each stage of a search."""

from collections.abc import Iterator

from shelfsight.core.why import Standing
from shelfsight.search.inspection import Inspection
from shelfsight.search.ladder import FIRST
from shelfsight.search.planning import DIVERSE, HEAD
from shelfsight.search.second import RERANK
from shelfsight.search.why.subject import Subject

__all__ = ["place_by_vector", "standings_of"]


def standings_of(subject: Subject, seen: Inspection) -> tuple[Standing, ...]:
    """Stages in the order they ran."""
    final = Standing(stage="final", rank=subject.rank, of=seen.total)
    return (*_first_stage(subject, seen), *_later_stages(subject, seen), final)


def place_by_vector(subject: Subject, seen: Inspection) -> int:
    """The place that the item has, or would have, among all that pass, by its best picture alone: exact."""
    match, query = subject.candidate.match, seen.plan.query
    above = seen.snapshot.above(seen.vector, match.score, where=seen.plan.where, exclude=query.exclude)
    return 1 + sum((-each.score, each.id) < (-match.score, match.id) for each in above if each.id != match.id)


def _first_stage(subject: Subject, seen: Inspection) -> Iterator[Standing]:
    candidate, hybrid = subject.candidate, seen.plan.hybrid
    found = seen.listing.found(candidate.match.id)
    ranks = {} if found is None else found.ranks
    by_vector = ranks.get("vector" if hybrid else FIRST) or place_by_vector(subject, seen)
    passing = seen.snapshot.count(seen.plan.ranked)
    yield Standing(stage="vector", rank=by_vector, of=passing, value=candidate.match.score)
    if hybrid:
        rank = ranks.get("words")
        none = "none of the words that were asked for" if not candidate.share else "others have more of the words"
        yield Standing(stage="words", rank=rank, value=candidate.share, note="" if rank else none)
        order = None if found is None else found.order
        yield Standing(stage="retrieval", rank=ranks.get(FIRST), of=passing, value=order)


def _later_stages(subject: Subject, seen: Inspection) -> Iterator[Standing]:
    query, stages = seen.plan.query, seen.stages
    if "rules" in stages:
        yield _standing("rules", subject, seen, f"rules see the first {HEAD}")
    if RERANK in stages:
        depth = min(seen.plan.depth, len(stages[RERANK]))
        rank = _rank(RERANK, subject, seen)
        within = rank is not None and rank <= depth
        note = "" if within else f"the first {depth} were looked at"
        relevance = subject.candidate.relevance
        yield Standing(stage=RERANK, rank=rank, of=depth, value=relevance if within else None, note=note)
    if query.sort:
        fields = [key.field for key in query.sort]
        values = seen.snapshot.values([subject.item.id], fields)[subject.item.id]
        note = ", ".join(f"{name} {value}" for name, value in zip(fields, values, strict=True))
        rank = _rank("sort", subject, seen) if "sort" in stages else subject.rank
        yield Standing(stage="sort", rank=rank, of=seen.total, note=note)
    if "duplicates" in stages:
        folded = subject.lead is not None and subject.lead.folded
        note = "folded into another that looks the same" if folded else f"the first {HEAD} are compared"
        yield _standing("duplicates", subject, seen, note)
    if "diversity" in stages:
        yield _standing("diversity", subject, seen, f"the first {DIVERSE} may be moved")


def _standing(stage: str, subject: Subject, seen: Inspection, otherwise: str) -> Standing:
    rank = _rank(stage, subject, seen)
    return Standing(stage=stage, rank=rank, of=len(seen.stages[stage]), note="" if rank else otherwise)


def _rank(stage: str, subject: Subject, seen: Inspection) -> int | None:
    ids = (each.match.id for each in seen.stages[stage])
    return next((place for place, id in enumerate(ids, start=1) if id == subject.item.id), None)
