"""What is left when something is hidden, as a filter."""

from collections.abc import Iterable

from shelfsight.core.filters import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or
from shelfsight.core.rules import Hide

__all__ = ["fails", "without"]


def without(where: Expr | None, hides: Iterable[Hide]) -> Expr | None:
    """What passes ``where`` and is not hidden."""
    parts: list[Expr] = [] if where is None else [where]
    for hide in hides:
        if hide.ids:
            parts.append(Not(In(FieldPath("id"), hide.ids)))
        if hide.filter is not None:
            parts.append(fails(hide.filter))
    return And(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None


def fails(tree: Expr) -> Expr:
    """A filter that passes what ``tree`` does not: where it is false, and where it is unknown because a field is null.

    ``not tree`` alone is unknown there too, and would hide what has no value. What is unknown because a field that
    holds several types has another one here does not pass either.
    """
    match tree:
        case Not(operand):
            return _is_not_false(operand)
        case And(operands):
            return Or(tuple(fails(each) for each in operands))
        case Or(operands):
            return And(tuple(fails(each) for each in operands))
        case IsNull(field, negated):
            return IsNull(field, not negated)
        case Comparison(field) | In(field) | Like(field):
            return Or((Not(tree), IsNull(field)))


def _is_not_false(tree: Expr) -> Expr:
    match tree:
        case Not(operand):
            return fails(operand)
        case And(operands):
            return And(tuple(_is_not_false(each) for each in operands))
        case Or(operands):
            return Or(tuple(_is_not_false(each) for each in operands))
        case IsNull():
            return tree
        case Comparison(field) | In(field) | Like(field):
            return Or((tree, IsNull(field)))
