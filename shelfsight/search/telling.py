"""What of a text is looked up in a hybrid search: not its courtesies and bounds, and what it negates is a minus term.

Words are compared one by one, so "I am looking for tops that are not black" must not look for *black*, and *looking* is
no word that an item lacks. A small encoder, too, finds what is left of a sentence better than the sentence.
"""

import re
from collections.abc import Sequence

from shelfsight.core.atoms import Atom
from shelfsight.search.atoms import EMPTY, parse, positive_text
from shelfsight.search.query import Understood

__all__ = ["telling"]

_QUOTED = re.compile(r'"[^"]*(?:"|$)')


def telling(words: Understood) -> Understood:
    """``words`` without courtesies and bounds; what the text negates is in ``negative``. What is in quotes stays, and
    so does a text that asks for nothing else."""
    if words.text is None:
        return words
    quoted = [match[0] for match in _QUOTED.finditer(words.text)]
    free = _QUOTED.sub(" ", words.text)
    atoms = parse(free, EMPTY)
    if not _wants(atoms):
        return words
    text = " ".join(" ".join([positive_text(free, atoms) or "", *quoted]).split())
    negated = (atom.term for atom in atoms if atom.negated)
    return Understood(text or words.text, tuple(dict.fromkeys((*words.negative, *negated))))


def _wants(atoms: Sequence[Atom]) -> bool:
    return any(not atom.negated and atom.kind != "limit" for atom in atoms)
