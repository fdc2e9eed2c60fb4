"""Values of a catalogue to the values metadata may hold, or a reason why not.

A text file says nothing of types, so a column's type is decided once, on a sample of its first rows, and then holds:
a later value that does not fit is an error of its row, not a change of mind. All sampled values numbers: a column of
numbers; all ``true`` or ``false``: booleans; otherwise text. Numbers with leading zeros, with more than 15 digits, or
in a column named like a code (``ean``, ``zip``, ``phone``, ``..._id``) are text. A column of prices holds numbers by
its name, whatever the sample says (unless most of at least ten sampled values are none), with an optional currency.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shelfsight.catalog.columns import normal, normal_names
from shelfsight.core.errors import Reason
from shelfsight.core.types import Value

__all__ = ["BadValue", "Kind", "ValueReader", "clean_text", "decide_kinds", "read_id"]

Kind = Literal["text", "number", "boolean"]


class BadValue(Exception):
    """A value that cannot be kept; its row becomes a :class:`~shelfsight.core.types.Failure`."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


# --- one value ------------------------------------------------------------------------------------------------------

_MAX_DEPTH = 32
_MAX_ID = 4096  # as long as a path may be
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def clean_text(text: str) -> str:
    """``text`` with what no UTF-8 database can hold (NUL, lone surrogates) replaced by U+FFFD."""
    return _NOT_TEXT.sub("\ufffd", text)


def read_id(value: object) -> str:
    """An id as text: ``12``, pandas' ``12.0`` and a database's ``12.00`` are ``"12"``; text is stripped.

    Raises:
        BadValue: empty_id, text_too_long, or bad_value for what cannot be an id.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise BadValue(Reason.EMPTY_ID, "the id is empty")
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        raise BadValue(Reason.BAD_VALUE, f"an id is a text or an integer, not {_shown(value)}")
    text = str(value).strip()
    if not text:
        raise BadValue(Reason.EMPTY_ID, "the id is empty")
    if len(text) > _MAX_ID:
        raise BadValue(Reason.TEXT_TOO_LONG, f"the id has {len(text):,} characters, the limit is {_MAX_ID:,}")
    if _NOT_TEXT.search(text):
        raise BadValue(Reason.BAD_VALUE, f"the id {_shown(text)} has characters that are no text")
    return text


def _shown(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _number(value: int | float) -> int | float:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadValue(Reason.BAD_VALUE, f"{value} is no number that can be compared")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise BadValue(Reason.BAD_VALUE, f"{_shown(value)} does not fit in 64 bits")
    return value


def _json_value(value: object, depth: int = 0) -> Value:
    """Anything a reader may meet, as JSON can hold it. Bytes and empty texts are null."""
    if depth > _MAX_DEPTH:
        raise BadValue(Reason.BAD_VALUE, f"is nested deeper than {_MAX_DEPTH} levels")
    match value:
        case None | bool():
            return value
        case int() | float():
            return _number(value)
        case str():
            return clean_text(value) if value.strip() else None
        case bytes():
            return None
        case Decimal():
            return _number(float(value))
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [_json_value(each, depth + 1) for each in value]
        case dict():
            return {clean_text(str(key)): _json_value(each, depth + 1) for key, each in value.items()}
        case _:
            return clean_text(str(value))


# --- one column -----------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)?(?:\.\d+)?(?<=\d)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_MAX_SAMPLED = 64  # characters; no number and no price is longer
_MAX_DIGITS = 15  # as many as a float64 keeps
_BOOLEANS = {"true": True, "false": False}

_PRICES = normal_names(
    "price sale_price list_price regular_price special_price original_price base_price unit_price final_price"
    " retail_price variant_price compare_at_price price_usd price_eur price_gbp msrp rrp"
)
_CODES = re.compile(
    r".*(?:sku|ean|ean13|gtin|upc|isbn|asin|barcode|zip|zipcode|postcode|postalcode|phone|telephone)|id", re.IGNORECASE
)
_ID_SUFFIX = re.compile(r".+(?:[\s._-]id|[a-z]I[dD])", re.IGNORECASE | re.DOTALL)
_CURRENCY = r"(?:[A-Z]{3}|[A-Z]{0,2}[$]|[€£¥₹₩₽]|kr|zł|Kč)?"
_NO_BREAK = re.compile("[\u00a0\u2009\u202f]")  # spaces that shops put into prices so that no line ends there
_AMOUNT = re.compile(
    rf"{_CURRENCY}\s*(?P<sign>-?)(?:"
    r"(?P<plain>\d+(?:\.\d+)?)"
    r"|(?P<comma>\d{1,3}(?:,\d{3})+(?:\.\d+)?)"
    r"|(?P<point>(?:\d+|\d{1,3}(?:[. ]\d{3})+),\d{1,2})"
    rf")\s*{_CURRENCY}",
    re.ASCII,
)


def decide_kinds(
    rows: Iterable[Mapping[str, object]], *, every_column: bool, text: Iterable[str] = ()
) -> dict[str, Kind]:
    """The kind of each column that is not taken as it comes, from a sample of rows.

    Args:
        rows: the sample.
        every_column: values are text and every column is judged; else only columns of prices.
        text: columns that stay text.
    """
    samples: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and not value.isspace() and value:
                samples[name].append(value.strip() if len(value) <= _MAX_SAMPLED else "text")
    stays = set(map(normal, text))
    kinds: dict[str, Kind] = {}
    for name, values in samples.items():
        if normal(name) in stays:
            kinds[name] = "text"
        elif normal(name) in _PRICES:
            kinds[name] = _price_kind(values)
        elif every_column:
            kinds[name] = "text" if _is_code(name) else _sampled_kind(values)
    return kinds


def _is_code(name: str) -> bool:
    return _CODES.fullmatch(normal(name)) is not None or _ID_SUFFIX.fullmatch(name) is not None


def _price_kind(values: list[str]) -> Kind:
    bad = sum(_match_amount(value) is None for value in values)
    return "text" if bad >= 10 and bad * 2 > len(values) else "number"


def _sampled_kind(values: list[str]) -> Kind:
    if all(value.casefold() in _BOOLEANS for value in values):
        return "boolean"
    numbers = [value for value in values if _is_number(value)]
    if numbers and all(_is_number(value) or _NOT_FINITE.fullmatch(value) for value in values):
        return "number"
    return "text"


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and sum(map(str.isdigit, text)) <= _MAX_DIGITS


def _parse_number(text: str) -> int | float:
    if not _is_number(text):
        raise ValueError(text)
    return _number(float(text) if re.search(r"[.eE]", text) else int(text))


def _parse_amount(text: str) -> int | float:
    match = _match_amount(text)
    if match is None:
        raise ValueError(text)
    if match["point"]:
        digits = re.sub(r"[. ]", "", match["point"]).replace(",", ".")
    else:
        digits = (match["plain"] or match["comma"]).replace(",", "")
    amount = _number(float(digits) if "." in digits else int(digits))
    return -amount if match["sign"] else amount


def _match_amount(text: str) -> re.Match[str] | None:
    return _AMOUNT.fullmatch(_NO_BREAK.sub(" ", text))


def _parse_boolean(text: str) -> bool:
    return _BOOLEANS[text.casefold()]


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads the values of one catalogue.

    Attributes:
        kinds: columns that hold one kind; others are taken as they come.
        max_text: characters of one value at most.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    max_text: int = 100_000

    def read(self, column: str, value: object) -> Value:
        """``value`` typed, ``None`` where there is none.

        Raises:
            BadValue: bad_value or text_too_long, with the column named.
        """
        try:
            if isinstance(value, str):
                return self._text(column, value)
            if value is not None and normal(column) in _PRICES and self.kinds.get(column, "number") == "number":
                self._check_price(value)
            typed = _json_value(value)
            if isinstance(typed, str | list | dict):
                self._check_length(typed)
            return typed
        except BadValue as error:
            raise BadValue(error.reason, f"column {column!r}: {error}") from error

    def _text(self, column: str, text: str) -> Value:
        stripped = text.strip()
        if not stripped:
            return None
        self._check_length(text)
        is_price = normal(column) in _PRICES
        kind = self.kinds.get(column, "number" if is_price else "text")
        if kind == "text":
            return clean_text(text)
        parse: Callable[[str], Value] = _parse_boolean
        if kind == "number":
            parse = _parse_amount if is_price else _parse_number
        try:
            return parse(stripped)
        except (ValueError, KeyError) as error:
            raise BadValue(Reason.BAD_VALUE, f"{_shown(text)} is no {kind}") from error

    def _check_price(self, value: object) -> None:
        # A structure (amount and currency, say) is kept as it is.
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | dict | list | tuple):
            raise BadValue(Reason.BAD_VALUE, f"{_shown(value)} is no number")

    def _check_length(self, value: str | list[Value] | dict[str, Value]) -> None:
        length = len(value) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False))
        if length > self.max_text:
            raise BadValue(Reason.TEXT_TOO_LONG, f"{length:,} characters, the limit is {self.max_text:,}")
