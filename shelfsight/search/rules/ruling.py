"""The rules that count for one query on one state of a collection."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np

from shelfsight.core.errors import UsageError
from shelfsight.core.filters import And, Expr, FieldPath, In, IsNull
from shelfsight.core.filters.fields import fields_of
from shelfsight.core.protocols import Match, Snapshot
from shelfsight.core.rules import Boost, Bury, Fresh, Hide, Pin, Rule, Rules
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray
from shelfsight.search.candidates import Candidate
from shelfsight.search.explain.truth import truth
from shelfsight.search.relevance import Judge, judge
from shelfsight.search.rules.boosting import Floats, moved
from shelfsight.search.rules.freshness import age_in_days
from shelfsight.search.rules.hiding import without
from shelfsight.search.rules.scoping import counts

__all__ = ["Ruling", "ruling_of"]

_WORTH_TELLING = 0.05
"""Log-odds that a boost by age must add for a hit to be told of it."""

R = TypeVar("R", bound=Rule)
Fields = Mapping[str, Mapping[str, Value]]
Stage = Callable[[Sequence[Candidate]], list[Candidate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Rules that count, each of which the collection can answer.

    Attributes:
        synonyms: a word or phrase in lower case -> what counts as well.
        warnings: which rules were left out, and why.
    """

    pins: tuple[Pin, ...] = ()
    hides: tuple[Hide, ...] = ()
    boosts: tuple[Boost, ...] = ()
    fresh: tuple[Fresh, ...] = ()
    buries: tuple[Bury, ...] = ()
    synonyms: Mapping[str, tuple[str, ...]]
    today: date
    warnings: tuple[str, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether :meth:`stage` can change anything."""
        return bool(self.pins or self.boosts or self.fresh or self.buries)

    def narrowed(self, where: Expr | None) -> Expr | None:
        """The filter of a search less what is hidden."""
        return without(where, self.hides)

    def stage(self, snapshot: Snapshot, vector: FloatArray, where: Expr | None, by: Judge | None = None) -> Stage:
        """What moves the first candidates of a search.

        The stage takes them best first, and gives them in their new order, with what it pins at its places, and
        reasons for what it moved.

        Args:
            vector: (d,) float32 of length 1, what is looked up.
            where: what may be found: :meth:`narrowed`, less the ids that the query leaves out.
            by: who judges what is pinned and was not among the candidates.
        """

        def apply(candidates: Sequence[Candidate]) -> list[Candidate]:
            free = self._ordered(candidates, snapshot)
            return _placed(free, self._pinned(free, snapshot, vector, where, by))

        return apply

    def _ordered(self, candidates: Sequence[Candidate], snapshot: Snapshot) -> list[Candidate]:
        """Boosted, and with what is buried behind the others."""
        if not candidates or not (self.boosts or self.fresh or self.buries):
            return list(candidates)
        fields = self._fields(candidates, snapshot)
        sums = np.zeros(len(candidates))
        told = []
        for place, each in enumerate(candidates):
            sums[place], reasons = self._boost(fields[each.match.id])
            told.append(replace(each, reasons=(*each.reasons, *reasons)) if reasons else each)
        ordered = _moved(candidates, told, sums)
        return self._buried(ordered, fields)

    def _fields(self, candidates: Sequence[Candidate], snapshot: Snapshot) -> Fields:
        trees = [*(rule.filter for rule in self.boosts), *(rule.filter for rule in self.buries)]
        names = {field.name for tree in trees for field in fields_of(tree)} | {rule.field for rule in self.fresh}
        asked = sorted(names)
        ids = [each.match.id for each in candidates]
        values = snapshot.values(ids, asked)
        return {id: dict(zip(asked, values[id], strict=True)) for id in ids}

    def _boost(self, fields: Mapping[str, Value]) -> tuple[float, tuple[str, ...]]:
        """The logarithm of what an item's odds are multiplied by, and why."""
        total, reasons = 0.0, []
        for boost in self.boosts:
            if truth(boost.filter, fields) is True:
                total += math.log(boost.factor)
                reasons.append(_told(boost, boost.factor, boost.condition))
        for rule in self.fresh:
            age = age_in_days(fields[rule.field], self.today)
            gain = 0.0 if age is None else math.log(rule.factor) * 0.5 ** (age / rule.half_life)
            total += gain
            if abs(gain) >= _WORTH_TELLING:
                reasons.append(_told(rule, rule.factor, f"{rule.field} {fields[rule.field]}"))
        return total, tuple(reasons)

    def _buried(self, candidates: list[Candidate], fields: Fields) -> list[Candidate]:
        front, back = [], []
        for each in candidates:
            rule = next((rule for rule in self.buries if truth(rule.filter, fields[each.match.id]) is True), None)
            if rule is None:
                front.append(each)
            else:
                back.append(replace(each, reasons=(*each.reasons, f"last: {rule.name or rule.condition}")))
        return [*front, *back]

    def _pinned(
        self,
        candidates: Sequence[Candidate],
        snapshot: Snapshot,
        vector: FloatArray,
        where: Expr | None,
        by: Judge | None,
    ) -> dict[int, Candidate]:
        """Place from 0 -> who stands there. An id that two rules pin stands where the first says; of two on one place
        the later takes the next."""
        wanted = list(dict.fromkeys(id for rule in self.pins for id in rule.ids))
        there = _passing(wanted, snapshot, where)
        known = {each.match.id: each for each in candidates}
        new = snapshot.scored(vector, [id for id in wanted if id in there and id not in known])
        known.update((each.match.id, each) for each in judge([_candidate(match) for match in new.values()], by))
        places: dict[int, Candidate] = {}
        done: set[str] = set()
        for rule in self.pins:
            place = rule.position - 1
            for id in rule.ids:
                if id not in there or id not in known or id in done:
                    continue
                while place in places:
                    place += 1
                reason = "pinned" if rule.name is None else f"pinned: {rule.name}"
                places[place] = replace(known[id], pinned=True, reasons=(*known[id].reasons, reason))
                done.add(id)
        return places


def ruling_of(rules: Rules, text: str | None, snapshot: Snapshot, today: date) -> Ruling:
    """The rules that count for a query of ``text`` (less its minus terms) today."""
    warnings: list[str] = []

    def usable(kind: Iterable[R], test: Callable[[R], Expr | None]) -> tuple[R, ...]:
        return tuple(
            rule
            for rule in kind
            if counts(rule.scope, text, today) and _can_be_asked(rule, test(rule), snapshot, warnings)
        )

    return Ruling(
        pins=usable(rules.pins, lambda _: None),
        hides=usable(rules.hides, lambda rule: rule.filter),
        boosts=usable(rules.boosts, lambda rule: rule.filter),
        fresh=usable(rules.fresh, lambda rule: IsNull(FieldPath(rule.field))),
        buries=usable(rules.buries, lambda rule: rule.filter),
        synonyms=_synonyms(rules, text, today),
        today=today,
        warnings=tuple(warnings),
    )


def _can_be_asked(rule: Rule, test: Expr | None, snapshot: Snapshot, warnings: list[str]) -> bool:
    """Whether the collection has the fields of a rule, with values of the types it compares them with."""
    if test is None:
        return True
    try:
        snapshot.count(test)
    except UsageError as error:
        warnings.append(f"the rule {rule.label!r} (line {rule.line}) does nothing: {error.message}")
        return False
    return True


def _synonyms(rules: Rules, text: str | None, today: date) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for rule in rules.synonyms:
        if counts(rule.scope, text, today):
            for word in rule.words:
                key = word.lower()
                others = (each for each in rule.others if each.lower() != key)
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), *others)))
    return found


def _moved(candidates: Sequence[Candidate], told: Sequence[Candidate], sums: Floats) -> list[Candidate]:
    return [told[place] for place in moved(candidates, sums)] if sums.any() else list(told)


def _passing(ids: Sequence[str], snapshot: Snapshot, where: Expr | None) -> set[str]:
    """Those of ``ids`` that may be found."""
    if not ids:
        return set()
    inside = In(FieldPath("id"), tuple(ids))
    return set(snapshot.select(len(ids), where=inside if where is None else And((where, inside))))


def _candidate(match: Match) -> Candidate:
    return Candidate(match=match, order=match.score)


def _told(rule: Rule, factor: float, otherwise: str) -> str:
    return f"{'boosted' if factor >= 1 else 'lowered'}: {rule.name or otherwise}"


def _placed(free: Sequence[Candidate], pinned: Mapping[int, Candidate]) -> list[Candidate]:
    """All in one list: the pinned at their places, or behind all where there are too few others."""
    taken = {each.match.id for each in pinned.values()}
    line = [each for each in free if each.match.id not in taken]
    for place in sorted(pinned):
        line.insert(place, pinned[place])
    return line
