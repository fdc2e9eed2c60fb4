"""The fields that a filter names."""

from collections.abc import Iterator

from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or

__all__ = ["fields_of"]


def fields_of(tree: Expr) -> Iterator[FieldPath]:
    """Every field of ``tree`` as often as it is named, from left to right."""
    match tree:
        case Not(operand):
            yield from fields_of(operand)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from fields_of(operand)
        case IsNull(field) | Comparison(field) | In(field) | Like(field):
            yield field
