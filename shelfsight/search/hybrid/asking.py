"""What of a query is looked up by words: without courtesies, bounds and what it negates."""

import re
from dataclasses import dataclass

from shelfsight.core.atoms import Atom
from shelfsight.search.atoms import EMPTY, parse, positive_text
from shelfsight.search.planning import Plan

__all__ = ["Wording", "wording_of"]

_QUOTED = re.compile(r'"[^"]*(?:"|$)')


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a query.

    Attributes:
        typed: all of it, less its minus terms.
        telling: what is left of it without courtesies, bounds and negations.
        negative: what items should not have: minus terms, and what the text negates.
    """

    typed: str
    telling: str
    negative: tuple[str, ...]


def wording_of(plan: Plan) -> Wording:
    """The words of a plan. Where it was taken apart already, they are as its atoms say."""
    typed = plan.words.text or ""
    if plan.atoms is not None or not typed:
        return Wording(typed, typed, plan.words.negative)
    quoted = [match[0] for match in _QUOTED.finditer(typed)]
    free = _QUOTED.sub(" ", typed)
    atoms = parse(free, EMPTY)
    telling = " ".join([*filter(None, [positive_text(free, atoms) if _wants(atoms) else free]), *quoted])
    negative = dict.fromkeys((*plan.words.negative, *(atom.term for atom in atoms if atom.negated)))
    return Wording(typed, " ".join(telling.split()), tuple(negative))


def _wants(atoms: tuple[Atom, ...]) -> bool:
    return any(not atom.negated and atom.kind != "limit" for atom in atoms)
