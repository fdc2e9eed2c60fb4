"""Filter text to tokens, each with the position it starts at."""

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from shelfsight.core.errors import FilterError

__all__ = ["KEYWORDS", "Kind", "Token", "tokenise"]

Kind = Literal["number", "string", "name", "keyword", "symbol", "end"]

KEYWORDS = frozenset({"and", "or", "not", "in", "like", "is", "null", "true", "false"})
_SYNONYMS = {"&&": "and", "||": "or", "!": "not"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_DIGITS = 100  # far beyond any number a catalogue holds; int() of a long text takes quadratic time

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<quoted>`[^`]+`)
    | (?P<name>\$meta\b|[^\W\d]\w*)
    | (?P<symbol>==|!=|<=|>=|<>|&&|\|\||[-+<>=!()\[\],])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is what a message shows; ``value`` is a number's or string's value.

    Keywords and their symbol synonyms come as the lower-case keyword.
    """

    kind: Kind
    text: str
    position: int
    value: str | int | float = ""


def tokenise(expression: str) -> list[Token]:
    """All tokens of ``expression``, then one of kind ``end``.

    Raises:
        FilterError: a character, number or string that is none.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None:
            _refuse(expression, at)
        if found.lastgroup != "space":
            tokens.append(_token(expression, found))
        at = found.end()
    tokens.append(Token("end", "the end", len(expression)))
    return tokens


def _token(expression: str, found: re.Match[str]) -> Token:
    text, at = found.group(), found.start()
    match found.lastgroup:
        case "number":
            return Token("number", text, at, _number(expression, text, at, found.end()))
        case "string":
            return Token("string", text, at, _ESCAPE.sub(_unescape, text[1:-1]))
        case "quoted":
            return Token("name", text[1:-1], at)
        case "name" if text.lower() in KEYWORDS:
            return Token("keyword", text.lower(), at)
        case "name":
            return Token("name", text, at)
    word = _SYNONYMS.get(text)
    return Token("keyword", word, at) if word else Token("symbol", text, at)


def _number(expression: str, text: str, at: int, end: int) -> int | float:
    if end < len(expression) and (expression[end].isalnum() or expression[end] in "_."):
        raise FilterError(
            "a number runs into a word", position=at, expression=expression, hint="put quotes around text"
        )
    if len(text) > _DIGITS:
        raise FilterError("a number is too long", position=at, expression=expression)
    if text.isdigit():
        return int(text)
    value = float(text)
    if value == float("inf"):
        raise FilterError(f"the number {text} is too large", position=at, expression=expression)
    return value


def _unescape(found: re.Match[str]) -> str:
    """Known escapes give their character; others stay as written, so that ``\\%`` reaches ``like``."""
    escape = found.group(1)
    if len(escape) == 5:
        return chr(int(escape[1:], 16))
    return _ESCAPES.get(escape, found.group())


def _refuse(expression: str, at: int) -> NoReturn:
    character = expression[at]
    if character in "\"'`":
        raise FilterError(
            f"text that starts with {character} never ends",
            position=at,
            expression=expression,
            hint=f"close it with another {character}; write \\{character} for one inside the text",
        )
    hints = {"&": "write `and` or `&&`", "|": "write `or` or `||`", "$": 'odd field names are written $meta["..."]'}
    raise FilterError(
        f"{character!r} means nothing here", position=at, expression=expression, hint=hints.get(character)
    )
