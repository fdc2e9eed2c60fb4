"""A query's text to atoms."""

from collections.abc import Iterable

from shelfsight.core.atoms import Atom, AtomKind
from shelfsight.core.questions import Subject
from shelfsight.search.atoms.parts import Part, Role
from shelfsight.search.atoms.scan import scan
from shelfsight.search.atoms.scopes import negate
from shelfsight.search.atoms.settle import settle
from shelfsight.search.atoms.vocabulary import EMPTY, Vocabulary

__all__ = ["MAX_ATOMS", "MAX_TERM", "parse"]

MAX_ATOMS = 32
"""Atoms of a query at most; of a longer text the first ones count."""
MAX_TERM = 200
"""Characters of an atom's term at most."""

_KINDS: dict[Role, tuple[AtomKind, Subject]] = {
    "kind": ("kind", "kind"),
    "wearer": ("attribute", "wearer"),
    "colour": ("attribute", "attribute"),
    "pattern": ("attribute", "attribute"),
    "material": ("attribute", "attribute"),
    "look": ("attribute", "attribute"),
    "value": ("attribute", "attribute"),
    "count": ("count", "count"),
    "limit": ("limit", "other"),
    "thing": ("other", "other"),
    "unknown": ("other", "other"),
}


def parse(text: str, vocabulary: Vocabulary = EMPTY) -> tuple[Atom, ...]:
    """What ``text`` asks for, in the order of the text.

    Known phrases are found by longest match, in the catalogue's words and in plain English; words that nothing knows
    become ``other`` atoms, courtesies and articles none. ``start`` and ``end`` give the words themselves, without the
    ``not`` before them. Spans do not overlap. Time is linear in the length of the text; no text is an error.
    """
    parts = settle(text, negate(text, scan(text, vocabulary)))
    return tuple(_distinct(_atom(part) for part in sorted(parts, key=lambda part: part.start) if part.role in _KINDS))


def _atom(part: Part) -> Atom:
    kind, subject = _KINDS[part.role]
    term = part.known[0] if part.known else None
    return Atom(
        kind=kind,
        term=part.term[:MAX_TERM].rstrip(),
        negated=part.negated,
        field=None if term is None else term.field,
        value=None if term is None else term.value,
        filter=part.filter,
        subject=subject,
        start=part.start,
        end=part.end,
    )


def _distinct(atoms: Iterable[Atom]) -> Iterable[Atom]:
    """The first of those that ask the same, :data:`MAX_ATOMS` at most."""
    seen: set[tuple[str, str, bool]] = set()
    for atom in atoms:
        asked = (atom.kind, atom.term, atom.negated)
        if asked not in seen and len(seen) < MAX_ATOMS:
            seen.add(asked)
            yield atom
