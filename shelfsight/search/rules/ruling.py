"""The rules that count for one query on one state of a collection."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np

from shelfsight.core.errors import UsageError
from shelfsight.core.filters import And, Expr, FieldPath, In, IsNull
from shelfsight.core.filters.fields import fields_of
from shelfsight.core.protocols import Snapshot
from shelfsight.core.rules import Boost, Bury, Fresh, Hide, Pin, Rule, Rules
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray
from shelfsight.search.candidates import Candidate
from shelfsight.search.explain.truth import truth
from shelfsight.search.relevance import Judge, judge
from shelfsight.search.rules.boosting import moved, worths
from shelfsight.search.rules.freshness import age_in_days
from shelfsight.search.rules.hiding import without
from shelfsight.search.rules.scoping import counts

__all__ = ["RuleStage", "Ruling", "ruling_of"]

_WORTH_TELLING = 0.05
"""Log-odds that a boost by age must add for a hit to be told of it."""

R = TypeVar("R", bound=Rule)
Fields = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Rules that count, each of which the collection can answer.

    Attributes:
        synonyms: a word or phrase in lower case -> what counts as well.
        warnings: what is wrong with the rules: which were left out, and why.
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

    def stage(self, snapshot: Snapshot, vector: FloatArray, where: Expr | None, by: Judge | None = None) -> "RuleStage":
        """What moves the first candidates of a search.

        Args:
            vector: (d,) float32 of length 1, what is looked up.
            where: what may be found: :meth:`narrowed`, less the ids that the query leaves out.
            by: who judges what is pinned and was not among the candidates.
        """
        return RuleStage(self, snapshot, vector, where, by)


class RuleStage:
    """Rules at work on the candidates of one search."""

    def __init__(
        self, ruling: Ruling, snapshot: Snapshot, vector: FloatArray, where: Expr | None, by: Judge | None
    ) -> None:
        self._ruling, self._snapshot, self._vector = ruling, snapshot, vector
        self._where, self._by = where, by
        self._last: frozenset[str] = frozenset()

    def __call__(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Candidates, best first, in their new order: what is pinned at its places (behind all where others are too
        few), and with reasons for what was moved."""
        free = self._ordered(candidates)
        pinned = self._pinned(free)
        taken = {each.match.id for each in pinned.values()}
        line = [each for each in free if each.match.id not in taken]
        for place in sorted(pinned):
            line.insert(place, pinned[place])
        return line

    @property
    def last(self) -> frozenset[str]:
        """Ids of the candidates that rules put last."""
        return self._last

    def last_last(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """What rules put last, behind all others again, after a stage that knows nothing of it."""
        return sorted(candidates, key=lambda each: each.match.id in self._last)

    def gains(self, candidate: Candidate) -> list[tuple[Boost | Fresh, float]]:
        """The rules that boost a candidate, each with the logarithm of what it multiplies its odds by."""
        fields = self._fields([candidate])[candidate.match.id]
        return [(rule, gain) for rule, gain, _ in _gains(self._ruling, fields)]

    def buries(self, candidate: Candidate) -> list[Bury]:
        """The rules that put it last."""
        fields = self._fields([candidate])[candidate.match.id]
        return [rule for rule in self._ruling.buries if truth(rule.filter, fields) is True]

    def worth(self, candidates: Sequence[Candidate]) -> dict[str, float]:
        """id -> log-odds that candidates, in the first stage's order, are put in order by."""
        fields = self._fields(candidates)
        sums = np.array([_boost(self._ruling, fields[each.match.id])[0] for each in candidates])
        return {each.match.id: float(value) for each, value in zip(candidates, worths(candidates, sums), strict=True)}

    def _ordered(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Boosted, and with what comes last behind the others."""
        ruling = self._ruling
        if not candidates or not (ruling.boosts or ruling.fresh or ruling.buries):
            return list(candidates)
        fields = self._fields(candidates)
        sums, told = np.zeros(len(candidates)), []
        for place, each in enumerate(candidates):
            sums[place], reasons = _boost(ruling, fields[each.match.id])
            told.append(_because(each, *reasons))
        order = moved(candidates, sums) if sums.any() else range(len(told))
        return self._buried([told[place] for place in order], fields)

    def _fields(self, candidates: Sequence[Candidate]) -> Fields:
        ruling = self._ruling
        trees = [*(rule.filter for rule in ruling.boosts), *(rule.filter for rule in ruling.buries)]
        names = {field.name for tree in trees for field in fields_of(tree)} | {rule.field for rule in ruling.fresh}
        asked = sorted(names)
        ids = [each.match.id for each in candidates]
        values = self._snapshot.values(ids, asked)
        return {id: dict(zip(asked, values[id], strict=True)) for id in ids}

    def _buried(self, candidates: list[Candidate], fields: Fields) -> list[Candidate]:
        reasons: dict[str, str] = {}
        for each in candidates:
            for rule in self._ruling.buries:
                if truth(rule.filter, fields[each.match.id]) is True:
                    reasons.setdefault(each.match.id, f"last: {rule.name or rule.condition}")
        self._last = frozenset(reasons)
        return self.last_last([_because(each, *filter(None, [reasons.get(each.match.id)])) for each in candidates])

    def _pinned(self, candidates: Sequence[Candidate]) -> dict[int, Candidate]:
        """Place from 0 -> who stands there. An id that two rules pin stands where the first says; of two on one place
        the later takes the next."""
        known = self._pinnable(candidates)
        places: dict[int, Candidate] = {}
        done: set[str] = set()
        for rule in self._ruling.pins:
            place = rule.position - 1
            for id in rule.ids:
                if id not in known or id in done:
                    continue
                while place in places:
                    place += 1
                reason = "pinned" if rule.name is None else f"pinned: {rule.name}"
                places[place] = replace(_because(known[id], reason), pinned=True)
                done.add(id)
        return places

    def _pinnable(self, candidates: Sequence[Candidate]) -> dict[str, Candidate]:
        """Those of the pinned that may be found, by id."""
        wanted = list(dict.fromkeys(id for rule in self._ruling.pins for id in rule.ids))
        if not wanted:
            return {}
        inside: Expr = In(FieldPath("id"), tuple(wanted))
        where = inside if self._where is None else And((self._where, inside))
        there = set(self._snapshot.select(len(wanted), where=where))
        known = {each.match.id: each for each in candidates if each.match.id in there}
        new = self._snapshot.scored(self._vector, sorted(there - set(known)))
        added = judge([Candidate(match=match, order=match.score) for match in new.values()], self._by)
        return known | {each.match.id: each for each in added}


def ruling_of(rules: Rules, text: str | None, snapshot: Snapshot, today: date) -> Ruling:
    """The rules that count for a query of ``text`` (less its minus terms) today."""
    warnings = list(rules.warnings)

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


def _boost(ruling: Ruling, fields: Mapping[str, Value]) -> tuple[float, tuple[str, ...]]:
    """The logarithm of what an item's odds are multiplied by, and why."""
    found = list(_gains(ruling, fields))
    return sum(gain for _, gain, _ in found), tuple(told for _, _, told in found if told)


def _gains(ruling: Ruling, fields: Mapping[str, Value]) -> Iterator[tuple[Boost | Fresh, float, str]]:
    """Each rule that boosts an item, the logarithm of what it multiplies its odds by, and why, where that is worth
    telling."""
    for boost in ruling.boosts:
        if truth(boost.filter, fields) is True:
            yield boost, math.log(boost.factor), _told(boost, boost.factor, boost.condition)
    for rule in ruling.fresh:
        age = age_in_days(fields[rule.field], ruling.today)
        gain = 0.0 if age is None else math.log(rule.factor) * 0.5 ** (age / rule.half_life)
        told = _told(rule, rule.factor, f"{rule.field} {fields[rule.field]}")
        yield rule, gain, told if abs(gain) >= _WORTH_TELLING else ""


def _told(rule: Rule, factor: float, otherwise: str) -> str:
    return f"{'boosted' if factor >= 1 else 'lowered'}: {rule.name or otherwise}"


def _because(candidate: Candidate, *reasons: str) -> Candidate:
    return replace(candidate, reasons=(*candidate.reasons, *reasons)) if reasons else candidate
