"""A shelf of 1,500 items whose pages are worked out in plain Python, item by item."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from shelf import change

from shelfsight.core.protocols import Change
from shelfsight.core.relevance import Curve, RelevanceScale
from shelfsight.core.types import Value

COUNT = 1500


@dataclass(frozen=True)
class Thing:
    """An item with one picture."""

    id: str
    vector: tuple[float, float, float]
    fields: dict[str, Value]

    def cosine(self, other: Sequence[float]) -> float:
        return math.fsum(a * b for a, b in zip(self.vector, other, strict=True))


def unit(vector: Iterable[float]) -> tuple[float, float, float]:
    parts = list(vector)
    length = math.sqrt(math.fsum(part * part for part in parts))
    x, y, z = (part / length for part in parts)
    return x, y, z


def things(count: int = COUNT, seed: int = 5) -> list[Thing]:
    """Scattered over the sphere; every fifth shows nearly what another one does, every ninth has no family."""
    dice, made = random.Random(seed), []
    for n in range(count):
        if n % 5 == 4:
            shown = [part + dice.gauss(0, 0.001) for part in dice.choice(made).vector]
        else:
            shown = [dice.gauss(0, 1) for _ in range(3)]
        fields: dict[str, Value] = {
            "price": dice.choice([None, 5, 7.5, 10, 12, 20]),
            "stock": dice.randrange(1000),
            "family": None if n % 9 == 0 else f"f{dice.randrange(count // 6)}",
            "rare": dice.choice(["red", "blue"]) if dice.random() < 0.9 else "green",
            "mixed": dice.choice([None, 1, True, "1", 1.0, "", ["a"], 2]),
        }
        made.append(Thing(f"i{n:04}", unit(shown), fields))
    return made


def changes(made: Sequence[Thing]) -> list[Change]:
    return [change(thing.id, [thing.vector], **thing.fields) for thing in made]


def by_cosine(made: Iterable[Thing], query: Sequence[float]) -> list[Thing]:
    return sorted(made, key=lambda thing: (-thing.cosine(query), thing.id))


def by_fields(made: Iterable[Thing], *keys: str) -> list[Thing]:
    """``-price`` is descending; what is no text, number or boolean comes last either way."""
    ordered = sorted(made, key=lambda thing: thing.id)
    for key in reversed(keys):
        name, down = key.removeprefix("-"), key.startswith("-")
        placed = [thing for thing in ordered if _standing(thing.fields[name]) is not None]
        last = [thing for thing in ordered if _standing(thing.fields[name]) is None]
        groups: dict[Any, list[Thing]] = {}
        for thing in placed:
            groups.setdefault(_standing(thing.fields[name]), []).append(thing)
        ordered = [thing for standing in sorted(groups, reverse=down) for thing in groups[standing]] + last
    return ordered


def _standing(value: Value) -> Any:
    kinds: list[type] = [int, str, bool]
    kind = {int: 0, float: 0, str: 1, bool: 2}.get(type(value))
    return None if kind is None or value == "" else (kind, value) if kind in range(len(kinds)) else None


def folded(line: Sequence[Thing], threshold: float, head: int) -> tuple[list[Thing], dict[str, list[str]]]:
    kept: list[Thing] = []
    into: dict[str, list[str]] = {}
    for thing in line[:head]:
        better = next((each for each in kept if each.cosine(thing.vector) >= threshold), None)
        if better is None:
            kept.append(thing)
        else:
            into.setdefault(better.id, []).append(thing.id)
    return kept + list(line[head:]), into


def varied(line: Sequence[Thing], worth: Callable[[Thing], float], x: float, head: int) -> list[Thing]:
    first, chosen = list(line[:head]), list[Thing]()
    low, high = min(map(worth, first)), max(map(worth, first))
    nearest = [-1.0] * len(first)
    while first:
        scores = [
            (1 - x) * (worth(thing) - low) / (high - low) - x * near for thing, near in zip(first, nearest, strict=True)
        ]
        best = scores.index(max(scores))
        chosen.append(first.pop(best))
        del nearest[best]
        nearest = [max(near, chosen[-1].cosine(thing.vector)) for thing, near in zip(first, nearest, strict=True)]
    return chosen + list(line[head:])


def grouped(line: Sequence[Thing], field: str) -> list[tuple[Thing, list[Thing]]]:
    """Leads in their order, each with the others of its group."""
    groups: dict[Any, list[Thing]] = {}
    for n, thing in enumerate(line):
        value = thing.fields[field]
        alone = value is None or value == "" or isinstance(value, list | dict)
        key = ("alone", n) if alone else (isinstance(value, bool), isinstance(value, str), value)
        groups.setdefault(key, []).append(thing)
    return [(members[0], members[1:]) for members in groups.values()]


def scale(cutoff: float = 0.5) -> RelevanceScale:
    """Log-odds are 10 (cosine - 0.5); nothing matches below a best cosine of 0.9."""
    curve = Curve(bias=-5.0, standing=0.0, cosine=10.0)
    return RelevanceScale(
        source="made up",
        revision="1",
        hits={"text": curve, "picture": curve, "both": curve},
        best={"text": curve, "picture": curve},
        nothing_below={"text": 1 / (1 + math.exp(-4)), "picture": 1 / (1 + math.exp(-4))},
        cutoff=cutoff,
        pictures=np.eye(3, dtype=np.float32),
    )
