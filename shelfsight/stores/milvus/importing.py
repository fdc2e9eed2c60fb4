"""A new Milvus collection of everything that a collection in a directory has, as one commit.

Rows are written under numbers that are nobody's until the one entry in the journal says so: killed before it, Milvus
has an empty collection, which the next attempt takes up, and with it the rows of nobody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from shelfsight.core.errors import Conflict, CorruptCollection
from shelfsight.core.protocols import StoredItem
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import records
from shelfsight.stores.creation import create_collection
from shelfsight.stores.local import LocalStore
from shelfsight.stores.milvus.bulk import Write, loading, settle
from shelfsight.stores.milvus.creation import opened, prepare
from shelfsight.stores.milvus.journal import Commit, Journal, now
from shelfsight.stores.milvus.place import MilvusPlace, write_place
from shelfsight.stores.milvus.reaching import Reached, connection
from shelfsight.stores.milvus.shipping import Shipped, checked_id, rows_of
from shelfsight.stores.milvus.writers import alone
from shelfsight.stores.snapshot import LocalSnapshot

__all__ = ["fill"]

_BATCH = 256  # items


def fill(path: Path, source: LocalStore, place: MilvusPlace, *, home: Path) -> None:
    """Make a Milvus collection of what ``source`` has, and at ``path`` the directory of it.

    Args:
        home: where the directory will lie; ``place`` is seen from there.

    Raises:
        Conflict: Milvus has one by that name with something in it.
        EncoderMismatch: it has an empty one, of another encoder.
        UsageError: an id that is too long for Milvus.
        StoreError, StoreFull: Milvus cannot be reached, or does not take it.
        CorruptCollection: not all is there afterwards.
    """
    manifest = source.manifest
    seen = place if not place.lite or place.own(home) else replace(place, uri=str(place.file(home)))

    def remote() -> None:
        with connection(path, seen) as milvus:
            prepare(milvus, seen, manifest.encoder, join=False, vectors=manifest.pictures)
            there = Reached(milvus, *opened(milvus, path, seen))
            with alone(path, seen, there.journal, there.rows.name):
                _write(source, there, seen, path)
            if there.rows.count() != manifest.pictures:
                raise CorruptCollection(
                    f"the Milvus at {place.uri} has {there.rows.count():,} rows of {manifest.pictures:,} in"
                    f" {there.rows.name}",
                    hint="restore the backup once more",
                )
        write_place(path, place)

    create_collection(path, "milvus", manifest.encoder, before=remote)


def _write(source: LocalStore, there: Reached, place: MilvusPlace, folder: Path) -> None:
    if there.journal.since(0):
        raise Conflict(
            f"the Milvus at {place.uri} has a collection {place.collection!r} with something in it",
            hint="name another one with --milvus-collection",
        )
    settle(there.rows, there.journal, folder)
    there.rows.forget_from(0)
    numbers, snapshot, next_row = count(1), source.snapshot(), 1
    with loading(there.rows, there.journal, folder, source.manifest.pictures) as write:
        for ids in _batches(source.ids()):
            next_row = _write_items(source, snapshot, snapshot.items(ids), there, write, numbers)
    there.rows.seal()
    if next_row > 1:
        commit = Commit(generation=1, next=next_row, deleted=0, time=now(), rows=there.rows.name)
        there.journal.commit(commit)


def _write_items(
    source: LocalStore,
    snapshot: LocalSnapshot,
    items: Mapping[str, StoredItem],
    there: Reached,
    write: Write,
    numbers: Iterator[int],
) -> int:
    """Returns the number behind the last one."""
    shipped: list[Shipped] = []
    vectors: dict[int, FloatArray] = {}
    previews: dict[int, str] = {}
    blobs: dict[str, bytes] = {}
    for id, item in items.items():
        own = [*islice(numbers, len(item.pictures))]
        shipped.append(Shipped(checked_id(id), own[0], len(own), records.encode(item)))
        vectors.update(zip(own, snapshot.vectors(id), strict=True))
        for row, data in zip(own, _previews(source, item), strict=True):
            if data is not None:
                previews[row] = Journal.digest(data)
                blobs[previews[row]] = data
    written = rows_of(shipped, vectors, previews, blobs, words=there.rows.has_words)
    there.journal.write_blobs(blobs)
    write(written)
    return own[-1] + 1


def _previews(source: LocalStore, item: StoredItem) -> Sequence[bytes | None]:
    return [source.preview(item.id, index) if each.path is None else None for index, each in enumerate(item.pictures)]


def _batches(ids: Iterator[str]) -> Iterator[list[str]]:
    while batch := [*islice(ids, _BATCH)]:
        yield batch
