"""What a store should answer, worked out one item at a time in plain Python."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or
from shelfsight.core.protocols import Change, Match, StoredItem
from shelfsight.core.types import Scalar, Value
from shelfsight.core.vectors import FloatArray

TOLERANCE = 1e-6


@dataclass
class Oracle:
    """Items by id, and their vectors."""

    items: dict[str, tuple[StoredItem, FloatArray]] = field(default_factory=dict)

    def commit(self, changes: Iterable[Change], deletes: Iterable[str] = ()) -> int:
        for change in changes:
            item = change.item
            if change.vectors is not None:
                self.items[item.id] = (_without_previews(item), change.vectors)
            else:
                old, vectors = self.items[item.id]
                prints = replace(item.fingerprints, pictures=old.fingerprints.pictures)
                self.items[item.id] = (replace(item, pictures=old.pictures, fingerprints=prints), vectors)
        return sum(self.items.pop(id, None) is not None for id in set(deletes))

    def passing(self, where: Expr | None = None) -> set[str]:
        return {id for id, (item, _) in self.items.items() if where is None or truth(where, item) is True}

    def scores(self, query: FloatArray, ids: Collection[str]) -> dict[str, list[float]]:
        """Cosine of each picture."""
        direction = query.astype(np.float64) / np.linalg.norm(query.astype(np.float64))
        return {id: [float(row.astype(np.float64) @ direction) for row in self.items[id][1]] for id in ids}

    def check(
        self,
        found: Sequence[Match],
        query: FloatArray,
        k: int,
        *,
        where: Expr | None = None,
        exclude: Sequence[str] = (),
    ) -> None:
        """``found`` is a right answer: complete, rightly scored, rightly ordered."""
        scores = self.scores(query, self.passing(where) - set(exclude))
        ids = [match.id for match in found]
        assert len(found) == min(k, len(scores))
        assert len(set(ids)) == len(ids)
        assert found == sorted(found, key=lambda match: (-match.score, match.id))
        for match in found:
            assert abs(match.score - max(scores[match.id])) < TOLERANCE
            assert abs(scores[match.id][match.picture_index] - max(scores[match.id])) < TOLERANCE
        missed = [max(scores[id]) for id in scores.keys() - set(ids)]
        if missed and found:
            assert max(missed) < found[-1].score + TOLERANCE


def _without_previews(item: StoredItem) -> StoredItem:
    return replace(item, pictures=tuple(replace(picture, preview=None) for picture in item.pictures))


def value_of(path: FieldPath, item: StoredItem) -> Value:
    own: dict[str, Value] = {"id": item.id, "title": item.title}
    value: Value = own[path.name] if path.name in own else item.metadata.get(path.name)
    for key in path.keys:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value == "" else value


def truth(tree: Expr, item: StoredItem) -> bool | None:
    """True, false, or ``None`` for unknown."""
    match tree:
        case IsNull(path, negated):
            return (value_of(path, item) is None) != negated
        case Comparison(path, sign, constant):
            return compare(value_of(path, item), sign, constant)
        case In(path, constants):
            return _in(value_of(path, item), constants)
        case Like(path, pattern):
            value = value_of(path, item)
            return like(value, pattern) if isinstance(value, str) else None
        case Not(operand):
            inner = truth(operand, item)
            return None if inner is None else not inner
        case And(operands):
            values = [truth(operand, item) for operand in operands]
            return False if False in values else (None if None in values else True)
        case Or(operands):
            values = [truth(operand, item) for operand in operands]
            return True if True in values else (None if None in values else False)


def _in(value: Value, constants: Sequence[Scalar]) -> bool | None:
    if value is None:
        return None
    verdicts = [compare(value, "==", constant) for constant in constants]
    if True in verdicts:
        return True
    return False if False in verdicts or not verdicts else None


def compare(value: Value, sign: str, constant: Scalar) -> bool | None:
    if not _same_type(value, constant):
        return None
    less, equal = value < constant, value == constant  # type: ignore[operator]
    return {
        "==": equal,
        "!=": not equal,
        "<": less,
        "<=": less or equal,
        ">": not less and not equal,
        ">=": not less,
    }[sign]


def _same_type(value: Value, constant: Scalar) -> bool:
    if isinstance(value, bool) or isinstance(constant, bool):
        return isinstance(value, bool) and isinstance(constant, bool)
    if isinstance(value, str) or isinstance(constant, str):
        return isinstance(value, str) and isinstance(constant, str)
    return isinstance(value, int | float)


def like(text: str, pattern: str) -> bool:
    """By trying every split, not by translation to a regular expression."""
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    if head == "%":
        stripped = rest.lstrip("%")
        return any(like(text[i:], stripped) for i in range(len(text) + 1))
    if head == "\\" and rest:
        head, rest = rest[0], rest[1:]
    elif head == "_":
        return bool(text) and like(text[1:], rest)
    return text[:1] == head and like(text[1:], rest)
