"""Dropping what no snapshot reads any more, in two steps with time between them.

A row that a commit replaced is marked at one upkeep and dropped at one that comes later than the grace: by then there
is no snapshot from before the mark. The marks are in a file, and are found anew where it is lost.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from shelfsight.stores.blocks import IntArray
from shelfsight.stores.files import publish
from shelfsight.stores.milvus.journal import Journal, now
from shelfsight.stores.milvus.rows import Rows

__all__ = ["MARKS", "Living", "drop", "mark", "ripe"]

MARKS = "milvus-marks.json"


@dataclass(frozen=True, slots=True)
class Living:
    """The state after commit ``generation``: the rows that items have, ascending, of all those before ``end``."""

    generation: int
    end: int
    rows: IntArray


@dataclass(frozen=True, slots=True)
class _Marks:
    """Rows, and bytes in the journal, that nobody had at ``time``, after commit ``generation``."""

    time: float
    generation: int
    rows: list[int]
    names: list[str]


def ripe(directory: Path, grace: float) -> bool | None:
    """Whether marks are older than ``grace`` seconds; ``None`` where there are none."""
    marks = _read(directory / MARKS)
    return None if marks is None else now() - marks.time >= grace


def drop(directory: Path, journal: Journal, rows: Rows) -> None:
    """Drop what is marked. Nobody may write meanwhile: the same bytes may be wanted again."""
    marks = _read(directory / MARKS)
    if marks is None:
        return
    rows.forget(np.array(marks.rows, np.int64))
    journal.drop_blobs(set(marks.names) - rows.needed(marks.names))
    journal.forget(marks.generation - 1)
    (directory / MARKS).unlink(missing_ok=True)


def mark(directory: Path, journal: Journal, rows: Rows, living: Living) -> None:
    """Mark what is not ``living``."""
    if rows.count() == len(living.rows) and len(journal.since(0)) <= 1:
        return
    found = [*rows.names(living.end)]
    alive = np.isin(np.array([row for row, _ in found], np.int64), living.rows)
    used = {name for (_, names), lives in zip(found, alive, strict=True) if lives for name in names}
    dead = [row for (row, _), lives in zip(found, alive, strict=True) if not lives]
    marks = _Marks(now(), living.generation, dead, sorted(journal.blob_names() - used))
    text = json.dumps(asdict(marks))
    publish(directory / MARKS, lambda file: file.write(text.encode()))


def _read(file: Path) -> _Marks | None:
    try:
        return _Marks(**json.loads(file.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
