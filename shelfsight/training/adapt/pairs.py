"""What people typed and what they clicked then: ``{"query": "...", "id": "...", "weight": n}`` a line, or a CSV."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from shelfsight.core.errors import NotFound, UsageError

__all__ = ["Click", "Pair", "clicks_of", "load_pairs"]

_HINT = 'a line looks like {"query": "red boots", "id": "1234", "weight": 3}; a CSV has columns query, id and weight'
_LONGEST_QUERY = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """A query, the id of an item that it led to, and how much that counts (clicks, say)."""

    query: str
    id: str
    weight: float


@dataclass(frozen=True, slots=True)
class Click:
    """A pair whose item is known, by its number."""

    query: str
    item: int
    weight: float


def load_pairs(path: Path) -> list[Pair]:
    """Read pairs: JSON lines, or CSV where the file's name ends in ``.csv``. ``weight`` may be left out; it is 1 then.

    Raises:
        NotFound: no such file.
        UsageError: a line is no pair (names file and line), or the file holds none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            pairs = list(_csv(lines, path) if path.suffix.lower() == ".csv" else _jsonl(lines, path))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file of pairs at {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text: {error}", hint="pairs are written in UTF-8") from error
    if not pairs:
        raise UsageError(f"{path} holds no pairs", hint=_HINT)
    return pairs


def clicks_of(pairs: list[Pair], numbers: Mapping[str, int]) -> tuple[list[Click], int]:
    """Pairs with their items' numbers, and how many name an id that the catalogue does not have."""
    known = [Click(pair.query, numbers[pair.id], pair.weight) for pair in pairs if pair.id in numbers]
    return known, len(pairs) - len(known)


def _jsonl(lines: TextIO, path: Path) -> Iterator[Pair]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("it is no JSON object")
            yield _pair(row)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}:{number} is not a pair: {error}", hint=_HINT) from error


def _csv(lines: TextIO, path: Path) -> Iterator[Pair]:
    rows = csv.DictReader(lines)
    while True:
        try:
            row = next(rows, None)
            if row is None:
                return
            yield _pair({name: value for name, value in row.items() if name in ("query", "id") or value})
        except (ValueError, csv.Error) as error:
            raise UsageError(f"{path}:{rows.line_num} is not a pair: {error}", hint=_HINT) from error


def _pair(row: Mapping[str, Any]) -> Pair:
    query, id, weight = row.get("query"), row.get("id"), row.get("weight", 1)
    if not isinstance(query, str) or not query.strip():
        raise ValueError("'query' is not a text")
    query.encode()  # half of a character, which JSON can write, is no text: a ValueError
    if len(query) > _LONGEST_QUERY:
        raise ValueError(f"'query' has more than {_LONGEST_QUERY} characters")
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    if not isinstance(id, str) or not id:
        raise ValueError("'id' is not an id")
    return Pair(query.strip(), id, _weight(weight))


def _weight(value: Any) -> float:
    try:
        weight = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        weight = math.nan
    if not 0 < weight < math.inf:
        raise ValueError(f"'weight' is {value!r}, not a number above 0")
    return weight
