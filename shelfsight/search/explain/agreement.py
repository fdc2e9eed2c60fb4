"""Whether the value of a catalogue field is what an atom asks for."""

import re

from shelfsight.core.atoms import Atom
from shelfsight.core.types import Value
from shelfsight.search.atoms.tokens import key_of, words_of

__all__ = ["agrees"]

_SEVERAL = re.compile(r"[,;/|+]|\band\b", re.IGNORECASE)
_IMITATION = frozenset(
    ["faux", "fake", "imitation", "artificial", "synthetic", "vegan", "mock", "non", "no", "not", "without", "off"]
)
_EVERYONE = frozenset(map(key_of, ("unisex", "everyone", "all")))


def agrees(atom: Atom, value: Value) -> bool | None:
    """Whether ``value`` is the atom's value (its term where it has none), negation left aside.

    Case, plural and hyphens do not count. A value whose last words are the atom's is a kind of it (``navy blue`` is
    blue, a ``running shoe`` a shoe), unless what comes before says that it only looks like it (``faux leather``).
    Of a list, or of a text that lists several, one is enough.

    Returns:
        ``None`` where the value does not decide: there is none, it is less exact than the atom (``shoe`` for
        ``running shoe``), or it has the atom's words in other places (a ``dress shoe`` for ``dress``).
    """
    wanted = _words(atom.value or atom.term)
    found = [_agrees(wanted, words, atom) for words in map(_words, _parts(value)) if words]
    if not found or not wanted:
        return None
    if True in found:
        return True
    return None if None in found else False


def _agrees(wanted: tuple[str, ...], found: tuple[str, ...], atom: Atom) -> bool | None:
    if "".join(wanted) == "".join(found) or (atom.subject == "wearer" and found[-1] in _EVERYONE):
        return True
    if found[-len(wanted) :] == wanted:
        return not _IMITATION & set(found)
    if wanted[-len(found) :] == found or set(wanted) < set(found):
        return None
    return False


def _parts(value: Value) -> list[str]:
    match value:
        case bool():
            return ["true" if value else "false"]
        case float() if value.is_integer():
            return [str(int(value))]
        case int() | float():
            return [str(value)]
        case str():
            return [value, *_SEVERAL.split(value)]
        case list():
            return [part for each in value if not isinstance(each, list) for part in _parts(each)]
    return []


def _words(text: str) -> tuple[str, ...]:
    return tuple(key for word in words_of(text) if (key := key_of(word)))
