"""A query that was found answerable: what is looked up, what passes, and how far down the stages look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import UsageError
from shelfsight.core.filters import And, Expr, FieldPath, In, Not, parse
from shelfsight.core.settings import SearchSettings
from shelfsight.core.types import Query
from shelfsight.search.atoms import checked, positive_text
from shelfsight.search.compose import Weighted
from shelfsight.search.query import Understood, check, once, understand
from shelfsight.search.rules.ruling import Ruling
from shelfsight.search.telling import telling

__all__ = ["DIVERSE", "HEAD", "Plan", "browsing_plan", "plan_of"]

HEAD = 1024
"""Candidates from the first on that rules, the folding of duplicates and diversity see, whatever the page: so that they
make one order of which every page shows its part. Candidates behind them follow as the first stage has them."""

DIVERSE = 200
"""Of these, those that diversity may move: further down, being different is all that speaks for most."""


_FIRST = 64
"""Candidates that a store is asked for at first, at least: more than most pages show, and found as quickly as fewer."""
_FUSED = 256
"""Likewise of a fusion, which is the better for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one query is answered.

    Attributes:
        words: what is looked up: the text as it was typed less its minus terms, or, where the query was taken apart,
            its positive text, and as minus terms all that it negates; likewise in a hybrid search.
        where: what an item must satisfy to be ranked: the query's filter, and the limits among its atoms.
        filters: ``where`` as it was written. Expressions compare as Python's values do, for which 1 is True.
        atoms: what the query asks for, where it was taken apart.
        minus: the minus terms given beside the text that no atom says, as atoms.
        positive: the text that hits should show as a whole; ``None`` where only negations and limits are asked for.
        depth: candidates of a second look; 0: there is none.
        ruling: the merchandiser's rules that count; ``where`` leaves out what they hide.
        like, unlike: the main pictures of the query's examples, in its order.
        spelt: the text of ``words`` with its slips put right, where it has some and words are looked up.
    """

    query: Query
    words: Understood
    where: Expr | None
    filters: tuple[str, ...] = ()
    atoms: tuple[Atom, ...] | None = None
    minus: tuple[Atom, ...] = ()
    positive: str | None = None
    depth: int = 0
    ruling: Ruling | None = None
    like: tuple[Weighted, ...] = field(default=(), compare=False, repr=False)
    unlike: tuple[Weighted, ...] = field(default=(), compare=False, repr=False)
    spelt: str | None = None

    @property
    def encoded(self) -> str | None:
        """The text that an encoder reads."""
        return self.words.text if self.spelt is None else self.spelt

    @property
    def ruled(self) -> bool:
        """Whether rules may move candidates."""
        return self.ruling is not None and self.ruling.moves and not self.browses

    @property
    def synonyms(self) -> Mapping[str, tuple[str, ...]]:
        """What rules say counts as well, for a lookup of words."""
        return {} if self.ruling is None else self.ruling.synonyms

    @property
    def claimed(self) -> tuple[Atom, ...]:
        """All that can be true or false of a hit."""
        return (*(self.atoms or ()), *self.minus)

    @property
    def window(self) -> int:
        """Places from the first on to the end of the page."""
        return self.query.offset + self.query.k

    @property
    def head(self) -> int:
        """Candidates that stages behind the first put into another order; does not depend on the page."""
        query = self.query
        arranged = self.ruled or query.duplicates is not None
        return max(self.depth, HEAD if arranged else 0, DIVERSE if query.diversity > 0 else 0)

    @property
    def first(self) -> int:
        """Candidates that retrieval is asked for at first. Pages of one size agree; so do others below the least."""
        return max(self.head, self.query.k, _FUSED if self.hybrid else _FIRST)

    @property
    def hybrid(self) -> bool:
        """Whether words are looked up beside the vector."""
        return self.query.mode == "hybrid" and self.words.text is not None

    @property
    def pictured(self) -> bool:
        """Whether a picture is looked up: one, or those of items."""
        return self.query.image is not None or self.query.vector is not None or bool(self.query.like)

    @property
    def browses(self) -> bool:
        """Whether nothing is looked up."""
        return self.words.text is None and not self.pictured and not self.words.negative

    @property
    def judged(self) -> int:
        """Places from the first on that a second look must be sure of: those of the page, where nothing behind it
        moves candidates or counts them."""
        buries = self.ruling is not None and bool(self.ruling.buries)
        return self.depth if self.arranged or buries or self.query.min_relevance is not None else self.window

    @property
    def arranged(self) -> bool:
        """Whether anything but merit says how hits are shown."""
        query = self.query
        varied = query.duplicates is not None or query.diversity > 0
        return bool(query.sort) or query.group_by is not None or varied

    @property
    def ranked(self) -> Expr | None:
        """The filter that passes what is ranked: :attr:`where`, less the items left out."""
        if not self.query.exclude:
            return self.where
        others = Not(In(FieldPath("id"), self.query.exclude))
        return others if self.where is None else And((self.where, others))


TakeApart = Callable[[str], Sequence[Atom]]


def plan_of(query: Query, settings: SearchSettings, take_apart: TakeApart) -> Plan:
    """The plan of ``query``.

    Args:
        take_apart: reads the atoms of a text; called only where a second look needs them and the query has none.

    Raises:
        UsageError: the query cannot be answered; ``FilterError`` among them.
    """
    check(query, settings)
    query = once(query)
    filters = () if query.filter is None else (query.filter,)
    if not (query.rerank or query.explain) and query.atoms is None:
        words = telling(understand(query)) if query.mode == "hybrid" else understand(query)
        return Plan(query=query, words=words, where=_where(filters), filters=filters)
    atoms = tuple(take_apart(query.text or "")) if query.atoms is None else checked(query.atoms)
    minus = _minus(query.negative, atoms)
    visual = [atom for atom in (*atoms, *minus) if atom.kind != "limit"]
    positive = positive_text(query.text, atoms)
    text = positive or understand(query).text
    if text is None and not visual:
        _refuse_wordless(query, atoms)
    filters = (*filters, *(atom.filter for atom in atoms if atom.kind == "limit" and atom.filter is not None))
    negative = tuple(dict.fromkeys(atom.term for atom in visual if atom.negated))
    return Plan(
        query=query,
        words=Understood(text, negative),
        where=_where(filters),
        filters=filters,
        atoms=atoms,
        minus=minus,
        positive=positive,
        depth=_depth(query, settings) if query.rerank else 0,
    )


def browsing_plan(query: Query, settings: SearchSettings) -> Plan:
    """The plan of a query that only filters and sorts: nothing is looked up.

    Raises:
        UsageError: a value is out of range; ``FilterError`` among them.
    """
    check(query, settings)
    query = once(query)
    filters = () if query.filter is None else (query.filter,)
    return Plan(query=query, words=Understood(None, ()), where=_where(filters), filters=filters)


def _minus(terms: Sequence[str], atoms: Sequence[Atom]) -> tuple[Atom, ...]:
    """Minus terms given beside the text, as atoms, where no atom says the same. Those in the text are atoms of it."""
    known = {atom.term.casefold() for atom in atoms if atom.negated}
    given = dict.fromkeys(filter(None, (" ".join(term.split()) for term in terms)))
    return tuple(Atom(kind="other", term=term, negated=True) for term in given if term.casefold() not in known)


def _refuse_wordless(query: Query, atoms: Sequence[Atom]) -> None:
    if query.rerank or (query.explain and not atoms):
        what = "re-rank" if query.rerank else "explain"
        raise UsageError(
            f"a query without words gives a model nothing to {what} by", hint=f"add a text, or do not {what}"
        )


def _depth(query: Query, settings: SearchSettings) -> int:
    """At least k, so that pages of one size agree: an offset changes which part of the order is seen, and not which
    candidates it is an order of. Matches behind them follow as the first stage has them."""
    wished = settings.depth if query.depth is None else query.depth
    return min(max(wished, query.k), settings.max_depth)


def _where(filters: Sequence[str]) -> Expr | None:
    parsed = tuple(parse(each) for each in filters)
    return And(parsed) if len(parsed) > 1 else (parsed[0] if parsed else None)
