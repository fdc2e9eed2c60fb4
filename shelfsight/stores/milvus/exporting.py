"""A Milvus collection as one commit left it, in the files of a collection that is complete in a directory.

The ledger beside Milvus has everything but vectors and previews. Rows of Milvus never change, so those of one state
are fetched while others commit. Rows that were replaced meanwhile may be dropped before they are fetched: then a newer
state is taken, of which only what is new has to be fetched.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shelfsight.core.errors import CorruptCollection
from shelfsight.stores.blocks import IntArray
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import publish
from shelfsight.stores.ledger import DATABASE, Ledger, connect, create_database, writing
from shelfsight.stores.manifest import Header
from shelfsight.stores.milvus.place import read_place
from shelfsight.stores.milvus.reaching import Reached, reached
from shelfsight.stores.milvus.replica import counter, set_counter
from shelfsight.stores.milvus.store import MilvusStore
from shelfsight.stores.segments import SEGMENTS, new_name, write_segment

__all__ = ["export"]

_PART = 256_000_000  # bytes of vectors in a file
_BLOBS = 512  # previews a transaction


def export(folder: Path, header: Header, target: Path) -> None:
    """Write ledger, vectors and previews of the Milvus collection at ``folder`` into the directory ``target``, durable
    or not. The state is of one commit, at least as new as the newest one of now.

    Raises:
        StoreError: Milvus cannot be reached.
        StoreFull: no space in ``target``.
        CorruptCollection: Milvus has lost something.
    """
    place = read_place(folder)
    with (
        closing(MilvusStore(folder, header, place)) as store,
        reached(folder, place) as there,
        storage_faults(target),
    ):
        (target / SEGMENTS).mkdir()
        create_database(target)
        with closing(connect(target)) as connection:
            copy = _Copy(target, connection, there, header.encoder.dimension)
            seen = -1
            while lacking := copy.lacking(folder, store):
                if copy.generation == seen:
                    raise CorruptCollection(
                        f"Milvus has lost row {lacking} of {there.rows.name}",
                        hint="take the state of an older backup, or index the catalogue again",
                    )
                seen = copy.generation


@dataclass(slots=True)
class _Copy:
    """What was fetched so far."""

    target: Path
    connection: sqlite3.Connection
    there: Reached
    dimension: int
    have: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    generation: int = 0

    def lacking(self, folder: Path, store: MilvusStore) -> int | None:
        """Take the newest state, and fetch what it has; a row of it that Milvus has no longer."""
        store.token()  # what others committed is in the ledger
        self._take(folder)
        wanted = self._living()
        wanted = wanted[~np.isin(wanted, self.have)]
        size = max(1, _PART // (4 * self.dimension))
        for start in range(0, len(wanted), size):
            self._fetch(wanted[start : start + size])
        missing = wanted[~np.isin(wanted, self.have)]
        return int(missing[0]) if len(missing) else None

    def _take(self, folder: Path) -> None:
        """Items and counters of one commit."""
        self.connection.execute("ATTACH ? AS there", (str(folder / DATABASE),))
        try:
            with writing(self.connection):
                self.connection.execute("DELETE FROM items")
                self.connection.execute("INSERT INTO items SELECT * FROM there.items")
                for name in ("generation", "next_vector"):
                    (value,) = self.connection.execute(
                        "SELECT value FROM there.counters WHERE name = ?", (name,)
                    ).fetchone()
                    set_counter(self.connection, name, value)
                self.generation = counter(self.connection, "generation")
                set_counter(self.connection, "forgotten", self.generation)
        finally:
            self.connection.execute("DETACH there")

    def _living(self) -> IntArray:
        spans = Ledger(self.connection, self.dimension).spans()
        firsts, pictures = spans[:, 0], spans[:, 1]
        within = np.arange(int(pictures.sum())) - np.repeat(np.cumsum(pictures) - pictures, pictures)
        found: IntArray = np.repeat(firsts, pictures) + within
        return found

    def _fetch(self, numbers: IntArray) -> None:
        """Vectors and previews of these rows, or of those that are there."""
        vectors = self.there.rows.vectors(numbers, self.dimension)
        numbers, vectors = _without(numbers, np.isnan(vectors[:, 0]), vectors)
        whole = [self._keep_previews(part) for part in _parts(numbers)]
        numbers, vectors = _without(numbers, ~np.isin(numbers, np.concatenate(whole or [numbers])), vectors)
        if not len(numbers):
            return
        name = new_name()
        publish(
            self.target / SEGMENTS / name,
            lambda file: write_segment(file, len(numbers), self.dimension, [vectors]),
        )
        row = (name, int(numbers[-1]), numbers.astype("<i8").tobytes())
        self.connection.execute("INSERT INTO segments VALUES (?, ?, ?)", row)
        self.have = np.concatenate([self.have, numbers])

    def _keep_previews(self, numbers: IntArray) -> IntArray:
        """Those of the rows that are there, their previews kept."""
        names = self.there.rows.previews(numbers)
        found, whole = [], []
        for number, name in names.items():
            try:
                if name:
                    found.append((number, self.there.journal.blob(name)))
                whole.append(number)
            except CorruptCollection:  # dropped between the two requests, or lost: asking again tells
                continue
        with writing(self.connection):
            self.connection.executemany("INSERT OR REPLACE INTO previews VALUES (?, ?)", found)
        return np.array(whole, np.int64)


def _parts(numbers: IntArray) -> Iterator[IntArray]:
    return (numbers[start : start + _BLOBS] for start in range(0, len(numbers), _BLOBS))


def _without(numbers: IntArray, gone: np.ndarray, *rows: np.ndarray) -> tuple[IntArray, np.ndarray]:
    return numbers[~gone], rows[0][~gone]
