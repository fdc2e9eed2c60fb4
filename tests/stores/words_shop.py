"""A small shop whose word matches can be worked out by hand."""

from collections.abc import Sequence
from random import Random
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


def plain(answers: Sequence[WordsFound]) -> list[tuple[object, object]]:
    """To compare two answers by, whatever built the index."""
    return [(answer.matches, dict(answer.corrections)) for answer in answers]


_NOUNS = ("shirt", "shoe", "scarf", "boot", "bag", "hat", "sock", "belt")
_KINDS = ("red", "blue", "warm", "light", "old", "striped")


def turn(seed: int, number: int) -> tuple[list[Change], list[str]]:
    """A commit of a history: items that are new or have other words, prices that change, deletions."""
    chance = Random(f"{seed} {number}")
    changes = {}
    for _ in range(chance.randint(1, 12)):
        id = f"item-{chance.randrange(60)}"
        title = f"{chance.choice(_KINDS)} {chance.choice(_NOUNS)}"
        description = " ".join(chance.choices(_KINDS + _NOUNS, k=chance.randint(0, 14)))
        changes[id] = item(id, title, price=number, brand=chance.choice(("Puma", "Nike")), text=description)
    return list(changes.values()), [f"item-{chance.randrange(60)}" for _ in range(chance.randint(0, 4))]


QUERIES = ("red shirt", "puma", "srtiped socks", '"old belt"', "warm light scarf nike", "item-7", "sho", "bleu bag")


def answers(snapshot: Snapshot) -> list[tuple[object, object]]:
    """Everything that a history can be told by."""
    asked = [found(snapshot, text, 100) for text in QUERIES]
    return plain([*asked, found(snapshot, "nike", 100, negative=("red", "hat"))])


def ids_found(snapshot: Snapshot) -> list[set[str]]:
    """What each query finds, in whatever order."""
    return [set(ids_of(snapshot, text, k=100)) for text in QUERIES]
