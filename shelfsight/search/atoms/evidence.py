"""What a catalogue's own field says of an atom."""

from shelfsight.core.atoms import Atom
from shelfsight.core.types import Value, Verdict
from shelfsight.search.atoms.lexicon import canonical
from shelfsight.search.atoms.tokens import key_of, words_of
from shelfsight.search.atoms.vocabulary import parts_of

__all__ = ["field_verdict"]


def field_verdict(atom: Atom, value: Value) -> Verdict:
    """Whether an item whose field ``atom.field`` holds ``value`` is what ``atom.term`` says, negated or not.

    ``yes`` where the value, or one part of it (of ``Cotton, Polyester``, of ``Men/Tops``, of a list), is the atom's;
    ``no`` where the item has other values. It cannot be told of a null, of a value that only holds the words
    (``Navy Blue`` for blue), and where the atom asks for more or less than the value says (a hoodie, of ``Hoodies &
    Sweatshirts``).
    """
    found = [part for each in _scalars(value) for part in parts_of(each)]
    if atom.value is None or not found:
        return "cannot tell"
    wanted = canonical(key_of(atom.value))
    if any(canonical(key_of(part)) == wanted for part in found):
        said = wanted == canonical(key_of(atom.term)) or wanted in ("true", "false")
        return "yes" if said else "cannot tell"
    words = {key_of(word) for word in words_of(atom.value)}
    partly = any(words <= {key_of(word) for word in words_of(part)} for part in found)
    return "cannot tell" if partly else "no"


def _scalars(value: Value) -> list[str]:
    match value:
        case None | dict():
            return []
        case bool():
            return ["true" if value else "false"]
        case list():
            return [text for each in value for text in _scalars(each)]
    return [str(value)]
