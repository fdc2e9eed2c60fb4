"""What an item must satisfy to be ranked, and whether it does, as the store says that filters the search."""

from collections.abc import Iterator

from shelfsight.core.filters import And, Expr, FieldPath, In, parse, parts, written
from shelfsight.core.filters.fields import fields_of
from shelfsight.core.protocols import Snapshot
from shelfsight.core.rules import Hide
from shelfsight.core.types import Value
from shelfsight.core.why import Condition, RuleEffect
from shelfsight.search.planning import Plan

__all__ = ["conditions_of", "hides_of", "hiding_effect"]


def conditions_of(id: str, plan: Plan, snapshot: Snapshot) -> tuple[Condition, ...]:
    """The filter's parts, the limits in the query's text, the rules that hide the item, and whether it is left out.

    Raises:
        UnknownField: no item has a field of the filter.
    """
    return (
        *_filters(id, plan, snapshot),
        *(_hiding(rule, id, snapshot) for rule in hides_of(id, plan, snapshot)),
        *_exclusions(id, plan),
    )


def hides_of(id: str, plan: Plan, snapshot: Snapshot) -> list[Hide]:
    """The rules that hide an item."""
    hides = () if plan.ruling is None else plan.ruling.hides
    return [
        rule for rule in hides if id in rule.ids or (rule.filter is not None and _passes(rule.filter, id, snapshot))
    ]


def _filters(id: str, plan: Plan, snapshot: Snapshot) -> Iterator[Condition]:
    for text in plan.filters:
        source = "filter" if text == plan.query.filter else "limit"
        for part in parts(parse(text)):
            yield Condition(
                text=written(part),
                source="filter" if source == "filter" else "limit",
                passes=_passes(part, id, snapshot),
                fields=_values(part, id, snapshot),
            )


def _hiding(rule: Hide, id: str, snapshot: Snapshot) -> Condition:
    fields = {} if rule.filter is None else _values(rule.filter, id, snapshot)
    return Condition(text=rule.label, source="rule", passes=False, fields=fields)


def _exclusions(id: str, plan: Plan) -> Iterator[Condition]:
    if id in {each.id for each in (*plan.query.like, *plan.query.unlike)}:
        yield Condition(text="it is an example of the query", source="excluded", passes=False)
    elif id in plan.query.exclude:
        yield Condition(text="the query leaves it out by its id", source="excluded", passes=False)


def _passes(tree: Expr, id: str, snapshot: Snapshot) -> bool:
    return snapshot.count(And((tree, In(FieldPath("id"), (id,))))) > 0


def _values(tree: Expr, id: str, snapshot: Snapshot) -> dict[str, Value]:
    names = list(dict.fromkeys(field.name for field in fields_of(tree)))
    return dict(zip(names, snapshot.values([id], names)[id], strict=True))


def hiding_effect(rule: Hide) -> RuleEffect:
    """What a rule that hides does."""
    return RuleEffect(kind="hide", rule=rule.label, line=rule.line, text=f"the rule {rule.label!r} hides it")
