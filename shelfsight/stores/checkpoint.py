"""A state of the ledger packed into one file, from which opening is quick: a cache, never the truth.

The ledger names the file that counts by a number drawn at random, so that the file of another collection, or one from
before the ledger was restored from a copy, is never taken for it. A file that is missing, damaged or too far behind is
passed over, and everything is read from the ledger.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import CorruptCollection
from shelfsight.stores.arrays import DamagedError, MappedArrays, map_arrays, write_arrays
from shelfsight.stores.columns import Columns, Stack
from shelfsight.stores.columns.kept import load_stack, stack_arrays
from shelfsight.stores.files import TEMPORARY, publish
from shelfsight.stores.ledger import Ledger, connect, reading, writing
from shelfsight.stores.packed import HashIndex, Packed
from shelfsight.stores.slots import Base, Slots, packed_base

__all__ = ["CACHE", "Opened", "checkpoint_file", "open_base", "write_checkpoint"]

CACHE = "cache"
_NAME = "checkpoint"
_FORMAT = 1
_BEHIND = 20  # a file is worth keeping while less than one in so many items changed since
_LATE = 4  # and worth reading while less than one in so many did

_NO_VECTORS = 2**62  # vectors up to here are not wanted

_log = logging.getLogger("shelfsight.stores")


@dataclass(frozen=True, slots=True)
class Opened:
    """A base to begin with: its slots, the columns that were kept with it, and the number of its file, if any."""

    slots: Slots
    columns: Mapping[str, Callable[[], Stack | None]] = field(default_factory=dict)
    number: int | None = None

    def new_columns(self) -> Columns:
        return Columns(self.slots, self.columns, self.slots.start if self.columns else 0)


def open_base(path: Path, ledger: Ledger, *, distrusted: int | None = None) -> Opened:
    """What to begin with in the collection at ``path``, inside :func:`reading`: the checkpoint where there is one, the
    ledger's items otherwise.

    Args:
        distrusted: the number of a file that is not to be used.
    """
    number = ledger.counter(_NAME)
    if number and number != distrusted:
        try:
            mapped = map_arrays(_file(path, number))
            about = mapped.about
            if (about["format"], about["number"]) == (_FORMAT, number) and _near(ledger, about["generation"], _LATE):
                return _opened(mapped)
        except FileNotFoundError:
            pass
        except (DamagedError, OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("the checkpoint of %s is passed over: %s", path, error)
    return Opened(Slots(packed_base(ledger.generation(), ledger.rows())))


def write_checkpoint(path: Path, dimension: int, *, always: bool = False) -> None:
    """Keep the newest state of the collection at ``path``, unless the file that is there is near enough, or ``always``.
    The caller holds the lock of maintenance."""
    with closing(connect(path)) as connection:
        ledger = Ledger(connection, dimension)
        if not always and _is_fresh(path, ledger):
            return
        try:
            made = _newest(path, ledger, connection)
        except CorruptCollection:  # the last checkpoint is damaged
            made = _newest(path, ledger, connection, distrusted=ledger.counter(_NAME))
        number = secrets.randbelow(2**62) + 1
        about = {"format": _FORMAT, "number": number, "generation": made.generation, "columns": made.columns}
        (path / CACHE).mkdir(exist_ok=True)
        publish(_file(path, number), lambda file: write_arrays(file, about, made.arrays))
        with writing(connection):
            connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (_NAME, number))
        _sweep(path, number)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a file is to hold: the commit it is the state after, and which columns are among the arrays."""

    generation: int
    arrays: dict[str, npt.NDArray[Any]]
    columns: list[str]


def _newest(path: Path, ledger: Ledger, connection: Connection, *, distrusted: int | None = None) -> _Made:
    """The newest state: that of the last checkpoint, if there is one, and what came since.

    Raises:
        CorruptCollection: the last checkpoint is damaged.
    """
    with reading(connection):
        opened = open_base(path, ledger, distrusted=distrusted)
        slots, base = opened.slots, opened.slots.base
        assert base is not None
        replay = ledger.since(base.generation, _NO_VECTORS)
    alive = np.ones(slots.start + len(replay.upserts), np.bool_)
    gone = slots.newest([*(upsert.id for upsert in replay.upserts), *replay.deletes])
    alive[gone[gone >= 0]] = False
    for upsert in replay.upserts:
        slots.append(upsert.id, upsert.record)
    firsts = np.concatenate([base.first_vectors, _numbers(upsert.first_vector for upsert in replay.upserts)])
    pictures = np.concatenate([base.pictures, _numbers(upsert.pictures for upsert in replay.upserts)])
    order = slots.in_order(np.flatnonzero(alive))
    rows = zip(
        (slots.ids[slot] for slot in order),
        firsts[order].tolist(),
        pictures[order].tolist(),
        (slots.records[slot] for slot in order),
        strict=True,
    )
    arrays = _base_arrays(packed_base(replay.generation, rows) if len(gone) else base)
    stacks = opened.new_columns().stacks(len(alive), without=("id",))
    columns = {name: stack_arrays(stack, order) for name, stack in stacks.items()}
    held = [name for name, column in columns.items() if "types" in column and column["types"].any()]
    for number, field_name in enumerate(held):
        arrays.update({f"columns.{number}.{name}": array for name, array in columns[field_name].items()})
    return _Made(replay.generation, arrays, held)


def _numbers(values: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.array([*values], np.int64)


def _file(path: Path, number: int) -> Path:
    return path / CACHE / f"{_NAME}-{number:016x}.arrays"


def checkpoint_file(path: Path, number: int) -> Path | None:
    """The file that the ledger of the collection at ``path`` names by ``number``; ``None`` where that is 0: none."""
    return _file(path, number) if number else None


def _is_fresh(path: Path, ledger: Ledger) -> bool:
    number = ledger.counter(_NAME)
    if not number:
        return False
    try:
        return _near(ledger, map_arrays(_file(path, number)).about["generation"], _BEHIND)
    except (DamagedError, OSError, ValueError, KeyError, TypeError):
        return False


def _near(ledger: Ledger, generation: int, share: int) -> bool:
    """Whether less than one in ``share`` items changed since that commit."""
    if not ledger.counter("forgotten") <= generation <= ledger.generation():
        return False
    return generation == ledger.generation() or ledger.changed(generation) * share < ledger.counts()[0]


def _sweep(path: Path, number: int) -> None:
    """Files that count no longer, and what a crash left."""
    for file in (path / CACHE).glob(f"{_NAME}-*"):
        if file != _file(path, number) or file.name.endswith(TEMPORARY):
            file.unlink(missing_ok=True)


def _base_arrays(base: Base) -> dict[str, npt.NDArray[Any]]:
    return {
        "ids": base.ids.data,
        "ids.bounds": base.ids.bounds,
        "ids.hashes": base.index.hashes,
        "ids.order": base.index.order,
        "records": base.records.data,
        "records.bounds": base.records.bounds,
        "records.checksums": base.records.checksums(),
        "first_vectors": base.first_vectors,
        "pictures": base.pictures,
    }


def _opened(mapped: MappedArrays) -> Opened:
    ids = Packed(mapped.get("ids"), mapped.get("ids.bounds"))
    base = Base(
        generation=mapped.about["generation"],
        ids=ids,
        index=HashIndex(ids, mapped.get("ids.hashes"), mapped.get("ids.order")),
        records=Packed(mapped.get("records", proven=False), mapped.get("records.bounds")),
        checksums=mapped.get("records.checksums"),
        first_vectors=mapped.get("first_vectors"),
        pictures=mapped.get("pictures"),
    )
    columns = {
        name: partial(load_stack, mapped, f"columns.{number}.", len(base))
        for number, name in enumerate(mapped.about["columns"])
    }
    return Opened(Slots(base), columns, mapped.about["number"])
