"""The answer to why, for a person."""

from collections.abc import Sequence

from shelfsight.core.types import Value
from shelfsight.core.why import Condition, Into, Standing, Why

__all__ = ["sentence"]

_BEHIND = {
    "vector": "by its picture",
    "words": "by its words",
    "retrieval": "by both",
    "rules": "behind the rules",
    "rerank": "behind the second look",
    "sort": "as sorted",
    "duplicates": "without what looks the same",
    "diversity": "for variety",
}


def sentence(why: Why) -> str:
    """One, of all that ``why`` says."""
    failed = [each for each in why.conditions if not each.passes]
    if why.rank is not None:
        return f"It stands at place {why.rank} of {why.total}: {_way(why.stages)}."
    if why.into is not None:
        return f"It has no place of its own: {_stands_for(why.into)}."
    first = why.stages[0].rank
    if failed:
        would = f"by its picture it would be number {first} of those that do"
        return f"It is not found, because {' and '.join(_fails(each) for each in failed)}; {would}."
    if why.outcome == "cut":
        asked = f"{why.cutoff:.3f} is asked for"
        return f"It is not found, because it is relevant with a probability of {why.relevance:.3f}, and {asked}."
    return f"It is not among what can be asked for: it is number {first} of {why.total} by its picture."


def _way(stages: Sequence[Standing]) -> str:
    told = [f"number {each.rank} {_BEHIND[each.stage]}" for each in stages if each.rank and each.stage in _BEHIND]
    return ", ".join(told)


def _stands_for(into: Into) -> str:
    hit = f"{_called(into.title, into.id)} at place {into.rank}"
    if into.cosine is not None:
        return f"it is folded into {hit}, which looks the same (cosine {into.cosine:.3f})"
    return f"it is among the variants of {hit}, which has the same {into.group!r}"


def _fails(condition: Condition) -> str:
    match condition.source:
        case "rule":
            return f"the rule {condition.text!r} hides it"
        case "excluded":
            return condition.text
        case "filter" | "limit":
            told = ", ".join(f"{name} is {_value(value)}" for name, value in condition.fields.items())
            return f"it does not pass {condition.text}" + (f" ({told})" if told else "")


def _value(value: Value) -> str:
    return "not given" if value is None else repr(value)


def _called(title: str | None, id: str) -> str:
    return repr(id) if title is None else f"{title!r} ({id})"
