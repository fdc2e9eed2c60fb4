"""The words of a query that say what is looked for: what is embedded, and what a model is asked as a whole."""

import re
from collections.abc import Sequence

from shelfsight.core.atoms import Atom
from shelfsight.search.atoms.lexicon import LEXICON, canonical
from shelfsight.search.atoms.stopwords import CONNECTORS
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
    written = ""
    last: Atom | None = None
    left_out = [atom for atom in atoms if (atom.negated or atom.kind == "limit") and atom.start < atom.end]
    for atom in sorted(wanted, key=lambda atom: (atom.start, atom.end)):
        if last is not None and atom.start < last.end:
            continue
        if last is not None:
            written += _between(text[last.end : atom.start], any(last.end <= a.start < atom.start for a in left_out))
        written += _words(text, atom)
        last = atom
    return " ".join(written.split())


def _words(text: str, atom: Atom) -> str:
    """The words in the text, or the atom's term where it says something else by now."""
    there = text[atom.start : atom.end]
    same = atom.kind == "count" or canonical(key_of(there)) == canonical(key_of(atom.term))
    return there if same else atom.term


def _between(gap: str, something_left_out: bool) -> str:
    """What stays of the words between two wanted atoms: all of a few, else the connectors before the second."""
    tokens = tokenise(gap)
    words = [token for token in tokens if token.form == "word"]
    if not something_left_out and len(words) <= _GAP:
        return gap
    start = len(gap)
    for token in reversed(tokens):
        if token.form != "word" or token.key not in CONNECTORS:
            break
        start = token.start
    kept = [token for token in tokens if token.start >= start]
    while something_left_out and kept and kept[0].key in _CONJUNCTIONS:
        kept.pop(0)
    return f" {gap[kept[0].start :].strip()} " if kept else " "


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
