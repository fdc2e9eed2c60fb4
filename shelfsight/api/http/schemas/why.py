"""Why an item stands where it does."""

from typing import Any, Literal

from pydantic import Field

from shelfsight.api.http.schemas.base import Told, absent, shown
from shelfsight.core.why import Outcome

__all__ = ["Why"]


class WhyCondition(Told):
    """Something that an item must satisfy to be ranked."""

    text: str
    source: Literal["filter", "limit", "rule", "excluded"]
    passes: bool
    fields: dict[str, Any] = Field(description="The fields that it is about, with the item's values.")
    field: str = absent("The field, where it is about one.")
    value: Any = absent("The item's value of it.")


class WhyStage(Told):
    """Where an item stood behind one stage."""

    name: str
    rank: int | None = Field(description="Null: the stage did not see it.")
    of: int = absent("How many the stage put in order.")
    value: float = absent("What it was ordered by.")
    note: str = absent()


class WhyRule(Told):
    """What a merchandiser's rule does to an item."""

    kind: Literal["pin", "boost", "fresh", "bury", "hide"]
    rule: str = Field(description="What it is called.")
    line: int = Field(description="Where it begins in the file of rules.")
    text: str
    factor: float = absent("What it multiplies the odds of relevance by.")
    place: int = absent("Where the item is pinned.")


class WhyNeighbour(Told):
    """A hit above the item."""

    id: str
    title: str | None
    picture: str
    picture_index: int
    rank: int
    score: float
    relevance: float = absent()
    words: float = absent("Of the words asked for, the share that it has.")
    reasons: tuple[str, ...]
    fields: dict[str, Any] = absent("Its values of what hits are sorted by.")
    more: dict[str, float] = Field(description="By how much it has more than the item: `score`, `relevance`, `words`.")


class WhyChange(Told):
    """What would give the item a better place."""

    kind: str
    text: str
    factor: float = absent("Of a boost.")
    score: float = absent("The cosine that it takes.")
    place: int = absent("Which place that gives it.")


class WhyInto(Told):
    """The hit that stands for the item."""

    id: str
    title: str | None
    picture_index: int
    rank: int
    how: Literal["folded", "grouped"]
    cosine: float = absent()
    group: Any = absent()


class WhyWord(Told):
    """A word of the query."""

    word: str
    found: bool = Field(description="Whether the item's title or fields have it.")


class Why(Told):
    """Why an item stands where it does in a search, or is not found."""

    model_config = shown(
        {
            "id": "demo-00001",
            "title": "Lumberow round watch, grey",
            "picture": "images/demo-00001.jpg",
            "picture_index": 0,
            "outcome": "further",
            "sentence": "It is number 14 of 96; 10 are shown.",
            "rank": 14,
            "total": 96,
            "k": 10,
            "score": 0.2173,
            "conditions": [],
            "stages": [{"name": "vector", "rank": 14, "of": 96, "value": 0.2173}, {"name": "final", "rank": 14}],
            "rules": [],
            "above": [],
            "changes": [{"kind": "score", "text": "A cosine of 0.2406 would put it on the page.", "score": 0.2406}],
            "trace": {"total": 11.4},
        }
    )

    id: str
    title: str | None
    picture: str = Field(description="Name of its best picture for this query.")
    picture_index: int
    outcome: Outcome
    sentence: str = Field(description="The answer for a person.")
    rank: int | None = Field(description="Its place over all pages; null: it has none.")
    total: int
    k: int
    score: float | None
    relevance: float = absent()
    cutoff: float = absent("The probability below which hits are left out.")
    share: float = absent("Of the words asked for, the share that it has.")
    conditions: tuple[WhyCondition, ...]
    stages: tuple[WhyStage, ...] = Field(description="In the order they ran.")
    rules: tuple[WhyRule, ...]
    above: tuple[WhyNeighbour, ...] = Field(description="The hits right above it, the nearest first.")
    changes: tuple[WhyChange, ...]
    words: tuple[WhyWord, ...] = absent()
    into: WhyInto = absent()
    warnings: tuple[str, ...] = absent()
    trace: dict[str, float]
