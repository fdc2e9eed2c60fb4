"""What a query asks for, in the smallest parts that can be true or false of one item."""

from dataclasses import dataclass
from typing import Literal

from shelfsight.core.questions import Subject

__all__ = ["Atom", "AtomKind"]

AtomKind = Literal["kind", "attribute", "count", "limit", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """One part of a query, which a person can read, edit and send back.

    Attributes:
        kind: ``kind`` (what it is: running shoe), ``attribute`` (how it looks or for whom: red, striped, for women),
            ``count`` (two, a set of three), ``limit`` (a bound on a field: under 50), ``other`` (a thing to be seen on
            it: logo, heels).
        term: the bare words asked of a picture (``leather`` for "not leather"); of a limit, its words (``under 50``).
        negated: whether hits must not have it.
        field: the catalogue field that speaks of it, where one does.
        value: that field's value, as the catalogue writes it.
        filter: of a limit, its filter expression (``price < 50``); every hit satisfies it.
        subject: how a model is asked about it.
        start, end: where in the query's text it stands, in characters; both 0 where it does not.
    """

    kind: AtomKind
    term: str
    negated: bool = False
    field: str | None = None
    value: str | None = None
    filter: str | None = None
    subject: Subject = "other"
    start: int = 0
    end: int = 0

    @property
    def text(self) -> str:
        """As a person reads it: ``red``, ``not leather``, ``under 50``."""
        return f"not {self.term}" if self.negated else self.term
