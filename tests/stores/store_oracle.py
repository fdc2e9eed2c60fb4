"""What a store should answer, worked out one item at a time in plain Python."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or
from shelfsight.core.listing import Histogram, SortKey
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

    def best(self, query: FloatArray, ids: Collection[str]) -> dict[str, tuple[float, int]]:
        """id -> (score of its best picture, the first of the best)."""
        return {id: (max(row), row.index(max(row))) for id, row in self.scores(query, ids).items()}

    def select(
        self, sort: Sequence[SortKey] = (), *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[str]:
        """All that pass, in order: sorted by the last key first, so that earlier ones count more."""
        ids = sorted(self.passing(where) - set(exclude))
        for key in reversed(sort):
            values = {id: value_of(FieldPath(key.field), self.items[id][0]) for id in ids}
            there = [id for id in ids if _place(values[id]) is not None]
            lacking = [id for id in ids if _place(values[id]) is None]
            there.sort(key=lambda id: _place(values[id]) or (), reverse=key.descending)
            ids = [*there, *lacking]
        return ids

    def facet(
        self, field: str, where: Expr | None = None, among: Collection[str] | None = None
    ) -> list[tuple[str, int]]:
        counts: Counter[str] = Counter()
        for value in self._values(field, where, among):
            members = value if isinstance(value, list) else [value]
            counts.update({text for member in members if (text := _facet_text(member)) is not None})
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def numbers(self, field: str, where: Expr | None = None, among: Collection[str] | None = None) -> list[float]:
        """Of those that pass and have one."""
        values = self._values(field, where, among)
        return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]

    def check_histogram(
        self,
        found: Histogram,
        field: str,
        bins: int,
        where: Expr | None = None,
        among: Collection[str] | None = None,
    ) -> None:
        numbers = self.numbers(field, where, among)
        assert found.others == len(self._values(field, where, among)) - len(numbers)
        if not numbers:
            assert (found.edges, found.counts, found.least, found.most) == ((), (), None, None)
            return
        edges = found.edges
        assert (found.least, found.most) == (min(numbers), max(numbers))
        assert edges[0] <= min(numbers) <= max(numbers) <= edges[-1]
        assert 1 <= len(found.counts) == len(edges) - 1 <= bins
        assert [after > before for before, after in pairwise(edges)] == [True] * len(found.counts)
        last = len(found.counts) - 1
        for i, (low, high) in enumerate(pairwise(edges)):
            assert found.counts[i] == sum(low <= n < high or (i == last and n == high) for n in numbers)

    def _values(self, field: str, where: Expr | None, among: Collection[str] | None) -> list[Value]:
        ids = self.passing(where) & (self.passing() if among is None else set(among))
        return [value_of(FieldPath(field), self.items[id][0]) for id in sorted(ids)]


def _place(value: Value) -> tuple[int, float | str] | None:
    """Numbers, then texts, then booleans; ``None`` for what comes last either way."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value
    return (0, value) if isinstance(value, int | float) else None


def _facet_text(value: Value) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else str(value)
    return value if isinstance(value, str) and value else None


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
