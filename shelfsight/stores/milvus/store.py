"""A collection whose items and vectors are in Milvus, with a ledger in the directory that repeats what Milvus says."""

import logging
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from shelfsight.core.errors import LeaseHeld, NotFound, ShelfsightError, StoreError, StoreFull
from shelfsight.core.protocols import Fingerprints, Manifest
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import BoolArray, ExactBlock
from shelfsight.stores.erasing import marked
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import locked
from shelfsight.stores.ledger import Ids, Replay, writing
from shelfsight.stores.local import LocalStore
from shelfsight.stores.maintenance import MAINTAIN_LOCK, living
from shelfsight.stores.manifest import Header
from shelfsight.stores.milvus import upkeep
from shelfsight.stores.milvus.adopting import adopt
from shelfsight.stores.milvus.blocks import RemoteBlocks, VectorCache
from shelfsight.stores.milvus.bulk import settle
from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.creation import opened, words_format
from shelfsight.stores.milvus.indexing import Sizes, chosen, outgrown
from shelfsight.stores.milvus.journal import Commit
from shelfsight.stores.milvus.locks import held
from shelfsight.stores.milvus.place import MilvusPlace, report_built
from shelfsight.stores.milvus.purging import compact, drop
from shelfsight.stores.milvus.replica import apply, counter, own_ledger
from shelfsight.stores.milvus.schema import index_rows
from shelfsight.stores.milvus.shipping import ship
from shelfsight.stores.milvus.snapshot import MilvusSnapshot
from shelfsight.stores.milvus.words import FullText
from shelfsight.stores.milvus.writers import alone
from shelfsight.stores.snapshot import LocalSnapshot
from shelfsight.stores.versions import SupersededError
from shelfsight.stores.words.file import FORMAT

__all__ = ["MilvusStore"]

_ROOM = 400_000  # bytes
_UNSEALED = 4096  # rows
_SMALL = 1000  # items of a commit
_LARGE = 4  # times the rows of the smallest bulk insert

_log = logging.getLogger("shelfsight.stores")


class MilvusStore(LocalStore):
    """See :class:`shelfsight.core.protocols.Store`, and the package for how a commit gets in."""

    def __init__(self, path: Path, header: Header, place: MilvusPlace, *, home: Path | None = None) -> None:
        """
        Raises:
            MissingExtra: pymilvus is not installed.
            StoreError: Milvus cannot be reached.
            CorruptCollection: it has not got the collection.
        """
        self._place = place
        self._own = place.own(path)
        self.elsewhere = place.file(path) if place.lite else None
        self._milvus = Milvus(path, place)
        try:
            self._journal, self._remote = opened(self._milvus, path, place, header.encoder)
            own_ledger(path, self._remote.name)
            self._cache = VectorCache(self._remote, header.encoder.dimension, self._living)
            self._behind = self._first = True
            self._sizes = Sizes()
            self._looked = 0.0
            super().__init__(path, header, ExactBlock, home=home)
            if place.words == "server":
                self._use_full_text()
        except BaseException:
            self._milvus.close()
            raise

    def _use_full_text(self) -> None:
        if self._remote.has_words and words_format(self._journal) == FORMAT:
            self._words = FullText(self._path)
        else:
            _log.warning(
                "%s: the words in Milvus are of another version and are looked up here; a backup that is restored into"
                " another Milvus collection has them anew",
                self._path,
            )

    def name_of(self, preview: bytes) -> str:
        """By which the journal keeps these bytes."""
        return self._journal.digest(preview)

    def needed(self, names: Sequence[str]) -> set[str]:
        """Those of ``names`` that a row needs."""
        return self._remote.needed(names)

    @property
    def place(self) -> MilvusPlace:
        """Where in Milvus it lies."""
        return self._place

    @property
    def commit_items(self) -> int:
        """Items of an import that make a commit: with bulk inserts, enough for one."""
        return _LARGE * self._place.bulk_rows if self._place.bulk else _SMALL

    @property
    def manifest(self) -> Manifest:
        self._keep_up()
        manifest = super().manifest
        index = self._remote.index()
        words = "server" if isinstance(self._words, FullText) else "local"
        found = report_built(self._place, manifest.pictures, index, manifest.encoder.dimension, words)
        return replace(manifest, index=found)

    def snapshot(self) -> LocalSnapshot:
        self._keep_up()
        return super().snapshot()

    def token(self) -> str:
        self._keep_up()
        return super().token()

    def fingerprints(self, ids: Sequence[str]) -> dict[str, Fingerprints]:
        self._keep_up()
        return super().fingerprints(ids)

    def ids(self) -> Iterator[str]:
        self._keep_up()
        return super().ids()

    def preview(self, id: str, picture_index: int) -> bytes | None:
        self._keep_up()
        super().preview(id, picture_index)  # knows whether there is such a picture
        with self._reading, storage_faults(self._path):
            first = self._reader.execute("SELECT first_vector FROM items WHERE id = ?", (id,)).fetchone()
        if first is None:
            raise NotFound(f"there is no item {id!r}")
        row = first[0] + picture_index
        name = self._remote.previews(np.array([row], np.int64)).get(row, "")
        return self._journal.blob(name) if name else None

    @contextmanager
    def lease(self, holder: str) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(super().lease(holder))
            if not self._place.lite:
                who = f"{holder} (process {os.getpid()} on {socket.gethostname()})"
                stack.enter_context(held(self._journal, "lease", who, wait=False))
            yield

    def maintain(self) -> None:
        super().maintain()
        self._remote.seal()
        with storage_faults(self._path), locked(self._path / MAINTAIN_LOCK, wait=True):
            self._tidy()
        self._grow()

    def reindex(self, kind: str = "auto") -> str:
        """Build the index of the vectors anew, of a type that is named or by size; whoever searches meanwhile, here or
        elsewhere, waits. Returns the type.

        Raises:
            UsageError: a type that Milvus has not, or Milvus Lite does not build.
            LeaseHeld: another machine does it.
            StoreError: Milvus cannot.
        """
        replace(self._place, index=kind).checked()
        dimension = self._header.encoder.dimension
        vectors = self._milvus.size(self._remote.name)
        choice = chosen(vectors, dimension, asked=kind, lite=self._place.lite, sizes=self._sizes)
        with ExitStack() as stack:
            stack.enter_context(storage_faults(self._path))
            stack.enter_context(locked(self._path / MAINTAIN_LOCK, wait=True))
            if not self._place.lite:
                who = f"process {os.getpid()} on {socket.gethostname()}, which builds its index anew"
                stack.enter_context(held(self._journal.of_all(), "index", who, wait=False))
            index_rows(self._milvus, self._remote.name, choice.kind, vectors, dimension)
        with self._reading:
            self._remote.index(anew=True)
            self._snapshot = None
        return choice.kind

    def _grow(self) -> None:
        """Another index where the collection outgrew the one it has, and building it takes minutes at most."""
        if self._place.lite or self._place.index != "auto":
            return
        vectors, dimension = self._milvus.size(self._remote.name), self._header.encoder.dimension
        better = outgrown(self._remote.index(anew=True), vectors, dimension, sizes=self._sizes)
        if better is None:
            return
        if vectors > self._sizes.pause:
            _log.warning("%s: an index %s would be better, %s", self._path, better.kind, better.reason)
            return
        with suppress(LeaseHeld):  # another machine does it
            self.reindex()

    def _tidy(self) -> None:
        """Drop what was marked long ago, and mark anew; one maintainer at a time, who sweeps no other's files."""
        ripe = upkeep.ripe(self._path, self._place.grace_seconds)
        if ripe:
            with self._alone():
                upkeep.drop(self._path, self._journal, self._remote)
        if ripe is not False:
            state = self.snapshot().state
            assert isinstance(state.blocks, RemoteBlocks)
            living = np.sort(state.blocks.numbers[state.row_slot >= 0])
            found = upkeep.Living(state.generation, state.last_vector + 1, living)
            upkeep.mark(self._path, self._journal, self._remote, found)

    def purge(self, *, wait: bool = True) -> tuple[str, ...]:
        """See :meth:`LocalStore.purge`; who has the file of Milvus Lite open is who can, and is not waited for."""
        if not wait and self._place.lite and not self._milvus.serving:
            return ()
        return super().purge(wait=wait)

    def _purge(self, connection: sqlite3.Connection) -> tuple[str, ...]:
        with self._alone():
            with writing(connection):  # other machines may have brought one of them back
                self._learn(connection, self._journal.since(counter(connection, "generation")))
            drop(self._journal, self._remote, marked(connection))
        left = super()._purge(connection)
        return (*left, *compact(self._milvus, [self._remote.name, self._journal.name]))

    def _let_know(self, connection: sqlite3.Connection) -> None:
        """States are numbered as Milvus has them."""

    def _renew(self) -> None:
        with self._reading:
            self._cache = VectorCache(self._remote, self._header.encoder.dimension, self._living)
            self._start_over()
            self._snapshot = None

    def close(self) -> None:
        super().close()
        self._milvus.close()

    @contextmanager
    def _alone(self) -> Iterator[BinaryIO]:
        """No other writer of this machine, nor of any. What is in the file says that one is, or was, at work."""
        with alone(self._path, self._place, self._journal, self._remote.name) as file:
            yield file

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """The ledger's. It ends with the commit's entry in Milvus; whatever the ledger makes of that, it is in."""
        shipped = False
        with self._alone() as mark:
            try:
                with super()._transaction() as connection:
                    self._catch_up(connection)
                    before, next_row = counter(connection, "generation"), counter(connection, "next_vector")
                    yield connection
                    if counter(connection, "generation") != before:
                        self._check_room(connection)
                        if self._left_behind(mark):
                            settle(self._remote, self._journal, self._path)
                            self._remote.forget_from(next_row)
                        dimension = self._header.encoder.dimension
                        ship(connection, self._journal, self._remote, dimension, next_row, self._path)
                        shipped = True
                        mark.truncate(0)
                self._remote.seal(most=_UNSEALED)
            except (ShelfsightError, sqlite3.Error, OSError) as error:
                self._behind = True
                if isinstance(error, SupersededError):
                    self._keep_up()  # with the version that counts, which the caller finds when it asks again
                if not shipped:
                    raise
                _log.warning("the commit is in Milvus, but not all that follows is done in %s: %s", self._path, error)

    def _left_behind(self, mark: BinaryIO) -> bool:
        """Whether a writer that was killed may have left rows; from now on, one may."""
        suspected = self._first or not self._place.lite or mark.seek(0, os.SEEK_END) > 0
        mark.write(b"at work\n")
        mark.flush()
        self._first = False
        return suspected

    def _check_room(self, connection: sqlite3.Connection) -> None:
        """Refuse a commit that the ledger, or Milvus Lite beside it, might find no room for half way.

        Raises:
            StoreFull: there is little space left.
        """
        generation = counter(connection, "generation")
        (size,) = connection.execute(
            "SELECT (SELECT coalesce(sum(length(record)), 0) FROM items WHERE generation = ?)"
            " + (SELECT coalesce(sum(length(vector)), 0) FROM delta)"
            " + (SELECT coalesce(sum(length(data)), 0) FROM previews)",
            (generation,),
        ).fetchone()
        space = os.statvfs(self._path)
        if space.f_bavail * space.f_frsize < _ROOM + 4 * size:
            raise StoreFull(
                f"no space left for the collection {self._path}",
                hint="free some space and run again: what was committed is still there",
            )

    def _keep_up(self) -> None:
        """Learn of commits of others. Those to a file in the directory are in this ledger, unless one was killed."""
        if not self._behind and (self._own or time.monotonic() - self._looked < self._place.follow_seconds):
            return
        self._looked = time.monotonic()
        with self._reading, storage_faults(self._path):
            newest = self._ledger.generation()
        news = self._journal.news(newest)
        if news.superseded is not None and self._home is not None:
            adopt(self._home, self._path, self._remote.name, news.superseded)
        if news.commits:
            with self._writing, storage_faults(self._path), writing(self._writer):
                self._learn(self._writer, self._journal.since(counter(self._writer, "generation")))
        self._behind = False

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        """Before a commit.

        Raises:
            SupersededError: another Milvus collection counts by now.
        """
        news = self._journal.news(counter(connection, "generation"))
        if news.superseded is not None and self._home is not None:
            raise SupersededError(f"the collection {self._home} was switched elsewhere", hint="open it again")
        self._learn(connection, news.commits)

    def _learn(self, connection: sqlite3.Connection, commits: Sequence[Commit]) -> None:
        if not commits:
            return
        if commits[-1].rows != self._remote.name:
            raise StoreError(
                f"the Milvus collection {self._place.collection!r} was switched to {commits[-1].rows!r}",
                hint="open the collection again",
            )
        apply(connection, self._journal, self._remote, commits)

    def _living(self, numbers: Ids) -> BoolArray:
        """Which rows items have, of the newest state of all machines."""
        self._behind = True
        self._keep_up()
        with self._reading, storage_faults(self._path):
            return living(numbers, self._ledger.spans())

    def _no_blocks(self) -> RemoteBlocks:
        return RemoteBlocks(ExactBlock, cache=self._cache)

    def _view(self) -> LocalSnapshot:
        self._remote.touch()  # whoever made the commit: another process of this machine writes to the same ledger
        dimension, erased = self._header.encoder.dimension, self._purge_seen
        return MilvusSnapshot(self._state, self._columns, dimension, self._words, erased=erased)

    def _vectors(self, replay: Replay) -> list[tuple[Ids, FloatArray]]:
        """Numbers in place of vectors: every change of an item gives it new rows."""
        firsts = np.array([each.first_vector for each in replay.upserts], np.int64)
        pictures = np.array([each.pictures for each in replay.upserts], np.int64)
        base = self._state.slots.base
        if base is not None and not len(self._state.blocks):
            firsts = np.concatenate([base.first_vectors, firsts])
            pictures = np.concatenate([base.pictures, pictures])
        within = np.arange(int(pictures.sum())) - np.repeat(np.cumsum(pictures) - pictures, pictures)
        numbers = np.unique(np.repeat(firsts, pictures) + within)
        return [(numbers, numbers.astype(np.float64)[:, None])]  # type: ignore[list-item]  # numbers, see RemoteBlocks
