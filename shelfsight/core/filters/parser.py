"""Filter text to tree: Milvus's boolean expressions, the part that every store can keep.

::

    expression = conjunction { ("or" | "||") conjunction }
    conjunction = negation { ("and" | "&&") negation }
    negation   = ("not" | "!") negation | "(" expression ")" | predicate
    predicate  = field compare constant
               | constant compare field [ compare constant ]       10 < price <= 20
               | field ["not"] "in" "[" [ constant { "," constant } ] "]"
               | field ["not"] "like" text
               | field "is" ["not"] "null"
    field      = name { "[" text "]" } | "$meta" "[" text "]" { "[" text "]" }
    compare    = "==" | "!=" | "<" | "<=" | ">" | ">="
    constant   = number | text | "true" | "false"

Keywords are read in any case. A name is a letter or ``_`` with letters, digits and ``_`` after it, or
anything between backquotes. Text stands in single or double quotes; ``\\" \\' \\\\ \\n \\t \\r \\uXXXX`` are
escapes, any other backslash stays. See https://milvus.io/docs/boolean.md for the language this is a part of.
"""

from typing import NoReturn

from shelfsight.core.errors import FilterError
from shelfsight.core.filters.tokens import Token, tokenise
from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Operator, Or
from shelfsight.core.types import Scalar

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse"]

MAX_LENGTH = 10_000
MAX_DEPTH = 64

_OPERATORS: dict[str, Operator] = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FLIPPED: dict[Operator, Operator] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NULL_HINT = "a missing or empty value is null: write `field is null` or `field is not null`"


def parse(text: str) -> Expr:
    """The tree of ``text``.

    Raises:
        FilterError: it is no filter; ``position`` counts characters from 0 and ``hint`` says the way out.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(
            f"the filter has {len(text):,} characters, {MAX_LENGTH:,} are allowed",
            position=MAX_LENGTH,
            expression=text[:40] + "…",
        )
    return _Parser(text).whole()


class _Parser:
    """Recursive descent; one instance a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenise(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Expr:
        if self._peek().kind == "end":
            self._fail(
                "the filter is empty", self._peek(), hint='write a condition such as price < 80 or brand == "Acme"'
            )
        tree = self._expression()
        if self._peek().kind != "end":
            self._fail(f"{self._peek().text!r} was not expected", self._peek(), hint=self._hint_after(self._peek()))
        return tree

    def _expression(self) -> Expr:
        operands = [self._conjunction()]
        while self._take("keyword", "or"):
            operands.append(self._conjunction())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _conjunction(self) -> Expr:
        operands = [self._negation()]
        while self._take("keyword", "and"):
            operands.append(self._negation())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _negation(self) -> Expr:
        if token := self._take("keyword", "not"):
            self._enter(token)
            tree: Expr = Not(self._negation())
            self._depth -= 1
            return tree
        if token := self._take("symbol", "("):
            self._enter(token)
            tree = self._expression()
            self._expect(")", "a parenthesis is not closed")
            self._depth -= 1
            return tree
        return self._predicate()

    def _predicate(self) -> Expr:
        if self._peek().kind == "name":
            return self._field_first()
        if self._starts_constant(self._peek()):
            return self._constant_first()
        if self._peek().kind == "keyword" and self._peek().text == "null":
            self._fail("null cannot be compared", self._peek(), hint=_NULL_HINT)
        return self._fail(f"a condition should start here, not {self._peek().text!r}", self._peek())

    def _field_first(self) -> Expr:
        field = self._field()
        token = self._next()
        if token.text in _OPERATORS and token.kind == "symbol":
            tree = self._comparison(field, token, self._constant())
            if self._peek().kind == "symbol" and self._peek().text in _OPERATORS:
                self._fail("a range has the field in the middle", self._peek(), hint=f"10 < {field.name} <= 20")
            return tree
        if token.kind == "keyword" and token.text == "is":
            negated = self._take("keyword", "not") is not None
            if not self._take("keyword", "null"):
                self._fail("`is` goes with null only", self._peek(), hint="compare with == instead")
            return IsNull(field, negated)
        if token.kind == "keyword" and token.text == "not":
            return Not(self._member_or_like(field, self._next()))
        return self._member_or_like(field, token)

    def _member_or_like(self, field: FieldPath, token: Token) -> Expr:
        if token.kind == "keyword" and token.text == "in":
            return In(field, self._constants())
        if token.kind == "keyword" and token.text == "like":
            written = self._peek()
            pattern = self._constant()
            if not isinstance(pattern, str):
                self._fail("`like` takes a pattern in quotes", written, hint=f'{field.name} like "%word%"')
            return Like(field, pattern)
        return self._fail_operator(field, token)

    def _constant_first(self) -> Expr:
        value = self._constant()
        operator = self._operator()
        if self._starts_constant(self._peek()):
            self._fail(
                "one side has to be a field", self._peek(), hint="text in quotes is a constant, a field has none"
            )
        if self._peek().kind != "name":
            self._fail(f"a field should stand here, not {self._peek().text!r}", self._peek())
        field = self._field()
        first = self._comparison(field, operator, value, flip=True)
        if self._peek().kind != "symbol" or self._peek().text not in _OPERATORS:
            return first
        second = self._next()
        if operator.text[0] not in "<>" or second.text[0] != operator.text[0]:
            self._fail("a range has both signs in one direction", second, hint=f"10 < {field.name} <= 20")
        return And((first, self._comparison(field, second, self._constant())))

    def _comparison(self, field: FieldPath, sign: Token, value: Scalar, *, flip: bool = False) -> Comparison:
        operator = _OPERATORS[sign.text]
        if isinstance(value, bool) and operator not in ("==", "!="):
            self._fail("true and false have no order", sign, hint="use == or !=")
        return Comparison(field, _FLIPPED[operator] if flip else operator, value)

    def _operator(self) -> Token:
        token = self._next()
        if token.kind != "symbol" or token.text not in _OPERATORS:
            self._fail_operator(None, token)
        return token

    def _field(self) -> FieldPath:
        token = self._next()
        keys = []
        while self._take("symbol", "["):
            key = self._next()
            if key.kind != "string":
                self._fail("a key stands in quotes", key, hint=f'{token.text}["key"]')
            keys.append(str(key.value))
            self._expect("]", "a bracket is not closed")
        if token.text != "$meta":
            return FieldPath(token.text, tuple(keys), token.position)
        if not keys:
            self._fail("$meta needs the field's name", token, hint='$meta["name"]')
        return FieldPath(keys[0], tuple(keys[1:]), token.position)

    def _constants(self) -> tuple[Scalar, ...]:
        self._expect("[", "`in` takes a list", hint='brand in ["Acme", "Umbra"]')
        values: list[Scalar] = []
        if self._take("symbol", "]"):
            return ()
        while True:
            values.append(self._constant())
            if self._take("symbol", "]"):
                return tuple(values)
            self._expect(",", "values of a list are separated by commas")

    def _constant(self) -> Scalar:
        token = self._next()
        if token.kind == "symbol" and token.text in "+-" and self._peek().kind == "number":
            number = self._next().value
            assert not isinstance(number, str)
            return -number if token.text == "-" else number
        if token.kind == "number" or (token.kind == "string" and token.value != ""):
            return token.value
        if token.kind == "keyword" and token.text in ("true", "false"):
            return token.text == "true"
        return self._fail_constant(token)

    def _starts_constant(self, token: Token) -> bool:
        match token.kind:
            case "number" | "string":
                return True
            case "keyword":
                return token.text in ("true", "false")
            case "symbol":
                return token.text in ("+", "-")
        return False

    def _fail_constant(self, token: Token) -> NoReturn:
        if token.kind == "string":
            self._fail("empty text is null and cannot be compared", token, hint=_NULL_HINT)
        if token.kind == "name":
            self._fail(
                f"a constant should stand here, not the field {token.text!r}",
                token,
                hint=f'text goes in quotes: "{token.text}"; two fields cannot be compared',
            )
        if token.text == "null":
            self._fail("null cannot be compared", token, hint=_NULL_HINT)
        self._fail(f"a number, a text in quotes, true or false should stand here, not {token.text!r}", token)

    def _fail_operator(self, field: FieldPath | None, token: Token) -> NoReturn:
        if token.text == "=" and token.kind == "symbol":
            self._fail("= is no comparison", token, hint="did you mean == ?")
        if token.text == "<>" and token.kind == "symbol":
            self._fail("<> is no comparison", token, hint="did you mean != ?")
        hint = "use == != < <= > >= in like is"
        if field is not None and token.text in ("the end", "and", "or", ")"):
            hint = f"compare it: {field.name} == true"
        self._fail(f"a comparison should stand here, not {token.text!r}", token, hint=hint)

    def _hint_after(self, token: Token) -> str:
        if token.text == ")":
            return "there is a parenthesis too many"
        return "did you mean == ?" if token.text == "=" else "join conditions with and, or"

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"the filter is nested more than {MAX_DEPTH} deep", token)

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _take(self, kind: str, text: str) -> Token | None:
        return self._next() if self._peek().kind == kind and self._peek().text == text else None

    def _expect(self, symbol: str, message: str, *, hint: str | None = None) -> None:
        if not self._take("symbol", symbol):
            self._fail(f"{message}: {symbol!r} should stand here", self._peek(), hint=hint)

    def _fail(self, message: str, token: Token, *, hint: str | None = None) -> NoReturn:
        raise FilterError(message, position=token.position, expression=self._text, hint=hint)
