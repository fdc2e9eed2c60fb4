"""One committed state of a collection in memory, and how the next follows from it.

Items live in *slots*, vectors in *rows*. Both are only ever appended: a changed item takes a new slot, new
pictures take new rows. What differs between two states is which slots are alive and which slot a row belongs
to; those two arrays are copied when a state follows another, everything else is shared. An old state
therefore stays as it was for whoever holds it, at a few bytes an item for each state held.

Records stay in memory as the bytes SQLite keeps (some hundred bytes an item, less than its vectors): reading
them from SQLite later would show what a later commit made of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import CorruptCollection, UsageError
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import BlockFactory, Blocks, BoolArray, IntArray
from shelfsight.stores.ledger import Ids, Replay, Upsert

__all__ = ["Slots", "State", "empty_state", "follow", "generation_of", "token_of"]

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


@dataclass(slots=True)
class Slots:
    """Append-only, shared by all states that follow one another: ids and records by slot, slots by id."""

    ids: list[str] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    versions: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def append(self, id: str, record: bytes) -> None:
        self.versions[id] = (*self.versions.get(id, ()), len(self.ids))
        self.records.append(record)
        self.ids.append(id)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything a snapshot reads.

    Attributes:
        alive: (slots,) bool.
        first_row, pictures: (slots,) an item's rows are ``first_row .. first_row + pictures - 1``.
        row_slot: (rows,) the slot a row belongs to, -1 for nobody's.
        last_vector: the newest vector id that was read.
    """

    generation: int
    last_vector: int
    slots: Slots
    blocks: Blocks
    alive: BoolArray
    first_row: IntArray
    pictures: IntArray
    row_slot: npt.NDArray[np.int32]

    def find(self, id: str) -> int | None:
        """The slot of an item in this state."""
        for slot in reversed(self.slots.versions.get(id, ())):
            if slot < len(self.alive) and self.alive[slot]:
                return slot
        return None

    @property
    def wasted(self) -> bool:
        """Whether what is dead outweighs what is alive, and reading everything anew pays."""
        dead_slots = len(self.alive) - np.count_nonzero(self.alive)
        dead_rows = np.count_nonzero(self.row_slot == _NOBODY)
        return bool(dead_slots > _SPARE + len(self.alive) // 2 or dead_rows > _SPARE + len(self.row_slot) // 2)


def empty_state(factory: BlockFactory) -> State:
    """Before the first commit."""
    none = np.zeros(0, np.int64)
    return State(
        generation=0,
        last_vector=0,
        slots=Slots(),
        blocks=Blocks(factory),
        alive=none.astype(np.bool_),
        first_row=none,
        pictures=none,
        row_slot=none.astype(np.int32),
    )


def follow(state: State, replay: Replay, vectors: Sequence[tuple[Ids, FloatArray]]) -> State:
    """The state after ``replay``; ``vectors`` are the (ids, rows) newer than the state's last.

    Raises:
        CorruptCollection: an item has no vectors.
    """
    alive, row_slot = state.alive.copy(), state.row_slot.copy()
    first_rows = _rows_of(state, replay.upserts, vectors)
    olds = [state.find(upsert.id) for upsert in replay.upserts]
    for i, old in enumerate(olds):
        if first_rows[i] == _NOBODY and old is not None:
            first_rows[i] = state.first_row[old]
    if np.any(first_rows == _NOBODY):
        missing = replay.upserts[int(np.argmax(first_rows == _NOBODY))].id
        raise CorruptCollection(f"the vectors of item {missing!r} are gone", hint="index the catalogue again")
    for slot in (*olds, *map(state.find, replay.deletes)):
        _bury(state, slot, alive, row_slot)
    for upsert in replay.upserts:
        state.slots.append(upsert.id, upsert.record)
    blocks = state.blocks
    for _, part in vectors:
        blocks = blocks.append(part)
    pictures = np.fromiter((upsert.pictures for upsert in replay.upserts), np.int64, len(replay.upserts))
    row_slot = np.concatenate([row_slot, np.full(len(blocks) - len(row_slot), _NOBODY, np.int32)])
    _own(row_slot, first_rows, pictures, np.arange(len(alive), len(alive) + len(pictures)))
    return State(
        generation=replay.generation,
        last_vector=max([state.last_vector, *(int(ids.max()) for ids, _ in vectors if len(ids))]),
        slots=state.slots,
        blocks=blocks,
        alive=np.concatenate([alive, np.ones(len(pictures), np.bool_)]),
        first_row=np.concatenate([state.first_row, first_rows]),
        pictures=np.concatenate([state.pictures, pictures]),
        row_slot=row_slot,
    )


def _bury(state: State, slot: int | None, alive: BoolArray, row_slot: npt.NDArray[np.int32]) -> None:
    if slot is not None:
        alive[slot] = False
        first = state.first_row[slot]
        row_slot[first : first + state.pictures[slot]] = _NOBODY


def _rows_of(state: State, upserts: Sequence[Upsert], vectors: Iterable[tuple[Ids, FloatArray]]) -> IntArray:
    """The first row of each upsert among the new vectors, -1 where its vectors are older than that."""
    parts = [ids for ids, _ in vectors]
    new_ids = np.concatenate([np.zeros(0, np.int64), *parts])
    wanted = np.fromiter((upsert.first_vector for upsert in upserts), np.int64, len(upserts))
    found = np.full(len(upserts), _NOBODY, np.int64)
    if len(new_ids):
        order = np.argsort(new_ids, kind="stable")
        places = np.minimum(np.searchsorted(new_ids[order], wanted), len(new_ids) - 1)
        rows = order[places]
        here = new_ids[rows] == wanted
        found[here] = len(state.blocks) + rows[here]
    return found


def _own(row_slot: npt.NDArray[np.int32], first: IntArray, pictures: IntArray, slots: IntArray) -> None:
    """Give each slot its run of rows."""
    starts = np.cumsum(pictures) - pictures
    within = np.arange(int(pictures.sum())) - np.repeat(starts, pictures)
    row_slot[np.repeat(first, pictures) + within] = np.repeat(slots, pictures)
