"""From rows of a catalogue and clicks to the texts to learn from, each with the facts it states."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from shelfsight.core.types import Value
from shelfsight.training.adapt.columns import MODIFIERS, NOUN, role_of, words_of
from shelfsight.training.adapt.facts import Facts, FactsBuilder, Text
from shelfsight.training.adapt.pairs import Click
from shelfsight.training.adapt.parts import fold

__all__ = ["ATTRIBUTES", "CLICKS", "TITLE", "Texts", "Words", "write_texts"]

TITLE, ATTRIBUTES, CLICKS = "title", "attributes", "clicks"
_MOST_PHRASES_AN_ITEM = 200
_ALONE = ("colour", "pattern", "brand")
"""Modifiers that people search for without a noun."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a row says: its title, where titles count, and the values of its attribute columns."""

    title: str | None
    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, title: str | None, metadata: Mapping[str, Value], columns: Sequence[str]) -> "Words":
        """``columns`` are names of metadata columns, and ``title``."""
        wanted = title.strip() if title and TITLE in columns else None
        values = {name: words_of(metadata.get(name)) for name in columns if name != TITLE}
        return cls(wanted or None, {name: words for name, words in values.items() if words})


@dataclass(frozen=True)
class Texts:
    """All texts, and which of them were written for which item.

    Attributes:
        texts: no two alike but for case and spaces.
        of_item: text numbers of each item, with their weights, ``int64 [k]`` and ``float64 [k]``.
    """

    facts: Facts
    texts: list[Text]
    of_item: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]] = field(repr=False)


def write_texts(rows: Sequence[Words], clicks: Iterable[Click]) -> Texts:
    """Queries that led to clicks, phrases of attributes, and titles; a text that comes twice counts as the first.

    Args:
        rows: one an item.
        clicks: with the number of their item.
    """
    writer = _Writer(len(rows))
    for click in clicks:
        fact = writer.facts.add(CLICKS, fold(click.query), click.item)
        writer.write(click.item, Text(click.query, CLICKS, (fact,)), click.weight)
    for item, row in enumerate(rows):
        for words, facts in _phrases(row, item, writer.facts):
            writer.write(item, Text(words, ATTRIBUTES, facts), 1.0)
    for item, row in enumerate(rows):
        if row.title is not None:
            fact = writer.facts.add(TITLE, fold(row.title), item)
            writer.write(item, Text(row.title, TITLE, (fact,)), 1.0)
    return writer.written()


class _Writer:
    def __init__(self, items: int) -> None:
        self.facts = FactsBuilder(items)
        self._numbers: dict[str, int] = {}
        self._texts: list[Text] = []
        self._of_item: list[dict[int, float]] = [{} for _ in range(items)]

    def write(self, item: int, text: Text, weight: float) -> None:
        number = self._numbers.setdefault(fold(text.text), len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        if self._texts[number].facts == text.facts:
            self._of_item[item][number] = self._of_item[item].get(number, 0.0) + weight

    def written(self) -> Texts:
        of_item = [(np.array(list(own), dtype=np.int64), np.array(list(own.values()))) for own in self._of_item]
        return Texts(self.facts.build(), self._texts, of_item)


def _phrases(row: Words, item: int, facts: FactsBuilder) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Phrases that are true of the row: a noun with up to two modifiers before it, and some modifiers alone."""
    parts = {
        column: [(words, facts.add(column, words, item)) for words in values] for column, values in row.values.items()
    }
    nouns = [part for column in parts if role_of(column) == NOUN for part in parts[column]]
    modifiers = sorted(
        (
            (MODIFIERS.index(role), part)
            for column in parts
            if (role := role_of(column)) != NOUN
            for part in parts[column]
        ),
        key=lambda ranked: ranked[0],
    )
    written = 0
    for count in range(3):
        for chosen in combinations([part for _, part in modifiers], count):
            for noun in nouns:
                if written < _MOST_PHRASES_AN_ITEM:
                    yield _joined((*chosen, noun))
                    written += 1
    for rank, part in modifiers:
        if MODIFIERS[rank] in _ALONE or not nouns:
            yield _joined((part,))


def _joined(parts: tuple[tuple[str, int], ...]) -> tuple[str, tuple[int, ...]]:
    return " ".join(words for words, _ in parts), tuple(fact for _, fact in parts)
