"""All there is to say of one item in one search."""

from collections.abc import Sequence
from dataclasses import replace

from shelfsight.core.protocols import StoredItem
from shelfsight.core.why import Condition, Outcome, RuleEffect, Why
from shelfsight.search.answering import Answer
from shelfsight.search.arrange import Line, Row
from shelfsight.search.inspection import Inspection
from shelfsight.search.why.changes import changes_for
from shelfsight.search.why.conditions import conditions_of, hides_of, hiding_effect
from shelfsight.search.why.effects import effects_on
from shelfsight.search.why.neighbours import above, into_what
from shelfsight.search.why.sentences import sentence
from shelfsight.search.why.standings import standings_of
from shelfsight.search.why.subject import Subject, is_met, subject_of, words_of

__all__ = ["why_of"]


def why_of(item: StoredItem, answer: Answer) -> Why:
    """Why ``item`` stands where it does in a search that was not run yet.

    Raises:
        As the search.
    """
    plan, snapshot = answer.plan, answer.snapshot
    conditions = conditions_of(item.id, plan, snapshot)
    passes = all(each.passes for each in conditions)

    def far_enough(line: Line, rows: Sequence[Row]) -> bool:
        counts = passes and line.counts(item.id)
        return not counts or is_met(item.id, line, rows, snapshot, plan.query.group_by)

    seen = answer.inspected(far_enough)
    subject = subject_of(item, seen, passes=passes)
    hides = (hiding_effect(rule) for rule in hides_of(item.id, plan, snapshot))
    return _told(subject, seen, conditions, (*hides, *effects_on(subject, seen)))


def _told(subject: Subject, seen: Inspection, conditions: tuple[Condition, ...], rules: tuple[RuleEffect, ...]) -> Why:
    item, candidate = subject.item, subject.candidate
    stages, into = standings_of(subject, seen), into_what(subject, seen)
    outcome, words = _outcome(subject, seen, conditions), words_of(item.id, seen)
    why = Why(
        id=item.id,
        title=item.title,
        picture=item.pictures[candidate.match.picture_index].name,
        picture_index=candidate.match.picture_index,
        outcome=outcome,
        sentence="",
        rank=subject.rank,
        total=seen.total,
        k=seen.plan.query.k,
        score=candidate.match.score,
        relevance=candidate.relevance,
        cutoff=seen.walk.cutoff,
        conditions=conditions,
        stages=stages,
        words=words,
        share=None if words is None else candidate.share,
        rules=rules,
        into=into,
        above=above(subject, seen),
        changes=changes_for(subject, seen, conditions, rules, into),
        looks=seen.looks,
        warnings=tuple(seen.warnings),
        trace=seen.trace,
    )
    return replace(why, sentence=sentence(why))


def _outcome(subject: Subject, seen: Inspection, conditions: Sequence[Condition]) -> Outcome:
    failed = {each.source for each in conditions if not each.passes}
    if "excluded" in failed:
        return "excluded"
    if failed:
        return "hidden" if failed == {"rule"} else "filtered"
    if subject.rank is not None:
        return "shown" if subject.rank <= seen.plan.query.k else "further"
    if subject.lead is not None:
        return "folded" if subject.lead.folded else "grouped"
    cutoff, relevance = seen.walk.cutoff, subject.candidate.relevance
    return "cut" if cutoff is not None and relevance is not None and relevance < cutoff else "unreached"
