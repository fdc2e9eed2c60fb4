"""Why an item stands where it does in a search, or is not there at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shelfsight.core.types import Value

__all__ = ["Change", "Condition", "Into", "Neighbour", "Outcome", "RuleEffect", "Standing", "Why"]

Outcome = Literal["shown", "further", "grouped", "folded", "filtered", "hidden", "excluded", "cut", "unreached"]
"""``shown`` among the first k; ``further`` down; ``grouped`` under a better item of its group; ``folded`` into one that
looks the same; ``filtered`` out; ``hidden`` by a rule; ``excluded`` by its id, or as an example; ``cut`` off as not
relevant enough; ``unreached``: behind the last place that can be asked for, or overlooked by an approximate index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that an item must satisfy to be ranked.

    Attributes:
        text: as a filter, or what a rule is called.
        source: who asks for it: the query's ``filter``, a ``limit`` in its text, a ``rule`` that hides, or the query,
            which leaves the item out (``excluded``).
        passes: whether this item does.
        fields: the fields that it is about, with the item's values.
    """

    text: str
    source: Literal["filter", "limit", "rule", "excluded"]
    passes: bool
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an item stood behind one stage.

    Attributes:
        stage: ``vector`` (by its best picture), ``words``, ``retrieval`` (both together), ``rules``, ``rerank``,
            ``sort``, ``duplicates``, ``diversity`` and ``final``, those that this search has, in that order.
        rank: from 1; ``None``: the stage did not see it.
        of: how many the stage put in order.
        value: what it was ordered by there, where that is a number.
        note: what else there is to say, in a phrase.
    """

    stage: str
    rank: int | None
    of: int | None = None
    value: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEffect:
    """What a merchandiser's rule does to an item.

    Attributes:
        kind: ``pin``, ``boost``, ``fresh``, ``bury`` or ``hide``.
        rule: what it is called; ``line`` where it begins in its file.
        factor: what it multiplies the odds of relevance by.
        place: where it is pinned, from 1.
        text: what it does, in a sentence.
    """

    kind: Literal["pin", "boost", "fresh", "bury", "hide"]
    rule: str
    line: int
    text: str
    factor: float | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Into:
    """The hit that stands for an item.

    Attributes:
        how: ``folded`` into it because both look the same, or ``grouped`` under it.
        cosine: of their pictures, where it was folded.
        group: the value they share, where it was grouped.
    """

    id: str
    title: str | None
    picture_index: int
    rank: int
    how: Literal["folded", "grouped"]
    cosine: float | None = None
    group: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A hit above an item.

    Attributes:
        words: of the words asked for, the weighted share that it has; ``None`` where none were looked up.
        fields: its values of what hits are sorted by.
        more: by how much its ``score``, ``relevance`` and ``words`` are greater than the item's, where they are.
    """

    id: str
    title: str | None
    picture: str
    picture_index: int
    rank: int
    score: float
    relevance: float | None = None
    words: float | None = None
    reasons: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    more: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would give an item a better place.

    Attributes:
        kind: what would have to change: ``filter``, ``rule``, ``query``, ``cutoff``, ``fold``, ``group``, ``sort``,
            ``score``, ``boost`` or ``pin``.
        text: in a sentence.
        factor: of a boost.
        score: the cosine that it takes.
        place: which place that gives it, from 1.
    """

    kind: str
    text: str
    factor: float | None = None
    score: float | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why item ``id`` stands where it does.

    Attributes:
        picture, picture_index: its best picture for this query.
        sentence: the answer for a person.
        rank: its place over all pages, from 1; ``None``: it has none.
        total, k: as the page has them.
        score: cosine of its best picture and the query.
        relevance: calibrated probability that it is what was asked for, where somebody judges.
        cutoff: the probability below which hits are left out, where there is one.
        conditions: what it must satisfy, and whether it does.
        stages: where it stood behind each stage.
        words: word of the query -> whether its title or fields have it; ``None`` where words are not looked up.
        share: the weighted share of them that it has.
        rules: what the merchandiser's rules do to it.
        into: what stands for it.
        above: the hits right above it, the nearest first.
        changes: what would give it a better place.
        looks: pictures that a model looked at to find out.
        warnings, trace: as the page has them.
    """

    id: str
    title: str | None
    picture: str
    picture_index: int
    outcome: Outcome
    sentence: str
    rank: int | None
    total: int
    k: int
    score: float
    relevance: float | None = None
    cutoff: float | None = None
    conditions: tuple[Condition, ...] = ()
    stages: tuple[Standing, ...] = ()
    words: Mapping[str, bool] | None = None
    share: float | None = None
    rules: tuple[RuleEffect, ...] = ()
    into: Into | None = None
    above: tuple[Neighbour, ...] = ()
    changes: tuple[Change, ...] = ()
    looks: int = 0
    warnings: tuple[str, ...] = ()
    trace: Mapping[str, float] = field(default_factory=dict)
