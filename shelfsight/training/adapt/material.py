"""Everything an adaptation learns from and is judged by, gathered before any network learns."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Value
from shelfsight.training.adapt.columns import choose_columns
from shelfsight.training.adapt.pairs import Pair, clicks_of
from shelfsight.training.adapt.parts import Part, fold, named_parts, parts_by_hash
from shelfsight.training.adapt.questions import Questions, draw_questions, is_held_out
from shelfsight.training.adapt.settings import AdaptSettings
from shelfsight.training.adapt.shelf import Row, Shelf
from shelfsight.training.adapt.texts import TITLE, Texts, Words, write_texts

__all__ = ["Material", "gather"]

_SPLIT = "split"


@dataclass(frozen=True)
class Material:
    """What is learnt from, and what is asked.

    Attributes:
        columns: columns that texts were made of.
        split_column: the column that named the parts, or ``None`` where they were drawn by hash.
        lessons: texts that each item may be learnt with (numbers and weights), for training items alone.
        unknown_ids: pairs that named an id the catalogue does not have.
    """

    shelf: Shelf
    texts: Texts
    parts: list[Part] = field(repr=False)
    columns: tuple[str, ...]
    split_column: str | None
    lessons: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]] = field(repr=False)
    validation: Questions = field(repr=False)
    test: Questions = field(repr=False)
    unknown_ids: int

    def summary(self) -> dict[str, Any]:
        """Counts, without any text."""
        learnt = sorted({int(number) for numbers, _ in self.lessons.values() for number in numbers})
        return {
            "items": len(self.shelf.rows),
            "pictures": int(self.shelf.bounds[-1]),
            "failures": dict(self.shelf.failures),
            "parts": {part.value: count for part, count in sorted(Counter(self.parts).items())},
            "split_column": self.split_column,
            "text_columns": list(self.columns),
            "training_texts": dict(sorted(Counter(self.texts.texts[number].family for number in learnt).items())),
            "unknown_ids": self.unknown_ids,
        }

    def digest(self) -> str:
        """Hex digest of all that training depends on besides settings and encoder."""
        rows = [[row.id, [digest.hex() for digest in row.pictures]] for row in self.shelf.rows]
        lessons = [[item, numbers.tolist(), weights.tolist()] for item, (numbers, weights) in self.lessons.items()]
        texts = [[text.text, text.family, text.facts] for text in self.texts.texts]
        document = json.dumps([rows, texts, lessons, self.parts])
        return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def gather(
    shelf: Shelf,
    settings: AdaptSettings,
    *,
    pairs: list[Pair] | None,
    text_columns: Sequence[str] | None,
    split_column: str | None,
) -> Material:
    """Make texts, parts and questions of what was read.

    Raises:
        UsageError: a column that is not there, a split column without the three parts, too few texts to learn from,
            or nothing to ask.
    """
    split = split_column or _own_split(shelf.rows)
    columns = _columns(shelf.rows, text_columns, split)
    words = [Words.of(row.title, row.metadata, columns) for row in shelf.rows]
    clicks, unknown = clicks_of(pairs or [], {row.id: number for number, row in enumerate(shelf.rows)})
    texts = write_texts(words, clicks)
    parts = _parts(shelf.rows, split)
    material = Material(
        shelf=shelf,
        texts=texts,
        parts=parts,
        columns=columns,
        split_column=split,
        lessons=_lessons(texts, parts),
        validation=draw_questions(texts, shelf, parts, Part.VALIDATION, settings.most_queries),
        test=draw_questions(texts, shelf, parts, Part.TEST, settings.most_queries),
        unknown_ids=unknown,
    )
    _refuse_too_little(material, settings)
    return material


def _own_split(rows: Sequence[Row]) -> str | None:
    """``split`` where the catalogue has that column and it names all three parts."""
    named = {fold(str(row.metadata.get(_SPLIT))) for row in rows}
    return _SPLIT if {"train", "validation", "test"} <= named else None


def _columns(rows: Sequence[Row], asked: Sequence[str] | None, split: str | None) -> tuple[str, ...]:
    metadata: list[Mapping[str, Value]] = [
        {name: value for name, value in row.metadata.items() if name != split} for row in rows
    ]
    there = dict.fromkeys(name for row in metadata for name in row)
    if any(row.title for row in rows):
        there = {TITLE: None, **there}
    if asked is None:
        return (*(name for name in there if name == TITLE), *choose_columns(metadata))
    for name in asked:
        if name not in there:
            raise UsageError(
                f"the catalogue has no text column {name!r}", hint=f"columns with texts: {', '.join(there) or 'none'}"
            )
    return tuple(dict.fromkeys(asked))


def _parts(rows: Sequence[Row], split: str | None) -> list[Part]:
    if split is not None:
        return named_parts([row.metadata for row in rows], split)
    return parts_by_hash([_keys(row) for row in rows])


def _keys(row: Row) -> list[str]:
    """What two items must not share across parts: the title, and every picture (colours and sizes often share one)."""
    title = [f"title {fold(row.title)}"] if row.title and row.title.strip() else []
    return [*title, *(f"picture {digest.hex()}" for digest in row.pictures)]


def _lessons(texts: Texts, parts: Sequence[Part]) -> dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    kept = np.array([not is_held_out(text) for text in texts.texts], dtype=np.bool_)
    lessons = {}
    for item, (numbers, weights) in enumerate(texts.of_item):
        if parts[item] == Part.TRAIN and len(numbers) and kept[numbers].any():
            lessons[item] = (numbers[kept[numbers]], weights[kept[numbers]])
    return lessons


def _refuse_too_little(material: Material, settings: AdaptSettings) -> None:
    learnt = len({int(number) for numbers, _ in material.lessons.values() for number in numbers})
    if learnt < settings.least_texts:
        raise UsageError(
            f"{learnt} different texts are too few to learn from: at least {settings.least_texts} are needed",
            hint="give a larger catalogue, name columns with --text-columns, or give queries and clicks with --pairs",
        )
    for name, questions in (("validation", material.validation), ("test", material.test)):
        if not questions.asked:
            raise UsageError(
                f"no item of the {name} part has a text, so there is nothing to judge by",
                hint="give a larger catalogue, or a split column that names train, validation and test",
            )
