"""Bounds that a query puts on fields: prices, years, sizes, what is in stock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shelfsight.search.atoms.amounts import Amount, key_at, read_amount
from shelfsight.search.atoms.fields import BoundedFields, comparison
from shelfsight.search.atoms.lexicon import AVAILABLE, CURRENCIES, LEXICON, MEASURES, SIZES
from shelfsight.search.atoms.phrases import Phrases
from shelfsight.search.atoms.tokens import Token, key_of, keys_of

__all__ = ["Limit", "read_limit"]


_OPERATORS = Phrases.table(
    """
    <: under, below, less than, lower than, cheaper than, beneath, costing less than, smaller than
    <=: up to, at most, max, maximum, no more than, not more than, not over, not above, no higher than, within, upto
    >: over, above, more than, greater than, higher than, more expensive than, exceeding, costing more than
    >=: at least, min, minimum, no less than, not less than, not under, not below, starting at, starting from
    """
)
_AFTERWARDS = Phrases.table(
    """
    <=: or less, or under, or below, or cheaper, or lower, and under, and below, max, maximum, at most, tops
    >=: or more, or over, or above, or higher, and up, and above, and over, at least, minimum, upwards
    """
)
_YEARS = Phrases.table(
    """
    ==: from, from the year, from year
    >=: since
    >: after, newer than, later than
    <: before, older than, earlier than, prior to
    """
)
_KNOWN_YEARS = _YEARS | Phrases.table("==: in, of, for")
_VAGUE = Phrases.of("cheap, affordable, inexpensive, expensive, low priced, on a budget, bargain, pricey")
_NEAR = keys_of("around about approximately roughly circa near")
_NEAR_SHARE = 0.2
_NAME_LIKE = keys_of("max min maximum minimum")
"""Comparisons that are part of a name after a word that nothing knows: "Air Max 90"."""

_RANGE_MARKS = frozenset(("and", "to", "till", "until", "-", "\u2013"))
_SKIPPED = keys_of("is be are of at range") | {":"}
_SIZE = key_of("size")
_STARTS = (
    frozenset().union(*(each.starts for each in (_OPERATORS, _KNOWN_YEARS, _VAGUE, AVAILABLE)))
    | _NEAR
    | CURRENCIES
    | MEASURES.keys()
    | {"between", _SIZE}
)
"""Words that may begin a bound; every other word is passed by."""

_SIGNS = {"=": "==", "==": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!="}


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that was read.

    Attributes:
        end: the token after it.
        filter: its filter expression, where a field knows.
        opposite: the filter of its negation.
    """

    end: int
    filter: str | None = None
    opposite: str | None = None


def read_limit(tokens: Sequence[Token], at: int, fields: BoundedFields, *, after_name: bool) -> Limit | None:
    """The bound that starts at token ``at``, if one does.

    Args:
        after_name: the word before is one that nothing knows, maybe the name of a model.
    """
    if tokens[at].form == "word" and tokens[at].key not in _STARTS and tokens[at].key not in fields.starts:
        return None
    found = _available(tokens, at, fields) or _size(tokens, at, fields)
    if found is not None:
        return found
    named, start = _quantity(tokens, at, fields)
    return (
        _between(tokens, start, fields, named)
        or _compared(tokens, start, fields, named, after_name)
        or _year(tokens, start, fields)
        or _bare(tokens, start, fields, named)
        or _vague(tokens, at)
    )


def _available(tokens: Sequence[Token], at: int, fields: BoundedFields) -> Limit | None:
    end, meaning = AVAILABLE.find(tokens, at)
    if meaning is None:
        return None
    return Limit(end, fields.available(meaning), fields.available(meaning, negated=True))


def _size(tokens: Sequence[Token], at: int, fields: BoundedFields) -> Limit | None:
    if tokens[at].key != _SIZE or at + 1 >= len(tokens):
        return None
    at += 1 + (tokens[at + 1].key in _SKIPPED)
    key, is_number = key_at(tokens, at), at < len(tokens) and tokens[at].form == "number"
    found = fields.size(key)
    if found is None and key not in SIZES and not is_number:
        return None
    return Limit(at + 1, found, found and f"not ({found})")


def _vague(tokens: Sequence[Token], at: int) -> Limit | None:
    end, key = _VAGUE.find(tokens, at)
    return None if key is None else Limit(end)


def _quantity(tokens: Sequence[Token], at: int, fields: BoundedFields) -> tuple[str | None, int]:
    """What the words at token ``at`` measure (``price``, a numeric field's name), and the token after them."""
    keys = ""
    for end in range(at, min(at + 3, len(tokens))):
        if tokens[end].form != "word":
            break
        keys += tokens[end].key
        quantity = fields.quantity(keys)
        if quantity is not None:
            start = end + 1
            while key_at(tokens, start) in _SKIPPED and key_at(tokens, start) not in _SIGNS:
                start += 1
            return quantity, start
    return None, at


def _between(tokens: Sequence[Token], at: int, fields: BoundedFields, named: str | None) -> Limit | None:
    """ "between 20 and 40", "from 20 to 40 euros", "$20-$40"; without ``between`` only of a quantity that is said."""
    marked = key_at(tokens, at) == "between"
    low = read_amount(tokens, at + (marked or key_at(tokens, at) == "from"))
    if low is None or key_at(tokens, low.end) not in _RANGE_MARKS:
        high = _hyphenated(tokens, low)
    else:
        high = read_amount(tokens, low.end + 1)
    if low is None or high is None:
        return None
    quantity = high.quantity or low.quantity or named
    if quantity is None and not marked and not (key_at(tokens, at) == "from" and low.is_year and high.is_year):
        return None
    quantity = quantity or _unsaid(fields, low.is_year and high.is_year)
    small, large = sorted((low.number, high.number), key=float)
    return _within(fields.number(quantity), small, large, high.end)


def _hyphenated(tokens: Sequence[Token], low: Amount | None) -> Amount | None:
    """The second number of "20-40": the hyphen between numbers is no mark of its own."""
    if low is None or low.end >= len(tokens) or not tokens[low.end].joined:
        return None
    token = tokens[low.end]
    loose = Token(token.form, token.key, token.start, token.end)
    found = read_amount([loose, *tokens[low.end + 1 : low.end + 2]], 0)
    return found and Amount(found.number, found.quantity, low.end + found.end)


def _compared(
    tokens: Sequence[Token], at: int, fields: BoundedFields, named: str | None, after_name: bool
) -> Limit | None:
    """A comparison in words or signs, and a number: "under 50", "price <= 20"."""
    end, operator = _OPERATORS.find(tokens, at)
    in_words = operator is not None
    if not in_words:
        end, operator = at + 1, _SIGNS.get(key_at(tokens, at))
    if operator is None or (after_name and named is None and tokens[at].key in _NAME_LIKE):
        return None
    amount = read_amount(tokens, end)
    if amount is None or (in_words and _counts_parts(tokens, amount)):
        return None
    tail, _ = _AFTERWARDS.find(tokens, amount.end)  # "below 25 or less"
    return _limit(fields, replace(amount, end=tail), amount.quantity or named or "price", operator)


def _year(tokens: Sequence[Token], at: int, fields: BoundedFields) -> Limit | None:
    """ "from 2012", "before 2013"; "in 2012" and "of 2012" where there is a field of years."""
    end, operator = (_KNOWN_YEARS if fields.has_years else _YEARS).find(tokens, at)
    amount = None if operator is None else read_amount(tokens, end)
    if operator is None or amount is None or not amount.is_year:
        return None
    return _limit(fields, amount, "year", operator)


def _bare(tokens: Sequence[Token], at: int, fields: BoundedFields, named: str | None) -> Limit | None:
    """A number with its quantity and a comparison after it or none: "50 euros or less", "around 50", "year 2012"."""
    near = key_at(tokens, at) in _NEAR
    amount = read_amount(tokens, at + near)
    if amount is None:
        return None
    end, operator = _AFTERWARDS.find(tokens, amount.end)
    quantity = amount.quantity or named
    if operator is not None:
        return _limit(fields, replace(amount, end=end), quantity or "price", operator)
    if quantity == "price" or (near and quantity is None and not _counts_parts(tokens, amount)):
        return _within(fields.number("price"), amount.times(1 - _NEAR_SHARE), amount.times(1 + _NEAR_SHARE), amount.end)
    if named is None or amount.quantity not in (None, named):
        return None
    if fields.number(named) is None and not (named == "year" and amount.is_year):
        return None
    return _limit(fields, amount, named, "==")


def _counts_parts(tokens: Sequence[Token], amount: Amount) -> bool:
    """Whether the number counts parts of a product: "at least 4 pockets"."""
    word = LEXICON.get(key_at(tokens, amount.end))
    return amount.quantity is None and word is not None and word.role == "thing"


def _unsaid(fields: BoundedFields, years: bool) -> str:
    return "year" if years and fields.has_years else "price"


def _limit(fields: BoundedFields, amount: Amount, quantity: str, operator: str) -> Limit:
    field = fields.number(quantity)
    if field is None:
        return Limit(amount.end)
    found = comparison(field, operator, amount.number)
    return Limit(amount.end, found, comparison(field, _OPPOSITE[operator], amount.number))


def _within(field: str | None, low: str, high: str, end: int) -> Limit:
    if field is None:
        return Limit(end)
    bounds = [comparison(field, ">=", low), comparison(field, "<=", high)]
    found = None if None in bounds else f"{bounds[0]} and {bounds[1]}"
    return Limit(end, found, found and f"not ({found})")
