"""One committed state of a collection in memory, and how the next follows from it.

Items live in *slots*, vectors in *rows*. Both are only ever appended: a changed item takes a new slot, new
pictures take new rows. What differs between two states is which slots are alive and which slot a row belongs
to; those two arrays are copied when a state follows another, everything else is shared. An old state
therefore stays as it was for whoever holds it, at a few bytes an item for each state held.

Records stay in memory, or in a mapped file, as the bytes SQLite keeps (some hundred bytes an item, less than its
vectors): reading them from SQLite later would show what a later commit made of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import CorruptCollection, UsageError
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import Blocks, BoolArray, IntArray
from shelfsight.stores.ledger import Ids, Replay
from shelfsight.stores.slots import Slots

__all__ = ["Slots", "State", "based_state", "follow", "generation_of", "token_of"]

_NOBODY = -1
_SPARE = 20_000  # dead slots or rows that are never worth reading everything anew


def token_of(generation: int) -> str:
    """What names the state after that commit."""
    return f"{generation:x}"


def generation_of(token: str) -> int:
    """The commit of :func:`token_of`.

    Raises:
        UsageError: it names no state.
    """
    try:
        return int(token, 16)
    except ValueError:
        raise UsageError(f"{token!r} names no state of a collection") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything a snapshot reads.

    Attributes:
        alive: (slots,) bool.
        first_row, pictures: (slots,) an item's rows are ``first_row .. first_row + pictures - 1``.
        row_slot: (rows,) the slot a row belongs to, -1 for nobody's.
        last_vector: the newest vector id that was read.
        inherited: nobody's rows from the beginning, which reading everything anew would not drop.
    """

    generation: int
    last_vector: int
    slots: Slots
    blocks: Blocks
    alive: BoolArray
    first_row: IntArray
    pictures: IntArray
    row_slot: npt.NDArray[np.int32]
    inherited: int = 0

    def find(self, id: str) -> int | None:
        """The slot of an item in this state."""
        for slot in self.slots.versions(id):
            if slot < len(self.alive) and self.alive[slot]:
                return slot
        return None

    def find_all(self, ids: Sequence[str]) -> IntArray:
        """(n,) the slot of each item in this state, -1 for what is not there."""
        found = self.slots.newest(ids)
        newer = np.flatnonzero(found >= len(self.alive))
        found[found >= 0] = np.where(
            np.append(self.alive, False)[np.minimum(found[found >= 0], len(self.alive))], found[found >= 0], _NOBODY
        )
        for i in newer.tolist():
            slot = self.find(ids[i])
            found[i] = _NOBODY if slot is None else slot
        return found

    @property
    def wasted(self) -> bool:
        """Whether what is dead outweighs what is alive, and reading everything anew pays."""
        dead_slots = len(self.alive) - np.count_nonzero(self.alive)
        dead_rows = np.count_nonzero(self.row_slot == _NOBODY) - self.inherited
        return bool(dead_slots > _SPARE + len(self.alive) // 2 or dead_rows > _SPARE + len(self.row_slot) // 2)


def based_state(blocks: Blocks, slots: Slots) -> State:
    """Of ``slots`` that have a base or nothing, and empty ``blocks``: to be followed with all vectors there are."""
    none = np.zeros(0, np.int64)
    return State(
        generation=0 if slots.base is None else slots.base.generation,
        last_vector=0,
        slots=slots,
        blocks=blocks,
        alive=np.ones(slots.start, np.bool_),
        first_row=none,
        pictures=slots.pictures.first(slots.start),
        row_slot=none.astype(np.int32),
    )


def follow(state: State, replay: Replay, vectors: Sequence[tuple[Ids, FloatArray]]) -> State:
    """The state after ``replay``; ``vectors`` are the (ids, rows) newer than the state's last.

    Raises:
        CorruptCollection: an item has no vectors.
    """
    slots, fresh = state.slots, not len(state.blocks)
    blocks = state.blocks
    for _, part in vectors:
        blocks = blocks.append(part)
    places = _Places([ids for ids, _ in vectors], len(state.blocks))
    upserts = replay.upserts
    olds = state.find_all([upsert.id for upsert in upserts])
    buried = np.concatenate([olds, state.find_all(replay.deletes)])
    alive, row_slot, first_row = _without(state, buried[buried >= 0], places, len(blocks))
    firsts = places.of(np.fromiter((upsert.first_vector for upsert in upserts), np.int64, len(upserts)))
    pictures = np.fromiter((upsert.pictures for upsert in upserts), np.int64, len(upserts))
    inherited = np.flatnonzero((firsts == _NOBODY) & (olds != _NOBODY))
    firsts[inherited] = first_row[olds[inherited]]
    _check(firsts, lambda i: upserts[i].id)
    _own(row_slot, firsts, pictures, np.arange(len(alive), len(alive) + len(upserts)))
    for upsert in upserts:
        slots.append(upsert.id, upsert.record)
    return State(
        generation=replay.generation,
        last_vector=max([state.last_vector, *(int(ids.max()) for ids, _ in vectors if len(ids))]),
        slots=slots,
        blocks=blocks,
        alive=np.concatenate([alive, np.ones(len(upserts), np.bool_)]),
        first_row=slots.first_row.append(firsts),
        pictures=slots.pictures.append(pictures),
        row_slot=row_slot,
        inherited=int(np.count_nonzero(row_slot == _NOBODY)) if fresh else state.inherited,
    )


def _without(
    state: State, buried: IntArray, places: "_Places", rows: int
) -> tuple[BoolArray, npt.NDArray[np.int32], IntArray]:
    """Of a state less the ``buried`` slots: (slots,) who is alive, (rows,) whose each row is, (slots,) the first row.

    Raises:
        CorruptCollection: an item has no vectors.
    """
    slots, alive, first_row = state.slots, state.alive.copy(), state.first_row
    alive[buried] = False
    row_slot = np.full(rows, _NOBODY, np.int32)
    row_slot[: len(state.row_slot)] = state.row_slot
    if len(first_row) == len(alive):
        _own(row_slot, first_row[buried], state.pictures[buried], np.full(len(buried), _NOBODY))
        return alive, row_slot, first_row
    assert slots.base is not None  # the rows of the base are still to be found
    first_row = slots.first_row.append(places.of(slots.base.first_vectors))
    found = np.flatnonzero(alive)
    _check(first_row[found], lambda i: slots.ids[found[i]])
    _own(row_slot, first_row[found], state.pictures[found], found)
    return alive, row_slot, first_row


def _check(first_rows: IntArray, name: Callable[[int], str]) -> None:
    missing = np.flatnonzero(first_rows == _NOBODY)
    if len(missing):
        raise CorruptCollection(
            f"the vectors of item {name(int(missing[0]))!r} are gone", hint="index the catalogue again"
        )


class _Places:
    """Which rows the vectors of some parts are, by their ids; the parts begin at row ``start``.

    Ids that follow one another are a run; there are few of these however many ids there are.
    """

    def __init__(self, parts: Sequence[Ids], start: int) -> None:
        ids = np.concatenate([np.zeros(0, np.int64), *parts])
        begins = np.flatnonzero(np.diff(ids, prepend=-2) != 1)
        order = np.argsort(ids[begins], kind="stable")
        self._ids = ids[begins][order]
        self._rows = (start + begins)[order]
        self._lengths = np.diff(begins, append=len(ids))[order]

    def of(self, wanted: IntArray) -> IntArray:
        """(n,) the row of each id, -1 where it is in none of the parts."""
        if not len(self._ids):
            return np.full(len(wanted), _NOBODY, np.int64)
        run = np.searchsorted(self._ids, wanted, side="right") - 1
        within = wanted - self._ids[run]
        here = (run >= 0) & (within < self._lengths[run])
        return np.where(here, self._rows[run] + within, _NOBODY)


def _own(row_slot: npt.NDArray[np.int32], first: IntArray, pictures: IntArray, slots: IntArray) -> None:
    """Give each slot its run of rows."""
    if bool(np.all(pictures == 1)):
        row_slot[first] = slots
        return
    starts = np.cumsum(pictures) - pictures
    within = np.arange(int(pictures.sum())) - np.repeat(starts, pictures)
    row_slot[np.repeat(first, pictures) + within] = np.repeat(slots, pictures)
