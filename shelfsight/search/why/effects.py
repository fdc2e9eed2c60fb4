"""What a merchandiser's rules do to an item that is ranked."""

import math
from collections.abc import Iterator
from typing import Literal

from shelfsight.core.rules import Boost
from shelfsight.core.why import RuleEffect
from shelfsight.search.inspection import Inspection
from shelfsight.search.planning import HEAD
from shelfsight.search.why.subject import Subject

__all__ = ["effects_on"]


def effects_on(subject: Subject, seen: Inspection) -> tuple[RuleEffect, ...]:
    """Pins, boosts and what is put last; none where hits are sorted by fields, which rules leave alone."""
    if seen.rules is None or seen.plan.query.sort:
        return ()
    return (*_pins(subject, seen), *_boosts(subject, seen), *_buries(subject, seen))


def _pins(subject: Subject, seen: Inspection) -> Iterator[RuleEffect]:
    if not subject.candidate.pinned or seen.plan.ruling is None:
        return
    rule = next(rule for rule in seen.plan.ruling.pins if subject.item.id in rule.ids)
    text = f"the rule {rule.label!r} pins it at place {subject.rank}"
    yield RuleEffect(kind="pin", rule=rule.label, line=rule.line, text=text, place=subject.rank)


def _boosts(subject: Subject, seen: Inspection) -> Iterator[RuleEffect]:
    assert seen.rules is not None
    for rule, gain in seen.rules.gains(subject.candidate):
        factor = math.exp(gain)
        does = f"multiplies its odds by {factor:.3g}"
        text = f"the rule {rule.label!r} {does if _is_reached(subject, seen) else _beyond(does)}"
        kind: Literal["boost", "fresh"] = "boost" if isinstance(rule, Boost) else "fresh"
        yield RuleEffect(kind=kind, rule=rule.label, line=rule.line, text=text, factor=factor)


def _buries(subject: Subject, seen: Inspection) -> Iterator[RuleEffect]:
    assert seen.rules is not None
    for rule in seen.rules.buries(subject.candidate):
        does = "puts it last"
        text = f"the rule {rule.label!r} {does if _is_reached(subject, seen) else _beyond(does)}"
        yield RuleEffect(kind="bury", rule=rule.label, line=rule.line, text=text)


def _is_reached(subject: Subject, seen: Inspection) -> bool:
    return any(each.match.id == subject.item.id for each in seen.stages.get("rules", ()))


def _beyond(does: str) -> str:
    return f"does nothing here (else it {does}): it stands behind the first {HEAD}, which rules see"
