"""A collection in a directory: a ledger, sealed segments, and one state in memory that follows the commits."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from shelfsight.core.background import start
from shelfsight.core.erased import Erased
from shelfsight.core.errors import CorruptCollection, NotFound, StoreError
from shelfsight.core.protocols import Change, Fingerprints, Manifest
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import erasing
from shelfsight.stores.ann.sidecar import Indexes, index_report
from shelfsight.stores.blocks import BlockFactory, Blocks
from shelfsight.stores.checkpoint import Opened, open_base, write_checkpoint
from shelfsight.stores.columns import Columns
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import locked
from shelfsight.stores.leasing import JOB_LOCK, job_lease
from shelfsight.stores.ledger import Ids, Ledger, Replay, connect, reading, writing
from shelfsight.stores.maintenance import MAINTAIN_LOCK, Maintenance
from shelfsight.stores.manifest import Header
from shelfsight.stores.notes import LocalNotes
from shelfsight.stores.patching import checked_patches, patch_items
from shelfsight.stores.purging import vacuum
from shelfsight.stores.records import is_text
from shelfsight.stores.segments import SEGMENTS, map_segment
from shelfsight.stores.slots import Slots
from shelfsight.stores.snapshot import LocalSnapshot
from shelfsight.stores.state import State, based_state, follow, generation_of, token_of
from shelfsight.stores.versions import check_active
from shelfsight.stores.words import WordFinder, WordIndex
from shelfsight.stores.writer import Writer, check_unchanged, checked, unanswered

__all__ = ["JOB_LOCK", "LocalStore"]

_SEAL_AT = 65_536
_ATTEMPTS = 5
_NO_PICTURE = 2**31  # more than any item has, and few enough for SQLite


class LocalStore:
    """See :class:`shelfsight.core.protocols.Store`. Two connections, one to read and one to write, each
    behind its own lock; the snapshot is made once a commit and shared."""

    _opened: Opened
    _state: State
    _columns: Columns
    elsewhere: Path | None = None
    """A directory that has its items too, and need not lie in its own."""

    def __init__(self, path: Path, header: Header, factory: BlockFactory, *, home: Path | None = None) -> None:
        """
        Args:
            home: the collection of which ``path`` is the version that counts; ``None``: writes do not ask.
        """
        self._path = path
        self._home = home
        self._header = header
        self._factory = factory
        self._reading = threading.RLock()
        self._writing = threading.RLock()
        with storage_faults(path):
            self._reader = connect(path)
            self._writer = connect(path)
        self._ledger = Ledger(self._reader, header.encoder.dimension)
        self._maintenance = Maintenance(path, header.encoder.dimension, getattr(factory, "indexer", None))
        self._notes = LocalNotes(path, self._guarded)
        self._words: WordFinder = WordIndex(path)
        self._indexes = Indexes(path, watched=hasattr(factory, "indexer"))
        self._snapshot: LocalSnapshot | None = None
        self._distrusted: int | None = None
        self._purge_seen = 0
        self._joining = False
        self._start_over()

    @property
    def folder(self) -> Path:
        """The directory of this version of the collection."""
        return self._path

    @property
    def manifest(self) -> Manifest:
        with self._reading, storage_faults(self._path):
            items, pictures = self._ledger.counts()
        header = self._header
        return Manifest(
            format=header.format,
            store=header.store,
            encoder=header.encoder,
            metric=header.metric,
            items=items,
            pictures=pictures,
            index=index_report(self._path),
        )

    def snapshot(self) -> LocalSnapshot:
        self._notice_indexes()
        with self._reading, storage_faults(self._path):
            if self._snapshot is None or self._ledger.generation() != self._state.generation or self._damaged:
                self._follow()
                self._snapshot = self._view()
                self._join_soon()
            return self._snapshot

    def token(self) -> str:
        with self._reading, storage_faults(self._path):
            return token_of(self._ledger.generation())

    def commit(
        self,
        changes: Sequence[Change],
        deletes: Sequence[str] = (),
        *,
        since: str | None = None,
        unchanged: bool = False,
    ) -> int:
        """See the protocol. An empty commit writes nothing; an id in both is deleted.

        Raises:
            UsageError: an id or vector that no collection may hold; nothing of this commit is in.
            NotFound: a change without vectors of an item that is not there; nothing is in.
            Changed: ``unchanged``, and one of the items was written to since; nothing is in.
            SupersededError: the collection was switched to another version.
            StoreFull: no space; nothing of this commit is in, all before it is.
        """
        if not changes and not deletes:
            return 0
        checked(changes, self._header.encoder.dimension)
        with self._transaction() as connection:
            if since is not None:
                if unchanged:
                    check_unchanged(connection, changes, deletes, generation_of(since))
                changes, deletes = unanswered(connection, changes, deletes, generation_of(since))
            removed = Writer(connection).apply(changes, deletes)
            self._notes.drop(deletes, _new_pictures(changes))
        self._words.keep_up()
        return removed

    def patch(self, patches: Mapping[str, Mapping[str, Value]]) -> set[str]:
        """See the protocol; raises SupersededError as :meth:`commit`."""
        checked_patches(patches)
        with self._transaction() as connection:
            found = patch_items(connection, Writer(connection).generation, patches)
        self._words.keep_up()
        return found

    def erase(self, ids: Sequence[str], *, since: str | None = None) -> Erased:
        """See the protocol; raises SupersededError as :meth:`commit`."""
        return erasing.erase(self, self._home, ids, since)

    def remove(self, ids: Sequence[str], *, since: str | None = None, others: Sequence["LocalStore"] = ()) -> None:
        """Delete, and leave a mark that everything dead is to go; see :mod:`.erasing`. So do the ``others``, versions
        of the collection, before it is done here: none is forgotten where this dies."""
        with self._transaction() as connection:
            if since is not None:
                check_unchanged(connection, (), ids, generation_of(since))
            for each in others:
                each.remove(ids)
            writer = Writer(connection)
            writer.apply((), ids)
            erasing.ask(connection, writer.generation, ids)
            self._notes.drop(ids, {})
        self._words.keep_up()

    def purge(self, *, wait: bool = True) -> tuple[str, ...]:
        """Do what such a mark asks for, where there is one, and nobody else is at it unless ``wait``; what is left to
        others, in words.

        Raises:
            StoreError, StoreFull: that is not possible now; the mark stays.
        """
        with self._reading, storage_faults(self._path):
            if erasing.asked(self._reader) is None:
                return ()
        with storage_faults(self._path), self._maintenance.alone(wait=wait) as connection:
            mark = None if connection is None else erasing.asked(connection)
            if connection is None or mark is None:
                return ()
            left = self._purge(connection)
            with writing(connection):
                self._let_know(connection)
                erasing.finish(connection, mark)
        if self._snapshot is not None:
            self._renew()
        return left

    def _purge(self, connection: sqlite3.Connection) -> tuple[str, ...]:
        """Write anew what may hold something dead; nobody else maintains."""
        self._maintenance.purge(connection)
        self._words.purge()
        self._notes.purge()
        write_checkpoint(self._path, self._header.encoder.dimension, always=True)
        vacuum(connection)
        return ()

    def _let_know(self, connection: sqlite3.Connection) -> None:
        """Make another state, so that everybody reads it from the files that are there now."""
        Writer(connection)

    @property
    def notes(self) -> LocalNotes:
        return self._notes

    def fingerprints(self, ids: Sequence[str]) -> dict[str, Fingerprints]:
        with self._reading, storage_faults(self._path):
            found = self._ledger.records([*filter(is_text, ids)], "pictures_hash, metadata_hash")
        return {id: Fingerprints(pictures=row[0], metadata=row[1]) for id, row in found.items()}

    def ids(self) -> Iterator[str]:
        """Every id, ascending, of the state at the first step."""
        with storage_faults(self._path), closing(connect(self._path)) as connection:
            for row in connection.execute("SELECT id FROM items ORDER BY id"):
                yield row[0]

    def preview(self, id: str, picture_index: int) -> bytes | None:
        with self._reading, storage_faults(self._path):
            found = self._ledger.preview(id, max(-1, min(picture_index, _NO_PICTURE))) if is_text(id) else None
        if found is None:
            raise NotFound(f"there is no item {id!r}")
        pictures, data = found
        if not 0 <= picture_index < pictures:
            raise NotFound(f"item {id!r} has {pictures} pictures, there is no picture {picture_index}")
        return data

    @contextmanager
    def lease(self, holder: str) -> Iterator[None]:
        with job_lease(self._path, holder, self._check_active):
            yield

    def maintain(self) -> None:
        with storage_faults(self._path):
            self._maintenance.run()
            with locked(self._path / MAINTAIN_LOCK, wait=False) as lock:
                if lock is not None:
                    write_checkpoint(self._path, self._header.encoder.dimension)
        self._notes.maintain()
        self._words.maintain()
        erasing.resumed(self, self._home)
        if self._indexes.outdated():
            self._renew()

    def close(self) -> None:
        self._notes.close()
        self._words.close()
        with self._reading, self._writing, storage_faults(self._path):
            self._reader.close()
            self._writer.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A commit: durable when it ends, or nothing of it is in."""
        with self._writing, storage_faults(self._path):
            if self._delta_span() >= _SEAL_AT:
                self._maintenance.seal()
            with writing(self._writer):
                self._check_active()
                yield self._writer

    def _view(self) -> LocalSnapshot:
        """A snapshot of the state in memory."""
        dimension = self._header.encoder.dimension
        return LocalSnapshot(self._state, self._columns, dimension, self._words.find, erased=self._purge_seen)

    @contextmanager
    def _guarded(self) -> Iterator[Ledger]:
        """The ledger as it is and stays meanwhile: nobody else commits."""
        with self._writing, storage_faults(self._path), writing(self._writer):
            yield Ledger(self._writer, self._header.encoder.dimension)

    def _check_active(self) -> None:
        """Refuse to write where another version of the collection counts."""
        if self._home is not None:
            check_active(self._home, self._path)

    def _delta_span(self) -> int:
        """At least as many as there are vectors not sealed yet; counting them would read them all."""
        first, last = self._writer.execute(
            "SELECT (SELECT min(vector_id) FROM delta), (SELECT max(vector_id) FROM delta)"
        ).fetchone()
        return 0 if first is None else int(last - first + 1)

    def _notice_indexes(self) -> None:
        """Where another process has made indexes, use them soon."""
        if self._snapshot is not None and self._indexes.outdated():
            start(self._try_renewing, name="shelfsight-renew")

    def _try_renewing(self) -> None:
        with suppress(StoreError):  # the state in memory serves on, and the next change of indexes is another chance
            self._renew()

    def _join_soon(self) -> None:
        """Where many rows have come, put them where searches need not look at each; these go on meanwhile."""
        if self._state.blocks.waiting and not self._joining:
            self._joining = True
            start(self._join, name="shelfsight-join")

    def _join(self) -> None:
        try:
            blocks = self._state.blocks
            while (joined := blocks.joined()) is not blocks:
                with self._reading:
                    together = self._state.blocks.replaced(blocks, joined)
                    if together is not None:
                        self._regroup(together)
                    blocks = self._state.blocks
        finally:
            self._joining = False

    def _regroup(self, blocks: Blocks) -> None:
        """Go on with others of the same rows."""
        self._state = replace(self._state, blocks=blocks)
        if self._snapshot is not None and self._snapshot.generation == self._state.generation:
            self._snapshot = self._snapshot.regrouped(self._state)

    def _start_over(self) -> None:
        self._begin(Opened(Slots()))

    def _begin(self, opened: Opened) -> None:
        self._opened = opened
        self._state = based_state(self._no_blocks(), opened.slots)
        self._columns = opened.new_columns()

    def _renew(self) -> None:
        """Read everything anew, beside the state that serves meanwhile, and put it in its place."""
        with storage_faults(self._path), closing(LocalStore(self._path, self._header, self._factory)) as other:
            other.snapshot()
            with self._reading:
                self._opened, self._state, self._columns = other._opened, other._state, other._columns
                self._purge_seen = other._purge_seen
                self._snapshot = self._view()

    def _no_blocks(self) -> Blocks:
        return Blocks(self._factory)

    @property
    def _damaged(self) -> bool:
        return self._opened.slots.damaged

    def _follow(self) -> None:
        """Bring the state in memory to the newest commit."""
        if self._damaged:
            self._distrusted = self._opened.number
        if self._damaged or self._state.wasted:
            self._start_over()
        try:
            self._take_up()
        except CorruptCollection:
            if self._opened.number is None:
                raise
            self._distrusted = self._opened.number  # the ledger may know better than the checkpoint
            self._start_over()
            self._take_up()

    def _take_up(self) -> None:
        try:
            replay, vectors = self._newer()
            self._state = follow(self._state, replay, vectors)
        except BaseException:
            self._start_over()
            self._snapshot = None
            raise

    def _newer(self) -> tuple[Replay, list[tuple[Ids, FloatArray]]]:
        """What is newer than the state. A segment may be replaced by another between reading its name and
        opening it; reading again then finds the other."""
        missing = ""
        for _ in range(_ATTEMPTS):
            with reading(self._reader):
                purged = self._ledger.counter(erasing.DONE)
                if self._state.generation < max(1, self._ledger.counter("forgotten")) or purged != self._purge_seen:
                    self._begin(open_base(self._path, self._ledger, distrusted=self._distrusted))
                    self._purge_seen = purged
                replay = self._ledger.since(self._state.generation, self._state.last_vector)
            try:
                return replay, self._vectors(replay)
            except FileNotFoundError as error:
                missing = str(error.filename)
        raise CorruptCollection(f"the vector file {missing} is missing", hint="restore it, or index again")

    def _vectors(self, replay: Replay) -> list[tuple[Ids, FloatArray]]:
        after = self._state.last_vector
        found = []
        for segment in replay.segments:
            ids = segment.vector_ids
            path = self._path / SEGMENTS / segment.name
            vectors = map_segment(path, len(ids), self._header.encoder.dimension)
            newer = ids > after
            found.append((ids, vectors) if newer.all() else (ids[newer], vectors[newer]))
        return [*found, (replay.delta_ids, replay.delta_vectors)]


def _new_pictures(changes: Sequence[Change]) -> dict[str, str]:
    """id -> fingerprint of the pictures, of changes that bring any."""
    return {each.item.id: each.item.fingerprints.pictures for each in changes if each.vectors is not None}
