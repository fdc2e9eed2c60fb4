"""A small shop whose word matches can be worked out by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from store_samples import axis, change

from shelfsight.core.listing import WordQuery, WordsFound
from shelfsight.core.protocols import Change, Snapshot
from shelfsight.core.types import Value


def item(id: str, title: str | None = None, **metadata: Value) -> Change:
    return change(id, [axis(0)], metadata, title=title)


SHOP = (
    item("MS-10", "Running shoes", brand="Puma", colour="Blue", sku="AB-100.7", price=40),
    item("MS-11", "Running shorts", brand="Puma", colour="Red", sku="AB-101.7", price=20),
    item("tee", "Girls T-Shirt", brand="Gini and Jony", colour="Red"),
    item(
        "boots", "Boots", brand="Nike", colour="Red", description="Warm boots with a " + "soft lining and " * 5 + "dots"
    ),
    item("bag", "Polka dots handbag", brand="Nike", colour="Blue", stock={"places": ["Oslo", "Rome"]}),
    item("bare", None),
)


def found(snapshot: Snapshot, text: str, k: int = 10, **asked: Any) -> WordsFound:
    """The answer to ``text``; ``asked``: other fields of the query."""
    return snapshot.words(WordQuery(text=text, **asked), k)


def ids(answer: WordsFound) -> list[str]:
    return [match.id for match in answer.matches]


def ids_of(snapshot: Snapshot, text: str, **asked: Any) -> list[str]:
    return ids(found(snapshot, text, **asked))


def plain(answers: Sequence[WordsFound]) -> list[object]:
    """To compare two answers by, whatever built the index."""
    return [(answer.matches, dict(answer.corrections)) for answer in answers]


Metadata = Mapping[str, Value]
