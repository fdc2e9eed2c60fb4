"""The tree that every store translates. Nothing here evaluates: a store does, in its own terms.

A missing or empty value is null. A comparison with null is unknown (neither true nor false),
``not`` leaves it unknown, ``and``/``or`` follow Kleene's logic, and an item passes only when
the whole expression is true. ``is null`` and ``is not null`` are never unknown.
"""

from dataclasses import dataclass
from typing import Literal

from shelfsight.core.types import Scalar

__all__ = ["And", "Comparison", "Expr", "FieldPath", "In", "IsNull", "Like", "Not", "Operator", "Or"]

Operator = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field, and the keys below it where the field holds JSON: ``specs["size"]``.

    ``position`` is where it stands in the expression, for error messages; ``None`` where there is no expression.
    """

    name: str
    keys: tuple[str, ...] = ()
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    field: FieldPath
    operator: Operator
    value: Scalar


@dataclass(frozen=True, slots=True)
class In:
    """The field's value is one of ``values`` (an empty tuple matches nothing)."""

    field: FieldPath
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """Case-sensitive pattern: ``%`` is any run of characters, ``_`` any one; backslash escapes both."""

    field: FieldPath
    pattern: str


@dataclass(frozen=True, slots=True)
class IsNull:
    field: FieldPath
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple["Expr", ...]


Expr = Comparison | In | Like | IsNull | Not | And | Or
