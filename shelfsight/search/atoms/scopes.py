"""Second pass of the parser: which parts a negation reaches.

A cue ("without", "not", "except") negates what follows, up to and with the first noun: a kind, a thing on a product,
or a run of unknown words. It ends before that at "but", at the end of a phrase, and at any other word. ``or`` goes on.
``and`` and a comma go on after cues that begin lists ("without logo and stripes") as long as what follows is of the
same sort; a comma does after any cue where its list ends in ``or``.

Words right before the noun belong to it: "without red laces" negates red laces. But in "no red t-shirts" and "not a
blue dress" the kind is what is looked for, unless another one was named before, and only its attributes are negated.
"""

from collections.abc import Sequence

from shelfsight.search.atoms.parts import ATTRIBUTES, NOUNS, Part, joined
from shelfsight.search.atoms.stopwords import LACKING_CUES, LIST_CUES, ONE_WORD_CUES

__all__ = ["negate"]

_FILLERS = 6
"""Words such as articles between a cue and what it negates, at most."""


def negate(text: str, parts: Sequence[Part]) -> list[Part]:
    """The parts, those that a cue reaches negated and, where they belong together, joined."""
    done: list[Part] = []
    at = 0
    while at < len(parts):
        part = parts[at]
        done.append(part)
        at += 1
        if part.role == "cue":
            reached, at = _reach(parts, at, part.key)
            done.extend(_negated(text, reached, part.key, done))
            if not reached and at < len(parts) and parts[at].role == "limit":
                _turn(text, part, parts[at])
    return done


def _reach(parts: Sequence[Part], at: int, cue: str) -> tuple[list[Part], int]:
    """What the cue before ``at`` reaches, marks of lists among it, and the place after it."""
    reached: list[Part] = []
    while True:
        start = _after_fillers(parts, at)
        end = start + 1 if cue in ONE_WORD_CUES else _phrase_end(parts, start)
        if end > len(parts) or start == end or not _may_be_negated(parts[start]):
            return reached, at
        reached.extend(parts[start:end])
        if end == len(parts) or cue in ONE_WORD_CUES or not _goes_on(parts, end, cue):
            return reached, end
        reached.append(parts[end])
        at = end + 1


def _after_fillers(parts: Sequence[Part], at: int) -> int:
    end = at
    while end < len(parts) and end - at < _FILLERS and parts[end].role in ("glue", "with", "or"):
        end += 1
    return end


def _phrase_end(parts: Sequence[Part], at: int) -> int:
    """The end of a noun with the words right before it; without a noun, of a run of attributes."""
    while at < len(parts) and _may_be_negated(parts[at]):
        at += 1
        ends = parts[at - 1].role in NOUNS and not (at < len(parts) and _modifies(parts[at - 1], parts[at]))
        if ends:
            break
    return at


def _modifies(part: Part, following: Part) -> bool:
    """Whether a noun only says more of the noun that follows: "nike logo", "logo shirt"."""
    return (
        _may_be_negated(following)
        and following.role in NOUNS
        and following.role != "unknown"
        and (part.role == "unknown" or following.role == "kind")
    )


def _may_be_negated(part: Part) -> bool:
    return (part.role in ATTRIBUTES or part.role in NOUNS) and not part.preset


def _goes_on(parts: Sequence[Part], end: int, cue: str) -> bool:
    """Whether the list goes on behind the mark at ``end``."""
    mark, last = parts[end], parts[end - 1]
    if mark.role == "or":
        return True
    if mark.role == "and":
        return cue in LIST_CUES and _alike(parts, end, last)
    if mark.role != "comma" or last.role == "kind":
        return False
    return _alike(parts, end, last) and (cue in LIST_CUES or _ends_in_or(parts, end))


def _alike(parts: Sequence[Part], mark: int, last: Part) -> bool:
    """Whether what follows a mark is of one sort with ``last``, and is not said of a noun."""
    at = mark + 1
    while at < len(parts) and parts[at].role in ("glue", "and", "or"):
        at += 1
    if at >= len(parts) or _sort(parts[at]) != _sort(last) or parts[at].preset:
        return False
    return at + 1 >= len(parts) or parts[at + 1].role not in NOUNS


def _ends_in_or(parts: Sequence[Part], mark: int) -> bool:
    at = mark
    while at + 2 < len(parts) and parts[at].role == "comma" and _sort(parts[at + 1]) == _sort(parts[mark - 1]):
        at += 2
    marks = [part.role for part in parts[at : at + 2]]
    return marks[:1] == ["or"] or marks == ["comma", "or"]


def _sort(part: Part) -> str:
    return "thing" if part.role in ("unknown", "pattern") else part.role


def _negated(text: str, reached: list[Part], cue: str, before: Sequence[Part]) -> list[Part]:
    """What was reached, negated; a kind that only names what is looked for is not."""
    pieces = [part for part in reached if _may_be_negated(part)]
    if not pieces:
        return []
    head = pieces[-1]
    kinds = {part.key for part in before if part.role == "kind" and not part.negated}
    if head.role == "kind" and len(pieces) > 1 and cue not in LACKING_CUES and (not kinds or head.key in kinds):
        for part in pieces[:-1]:
            part.negated = True
        return reached
    return [_as_negated(text, group) for group in _groups(reached)]


def _groups(reached: list[Part]) -> list[list[Part]]:
    """What stands together: attributes alone, a noun with the words before it, also across ``or``."""
    groups: list[list[Part]] = []
    group: list[Part] = []
    for part in reached:
        group.append(part)
        if part.role in NOUNS and part is reached[-1]:
            break
        if part.role in ("and", "comma"):
            groups.append(group)
            group = []
    groups.append(group)
    return [piece for group in groups for piece in _pieces(group)]


def _pieces(group: list[Part]) -> list[list[Part]]:
    pieces = [part for part in group if _may_be_negated(part)]
    nouns = [part for part in pieces if part.role in NOUNS]
    if pieces and len(nouns) == 1 and pieces[-1] is nouns[0]:
        return [pieces]
    return [[part] for part in pieces]


def _as_negated(text: str, group: list[Part]) -> Part:
    part = group[0] if len(group) == 1 else joined(text, group)
    part.negated = True
    return part


def _turn(text: str, cue: Part, limit: Part) -> None:
    """A negated bound is a bound: "not in stock"."""
    limit.filter, limit.start = limit.opposite, cue.start
    limit.term = " ".join(text[limit.start : limit.end].lower().split())
