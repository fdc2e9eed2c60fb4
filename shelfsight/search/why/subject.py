"""The item that is asked about, as the search's first stage sees it, and where it stands on the line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shelfsight.core.listing import Match, WordMatch, WordQuery
from shelfsight.core.protocols import Snapshot, StoredItem
from shelfsight.core.types import Value
from shelfsight.core.wording import STOP_WORDS, WORD, fold
from shelfsight.search.arrange import Line, Row
from shelfsight.search.arrange.grouping import scalar
from shelfsight.search.candidates import Candidate
from shelfsight.search.inspection import Inspection
from shelfsight.search.second import RERANK

__all__ = ["Lead", "Subject", "is_met", "subject_of", "words_of"]

_MOST_WORDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Who stands for an item.

    Attributes:
        place: the place, from 1, that it takes, or the hit that it is a variant of.
        folded: the item was folded into it, rather than grouped under it.
    """

    candidate: Candidate
    place: int
    folded: bool
    group: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An item under inspection.

    Attributes:
        candidate: as the line has it, or else as retrieval would.
        rank: its place, from 1.
        lead: who stands for it, where it was folded or grouped.
    """

    item: StoredItem
    candidate: Candidate
    rank: int | None = None
    lead: "Lead | None" = None


def is_met(id: str, line: Line, rows: Sequence[Row], snapshot: Snapshot, field: str | None) -> bool:
    """Whether ``rows`` reach the item, or who stands for it; ``field`` is what hits are grouped by."""
    return _place(_stands(id, line).match.id, rows, snapshot, field) is not None


def subject_of(item: StoredItem, seen: Inspection, *, passes: bool) -> Subject:
    """The item, and where the line has it. One that does not pass, or was cut off, is nowhere, whatever others of its
    group are."""
    line, rows, field = seen.walk.line, seen.walk.rows, seen.plan.query.group_by
    stands = _stands(item.id, line)
    place = _place(stands.match.id, rows, seen.snapshot, field) if passes and line.counts(item.id) else None
    candidate = _candidate(item.id, seen)
    if place is None:
        return Subject(item=item, candidate=candidate)
    row = rows[place - 1]
    if row.lead.match.id == item.id:
        return Subject(item=item, candidate=seen.retrieval.judged([row.lead])[0], rank=place)
    if stands.match.id != item.id:
        return Subject(item=item, candidate=candidate, lead=Lead(candidate=stands, place=place, folded=True))
    lead = Lead(candidate=row.lead, place=place, folded=False, group=row.group)
    return Subject(item=item, candidate=candidate, lead=lead)


def words_of(id: str, seen: Inspection) -> dict[str, bool] | None:
    """Each word that is looked up -> whether the item has it; ``None`` where none are."""
    if not seen.plan.hybrid or seen.plan.words.text is None:
        return None
    typed = dict.fromkeys(WORD.findall(fold(seen.plan.encoded or "")))
    telling = [word for word in typed if word not in STOP_WORDS] or list(typed)
    return {word: bool(_word_matches(word, id, seen)) for word in telling[:_MOST_WORDS]}


def _stands(id: str, line: Line) -> Candidate:
    """Whom an item was folded into; else itself."""
    into = next((lead for lead, ids in line.folded.items() if id in ids), id)
    everyone = (*(pin for _, pin in line.pins), *line.head)
    return next((each for each in everyone if each.match.id == into), Candidate(match=Match(into, 0.0, 0), order=0.0))


def _place(id: str, rows: Sequence[Row], snapshot: Snapshot, field: str | None) -> int | None:
    """Where an item stands, from 1, or where the hit does whose group it is of."""
    group = None if field is None else scalar(snapshot.values([id], [field])[id][0])
    places = enumerate(rows, start=1)
    return next(
        (at for at, row in places if row.lead.match.id == id or (group is not None and scalar(row.group) == group)),
        None,
    )


def _candidate(id: str, seen: Inspection) -> Candidate:
    looked_at = (each for each in seen.stages.get(RERANK, ()) if each.match.id == id)
    found = next(looked_at, None) or seen.listing.found(id)
    if found is None:
        match = seen.snapshot.scored(seen.vector, [id])[id]
        found = Candidate(match=match, order=match.score)
        if seen.plan.hybrid and seen.plan.words.text is not None:
            for words in _word_matches(seen.plan.words.text, id, seen):
                found = replace(found, share=words.share, exact=words.exact)
    return seen.retrieval.judged([found])[0]


def _word_matches(text: str, id: str, seen: Inspection) -> Sequence[WordMatch]:
    return seen.snapshot.words(WordQuery(text=text, synonyms=seen.plan.synonyms), 1, among=[id]).matches
