"""``rules.toml`` to :class:`~shelfsight.core.rules.Rules`, with errors that say where and how to put it right.

::

    [[synonyms]]
    words = ["sofa", "couch", "settee"]     # each finds the others

    [[synonyms]]
    word = "trainers"                       # finds these too, they do not find it
    means = ["running shoes", "sneakers"]

    [[pin]]
    name = "summer campaign"
    query = "red dress"
    ids = ["sku-71", "sku-12"]              # places 1 and 2
    from = 2025-06-01
    until = 2025-08-31

    [[hide]]
    filter = 'brand == "Acme"'

    [[boost]]
    containing = "shoes"
    filter = 'brand == "House"'
    factor = 2                              # twice the odds

    [[fresh]]
    field = "added"
    half_life = 30                          # days
    factor = 1.5

    [[last]]
    filter = "stock == 0"

``name``, ``from`` and ``until`` go with every rule; ``query`` (or a list, ``queries``) and ``containing`` with every
one but synonyms, and a pin must have one of them. ``position`` of a pin is 1 where it is left out.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any, NoReturn

from shelfsight.core.errors import FilterError, UsageError
from shelfsight.core.filters import Expr, parse
from shelfsight.core.rules import MOST_FACTOR, Boost, Bury, Fresh, Hide, Pin, Rule, Rules, Scope, Synonyms

__all__ = ["read_rules"]

_MOST_POSITION = 100
_TABLE = re.compile(r"^\s*\[\[\s*([\w-]+)\s*\]\]", re.MULTILINE)
_COMMON = ("name", "from", "until")
_QUERY = ("query", "queries", "containing")


def read_rules(text: str, place: str = "rules") -> Rules:
    """The rules that ``text`` writes down.

    Args:
        place: what errors call the text.

    Raises:
        UsageError: it is no TOML, or a rule is none; the message names place, line and rule.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits and a deep list among them
        raise UsageError(
            f"{place} is no TOML: {error}", hint='texts stand in quotes: query = "red dress"; a rule begins [[boost]]'
        ) from error
    lines = _lines(text)
    found: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    for kind, tables in document.items():
        if kind not in _KINDS:
            _unknown_kind(kind, place)
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise UsageError(f"{place}: {kind} is no list of rules", hint=f"begin each with [[{kind}]]")
        for number, table in enumerate(tables, start=1):
            told = _Table(kind, number, table, place, lines.get((kind, number), 0))
            told.check_keys()
            found[kind].append(_KINDS[kind](told))
    return Rules(
        pins=tuple(found["pin"]),
        hides=tuple(found["hide"]),
        boosts=tuple(found["boost"]),
        fresh=tuple(found["fresh"]),
        buries=tuple(found["last"]),
        synonyms=tuple(found["synonyms"]),
    )


def _lines(text: str) -> dict[tuple[str, int], int]:
    """(kind, number) -> the line that the rule begins in."""
    counters: dict[str, count[int]] = {}
    lines = {}
    for table in _TABLE.finditer(text):
        kind = table[1]
        lines[kind, next(counters.setdefault(kind, count(1)))] = text.count("\n", 0, table.start(1)) + 1
    return lines


@dataclass(frozen=True, slots=True)
class _Table:
    """One rule as it is written.

    Attributes:
        number: among the rules of its kind, from 1.
        place: what errors call the file.
        line: where it begins; 0 where that cannot be told.
    """

    kind: str
    number: int
    values: Mapping[str, Any]
    place: str
    line: int

    @property
    def label(self) -> str:
        name = self.values.get("name")
        return str(name) if name else f"{self.kind} {self.number}"

    def fail(self, reason: str, hint: str | None = None) -> NoReturn:
        named = f" ({self.values['name']!r})" if isinstance(self.values.get("name"), str) else ""
        raise UsageError(f"{self.place}, line {self.line}: {self.kind} {self.number}{named} {reason}", hint=hint)

    def check_keys(self) -> None:
        """Refuse keys that the kind does not have."""
        known = (*_COMMON, *(_QUERY if self.kind != "synonyms" else ()), *_KEYS[self.kind])
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"a {self.kind} has: {', '.join(known)}"
                self.fail(f"has the unknown key {key!r}", hint)

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.fail(f"has {key} = {_shown(value)}, which is no text", f'write {key} = "…"')
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A text, or a list of texts; none where it is left out."""
        value = self.values.get(key)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(each, str) and each.strip() for each in values):
            self.fail(f"has {key} = {_shown(value)}, which is no list of texts", f'write {key} = ["…", "…"]')
        return tuple(dict.fromkeys(each.strip() for each in values))

    def number_between(self, key: str, low: float, high: float) -> float:
        value = self.values.get(key)
        if value is None:
            self.fail(f"says no {key}", f"{key} is a number from {low:g} to {high:g}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.fail(f"has {key} = {_shown(value)}", f"{key} is a number from {low:g} to {high:g}")
        return float(value)

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fail(f"has {key} = {_shown(value)}, which is no day", f"write {key} = 2025-01-31, without quotes")
        return value

    def filter(self) -> tuple[Expr, str] | None:
        written = self.text("filter")
        if written is None:
            return None
        try:
            return parse(written), written
        except FilterError as error:
            self.fail(f"has a bad filter: {error.message}", error.hint)

    def needed_filter(self) -> tuple[Expr, str]:
        return self.filter() or self.fail("says no filter", 'such as filter = "stock == 0"')

    def common(self) -> dict[str, Any]:
        start, end = self.day("from"), self.day("until")
        if start is not None and end is not None and end < start:
            self.fail(f"ends on {end}, before it begins on {start}")
        scope = Scope(
            queries=(*self.texts("query"), *self.texts("queries")),
            containing=self.texts("containing"),
            start=start,
            end=end,
        )
        return {"label": self.label, "name": self.text("name"), "line": self.line, "scope": scope}


def _pin(table: _Table) -> Pin:
    ids, common = table.texts("ids"), table.common()
    if not ids:
        table.fail("says no ids", 'such as ids = ["sku-71"]')
    if common["scope"].everywhere:
        table.fail("does not say for which query", 'write query = "red dress"')
    position = 1.0 if table.values.get("position") is None else table.number_between("position", 1, _MOST_POSITION)
    if position != int(position):
        table.fail(f"has position = {position:g}", "places are whole numbers; the first is 1")
    return Pin(**common, ids=ids, position=int(position))


def _hide(table: _Table) -> Hide:
    ids, condition = table.texts("ids"), table.filter()
    if not ids and condition is None:
        table.fail("says neither ids nor filter", 'such as ids = ["sku-71"]')
    return Hide(**table.common(), ids=ids, filter=None if condition is None else condition[0])


def _boost(table: _Table) -> Boost:
    condition, written = table.needed_filter()
    return Boost(**table.common(), filter=condition, condition=written, factor=_factor(table))


def _fresh(table: _Table) -> Fresh:
    field = table.text("field") or table.fail("says no field", 'such as field = "added"')
    half_life = table.number_between("half_life", 0.01, 36_500)
    return Fresh(**table.common(), field=field, half_life=half_life, factor=_factor(table))


def _last(table: _Table) -> Bury:
    condition, written = table.needed_filter()
    return Bury(**table.common(), filter=condition, condition=written)


def _synonyms(table: _Table) -> Synonyms:
    group, one, means = table.texts("words"), table.text("word"), table.texts("means")
    if group and not one and not means:
        if len(group) < 2:
            table.fail("has one word only", 'write words = ["sofa", "couch"]')
        return Synonyms(**table.common(), words=group, others=group)
    if one and means and not group:
        return Synonyms(**table.common(), words=(one,), others=means)
    return table.fail(
        "says neither words nor word and means",
        'write words = ["sofa", "couch"], or word = "trainers" and means = ["sneakers"]',
    )


def _factor(table: _Table) -> float:
    return table.number_between("factor", 1 / MOST_FACTOR, MOST_FACTOR)


_KINDS: dict[str, Callable[[_Table], Rule]] = {
    "synonyms": _synonyms,
    "pin": _pin,
    "hide": _hide,
    "boost": _boost,
    "fresh": _fresh,
    "last": _last,
}
_KEYS: dict[str, Sequence[str]] = {
    "synonyms": ("words", "word", "means"),
    "pin": ("ids", "position"),
    "hide": ("ids", "filter"),
    "boost": ("filter", "factor"),
    "fresh": ("field", "half_life", "factor"),
    "last": ("filter",),
}


def _unknown_kind(kind: str, place: str) -> NoReturn:
    near = difflib.get_close_matches(kind, _KINDS, n=1)
    hint = f"did you mean [[{near[0]}]]?" if near else f"kinds of rules: {', '.join(_KINDS)}"
    raise UsageError(f"{place}: there are no rules of the kind {kind!r}", hint=hint)


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, date) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
