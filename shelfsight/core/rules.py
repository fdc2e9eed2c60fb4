"""A merchandiser's rules, as data: what is pinned, hidden, boosted and put last, and which words mean the same.

What they do to a search is in :mod:`shelfsight.search.rules`.
"""

from dataclasses import dataclass
from datetime import date

from shelfsight.core.filters import Expr

__all__ = ["MOST_FACTOR", "NO_RULES", "Boost", "Bury", "Fresh", "Hide", "Pin", "Rule", "Rules", "Scope", "Synonyms"]

MOST_FACTOR = 10.0
"""What all boosts of an item together multiply its odds by, at most; and one over it, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """When a rule counts.

    Attributes:
        queries: texts, one of which must be all that is asked for; case, accents and plurals do not matter.
        containing: words or phrases, one of which must be part of what is asked for. With neither this nor
            ``queries``, the rule counts for every query, pictures too.
        start, end: the first and the last day; ``None``: no bound.
    """

    queries: tuple[str, ...] = ()
    containing: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None

    @property
    def everywhere(self) -> bool:
        """Whether any query is meant."""
        return not self.queries and not self.containing


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What all rules have.

    Attributes:
        label: what a person calls it: its name, or its kind and number: ``boost 2``.
        name: the name it was given.
        line: where it begins in its file.
    """

    label: str
    name: str | None = None
    line: int = 0
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(Rule):
    """``ids`` stand at ``position`` (from 1) and the places behind it, where they pass the search's filter."""

    ids: tuple[str, ...]
    position: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hide(Rule):
    """What has one of the ids, or passes the filter, is not found at all."""

    ids: tuple[str, ...] = ()
    filter: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost(Rule):
    """What passes has its odds of relevance multiplied by ``factor``, in [1 / MOST_FACTOR, MOST_FACTOR].

    ``condition`` is the filter as it was written.
    """

    filter: Expr
    condition: str
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh(Rule):
    """What is new has its odds multiplied by ``factor``; after each ``half_life`` (days) half of that, in log-odds, is
    left. ``field`` holds a date (``2025-01-31``, with or without a time behind it) or seconds since 1970."""

    field: str
    half_life: float
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bury(Rule):
    """What passes comes last. ``condition`` is the filter as it was written."""

    filter: Expr
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Synonyms(Rule):
    """Who asks for one of ``words`` gets what has one of ``others``; two-way groups have the same in both."""

    words: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A whole file, each kind in the file's order.

    Attributes:
        warnings: what is wrong with them as a whole, for the pages of searches: that a newer file cannot be read.
    """

    pins: tuple[Pin, ...] = ()
    hides: tuple[Hide, ...] = ()
    boosts: tuple[Boost, ...] = ()
    fresh: tuple[Fresh, ...] = ()
    buries: tuple[Bury, ...] = ()
    synonyms: tuple[Synonyms, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Rule, ...]:
        """Every rule, in the order of the file."""
        together = (*self.pins, *self.hides, *self.boosts, *self.fresh, *self.buries, *self.synonyms)
        return tuple(sorted(together, key=lambda rule: rule.line))


NO_RULES = Rules()
