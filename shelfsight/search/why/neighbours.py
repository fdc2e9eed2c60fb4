"""What stands above an item, and what it has more of."""

from typing import Any

from shelfsight.core.protocols import StoredItem
from shelfsight.core.why import Into, Neighbour
from shelfsight.search.arrange import Row
from shelfsight.search.inspection import Inspection
from shelfsight.search.why.subject import Subject

__all__ = ["above", "into_what"]

_SHOWN = 3
_LEAST = 5e-7
"""A difference that no figure shows is none."""


def above(subject: Subject, seen: Inspection) -> tuple[Neighbour, ...]:
    """The hits right above it, the nearest first."""
    if subject.rank is None:
        return ()
    start = max(0, subject.rank - 1 - _SHOWN)
    rows = list(enumerate(seen.walk.rows[start : subject.rank - 1], start=start + 1))
    items = seen.snapshot.items([row.lead.match.id for _, row in rows])
    return tuple(_neighbour(row, place, items[row.lead.match.id], subject, seen) for place, row in reversed(rows))


def into_what(subject: Subject, seen: Inspection) -> Into | None:
    """The hit that stands for it."""
    if subject.lead is None:
        return None
    lead, own = subject.lead, subject.candidate.match
    match = lead.candidate.match
    shown: dict[str, Any] = {
        "title": seen.snapshot.items([match.id])[match.id].title,
        "picture_index": match.picture_index,
        "rank": lead.place,
    }
    if not lead.folded:
        return Into(id=match.id, how="grouped", group=lead.group, **shown)
    first, second = seen.snapshot.picture_vectors([(match.id, match.picture_index), (own.id, own.picture_index)])
    return Into(id=match.id, how="folded", cosine=float(first @ second), **shown)


def _neighbour(row: Row, place: int, item: StoredItem, subject: Subject, seen: Inspection) -> Neighbour:
    lead, own, query = seen.retrieval.judged([row.lead])[0], subject.candidate, seen.plan.query
    fields = [key.field for key in query.sort]
    values = seen.snapshot.values([item.id], fields)[item.id] if fields else ()
    differences = {"score": lead.match.score - own.match.score, "words": lead.share - own.share}
    if lead.relevance is not None and own.relevance is not None:
        differences["relevance"] = lead.relevance - own.relevance
    return Neighbour(
        id=item.id,
        title=item.title,
        picture=item.pictures[lead.match.picture_index].name,
        picture_index=lead.match.picture_index,
        rank=place,
        score=lead.match.score,
        relevance=lead.relevance,
        words=lead.share if seen.plan.hybrid else None,
        reasons=lead.reasons,
        fields=dict(zip(fields, values, strict=True)),
        more={name: value for name, value in differences.items() if value >= _LEAST},
    )
