"""Decided rows into commits, and into the counts of the report."""

import contextlib
import dataclasses
import time
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from shelfsight.core.errors import NotFound, ShelfsightError
from shelfsight.core.protocols import Change, Snapshot, Store
from shelfsight.core.settings import IndexSettings
from shelfsight.indexer.report import Tally
from shelfsight.indexer.work import Decision, Work

__all__ = ["Committer"]


@dataclasses.dataclass(frozen=True, slots=True)
class _Writing:
    """A commit on its way: how many items it indexes, updates, and only notes something of that nobody sees."""

    done: "Future[int]"
    indexed: int
    updated: int
    renewed: int


class Committer:
    """Collects changes and commits them every so many items or seconds, whichever comes first.

    One commit is being written while the next is collected, never more. A row is counted when what it needs is
    durable, so a report never promises more than the collection holds.
    """

    def __init__(
        self,
        store: Store,
        settings: IndexSettings,
        tally: Tally,
        pool: Executor,
        since: str,
        *,
        unchanged: bool = False,
    ) -> None:
        """
        Args:
            pool: of one thread.
            since: token of the state at the job's beginning; see :meth:`shelfsight.core.protocols.Store.commit`.
            unchanged: see there.
        """
        self._store = store
        self._given: dict[str, Any] = {"since": since, **({"unchanged": True} if unchanged else {})}
        self._pool = pool
        self._settings = settings
        self._tally = tally
        self._changes: list[Change] = []
        self._indexed = 0
        self._renewed = 0
        self._writing: _Writing | None = None
        self._last = time.monotonic()
        self._before: Snapshot | None = None

    def take(self, work: Work) -> None:
        """One row, complete: every usable picture has its vector. Commits if it is time.

        Raises:
            StoreFull, StoreError: of the commit before this one; nothing of it is in, all before it is.
        """
        self._tally.rows += 1
        for failure in work.failures:
            self._tally.log.add(failure)
        match work.decision:
            case Decision.FAIL:
                self._tally.failed += 1
            case Decision.NOTHING:
                self._tally.unchanged += 1
            case Decision.ENCODE:
                self._indexed += 1
                vectors = np.stack(work.vectors)
                self._changes.append(Change(item=work.to_stored(), vectors=vectors, keep_fields=work.keep_fields))
            case Decision.MOVE:
                self._changes += self._moved(work)
            case Decision.UPDATE:
                self._changes.append(Change(item=work.to_stored(), vectors=None))
            case Decision.RENEW:
                self._renewed += 1
                self._changes.append(Change(item=work.to_stored(), vectors=None, keep_fields=True))
        full = len(self._changes) >= self._settings.commit_items
        if full or time.monotonic() - self._last >= self._settings.commit_seconds:
            self._begin()

    def flush(self) -> None:
        """Commit what there is, and wait until it is in.

        Raises:
            StoreFull, StoreError: nothing of this commit, or of the one before it, is in; all before that is.
        """
        self._begin()
        self._end()

    def settle(self) -> None:
        """Wait for the commit that is being written and count it, where another error is on its way to be told."""
        with contextlib.suppress(ShelfsightError):
            self._end()

    def _begin(self) -> None:
        self._end()
        changes, self._changes = self._changes, []
        self._before = None
        indexed, self._indexed = self._indexed, 0
        renewed, self._renewed = self._renewed, 0
        done = self._pool.submit(self._store.commit, changes, **self._given)
        self._writing = _Writing(done, indexed, len(changes) - indexed - renewed, renewed)
        self._last = time.monotonic()

    def _end(self) -> None:
        """Wait for the commit that is being written. One that failed says so once."""
        if self._writing is None:
            return
        try:
            self._writing.done.result()
        except Exception:
            self._writing = None
            raise
        self._tally.indexed += self._writing.indexed
        self._tally.updated += self._writing.updated
        self._tally.unchanged += self._writing.renewed
        self._writing = None
        self._tally.log.flush()

    def _moved(self, work: Work) -> list[Change]:
        """The vectors and previews that the item has, under the new names and paths; nothing where somebody gave it
        other pictures, or took it away, since this row was looked at: the next job sees to it."""
        if self._before is None:
            self._before = self._store.snapshot()
        stored = work.to_stored()
        found = self._before.items([work.id]).get(work.id)
        if found is None or found.fingerprints.pictures != stored.fingerprints.pictures:
            return []
        with contextlib.suppress(NotFound):
            pictures = [
                dataclasses.replace(each, preview=self._store.preview(work.id, index) if each.path is None else None)
                for index, each in enumerate(work.pictures)
            ]
            stored = dataclasses.replace(stored, pictures=tuple(pictures))
            return [Change(item=stored, vectors=self._before.vectors(work.id), keep_fields=work.keep_fields)]
        return []
