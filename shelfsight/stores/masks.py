"""A filter tree over columns: two masks a node, where it is true and where it is false; neither is unknown."""

import difflib
import operator
import re
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from shelfsight.core.errors import UnknownField, UsageError
from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or
from shelfsight.core.types import Scalar
from shelfsight.stores.blocks import BoolArray
from shelfsight.stores.columns import EXACT, Column, Type

__all__ = ["Fields", "Truth", "evaluate", "unknown_field"]

Fields = Callable[[FieldPath], Column]
"""The column of a field; raises :class:`UnknownField`."""

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CONTAINS = re.compile(r"%[^%_\\]+%", re.DOTALL)
_WORDS = {Type.TEXT: "text", Type.NUMBER: "number", Type.BOOLEAN: "boolean", Type.JSON: "json"}


class Truth(NamedTuple):
    """Kleene's three values, (n,) bool twice."""

    yes: BoolArray
    no: BoolArray


def evaluate(tree: Expr, fields: Fields) -> Truth:
    """``tree`` for every slot.

    Raises:
        UnknownField: from ``fields``.
        UsageError: a constant of a type that its field never has.
    """
    match tree:
        case Not(operand):
            inner = evaluate(operand, fields)
            return Truth(inner.no, inner.yes)
        case And(operands):
            parts = [evaluate(operand, fields) for operand in operands]
            return Truth(_all(part.yes for part in parts), _any(part.no for part in parts))
        case Or(operands):
            parts = [evaluate(operand, fields) for operand in operands]
            return Truth(_any(part.yes for part in parts), _all(part.no for part in parts))
        case IsNull(field, negated):
            null = fields(field).types == Type.NULL
            return Truth(~null, null) if negated else Truth(null, ~null)
        case Comparison(field, sign, value):
            column = fields(field)
            _check_type(field, column, value)
            return _compare(column, sign, value)
        case In(field, values):
            return _member(field, fields(field), values)
        case Like(field, pattern):
            column = fields(field)
            _check_type(field, column, pattern)
            return _matching(column, pattern)


def _all(masks: Iterable[BoolArray]) -> BoolArray:
    return np.asarray(np.logical_and.reduce(list(masks)))


def _any(masks: Iterable[BoolArray]) -> BoolArray:
    return np.asarray(np.logical_or.reduce(list(masks)))


def _known(column: Column, kind: Type, yes: BoolArray) -> Truth:
    """True and false among values of ``kind``, unknown elsewhere: a value compares only within its type."""
    here = column.types == kind
    return Truth(here & yes, here & ~yes)


def _compare(column: Column, sign: str, value: Scalar) -> Truth:
    compare = _COMPARE[sign]
    if isinstance(value, str):
        if sign in ("==", "!="):
            return _known(column, Type.TEXT, compare(column.codes, column.texts.find(value)))
        return _texts(column, lambda text: bool(compare(text, value)))
    if isinstance(value, bool):
        return _known(column, Type.BOOLEAN, compare(column.flags, value))
    numbers = column.numbers.astype(object) if abs(value) > EXACT else column.numbers
    return _known(column, Type.NUMBER, compare(numbers, value).astype(np.bool_, copy=False))


def _texts(column: Column, test: Callable[[str], bool]) -> Truth:
    """``test`` once a distinct text."""
    passing = np.fromiter((test(text) for text in chain(column.texts, ("",))), np.bool_)
    return _known(column, Type.TEXT, passing[column.codes])  # code -1 reads the last, which is no text


def _matching(column: Column, pattern: str) -> Truth:
    """``like``, once a distinct text."""
    if _CONTAINS.fullmatch(pattern):
        return _known(column, Type.TEXT, np.append(column.texts.containing(pattern[1:-1]), False)[column.codes])
    matches = _like(pattern)
    return _texts(column, lambda text: matches(text) is not None)


def _member(field: FieldPath, column: Column, values: tuple[Scalar, ...]) -> Truth:
    """``in``: equal to one of them; a value of a type that no constant has is unknown, as with ``==``."""
    for value in values:
        _check_type(field, column, value)
    if not values:
        null = column.types == Type.NULL
        return Truth(np.zeros(len(column), np.bool_), ~null)
    codes = [column.texts.find(value) for value in values if isinstance(value, str)]
    parts = [_compare(column, "==", value) for value in values if not isinstance(value, str)]
    if codes:
        wanted = np.zeros(len(column.texts) + 1, np.bool_)
        wanted[[code for code in codes if code >= 0]] = True
        parts.append(_known(column, Type.TEXT, wanted[column.codes]))  # code -1 reads the last, which is no text
    yes = _any(part.yes for part in parts)
    return Truth(yes, _any(part.no for part in parts) & ~yes)


def _check_type(field: FieldPath, column: Column, value: Scalar) -> None:
    kind = _type_of(value)
    held = column.kinds()
    if held and kind not in held:
        names = " and ".join(sorted(_WORDS[Type(code)] for code in held))
        raise UsageError(
            f"the field {field.name!r} holds {names}, {value!r} is {_WORDS[kind]}{_at(field)}",
            hint=_type_hint(kind, held),
        )


def _type_of(value: Scalar) -> Type:
    if isinstance(value, str):
        return Type.TEXT
    return Type.BOOLEAN if isinstance(value, bool) else Type.NUMBER


def _type_hint(kind: Type, held: Collection[Type]) -> str:
    if set(held) == {Type.JSON}:
        return 'name a key below it: field["key"]'
    if kind is Type.TEXT:
        return "write the constant without quotes"
    return "put quotes around the constant" if Type.TEXT in held else "compare with a constant of that type"


def _like(pattern: str) -> Callable[[str], object]:
    """``%`` any run, ``_`` any one character, backslash takes the next as it is; case counts.

    Between two ``%`` the first place that fits is as good as any later one, and is never given up again: with
    backtracking, ten ``%`` against one long text would take for ever.
    """
    pieces = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            pieces.append("")
        elif character == "_":
            pieces[-1] += "."
        else:
            pieces[-1] += re.escape(next(characters, "\\") if character == "\\" else character)
    if len(pieces) == 1:
        return re.compile(rf"\A{pieces[0]}\Z", re.DOTALL).search
    first, *between, last = pieces
    between = [piece for piece in between if piece]
    if not first and not last and len(between) == 1:
        body = between[0]  # searching for a word beats matching ".*word.*"
    else:
        body = rf"\A{first}" + "".join(f"(?>.*?{piece})" for piece in between) + (rf".*{last}\Z" if last else "")
    return re.compile(body, re.DOTALL).search


def unknown_field(field: FieldPath, names: Iterable[str]) -> UnknownField:
    """The error for a field that no item has, with the nearest that some have."""
    known = sorted(names)
    name = "".join([field.name, *(f'["{key}"]' for key in field.keys)])
    near = difflib.get_close_matches(field.name, known, n=3)
    if near and near[0] != field.name:
        hint = f"did you mean {', '.join(near)}?"
    else:
        hint = f"fields are: {', '.join(known[:20])}"
    return UnknownField(f"no item has the field {name!r}{_at(field)}", hint=hint)


def _at(field: FieldPath) -> str:
    return "" if field.position is None else f" (position {field.position})"
