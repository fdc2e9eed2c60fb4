"""Atoms that a person or a program sends: whether they can be asked."""

from collections.abc import Sequence
from dataclasses import replace

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import UsageError
from shelfsight.core.filters import parse as parse_filter
from shelfsight.core.texts import check_text
from shelfsight.search.atoms.parser import MAX_ATOMS, MAX_TERM

__all__ = ["checked"]


def checked(atoms: Sequence[Atom]) -> tuple[Atom, ...]:
    """The atoms, white space of their terms tidied.

    Raises:
        UsageError: there are too many, or one cannot be asked; the message names it and the hint says the way out.
        FilterError: the filter of a limit does not parse.
    """
    if len(atoms) > MAX_ATOMS:
        raise UsageError(f"{len(atoms)} atoms are sent", hint=f"a query has {MAX_ATOMS} atoms at most")
    return tuple(_checked(place, atom) for place, atom in enumerate(atoms))


def _checked(place: int, atom: Atom) -> Atom:
    term = " ".join(atom.term.split())
    named = f"atom {place} ({term[:40]!r})"
    if not term:
        raise UsageError(f"atom {place} has no term", hint="a term is the bare words: 'leather' for 'not leather'")
    check_text(term, MAX_TERM, f"the term of {named}")
    if atom.start < 0 or atom.end < atom.start:
        raise UsageError(
            f"{named} stands from {atom.start} to {atom.end}", hint="give both as 0 where it is not in the text"
        )
    _check_limit(named, atom)
    return replace(atom, term=term)


def _check_limit(named: str, atom: Atom) -> None:
    if atom.kind == "limit" and atom.negated:
        raise UsageError(f"{named} is a negated limit", hint="write the opposite bound in its filter: price >= 50")
    if atom.filter is None:
        return
    if atom.kind != "limit":
        raise UsageError(f"{named} is of kind {atom.kind!r} and has a filter", hint="only a limit has a filter")
    parse_filter(atom.filter)
