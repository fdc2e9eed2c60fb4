"""One sentence from claims: it states what is supported, and names the rest as what it is. Templates, no free text."""

import re
from collections.abc import Iterable, Sequence

from shelfsight.core.atoms import Atom
from shelfsight.core.types import Claim, Value

__all__ = ["sentence"]

Judged = tuple[Atom, Claim]

_NOTHING = "Nothing the query asks for could be confirmed."
_UNSURE = "Nothing the query asks for is certain."
_NO_ATOMS = "The query asks for nothing that could be checked."
_LONGEST = 80  # characters of one term
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\s]+")
_UNCOUNTED = re.compile(r"(?:wear|jewell?ery|luggage|furniture|clothing|apparel|perfume|lingerie|stationery)$", re.I)
_SINGULAR = ("ss", "us", "is", "canvas")
_PLURALS = ("women", "men", "children", "people", "feet", "teeth")
_AN = re.compile(r"(?!eu|ones?\b|uni[^mn]|us[aei]|ut[ei]|uk|u\b)[aeiou]|8|1[18]\b|hour|heir|honest", re.I)


def sentence(judged: Sequence[Judged]) -> str:
    """Why a hit is shown, from each atom with its claim.

    Only what is surely a yes is asserted. Then, clearly apart, what is likely (``Likely: heels.``), what fails
    (``Does not fit: leather.``) and, where there is any yes, what could not be told (``Not confirmed: waterproof.``).
    """
    if not judged:
        return _NO_ATOMS
    agreed = [each for each in judged if each[1].verdict == "yes"]
    supported = sorted((each for each in agreed if not each[1].likely), key=lambda each: each[0].negated)
    likely = [_plain(atom.text) for atom, claim in agreed if claim.likely]
    parts = [f"Shown because it {_joined(_predicates(supported))}." if supported else _UNSURE if likely else _NOTHING]
    if likely:
        parts.append(f"Likely: {', '.join(likely)}.")
    unknown = [_plain(atom.text) for atom, claim in judged if claim.verdict == "cannot tell"]
    if agreed and unknown:
        parts.append(f"Not confirmed: {', '.join(unknown)}.")
    failed = [_plain(atom.text) for atom, claim in judged if claim.verdict == "no"]
    if failed:
        parts.append(f"Does not fit: {', '.join(failed)}.")
    return " ".join(parts)


def _predicates(supported: Sequence[Judged]) -> list[str]:
    """What follows "it", those with one verb together: what it is, what its fields say, what its picture shows."""
    being = [words for atom, _ in supported if (words := _being(atom))]
    bounds = [_bound(atom, claim) for atom, claim in supported if atom.kind == "limit"]
    shown = [words for atom, _ in supported if (words := _shown(atom))]
    return [
        *([f"is {_and(being)}"] if being else []),
        *bounds,
        *([f"shows {_and(shown)}"] if shown else []),
    ]


def _being(atom: Atom) -> str | None:
    """What goes behind "is": a kind in the singular, a look, a wearer."""
    if atom.kind == "limit" or (_is_thing(atom) and (atom.subject != "kind" or _is_plural(atom.term))):
        return None
    term = _plain(atom.term)
    words = f"for {term}" if atom.subject == "wearer" else _with_article(term) if _is_thing(atom) else term
    return f"not {words}" if atom.negated else words


def _shown(atom: Atom) -> str | None:
    """What goes behind "shows": things, and kinds in the plural."""
    if atom.kind == "limit" or not _is_thing(atom) or _being(atom):
        return None
    term = _plain(atom.term)
    if atom.subject == "count":
        things = "product" if term in ("one", "1") else "products"
        return f"{'not ' if atom.negated else ''}{term} {things}"
    return f"no {term}" if atom.negated else _with_article(term)


def _is_thing(atom: Atom) -> bool:
    return atom.subject not in ("attribute", "wearer")


def _bound(atom: Atom, claim: Claim) -> str:
    """``costs 39 (under 50)``. Texts of the catalogue are not repeated: the sentence has words of the query alone."""
    field, value = _plain(claim.evidence.field or "").replace("_", " "), _number(claim.evidence.value)
    if value is None or not field:
        return f"fits “{_plain(atom.text)}”"
    what = (
        f"costs {value}" if re.search(r"\b(?:price|cost)\b", field, re.I) else f"has {_with_article(field)} of {value}"
    )
    return f"{what} ({_plain(atom.text)})"


def _number(value: Value) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if float(value).is_integer() else str(value)


def _with_article(term: str) -> str:
    if _is_plural(term) or _UNCOUNTED.search(term) or re.match(r"(?:an?|the|some)\b", term, re.I):
        return term
    return f"{'an' if _AN.match(term) else 'a'} {term}"


def _is_plural(term: str) -> bool:
    word = _plain(term).lower()
    return word.endswith(_PLURALS) or (word.endswith("s") and not word.endswith(_SINGULAR))


def _plain(text: str) -> str:
    """On one line, without what is not seen or turns the direction of writing, and not too long."""
    line = _UNSEEN.sub(" ", text).strip()
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _joined(predicates: Iterable[str]) -> str:
    """With a comma before ``and``: the parts have lists in them."""
    parts = list(predicates)
    if len(parts) < 3:
        return ", and ".join(parts) if any(" and " in part for part in parts) else " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"
