"""Trees as a person writes them: :func:`~shelfsight.core.filters.parse` reads the same back."""

import re

from shelfsight.core.filters.tokens import KEYWORDS
from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or
from shelfsight.core.types import Scalar

__all__ = ["parts", "written"]

_PLAIN = re.compile(r"[^\W\d]\w*")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def parts(tree: Expr) -> tuple[Expr, ...]:
    """What must all be true for ``tree`` to be true, as small as can be."""
    return tuple(part for each in tree.operands for part in parts(each)) if isinstance(tree, And) else (tree,)


def written(tree: Expr) -> str:
    """``tree`` in the filter language."""
    match tree:
        case And(operands):
            return " and ".join(_inside(each) for each in operands)
        case Or(operands):
            return " or ".join(_inside(each) for each in operands)
        case Not(In(field, values)):
            return f"{_field(field)} not in {_list(values)}"
        case Not(Like(field, pattern)):
            return f"{_field(field)} not like {_constant(pattern)}"
        case Not(operand):
            return f"not {_inside(operand)}"
        case IsNull(field, negated):
            return f"{_field(field)} is {'not ' if negated else ''}null"
        case Comparison(field, sign, value):
            return f"{_field(field)} {sign} {_constant(value)}"
        case In(field, values):
            return f"{_field(field)} in {_list(values)}"
        case Like(field, pattern):
            return f"{_field(field)} like {_constant(pattern)}"


def _inside(tree: Expr) -> str:
    return f"({written(tree)})" if isinstance(tree, And | Or) else written(tree)


def _field(field: FieldPath) -> str:
    keys = "".join(f"[{_constant(key)}]" for key in field.keys)
    if _PLAIN.fullmatch(field.name) and field.name.lower() not in KEYWORDS:
        return field.name + keys
    return f"$meta[{_constant(field.name)}]{keys}"


def _list(values: tuple[Scalar, ...]) -> str:
    return f"[{', '.join(_constant(value) for value in values)}]"


def _constant(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"{}"'.format("".join(_ESCAPED.get(character, character) for character in value))
    return repr(value)
