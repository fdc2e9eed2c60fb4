"""What is known of items, as facts that texts are made of; and who satisfies which text.

A fact is a set of items ("colour is red", "the title is ...", "was clicked after ..."); a text is true of an item that
satisfies all of its facts, at most three. So titles, phrases and queries are judged in one way, many at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_FACTS", "Bools", "Facts", "FactsBuilder", "Ints", "Text", "stated"]

MOST_FACTS = 3
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody may type.

    Attributes:
        text: as it is typed.
        family: ``title``, ``attributes`` or ``clicks``.
        facts: numbers of the facts that it states, 1 to 3.
    """

    text: str
    family: str
    facts: tuple[int, ...]


class FactsBuilder:
    """Collects facts. A topic is what a fact is about; an item without any fact of a topic is unknown there."""

    def __init__(self, items: int) -> None:
        self._items = items
        self._numbers: dict[tuple[str, str], int] = {}
        self._topics: dict[str, int] = {}
        self._topic_of: list[int] = []
        self._pairs: list[tuple[int, int]] = []

    def add(self, topic: str, value: str, item: int) -> int:
        """Say that the fact holds of the item; the fact's number."""
        number = self._numbers.setdefault((topic, value), len(self._numbers))
        if number == len(self._topic_of):
            self._topic_of.append(self._topics.setdefault(topic, len(self._topics)))
        self._pairs.append((number, item))
        return number

    def build(self) -> "Facts":
        pairs = np.array(sorted(set(self._pairs)), dtype=np.int64).reshape(-1, 2)
        topics = np.array(self._topic_of, dtype=np.int64)
        known = np.zeros((len(self._topics), self._items), dtype=np.bool_)
        known[topics[pairs[:, 0]], pairs[:, 1]] = True
        return Facts(items=self._items, keys=pairs[:, 0] * self._items + pairs[:, 1], topics=topics, known=known)


@dataclass(frozen=True)
class Facts:
    """Facts of ``items`` items.

    Attributes:
        keys: ``int64 [pairs]`` fact * items + item, ascending, of all that hold.
        topics: ``int64 [facts]`` the topic of each.
        known: ``bool [topics, items]`` whether anything is known there.
    """

    items: int
    keys: Ints
    topics: Ints
    known: Bools = field(repr=False)

    def holding(self, fact: int) -> Ints:
        """The items of which ``fact`` holds, ascending."""
        low, high = np.searchsorted(self.keys, (fact * self.items, (fact + 1) * self.items))
        return self.keys[low:high] - fact * self.items

    def judge_all(self, text: "Text") -> tuple[Bools, Bools]:
        """:meth:`judge` of one text and every item, ``bool [items]`` each."""
        right = np.ones(self.items, dtype=np.bool_)
        possible = right.copy()
        for fact in text.facts:
            holds = np.zeros(self.items, dtype=np.bool_)
            holds[self.holding(fact)] = True
            right &= holds
            possible &= holds | ~self.known[self.topics[fact]]
        return right, possible & ~right

    def judge(self, stated: Ints, items: Ints) -> tuple[Bools, Bools]:
        """Which texts are true of which items.

        Args:
            stated: ``int64 [t, 3]`` facts of each text, -1 where it states fewer.
            items: ``int64 [n]``.

        Returns:
            ``right`` and ``unknown``, ``bool [t, n]``: true of it; not known to be false of it and not right.
        """
        right = np.ones((len(stated), len(items)), dtype=np.bool_)
        possible = right.copy()
        for facts in stated.T:
            free = (facts < 0)[:, None]
            wanted = facts[:, None] * self.items + items[None, :]
            places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
            holds = free | (self.keys[places] == wanted)
            right &= holds
            possible &= holds | ~self.known[self.topics[facts]][:, items]
        return right, possible & ~right


def stated(texts: Sequence[Text]) -> Ints:
    """The facts of texts as :meth:`Facts.judge` takes them, ``int64 [t, 3]``."""
    rows = [(*text.facts, *[-1] * (MOST_FACTS - len(text.facts))) for text in texts]
    return np.array(rows, dtype=np.int64).reshape(-1, MOST_FACTS)
