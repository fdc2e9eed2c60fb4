"""The indexing jobs of a server, as its front door asks for them."""

import json
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from shelfsight.api.documents import dump, public_text
from shelfsight.api.engine import Engine
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.jobs.book import JobBook
from shelfsight.api.service.jobs.child import FAILURES, Task, catalogue_folder
from shelfsight.api.service.jobs.job import Job, JobState, Order, Source, folder_of, now
from shelfsight.api.service.jobs.process import COMMAND, gentle
from shelfsight.api.service.jobs.runner import Runner
from shelfsight.api.service.jobs.sources import Sources, columns_of
from shelfsight.api.service.state import made
from shelfsight.core.errors import Busy, CatalogueError, Conflict, NotFound, StoreFull, UsageError
from shelfsight.core.settings import Settings

__all__ = ["Jobs", "Upload"]

_FRESH = 0.2
_GLANCES = 1000
_QUEUED = 1000
_RESERVE = 256_000_000
"""Bytes that uploads leave free on the disk of the state."""
_LOOK = 16_000_000
_FOLDERS = 4
"""Those above an upload that may be new: of the catalogue, of the job, of all jobs, of the state."""


class Upload:
    """A catalogue on its way into the state directory.

    Attributes:
        id: of the job that it is for.
        source: what the job reads.
    """

    def __init__(self, id: str, source: Source, file: BinaryIO, limit: int) -> None:
        self.id = id
        self.source = source
        self._file = file
        self._limit = limit
        self._bytes = 0
        self._looked = 0

    def write(self, piece: bytes) -> None:
        """The next piece of it.

        Raises:
            UsageError: it is larger than an upload may be.
            StoreFull: the disk has no room for it.
        """
        self._bytes += len(piece)
        if self._bytes > self._limit:
            raise UsageError(f"a catalogue that is uploaded has at most {self._limit:,} bytes")
        if self._bytes >= self._looked:
            check_room(Path(self._file.name).parent)
            self._looked = self._bytes + _LOOK
        self._file.write(piece)

    def flush(self) -> None:
        """Let it be durable on return."""
        from shelfsight.stores.files import sync_directory

        self._file.flush()
        os.fsync(self._file.fileno())
        for folder in Path(self._file.name).parents[:_FOLDERS]:
            sync_directory(folder)


class Jobs:
    """Jobs: submitted here, done by processes of their own. Safe to share between threads; every process of a server
    has one, on the same files.

    Attributes:
        command: the process of a job; see :mod:`shelfsight.api.service.jobs.child`.
        followers: clients of this process that are told of jobs as they go on; its event loop alone counts them.
    """

    command: Sequence[str] = COMMAND
    followers: int = 0

    def __init__(self, settings: Settings, state: Path, collections: Collections) -> None:
        """
        Args:
            state: the directory of the server's state.
        """
        self._settings = settings
        self._state = state
        self._collections = collections
        self._book = JobBook(state)
        self._runner = Runner(self._book, state, settings.jobs, self._task)
        self._glances: dict[str, tuple[float, Job]] = {}
        self._lock = Lock()

    def start(self) -> None:
        """Run what is queued from now on, as soon as no other process does."""
        self._runner.start(self.command)

    def stop(self) -> None:
        """Interrupt what runs; whoever starts next goes on with it."""
        self._runner.stop()

    def counts(self) -> dict[str, int]:
        """How many there are of each state, among those that are remembered."""
        return {str(state): count for state, count in self._book.counts().items()}

    def source(self, said: str) -> Source:
        """The catalogue that a client names; see :meth:`.Sources.of`."""
        return Sources(self._settings.jobs).of(said)

    def submit(self, order: Order, collection: str | None, *, id: str | None = None) -> Job:
        """A new job, queued; it is durable on return.

        Args:
            collection: name or alias; the default one where it is left out.
            id: of an :class:`Upload`.

        Raises:
            NotFound: there is no such collection, or no such catalogue.
            CatalogueError: it cannot be read.
            Conflict: no job can write to that collection.
            Busy: too many are queued.
        """
        engine = self._collections.engine(collection)
        _check_shared(engine)
        if self._book.counts()[JobState.QUEUED] >= _QUEUED:
            raise Busy(f"{_QUEUED:,} jobs are waiting", retry_after=60)
        self._check(order, id)
        job = self._book.add(order, self._collections.resolve(collection), id)
        self._runner.wake()
        return job

    @contextmanager
    def receiving(self, name: str) -> Iterator[Upload]:
        """A file that is uploaded; it is gone where the block does not end well.

        Raises:
            CatalogueError: ``name`` is that of no kind of catalogue.
            StoreFull: the disk has no room for it.
        """
        from shelfsight.stores.faults import storage_faults

        source, id = Sources(self._settings.jobs).upload(name), self._book.new_id()
        folder = folder_of(made(self._state), id)
        try:
            with storage_faults(self._state):
                check_room(self._state)
                catalogue_folder(folder).mkdir(parents=True)
                with (catalogue_folder(folder) / source.place).open("wb") as file:
                    yield Upload(id, source, file, self._settings.jobs.max_upload)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def listed(self, limit: int, collections: Collection[str] | None = None) -> list[Job]:
        """The newest jobs first, of some collections alone where they are named (no aliases)."""
        return self._book.newest(limit, collections=collections)

    def get(self, id: str) -> Job:
        """
        Raises:
            NotFound: there is no such job.
        """
        return self._book.get(id)

    def glance(self, id: str) -> Job:
        """The job as it was a moment ago: for those who ask again and again, of whom there may be many."""
        with self._lock:
            at, job = self._glances.get(id, (0.0, None))
            if job is None or time.monotonic() - at > _FRESH:
                if len(self._glances) >= _GLANCES:
                    self._glances.clear()
                job = self._book.get(id)
                self._glances[id] = (time.monotonic(), job)
            return job

    def cancel(self, id: str) -> Job:
        """Let a job end; one that runs commits what is finished first, and is ``cancelling`` until then.

        Raises:
            NotFound: there is no such job.
            Conflict: it has ended.
        """
        job = self._book.change(id, _cancelled)
        self._runner.wake()
        return job

    def resume(self, id: str) -> Job:
        """Queue a job again that failed or was cancelled. What is in the collection is not encoded again.

        Raises:
            NotFound: there is no such job.
            Conflict: it is done, or has not ended, or its upload is kept no longer.
        """
        source = self.get(id).order.source
        if source.kind == "upload" and not (catalogue_folder(folder_of(self._state, id)) / source.place).exists():
            raise Conflict("the upload of this job is kept no longer", hint="submit a new job")
        job = self._book.change(id, _resumed)
        self._runner.wake()
        return job

    def failures(self, id: str) -> Iterator[bytes]:
        """What could not be used, in the job's last run so far: JSON, one failure a line.

        Raises:
            NotFound: there is no such job.
        """
        self.get(id)
        return _lines(folder_of(self._state, id) / FAILURES)

    def _check(self, order: Order, id: str | None) -> None:
        """Look at the catalogue's first rows now, where that can be done at once."""
        from shelfsight.catalog import open_catalogue

        source = order.source
        path, root = Path(source.place), source.root and Path(source.root)
        if source.kind == "upload":
            assert id is not None
            root = catalogue_folder(folder_of(self._state, id))
            path = root / source.place
        elif source.kind != "path":
            return
        try:
            open_catalogue(path, columns=columns_of(order.columns), roots=root or None)
        except (CatalogueError, NotFound) as error:
            raise type(error)(public_text(error.message), hint=error.hint) from error

    def _task(self, job: Job) -> Task:
        engine = self._collections.engine(job.collection)
        return Task(
            order=job.order,
            collection=engine.path.resolve(),
            folder=folder_of(self._state, job.id).resolve(),
            settings=gentle(self._settings),
            **engine.opened_with,
        )


def check_room(folder: Path) -> None:
    """
    Raises:
        StoreFull: the disk is nearly full.
    """
    if shutil.disk_usage(folder).free < _RESERVE:
        raise StoreFull("the server's disk has no room for an upload", hint="free some, or name a catalogue's address")


def _check_shared(engine: Engine) -> None:
    from shelfsight.stores.milvus.place import PLACE, read_place
    from shelfsight.stores.versions import active

    folder = active(engine.path)
    if (folder / PLACE).exists() and read_place(folder).lite:
        hint = "stop the server and use `shelfsight index`, or keep the collection on a Milvus server"
        raise Conflict("a Milvus Lite file can be open in one process alone, and jobs run in their own", hint=hint)


def _cancelled(job: Job) -> Job:
    if job.state.ended:
        raise Conflict(f"the job {job.id} is {job.state} already")
    if job.state is JobState.RUNNING:
        return job.with_(cancelling=True)
    return job.with_(state=JobState.CANCELLED, error=None, ended=now())


def _resumed(job: Job) -> Job:
    if job.state not in (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED):
        raise Conflict(f"the job {job.id} is {job.state}", hint="only one that failed or was cancelled goes on")
    return job.with_(state=JobState.QUEUED, ended=None, error=None, deaths=0, due=0.0)


def _lines(path: Path) -> Iterator[bytes]:
    with suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):  # the last one may still be being written
                said = json.loads(line)
                yield dump({**said, "message": public_text(said["message"])}).encode() + b"\n"
