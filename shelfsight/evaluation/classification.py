"""Pictures sorted into the values of a field by their nearest text: zero-shot classification."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from shelfsight.core.errors import UnknownField, UsageError
from shelfsight.core.protocols import Encoder, Snapshot, Store, StoredItem
from shelfsight.core.vectors import FloatArray
from shelfsight.evaluation.metrics import Interval, interval

__all__ = ["ClassScore", "ClassifyReport", "Guess", "classify"]

_CHUNK = 512


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One value of the field: how many items have it, and the share of them that were given it."""

    items: int
    top1: float


@dataclass(frozen=True, slots=True)
class Guess:
    """What an item's field holds, and what its pictures were taken for."""

    own: str
    guessed: str

    @property
    def right(self) -> bool:
        return self.own == self.guessed


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyReport:
    """How often the picture alone tells a field's value.

    Attributes:
        field: the field.
        classes: its distinct values.
        items: items judged.
        skipped: items whose value is missing or no text.
        top1: share of items whose nearest value is their own, in [0, 1].
        interval: 95 % bootstrap interval of ``top1``.
        per_class: value -> its score, by value.
        guesses: item id -> its guess.
    """

    field: str
    classes: int
    items: int
    skipped: int
    top1: float
    interval: Interval
    per_class: Mapping[str, ClassScore]
    guesses: Mapping[str, Guess] = dataclasses.field(repr=False)

    def confusions(self) -> list[tuple[str, str, list[str]]]:
        """(own value, guessed value, ids) of the wrong guesses, the most frequent pair first, ties by value."""
        pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
        for id, guess in self.guesses.items():
            if not guess.right:
                pairs[guess.own, guess.guessed].append(id)
        ordered = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        return [(own, guessed, ids) for (own, guessed), ids in ordered]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Plain values for ``--per-query FILE``: each item, its value, the guess, and whether that is right."""
        for id, guess in self.guesses.items():
            yield {"id": id, "value": guess.own, "guess": guess.guessed, "right": guess.right}

    def to_json(self, *, worst: int = 10) -> dict[str, Any]:
        """Plain values for ``evaluate --classify FIELD --json``, with the ``worst`` most frequent confusions."""
        return {
            "field": self.field,
            "classes": self.classes,
            "items": self.items,
            "skipped": self.skipped,
            "top1": self.top1,
            "interval": [self.interval.low, self.interval.high],
            "per_class": {value: {"items": each.items, "top1": each.top1} for value, each in self.per_class.items()},
            "confusions": [
                {"value": own, "guess": guessed, "items": len(ids)} for own, guessed, ids in self.confusions()[:worst]
            ],
        }


def classify(store: Store, encoder: Encoder, field: str) -> ClassifyReport:
    """Give each item the value of ``field`` whose text is nearest to its pictures, and count how often it is its own.

    As in search, the item's best picture decides: the value with the greatest cosine to any of the item's
    pictures wins, ties go to the value that sorts first. Values are encoded as they are written. (Zero-shot
    classification of Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
    2021, section 3.1, with the bare value as its prompt.)

    Raises:
        UnknownField: no item has that field.
        UsageError: the field holds no text, or fewer than two different values.
    """
    snapshot = store.snapshot()
    labels, skipped = _labels(store, snapshot, field)
    classes = sorted(set(labels.values()))
    if len(classes) < 2:
        raise UsageError(
            f"field {field!r} holds {len(classes)} different texts",
            hint="classification needs a text field with at least two values, such as category or colour",
        )
    texts_cd = np.concatenate([encoder.encode_texts(classes[i : i + _CHUNK]) for i in range(0, len(classes), _CHUNK)])
    guesses = {id: Guess(label, classes[_nearest(texts_cd, snapshot.vectors(id))]) for id, label in labels.items()}
    own: dict[str, list[bool]] = defaultdict(list)
    for guess in guesses.values():
        own[guess.own].append(guess.right)
    right = np.concatenate([np.asarray(own[value], dtype=np.float64) for value in classes])
    return ClassifyReport(
        field=field,
        classes=len(classes),
        items=len(labels),
        skipped=skipped,
        top1=float(right.mean()),
        interval=interval(right),
        per_class={value: ClassScore(len(own[value]), float(np.mean(own[value]))) for value in classes},
        guesses=guesses,
    )


def _nearest(texts_cd: FloatArray, pictures_pd: FloatArray) -> int:
    return int((texts_cd @ pictures_pd.T).max(axis=1).argmax())


def _labels(store: Store, snapshot: Snapshot, field: str) -> tuple[dict[str, str], int]:
    """id -> value of the items that have one, and how many have none."""
    known = snapshot.fields()
    if field not in known:
        raise UnknownField(f"no item has a field {field!r}", hint=f"fields: {', '.join(sorted(known)) or 'none'}")
    labels: dict[str, str] = {}
    skipped = 0
    for item in _items(store, snapshot):
        value = item.metadata.get(field)
        if isinstance(value, str) and value.strip():
            labels[item.id] = value
        else:
            skipped += 1
    return labels, skipped


def _items(store: Store, snapshot: Snapshot) -> Iterator[StoredItem]:
    ids = store.ids()
    while chunk := list(islice(ids, _CHUNK)):
        yield from snapshot.items(chunk).values()
