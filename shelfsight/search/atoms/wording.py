"""The words of a query that say what is looked for: what is embedded, and what a model is asked as a whole."""

import re
from collections.abc import Sequence, Set

from shelfsight.core.atoms import Atom
from shelfsight.search.atoms.lexicon import LEXICON, canonical
from shelfsight.search.atoms.stopwords import CONNECTORS, GLUE
from shelfsight.search.atoms.tokens import key_of, tokenise

__all__ = ["positive_text"]

_GAP = 3
"""Words between two parts that are kept as they are; longer stretches are courtesies."""

_CONJUNCTIONS = frozenset(("and", "or"))


def positive_text(text: str | None, atoms: Sequence[Atom]) -> str | None:
    """What the hits should show: ``red shoes`` of "I am looking for red shoes without laces under 50".

    The text from the first wanted atom to the last, without what is negated, bounds and courtesies. Where a person
    changed an atom's term, the new one stands in its place. Where a wanted atom has no place in ``text``, the phrase is
    made of the atoms alone: how many, how it looks, what it is, for whom, with what.

    Returns:
        ``None`` where nothing is wanted, only things to avoid.
    """
    wanted = [atom for atom in atoms if not atom.negated and atom.kind != "limit"]
    if not wanted:
        return None
    if text is None or not all(0 <= atom.start < atom.end <= len(text) for atom in wanted):
        return _composed(wanted)
    return _kept(text, atoms, wanted)


def _kept(text: str, atoms: Sequence[Atom], wanted: Sequence[Atom]) -> str:
    left_out = [atom for atom in atoms if (atom.negated or atom.kind == "limit") and atom.start < atom.end]
    said = {canonical(key_of(atom.term)) for atom in wanted}
    written, end = "", 0
    for atom in sorted(wanted, key=lambda atom: (atom.start, atom.end)):
        if atom.start < end:
            continue
        if written:
            broken = any(end <= other.start < atom.start for other in left_out)
            written += _between(text[end : atom.start], said, broken=broken)
        written += _words(text, atom)
        end = atom.end
    tail = text[end : min((other.start for other in left_out if other.start >= end), default=len(text))]
    return " ".join((written + _repeated(tail, said)).split())


def _words(text: str, atom: Atom) -> str:
    """The words in the text, or the atom's term where it says something else by now."""
    there = text[atom.start : atom.end]
    same = atom.kind == "count" or canonical(key_of(there)) == canonical(key_of(atom.term))
    return there if same else atom.term


def _between(gap: str, said: Set[str], *, broken: bool) -> str:
    """What stays of the words between two wanted atoms: all of a few, else the connectors before the second.

    Args:
        said: keys of what is wanted; only such words and empty ones stay. What a person took out does not come back.
        broken: something between them was left out.
    """
    tokens = tokenise(gap)
    words = [token for token in tokens if token.form in ("word", "number")]
    if not broken and len(words) <= _GAP and all(token.key in GLUE or canonical(token.key) in said for token in words):
        return gap
    start = len(gap)
    for token in reversed(tokens):
        if token.key not in CONNECTORS or (broken and token.key in _CONJUNCTIONS):
            break
        start = token.start
    return f" {gap[start:].strip()} "


def _repeated(tail: str, said: Set[str]) -> str:
    """The words after the last wanted atom, as far as they say one of them again ("kids ... kidswear")."""
    ends = [token.end for token in tokenise(tail) if canonical(token.key) in said]
    return tail[: ends[-1]] if ends else ""


def _composed(wanted: Sequence[Atom]) -> str:
    counts = [atom.term for atom in wanted if atom.kind == "count"]
    looks = [atom.term for atom in wanted if atom.kind == "attribute" and atom.subject != "wearer"]
    kinds = [atom.term for atom in wanted if atom.kind == "kind"]
    wearers = [atom.term for atom in wanted if atom.subject == "wearer" and atom.kind == "attribute"]
    others = [atom.term for atom in wanted if atom.kind == "other"]
    things = [term for term in others if _is_thing(term)] if kinds else []
    names = [term for term in others if term not in things]
    phrase = " ".join((*counts, *names, *looks, *kinds))
    for mark, terms in (("for", wearers), ("with", things)):
        if terms:
            phrase += f" {mark} {' and '.join(terms)}"
    return " ".join(phrase.split())


def _is_thing(term: str) -> bool:
    """Whether a term names a part of a product, such as ``logo`` or ``red laces``."""
    last = re.split(r"\s+", term)[-1]
    word = LEXICON.get(key_of(term)) or LEXICON.get(key_of(last))
    return word is not None and (word.role == "thing" or word.also_thing)
