"""What would have to change for an item to be found, or to stand higher."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from shelfsight.core.rules import MOST_FACTOR
from shelfsight.core.why import Change, Condition, Into, RuleEffect
from shelfsight.search.arrange import named
from shelfsight.search.candidates import Candidate
from shelfsight.search.inspection import Inspection, Walk
from shelfsight.search.planning import HEAD
from shelfsight.search.rules.boosting import worths
from shelfsight.search.why.subject import Subject

__all__ = ["changes_for"]


def changes_for(
    subject: Subject,
    seen: Inspection,
    conditions: Sequence[Condition],
    rules: Sequence[RuleEffect],
    into: Into | None,
) -> tuple[Change, ...]:
    """What would, the nearest at hand first; nothing for the first hit."""
    failed = [each for each in conditions if not each.passes]
    if failed:
        return tuple(_to_pass(each) for each in failed)
    if into is not None:
        return (_to_stand_alone(into, seen),)
    if subject.rank is None:
        return tuple(_to_be_relevant(subject, seen.walk))
    return tuple(_to_rise(subject, seen, seen.walk, subject.rank, rules)) if subject.rank > 1 else ()


def _to_pass(condition: Condition) -> Change:
    match condition.source:
        case "rule":
            return Change(kind="rule", text=f"take it out of what the rule {condition.text!r} hides")
        case "excluded":
            return Change(kind="query", text=f"ask otherwise: {condition.text}")
        case "limit":
            return Change(kind="filter", text=f"ask without {condition.text}, which the query says{_has(condition)}")
        case "filter":
            return Change(kind="filter", text=f"ask without {condition.text}{_has(condition)}")


def _has(condition: Condition) -> str:
    told = (f"{name} is {'not given' if value is None else value}" for name, value in condition.fields.items())
    return f", or change the item, whose {', '.join(told)}" if condition.fields else ""


def _to_stand_alone(into: Into, seen: Inspection) -> Change:
    if into.cosine is not None:
        text = f"duplicates greater than {into.cosine:.4f} would give it a place of its own"
        return Change(kind="fold", text=text, score=into.cosine)
    field = seen.plan.query.group_by
    text = (
        f"standing above {into.id!r}, of the same {field}, would give it a place of its own; so would another {field}"
    )
    return Change(kind="group", text=text)


def _to_be_relevant(subject: Subject, walk: Walk) -> Iterator[Change]:
    relevance = subject.candidate.relevance
    if walk.cutoff is not None and relevance is not None and relevance < walk.cutoff:
        yield Change(kind="cutoff", text=f"min_relevance of {math.floor(1e4 * relevance) / 1e4:g} or less lets it in")


def _to_rise(
    subject: Subject, seen: Inspection, walk: Walk, rank: int, rules: Sequence[RuleEffect]
) -> Iterator[Change]:
    """To the last place of the page asked for, or on it to the next place."""
    query, last = seen.plan.query, [each for each in rules if each.kind == "bury"]
    place = min(query.k, rank - 1)
    if query.sort:
        keys = ", ".join(f"{key.field} {'descending' if key.descending else 'ascending'}" for key in query.sort)
        yield Change(kind="sort", text=f"hits are sorted by {keys}; a search that is not sorted orders by merit")
        return
    yield from (Change(kind="rule", text=f"take it out of what the rule {each.rule!r} puts last") for each in last)
    by_cosine = not (seen.plan.hybrid or seen.plan.depth or seen.rules is not None or query.diversity)
    if by_cosine:
        needed = walk.rows[place - 1].lead.match.score
        text = f"a cosine of more than {needed:.4f} gives it place {place}; it has {subject.candidate.match.score:.4f}"
        yield Change(kind="score", text=text, score=needed, place=place)
    if not (seen.plan.depth or query.group_by or query.diversity or last or subject.candidate.pinned):
        yield _boost(subject, seen, walk, place)
    if query.text is not None and not subject.candidate.pinned:
        yield Change(kind="pin", text=f"a rule that pins it for {query.text!r} puts it where it says")


def _boost(subject: Subject, seen: Inspection, walk: Walk, place: int) -> Change:
    """The boost that gives it a place: of what stands there without it, it must be worth more."""
    candidates = seen.listing.best(HEAD)
    if all(each.match.id != subject.item.id for each in candidates):
        return Change(kind="boost", text=f"no boost reaches it: rules see the first {HEAD} that are found")
    worth, gains = _worth(candidates, seen), _gains(subject, seen)
    beside = sum(row.lead.pinned for row in walk.rows[:place])
    rivals = _rivals(subject, candidates, worth, walk, seen)[: place - beside]
    most = math.log(MOST_FACTOR)
    needed = max(min(gains, most), -most) + max((rivals[-1] if rivals else -math.inf) - worth[subject.item.id], 0.0)
    factor = math.ceil(1e3 * math.exp(min(needed - gains, 2 * most)) + 1e-6) / 1e3
    if not math.isfinite(needed) or needed >= most or factor > MOST_FACTOR:
        text = f"no boost lifts it to place {place}: all of an item's together count for {MOST_FACTOR:g} times at most"
        return Change(kind="boost", text=text, place=place)
    text = f"a boost of {factor:.3f} lifts it to place {place}"
    return Change(kind="boost", text=text, factor=factor, place=place)


def _worth(candidates: Sequence[Candidate], seen: Inspection) -> dict[str, float]:
    if seen.rules is not None:
        return seen.rules.worth(candidates)
    plain = worths(candidates, np.zeros(len(candidates))).tolist()
    return {each.match.id: value for each, value in zip(candidates, plain, strict=True)}


def _gains(subject: Subject, seen: Inspection) -> float:
    return 0.0 if seen.rules is None else sum(gain for _, gain in seen.rules.gains(subject.candidate))


def _rivals(
    subject: Subject, candidates: Sequence[Candidate], worth: dict[str, float], walk: Walk, seen: Inspection
) -> list[float]:
    """What the others are worth that have places of their own, best first; nothing passes those asked for by name."""
    front = named(candidates)
    gone = {subject.item.id, *walk.line.gone, *(pin.match.id for _, pin in walk.line.pins)}
    buried = frozenset[str]() if seen.rules is None else seen.rules.last
    rivals = [
        math.inf if at < front else worth[each.match.id]
        for at, each in enumerate(candidates)
        if each.match.id not in gone | buried
    ]
    return sorted(rivals, reverse=True)
