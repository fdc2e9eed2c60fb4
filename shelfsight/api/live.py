"""Writes to a collection that is open for searching: seen by the next search, beside an indexing job or not."""

import time
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from shelfsight.api import collection
from shelfsight.core.errors import Reason
from shelfsight.core.filters import parse
from shelfsight.core.protocols import Encoder, Fetcher, Store, StoredItem
from shelfsight.core.types import Failure, Item, Value

if TYPE_CHECKING:
    from shelfsight.api.erasing import Receipt
    from shelfsight.catalog import Fields
    from shelfsight.indexer import Report

__all__ = ["Check", "LiveCollection", "UpdateReport", "update_chunk", "update_rows"]

T = TypeVar("T")

Check = Callable[[Mapping[str, StoredItem]], object]
"""Looks at what there is of some items, by id, before they are written to."""

_ATTEMPTS = 5
_CHUNK = 1000
_KEPT = 1000


class LiveCollection(collection.Collection):
    """A collection that a shop writes to while it is open. No write here takes the job lease, and none waits for an
    indexing job; for each item the last write counts."""

    def upsert(self, items: Sequence[Item | Failure], *, check: Check | None = None) -> "Report":
        """Put items into the collection, in place of what it has under their ids; see
        :func:`shelfsight.indexer.live.upsert`. Pictures that have not changed are not encoded again.

        Args:
            check: is given what the collection has under these ids; what it raises ends the call. Nobody, in whatever
                process, writes to them between that look and the write.

        Raises:
            Changed: somebody did; nothing is in, unless there are more items than make a commit.
            StoreError, StoreFull: the collection cannot be written; all commits before are in.
            EncoderMismatch, ModelError: the collection's encoder cannot be had, or fails.
        """
        from shelfsight import indexer

        def put(store: Store) -> "Report":
            encoder = self._encoder_of(store)
            given: dict[str, Any] = {"settings": self._settings, "fetch": self._fetcher()}
            since = _checked(store, [item.id for item in items if isinstance(item, Item)], check)
            return indexer.upsert(items, encoder=encoder, store=store, since=since, **given)

        return self._write(put)

    def update(self, patches: Mapping[str, Mapping[str, Value]]) -> int:
        """Change fields of items and leave their others: prices, stock. Nothing is encoded.

        Args:
            patches: id -> field -> its new value; ``None`` removes the field. ``title`` is the title.

        Returns:
            How many of the ids are there; the others are left out.

        Raises:
            UsageError: a title that is no text, or a value that cannot be kept; nothing is changed.
            StoreError, StoreFull: the collection cannot be written; nothing is changed.
        """
        return len(self.patch(patches))

    def patch(self, patches: Mapping[str, Mapping[str, Value]]) -> set[str]:
        """:meth:`update`, and which of the ids are there."""
        from shelfsight import indexer

        return self._write(lambda store: indexer.update(patches, store=store))

    def delete(self, ids: Sequence[str], *, check: Check | None = None) -> int:
        """Take items out of the collection; how many were there.

        Args:
            check: as for :meth:`upsert`.

        Raises:
            Changed: as :meth:`upsert`; nothing is gone.
            StoreError, StoreFull: it cannot be written; nothing is gone.
        """
        from shelfsight import indexer

        return self._write(lambda store: indexer.delete(ids, store=store, since=_checked(store, ids, check)))

    def delete_where(self, filter: str) -> int:
        """Take out every item that passes the filter, and was not written to since it was looked at; how many.

        Raises:
            FilterError, UnknownField: the filter cannot be used.
            StoreError, StoreFull: as :meth:`delete`.
        """
        where = parse(filter)

        def remove(store: Store) -> int:
            seen = store.snapshot()
            ids = seen.select(max(1, seen.count(where)), where=where)
            return store.commit((), ids, since=seen.token)

        return self._write(remove)

    def erase(self, ids: Sequence[str], *, check: Check | None = None) -> "Receipt":
        """Take items out of the collection and leave nothing of them: no byte in its files, in other versions of it, in
        caches, nor in what jobs of a server keep. The receipt says where they were, that all of it was searched
        afterwards, and what is not reached from here: catalogues, backups.

        It takes as long as writing the collection anew.

        Args:
            check: as for :meth:`upsert`.

        Raises:
            Changed: as :meth:`upsert`; nothing is gone.
            StoreError, StoreFull: they cannot be deleted; nothing is gone.
        """
        from shelfsight.api.erasing import receipt_of
        from shelfsight.api.service.jobs.erasing import erase_from_jobs
        from shelfsight.api.service.state import state_directory

        start = time.perf_counter()
        erased = self._write(lambda store: store.erase(ids, since=_checked(store, ids, check)))
        caches = self._forget_all()
        state = state_directory(self._settings, self._path)
        places, later = erase_from_jobs(state, {*erased.ids, *erased.absent}, erased.pieces)
        seconds = time.perf_counter() - start
        return receipt_of(erased, self._path, caches=caches, state=places, later=later, seconds=seconds)

    def lease(self, holder: str) -> AbstractContextManager[None]:
        """The job lease: while it is held no indexing job begins; see :meth:`shelfsight.core.protocols.Store.lease`.

        Raises:
            LeaseHeld: a job is at work; names it.
        """
        return self._store.lease(holder)

    @abstractmethod
    def _forget_all(self) -> dict[str, int]:
        """Keep nothing in memory that was made of items or asked for: how many of what that was."""

    @abstractmethod
    def _encoder_of(self, store: Store) -> Encoder:
        """The encoder that made the vectors of ``store``."""

    @abstractmethod
    def _fetcher(self) -> Fetcher | None:
        """What gets pictures from addresses."""

    def _write(self, action: Callable[[Store], T]) -> T:
        """``action`` on the version that counts; again, where the collection was switched to another meanwhile."""
        from shelfsight.stores.versions import SupersededError

        with self._following.held():
            for _ in range(_ATTEMPTS - 1):
                try:
                    return action(self._store)
                except SupersededError:
                    continue
            return action(self._store)


def _checked(store: Store, ids: Sequence[str], check: Check | None) -> str | None:
    """The token of the state that ``check`` was shown, if there is one."""
    if check is None:
        return None
    seen = store.snapshot()
    check(seen.items(ids))
    return seen.token


@dataclass(slots=True, kw_only=True)
class UpdateReport:
    """What a file of changes did.

    Attributes:
        rows: of the file.
        updated: items that were changed, or had these values already.
        failed: rows that cannot be used, or name an item that is not there.
        failures: the first thousand of them.
    """

    rows: int = 0
    updated: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)

    def fail(self, failure: Failure) -> None:
        self.failed += 1
        if len(self.failures) < _KEPT:
            self.failures.append(failure)

    def to_json(self) -> dict[str, Any]:
        """The document of ``update --json``."""
        from shelfsight.indexer.report import failure_to_json

        return {
            "rows": self.rows,
            "updated": self.updated,
            "failed": self.failed,
            "failures": [failure_to_json(each) for each in self.failures],
        }


def update_rows(engine: LiveCollection, rows: "Iterable[Fields | Failure]") -> UpdateReport:
    """Rows of ids and fields into the collection, a thousand at a time; of a field said twice the later value counts.

    Raises:
        CatalogueError: the rows cannot be read on; what was read before is in.
        StoreError, StoreFull: the collection cannot be written; all before is in.
    """
    report = UpdateReport()
    unread = iter(rows)
    while chunk := list(islice(unread, _CHUNK)):
        update_chunk(engine, chunk, report)
    return report


def update_chunk(engine: LiveCollection, chunk: "Sequence[Fields | Failure]", report: UpdateReport) -> None:
    """Rows into the collection, all at once; ``report`` learns what became of them. See :func:`update_rows`."""
    report.rows += len(chunk)
    patches: dict[str, dict[str, Value]] = {}
    for row in chunk:
        if isinstance(row, Failure):
            report.fail(row)
        else:
            patches.setdefault(row.id, {}).update(row.fields)
    there = engine.patch(patches)
    report.updated += len(there)
    for failure in _unknown(chunk, there):
        report.fail(failure)


def _unknown(chunk: "Sequence[Fields | Failure]", there: Collection[str]) -> Iterator[Failure]:
    for row in chunk:
        if not isinstance(row, Failure) and row.id not in there:
            message = f"there is no item {row.id!r} in the collection"
            yield Failure(reason=Reason.UNKNOWN_ID, place=row.place, message=message, id=row.id)
