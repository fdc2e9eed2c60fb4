"""Runs what is queued, in one thread of one of a server's processes; see :mod:`shelfsight.api.service.jobs`."""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from shelfsight.api.service.jobs.book import JobBook
from shelfsight.api.service.jobs.child import INTERRUPTED, Task, catalogue_folder, told_of
from shelfsight.api.service.jobs.job import LONGEST_WAIT, Job, JobState, folder_of, now
from shelfsight.api.service.jobs.process import JobProcess
from shelfsight.api.service.state import made
from shelfsight.core.errors import CatalogueError, NotFound, ShelfsightError, StoreError
from shelfsight.core.settings import JobSettings

__all__ = ["Runner"]

_TICK = 0.2
_ELECTION = 0.5
_TROUBLE = 5.0  # seconds to wait where the state cannot be read or written
_PATIENCE = 30.0  # seconds that a job may take to commit and end
_DEATHS = 3  # of a job's process, one after another without having got on, before the job has failed
_UPLOADS_KEPT = 7 * 86_400.0
_ORPHANS_KEPT = 86_400.0
_SWEEP = 600.0
_log = logging.getLogger("shelfsight.jobs")


class Runner:
    """Begins jobs, follows them, and puts down how they end."""

    def __init__(self, book: JobBook, state: Path, settings: JobSettings, task: Callable[[Job], Task]) -> None:
        """
        Args:
            task: what the process of a job is told.
        """
        self._book = book
        self._state = state
        self._settings = settings
        self._task = task
        self._running: dict[str, JobProcess] = {}
        self._wake = Event()
        self._ending = False
        self._swept = 0.0
        self._thread: Thread | None = None
        self._command: Sequence[str] = ()

    def start(self, command: Sequence[str]) -> None:
        """Run jobs, or wait until the process that does has gone.

        Args:
            command: the process of a job.
        """
        self._command = command
        self._ending = False
        self._thread = Thread(target=self._stand_by, name="shelfsight-jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Interrupt what runs; it goes on when a server is there again."""
        self._ending = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def _stand_by(self) -> None:
        from shelfsight.stores.faults import storage_faults
        from shelfsight.stores.files import locked

        while not self._ending:
            try:
                if self._book.begun:
                    with storage_faults(self._state), locked(made(self._state) / "jobs.lock", wait=False) as lock:
                        if lock is not None:
                            self._run()
            except ShelfsightError as error:
                _log.error("jobs cannot be run: %s", error.message)
                self._rest(_TROUBLE)
            except Exception:
                _log.exception("jobs cannot be run")
                self._rest(_TROUBLE)
            self._rest(_ELECTION)

    def _rest(self, seconds: float) -> None:
        if not self._ending:
            self._wake.wait(seconds)
            self._wake.clear()

    def _run(self) -> None:
        """While this is the process that runs jobs."""
        try:
            for job in self._book.in_states(JobState.RUNNING, JobState.INTERRUPTED):
                self._book.change(job.id, _again)
            while not self._ending:
                self._follow()
                self._begin()
                self._sweep()
                self._rest(_TICK)
        finally:
            self._interrupt()

    def _follow(self) -> None:
        for id, process in list(self._running.items()):
            if process.ended:
                self._settle(process)
                continue
            job = self._book.get(id)
            if process.progress != job.progress:
                job = self._book.change(id, lambda job, process=process: job.with_(progress=process.progress))  # type: ignore[misc]
            if job.cancelling:
                process.end(_PATIENCE)

    def _begin(self) -> None:
        while len(self._running) < self._settings.running:
            busy = {process.job.collection for process in self._running.values()}
            job = self._book.next(busy)
            if job is None:
                return
            job = self._book.change(job.id, _begun)
            if job.state is JobState.RUNNING:
                self._start(job)

    def _start(self, job: Job) -> None:
        try:
            folder_of(made(self._state), job.id).mkdir(parents=True, exist_ok=True)
            self._running[job.id] = JobProcess(job, self._task(job), self._command)
        except ShelfsightError as error:
            _log.error("job %s: %s", job.id, error.message)
            told = told_of(error)
            failed = {"state": JobState.FAILED, "ended": now(), "error": told, "cancelling": False}
            self._book.change(job.id, lambda job: job.with_(**failed))
        except OSError as error:
            self._book.change(job.id, _again)
            raise StoreError(f"a job cannot be begun: {error.strerror}") from error

    def _settle(self, process: JobProcess) -> None:
        after = self._book.change(process.job.id, lambda job: _settled(job, process))
        del self._running[process.job.id]
        if after.state is JobState.DONE or _has_bad_copy(after):
            self._forget_copy(after.id)
        self._swept = 0.0

    def _interrupt(self) -> None:
        """Let every process commit and end, and put down how it did."""
        deadline = time.monotonic() + _PATIENCE
        for process in self._running.values():
            process.end(_PATIENCE)
        for process in list(self._running.values()):
            process.wait(max(deadline - time.monotonic(), 0.0))
            process.end(0.0)
            process.wait(_TROUBLE)
            try:
                self._settle(process)
            except ShelfsightError as error:  # it is found running, and begun again
                _log.error("job %s: %s", process.job.id, error.message)
        self._running.clear()

    def _sweep(self) -> None:
        """Let go of what is kept no longer."""
        if time.monotonic() < self._swept + _SWEEP and self._swept:
            return
        self._swept = time.monotonic()
        for id in self._book.forget(self._settings.kept):
            shutil.rmtree(folder_of(self._state, id), ignore_errors=True)
        with suppress(FileNotFoundError):
            for folder in (self._state / "jobs").iterdir():
                self._sweep_folder(folder)

    def _sweep_folder(self, folder: Path) -> None:
        age = time.time() - folder.stat().st_mtime
        try:
            job = self._book.get(folder.name)
        except NotFound:
            if age > _ORPHANS_KEPT:
                shutil.rmtree(folder, ignore_errors=True)
            return
        except ShelfsightError as error:  # nobody knows whether it is kept
            _log.error("job %s: %s", folder.name, error.message)
            return
        if job.ended is not None and job.state.ended and time.time() - job.ended.timestamp() > _UPLOADS_KEPT:
            self._forget_copy(job.id)

    def _forget_copy(self, id: str) -> None:
        shutil.rmtree(catalogue_folder(folder_of(self._state, id)), ignore_errors=True)


def _again(job: Job) -> Job:
    """What becomes of a job that no process does any more."""
    if job.state not in (JobState.RUNNING, JobState.INTERRUPTED):  # somebody was quicker
        return job
    if job.cancelling:
        return job.with_(state=JobState.CANCELLED, cancelling=False, ended=now())
    return job.with_(state=JobState.QUEUED, ended=None, due=0.0)


def _begun(job: Job) -> Job:
    if job.state is not JobState.QUEUED:
        return job
    return job.with_(
        state=JobState.RUNNING, started=job.started or now(), ended=None, begun=job.begun + 1, report=None, error=None
    )


def _settled(job: Job, process: JobProcess) -> Job:
    """What becomes of a job whose process has ended."""
    result = process.result or {}
    error, report = result.get("error"), result.get("report")
    code = error["code"] if error is not None else INTERRUPTED
    over = job.with_(progress=process.progress, report=report, error=error, cancelling=False, ended=now())
    if report is not None and error is None:
        return over.with_(state=JobState.DONE, deaths=0)
    interrupted = code == INTERRUPTED
    if interrupted and job.cancelling:
        return over.with_(state=JobState.CANCELLED, error=None)
    if interrupted and process.told_to_end:
        return over.with_(state=JobState.INTERRUPTED, error=None)
    if interrupted:
        return _died(over, process)
    if code == "lease_held":
        return over.with_(state=JobState.QUEUED, ended=None, due=time.time() + LONGEST_WAIT)
    return over.with_(state=JobState.FAILED)


def _has_bad_copy(job: Job) -> bool:
    """Whether it had better fetch its catalogue again when it goes on."""
    return job.order.source.kind in ("url", "remote") and (job.error or {}).get("code") == CatalogueError.code


def _died(job: Job, process: JobProcess) -> Job:
    """Nobody has told its process to end: memory may have run out, or a library may have failed."""
    got_on = process.progress.pictures > process.job.progress.pictures
    deaths = 1 if got_on else job.deaths + 1
    detail = {"code": "job_died", "detail": f"the process of the job ended with {process.how_it_ended}"}
    if deaths >= _DEATHS:
        return job.with_(state=JobState.FAILED, error=detail, deaths=0)
    due = time.time() + min(2.0**deaths, LONGEST_WAIT)
    return job.with_(state=JobState.QUEUED, ended=None, error=detail, deaths=deaths, due=due)
