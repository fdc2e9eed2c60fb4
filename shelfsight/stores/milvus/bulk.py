"""Many rows at once: as files that a server imports by itself, for a commit that is large.

The promise of the journal stands: rows have numbers that are nobody's until the commit's entry says otherwise, and the
entry is written when Milvus counts all of them. Unlike an insert, though, an import goes on when its writer is killed.
So before it begins a note in the journal says so, and whoever writes next waits until it is over, before it drops rows
that are nobody's and gives their numbers to others (:func:`settle`).

Few rows are inserted as ever, and so are all where there is no server: Milvus Lite imports nothing.
"""

import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shelfsight.core.errors import ShelfsightError, StoreError
from shelfsight.stores.milvus.bulk_files import Files, shelf
from shelfsight.stores.milvus.bulk_jobs import Jobs, Progress, RefusedError
from shelfsight.stores.milvus.journal import Journal, now
from shelfsight.stores.milvus.rows import Rows

__all__ = ["SCRATCH", "Write", "loading", "settle"]

SCRATCH = "milvus.bulk-"
"""Begins the name of a directory for files that are not yet where the server reads them."""

_NOTE = "bulk"
_FILE = 32_000_000  # bytes of vectors and records in a file; the library takes some fifteen times that to write it
_FILES = 1000  # of a job; Milvus takes 1,024, of 16 GB
_UNDER_WAY = 60.0  # seconds after which a request to begin that nobody has noted has arrived or never will
_VISIBLE = 300.0  # seconds that imported rows may take to be counted
_PAUSE = 0.2
_NEVER = 0.0  # when a job began that did not

Write = Callable[[Sequence[Mapping[str, Any]]], None]
_log = logging.getLogger("shelfsight.stores")


@contextmanager
def loading(rows: Rows, journal: Journal, directory: Path, expected: int) -> Iterator[Write]:
    """What writes rows of the schema; at the end of the block all are in Milvus, and nobody's. One writer at a time.

    Args:
        directory: of the collection, for files.
        expected: how many there are going to be.

    Raises:
        MissingExtra: what a bulk insert needs is not installed.
        StoreError, StoreFull: they are not all in.
    """
    if not rows.place.bulk or expected < rows.place.bulk_rows:
        yield rows.write
        return
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=directory) as folder:
        load = _Load(rows, journal, Path(folder))
        yield load.write
        load.finish()


def settle(rows: Rows, journal: Journal, directory: Path) -> None:
    """See that no import of a writer that was killed goes on; hold the writers' lock. Its rows are nobody's.

    Raises:
        StoreError: one does, and does not end.
    """
    for left in directory.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    note = journal.note(_NOTE)
    if note is None:
        return
    if note["time"] == _NEVER:
        with suppress(ShelfsightError):  # who cannot reach the files can write all the same
            _clear(journal, note)
        return
    jobs = Jobs(rows.place)
    for job in [note["job"]] if note["job"] else _unnoted(jobs, rows.name, note["time"]):
        end = jobs.wait(job)
        _log.info("an import that its writer left, %s, has ended: %s", job, end.state)
    _clear(journal, note)


def _clear(journal: Journal, note: Mapping[str, Any]) -> None:
    shelf(note["shelf"]).clear(note["under"])
    journal.drop_note(_NOTE)


def _unnoted(jobs: Jobs, collection: str, begun: float) -> list[str]:
    """Jobs that may be one that was asked for at ``begun`` by somebody who did not live to note which."""
    while now() - begun < _UNDER_WAY:
        if found := jobs.running(collection):
            return found
        time.sleep(_PAUSE)
    return jobs.running(collection)


class _Load:
    def __init__(self, rows: Rows, journal: Journal, folder: Path) -> None:
        self._rows = rows
        self._journal = journal
        self._jobs = Jobs(rows.place)
        self._shelf = shelf(rows.place.bulk)
        self._files = Files(rows.schema(), folder)
        self._under = f"shelfsight-{uuid.uuid4().hex}"
        self._put: list[str] = []
        self._size = self._written = self._in_file = 0
        self._first = self._last = -1

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """In the order of their numbers."""
        for row in rows:
            self._files.add([self._rows.placed(row)])
            self._first = row["row"] if self._first < 0 else self._first
            self._last = row["row"]
            self._size += 4 * len(row["vector"]) + len(row["record"]) + 1024
            self._in_file += 1
            if self._size > _FILE:
                self._end_file()

    def finish(self) -> None:
        """Import what was written."""
        self._end_file()
        if not self._put:
            return
        for start in range(0, len(self._put), _FILES):
            self._import([[name] for name in self._put[start : start + _FILES]])
        self._end()
        self._rows.show(self._first, self._last, expected=self._written, patience=_VISIBLE)

    def _import(self, files: list[list[str]]) -> None:
        begun = now()
        self._tell(begun)
        try:
            job = self._jobs.start(self._rows.name, files)
        except RefusedError:
            self._end()
            raise
        self._tell(begun, job)
        end = self._jobs.wait(job, self._told)
        if end.failed:
            self._end()
            raise StoreError(
                f"the import {job} into Milvus failed: {end.reason or 'it does not say why'}",
                hint="is the place of --milvus-bulk the one that Milvus itself reads? nothing of this commit is in",
            )

    def _end_file(self) -> None:
        if self._in_file:
            if not self._put:
                self._tell(_NEVER)  # that there are files, whoever has to clear them away
            name = f"{self._under}/{len(self._put) + 1}.parquet"
            self._put.append(self._shelf.put(self._files.end(), name))
            self._written += self._in_file
            self._size = self._in_file = 0

    def _tell(self, begun: float, job: str = "") -> None:
        """Whoever writes next what is to be waited for, and cleared away."""
        self._journal.write_note(
            _NOTE, {"job": job, "time": begun, "shelf": self._rows.place.bulk, "under": self._under}
        )

    def _end(self) -> None:
        self._shelf.clear(self._under)
        self._journal.drop_note(_NOTE)

    def _told(self, progress: Progress) -> None:
        _log.info("import into %s: %s, %d %%", self._rows.name, progress.state, progress.percent)
