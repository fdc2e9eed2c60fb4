"""Numbers in a query with what they measure: ``$50``, ``20 euros``, ``3 kg``."""

from collections.abc import Sequence
from dataclasses import dataclass

from shelfsight.search.atoms.lexicon import CURRENCIES, MEASURES
from shelfsight.search.atoms.tokens import Token

__all__ = ["Amount", "key_at", "read_amount"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number.

    Attributes:
        number: it, as the filter language writes it.
        quantity: what its unit measures (``price``, ``weight``), or ``None`` without a unit.
        end: the token after it.
    """

    number: str
    quantity: str | None
    end: int

    @property
    def is_year(self) -> bool:
        """Whether it may be a year."""
        return self.quantity is None and self.number.isdigit() and 1900 <= int(self.number) <= 2100

    def times(self, factor: float) -> str:
        """A multiple, as the filter language writes it."""
        return _plain(float(self.number) * factor)


def key_at(tokens: Sequence[Token], at: int) -> str:
    """The key of a token; empty past the end."""
    return tokens[at].key if at < len(tokens) else ""


def read_amount(tokens: Sequence[Token], at: int) -> Amount | None:
    """The number at token ``at``, with a currency before it or a unit after it."""
    quantity = None
    if key_at(tokens, at) in CURRENCIES:
        quantity, at = "price", at + 1
        at += key_at(tokens, at) == "."
    if at >= len(tokens) or tokens[at].form != "number" or tokens[at].joined:
        return None
    number, end = _plain(float(tokens[at].key)), at + 1
    unit = key_at(tokens, end)
    if unit in CURRENCIES:
        return Amount(number, "price", end + 1)
    if quantity is None and unit in MEASURES:
        return Amount(number, MEASURES[unit], end + 1)
    return Amount(number, quantity, end)


def _plain(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")
