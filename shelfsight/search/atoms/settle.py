"""Third pass of the parser: what is the product, and what is only part of it."""

from collections.abc import Sequence

from shelfsight.search.atoms.parts import ATTRIBUTES, Part, joined

__all__ = ["settle"]

_JOINS_THING = ATTRIBUTES - {"wearer", "value"} | {"count"}


def settle(text: str, parts: Sequence[Part]) -> list[Part]:
    """The parts with every noun in its place.

    A kind after ``with`` is part of the kind before it ("dress with a belt"); attributes right before a thing are said
    of the thing ("with red laces"); several kinds in a row are one, of which no field speaks ("shirt dress"); a word
    that is both a colour and a product of the catalogue is a product where no noun follows ("orange").
    """
    found = _with_things(parts)
    found = _things_joined(text, found)
    found = _kinds_joined(text, found)
    return _fruit(found)


def _with_things(parts: Sequence[Part]) -> list[Part]:
    product, within, named = False, False, False
    for part in parts:
        if part.role == "with":
            within, named = True, False
        elif part.role in ("cue", "but", "end", "comma") or (part.role == "glue" and named):
            within = False
        elif part.role == "kind" and ((part.negated and part.also_thing) or (within and product and not part.negated)):
            part.role, part.known, named = "thing", (), True
        elif part.role == "kind" and not part.negated:
            product = True
        named = named or part.role == "thing"
    return list(parts)


def _things_joined(text: str, parts: Sequence[Part]) -> list[Part]:
    done: list[Part] = []
    for at, part in enumerate(parts):
        following = parts[at + 1] if at + 1 < len(parts) else None
        modifies = following is not None and (following.role in ATTRIBUTES or following.role == "kind")
        if part.role == "thing" and not part.negated and not modifies:
            start = len(done)
            while start and done[start - 1].role in _JOINS_THING and not done[start - 1].negated:
                start -= 1
            if start < len(done):
                part = joined(text, [*done[start:], part])
                del done[start:]
        done.append(part)
    return done


def _kinds_joined(text: str, parts: Sequence[Part]) -> list[Part]:
    done: list[Part] = []
    for part in parts:
        last = done[-1] if done else None
        if last is not None and last.role == part.role == "kind" and not last.negated and not part.negated:
            whole = joined(text, [last, part])
            whole.role, whole.key = "kind", part.key
            done[-1] = whole
        else:
            done.append(part)
    return done


def _fruit(parts: Sequence[Part]) -> list[Part]:
    product = False  # whether a kind follows in the same phrase
    for part in reversed(parts):
        if part.role == "kind":
            product = True
        elif part.role not in ATTRIBUTES:
            product = False
        elif part.known and part.role != "wearer":
            _decide(part, product)
    return list(parts)


def _decide(part: Part, product: bool) -> None:
    kinds = [term for term in part.known if term.role == "kind"]
    others = [term for term in part.known if term.role != "kind"]
    if kinds and not product and (not others or kinds[0].items > others[0].items):
        part.role, part.known = "kind", tuple(kinds)
    else:
        part.known = tuple(others)
