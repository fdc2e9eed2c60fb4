"""A filter tree over one item's fields, as stores read it: a comparison within one type, anything else unknown."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or
from shelfsight.core.types import Scalar, Value

__all__ = ["first_field", "truth", "value_at"]

Fields = Mapping[str, Value]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def truth(tree: Expr, fields: Fields) -> bool | None:
    """Whether an item passes; ``None`` where that is unknown (see :mod:`shelfsight.core.filters.tree`)."""
    match tree:
        case Not(operand):
            inner = truth(operand, fields)
            return None if inner is None else not inner
        case And(operands):
            return _decided([truth(operand, fields) for operand in operands], by=False)
        case Or(operands):
            return _decided([truth(operand, fields) for operand in operands], by=True)
        case IsNull(field, negated):
            return (value_at(field, fields) is None) != negated
        case Comparison(field, sign, constant):
            return _compare(value_at(field, fields), sign, constant)
        case In(field, constants):
            value = value_at(field, fields)
            return None if value is None else _decided([_compare(value, "==", each) for each in constants], by=True)
        case Like(field, pattern):
            value = value_at(field, fields)
            return _like(value, pattern) if isinstance(value, str) else None


def value_at(field: FieldPath, fields: Fields) -> Value:
    """What a field holds; ``None`` where it is missing or empty."""
    value = fields.get(field.name)
    for key in field.keys:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value == "" else value


def first_field(tree: Expr) -> FieldPath:
    """The field that a filter names first."""
    match tree:
        case Not(operand):
            return first_field(operand)
        case And(operands) | Or(operands):
            return first_field(operands[0])
        case IsNull(field) | Comparison(field) | In(field) | Like(field):
            return field


def _decided(parts: list[bool | None], *, by: bool) -> bool | None:
    """Kleene's ``or`` (``by`` true) and ``and`` (``by`` false): one such part decides, else one unknown part."""
    if by in parts:
        return by
    return None if None in parts else not by


def _compare(value: Value, sign: str, constant: Scalar) -> bool | None:
    return _COMPARE[sign](value, constant) if _kind(value) is _kind(constant) is not None else None


def _kind(value: Value) -> type | None:
    match value:
        case bool():
            return bool
        case int() | float():
            return float
        case str():
            return str
    return None


def _like(text: str, pattern: str) -> bool:
    """``%`` any run, ``_`` any one character, backslash takes the next as it is. A run between two pieces is as short
    as can be and never tried longer (an atomic group), so that no pattern takes for ever."""
    pieces = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            pieces.append("")
        elif character == "_":
            pieces[-1] += "."
        else:
            pieces[-1] += re.escape(next(characters, "\\") if character == "\\" else character)
    first, *rest = pieces
    between = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    last = f".*{rest[-1]}" if rest else ""
    return re.fullmatch(f"{first}{between}{last}", text, re.DOTALL) is not None
