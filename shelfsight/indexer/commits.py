"""Decided rows into commits, and into the counts of the report."""

import dataclasses
import time

import numpy as np

from shelfsight.core.protocols import Change, Snapshot, Store
from shelfsight.core.settings import IndexSettings
from shelfsight.indexer.report import Tally
from shelfsight.indexer.work import Decision, Work

__all__ = ["Committer"]


class Committer:
    """Collects changes and commits them every so many items or seconds, whichever comes first.

    A row is counted when what it needs is durable, so a report never promises more than the collection holds.
    """

    def __init__(self, store: Store, settings: IndexSettings, tally: Tally) -> None:
        self._store = store
        self._settings = settings
        self._tally = tally
        self._changes: list[Change] = []
        self._indexed = 0
        self._last = time.monotonic()
        self._before: Snapshot | None = None

    def take(self, work: Work) -> None:
        """One row, complete: every usable picture has its vector. Commits if it is time.

        Raises:
            StoreFull, StoreError: as :meth:`flush`.
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
                self._changes.append(Change(item=work.to_stored(), vectors=np.stack(work.vectors)))
            case Decision.MOVE:
                self._changes.append(self._moved(work))
            case Decision.UPDATE:
                self._changes.append(Change(item=work.to_stored(), vectors=None))
        full = len(self._changes) >= self._settings.commit_items
        if full or time.monotonic() - self._last >= self._settings.commit_seconds:
            self.flush()

    def flush(self) -> None:
        """Commit what there is.

        Raises:
            StoreFull, StoreError: nothing of this commit is in, all before it is.
        """
        changes, self._changes = self._changes, []
        indexed, self._indexed = self._indexed, 0
        self._store.commit(changes)
        self._tally.indexed += indexed
        self._tally.updated += len(changes) - indexed
        self._tally.log.flush()
        self._last = time.monotonic()

    def _moved(self, work: Work) -> Change:
        """The vectors and previews that the item has, under the new names and paths."""
        if self._before is None:
            self._before = self._store.snapshot()
        pictures = [
            dataclasses.replace(picture, preview=self._store.preview(work.id, index) if picture.path is None else None)
            for index, picture in enumerate(work.pictures)
        ]
        stored = dataclasses.replace(work.to_stored(), pictures=tuple(pictures))
        return Change(item=stored, vectors=self._before.vectors(work.id))
