"""A filter tree as a Milvus expression that lets through at least what passes.

What Milvus finds is looked at again in memory, where the filter holds exactly; the expression has to miss nothing,
and should let little else through. It uses ``and``, ``or``, ``in`` and comparisons with values that are there, never
``not``, ``!=``, ``exists`` or ``is null``, whose meaning differs between versions, and between server and Lite.
``not`` is carried down to the leaves by De Morgan's laws, which hold in Kleene's logic. Constants are written out:
Lite knows no templates. See https://milvus.io/docs/boolean.md.
"""

from collections.abc import Sequence

from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or
from shelfsight.core.types import Scalar
from shelfsight.stores.columns import EXACT
from shelfsight.stores.milvus.scalars import CUT, LONG, key_of, number_of

__all__ = ["expression", "quoted"]

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_RELAXED = {"<": "<=", ">": ">="}
_LONGEST = 60_000  # characters of an expression that is worth sending


def expression(tree: Expr) -> str | None:
    """True of every row whose item passes ``tree``; ``None`` where only "all" says that."""
    found = _yes(tree)
    if found is None or len(found) > _LONGEST:
        return None
    return f"(whole == false or {found})"


def quoted(text: str) -> str | None:
    """``text`` as a constant; ``None`` where the grammar cannot say it."""
    if any(char < " " and char not in _ESCAPES for char in text) or not _is_text(text):
        return None
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _yes(tree: Expr) -> str | None:
    match tree:
        case Not(operand):
            return _no(operand)
        case And(operands):
            return _all([_yes(operand) for operand in operands])
        case Or(operands):
            return _any([_yes(operand) for operand in operands])
        case IsNull(field, negated):
            return _there(field) if negated else None
        case Comparison(field, sign, value):
            return _compare(field, sign, value)
        case In(field, values):
            return _any([_compare(field, "==", value) for value in values]) if values else "row < 0"
        case Like(field, pattern):
            return _like(field, pattern)


def _no(tree: Expr) -> str | None:
    match tree:
        case Not(operand):
            return _yes(operand)
        case And(operands):
            return _any([_no(operand) for operand in operands])
        case Or(operands):
            return _all([_no(operand) for operand in operands])
        case IsNull(field, negated):
            return None if negated else _there(field)
        case Comparison(field, sign, value):
            return _compare(field, _OPPOSITE[sign], value)
        case In(field, values):
            return _other_than(field, values)
        case Like(field, _):
            return _any_text(field)


def _all(parts: Sequence[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return f"({' and '.join(known)})" if known else None


def _any(parts: Sequence[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return f"({' or '.join(known)})" if known and len(known) == len(parts) else None


def _of(kind: str, field: FieldPath) -> str:
    return f'$meta["{key_of(kind, (field.name, *field.keys))}"]'


def _any_text(field: FieldPath) -> str:
    if field.name == "id" and not field.keys:
        return 'id >= ""'
    return f'{_of("s", field)} >= ""'


def _there(field: FieldPath) -> str:
    """The field is not null."""
    if field.name == "id" and not field.keys:
        return _any_text(field)
    number, flag = _of("n", field), _of("b", field)
    parts = [f"{number} >= 0", f"{number} < 0", _any_text(field), f"{flag} == true", f"{flag} == false"]
    return f"({' or '.join([*parts, _of('j', field) + ' == true'])})"


def _compare(field: FieldPath, sign: str, value: Scalar) -> str | None:
    if isinstance(value, bool):
        same = "true" if value == (sign == "==") else "false"
        return f"{_of('b', field)} == {same}"
    if isinstance(value, str):
        return _compare_text(field, sign, value)
    held = number_of(value)
    if not abs(value) < EXACT:  # both sides are rounded
        if sign == "!=":
            return f"({_of('n', field)} >= 0 or {_of('n', field)} < 0)"
        sign = _RELAXED.get(sign, sign)
    return _signed(_of("n", field), sign, repr(held))


def _other_than(field: FieldPath, values: Sequence[Scalar]) -> str:
    """Of a type that one of ``values`` has, and none of these."""
    kinds: dict[type, list[str | None]] = {}
    for value in values:
        kind = type(value) if isinstance(value, bool | str) else float
        kinds.setdefault(kind, []).append(_compare(field, "!=", value))
    found = _any([_all(parts) for parts in kinds.values()])
    return _there(field) if found is None else found


def _signed(name: str, sign: str, constant: str) -> str:
    return f"({name} < {constant} or {name} > {constant})" if sign == "!=" else f"{name} {sign} {constant}"


def _compare_text(field: FieldPath, sign: str, value: str) -> str | None:
    own = field.name == "id" and not field.keys
    constant = quoted(value if own else value[:CUT])
    if constant is None:
        return None
    name = "id" if own else _of("s", field)
    if not own and len(value) >= CUT:  # what is kept may be the beginning of either
        if sign == "!=":
            return _any_text(field)
        sign = _RELAXED.get(sign, sign)
    return _signed(name, sign, constant)


def _like(field: FieldPath, pattern: str) -> str | None:
    """Patterns are weakened to ``%`` alone: what ``_`` and backslashes mean differs."""
    own = field.name == "id" and not field.keys
    plain, wild = _weakened(pattern)
    constant = quoted(plain)
    if constant is None or not plain.strip("%"):
        return _any_text(field)
    if not wild:
        return _compare_text(field, "==", plain)
    name = "id" if own else _of("s", field)
    match = f"{name} like {constant}"
    return match if own else f"({match} or {_of(LONG, field)} == true)"


def _weakened(pattern: str) -> tuple[str, bool]:
    """A pattern that matches no less, and whether it has a wildcard. Text that needs a backslash becomes ``%``."""
    parts: list[str] = []
    chars = iter(pattern)
    for char in chars:
        if char == "\\":
            following = next(chars, "\\")
            parts.append("%" if following in '%_\\"' else following)
        else:
            parts.append("%" if char in '_%"\\\n\r\t' else char)
    text = "".join(part for i, part in enumerate(parts) if part != "%" or i == 0 or parts[i - 1] != "%")
    return text, "%" in text
