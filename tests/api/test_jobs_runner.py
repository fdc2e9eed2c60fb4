"""The runner of jobs by itself, on processes that wait: trouble with the state, clocks, what is swept."""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from job_shop import until

from shelfsight.api.service.jobs.book import JobBook
from shelfsight.api.service.jobs.child import Task, catalogue_folder
from shelfsight.api.service.jobs.job import Job, JobState, Order, Source, folder_of, now
from shelfsight.api.service.jobs.runner import Runner
from shelfsight.core.errors import NotFound, StoreFull
from shelfsight.core.settings import JobSettings, Settings

ORDER = Order(source=Source(kind="upload", place="a.csv", name="a.csv"))
WAITS = (sys.executable, "-S", "-E", "-c", "import sys, time; sys.stdin.readline(); time.sleep(600)")
DAY = 86_400.0


class Troubled(JobBook):
    """One whose jobs cannot be read for a while."""

    fails = False

    def get(self, id: str) -> Job:
        if self.fails:
            raise StoreFull("no space left")
        return super().get(id)


def task_of(state: Path) -> Callable[[Job], Task]:
    return lambda job: Task(order=job.order, collection=state, folder=folder_of(state, job.id), settings=Settings())


@contextmanager
def running(book: JobBook, state: Path, task: Callable[[Job], Task] | None = None) -> Iterator[None]:
    runner = Runner(book, state, JobSettings(), task or task_of(state))
    runner.start(WAITS)
    try:
        yield
    finally:
        runner.stop()


def in_state(book: JobBook, job: Job, state: JobState) -> Callable[[], Job | None]:
    return lambda: found if (found := book.get(job.id)).state is state else None


def put(book: JobBook, job: Job, **changes: object) -> Job:
    return book.change(job.id, lambda found: found.with_(**changes))


def test_a_disk_that_fails_for_a_moment_is_no_death_of_the_job(tmp_path: Path) -> None:
    book, seen = Troubled(tmp_path), JobBook(tmp_path)
    job = book.add(ORDER, "shop")
    with running(book, tmp_path):
        until(in_state(seen, job, JobState.RUNNING))
        book.fails = True
        stopped = until(in_state(seen, job, JobState.INTERRUPTED))
    assert (stopped.error, stopped.deaths, stopped.begun) == (None, 0, 1)


def test_what_a_dead_runner_left_is_queued_or_ended_and_says_so(tmp_path: Path) -> None:
    book = JobBook(tmp_path)
    first, second, cancelled = (book.add(ORDER, "shop") for _ in range(3))
    put(book, first, state=JobState.RUNNING)
    put(book, second, state=JobState.INTERRUPTED, ended=now())
    put(book, cancelled, state=JobState.RUNNING, cancelling=True)
    with running(book, tmp_path):
        until(in_state(book, first, JobState.RUNNING))
        until(lambda: book.get(first.id).begun)
        waiting, over = book.get(second.id), book.get(cancelled.id)
    assert (waiting.state, waiting.ended) == ("queued", None)
    assert (over.state, over.cancelling) == ("cancelled", False)
    assert over.ended is not None


def test_an_upload_whose_job_cannot_be_read_is_nobody_s_to_remove(tmp_path: Path) -> None:
    book = JobBook(tmp_path)
    job = book.add(ORDER, "shop")
    put(book, job, state=JobState.FAILED, ended=now())
    with closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as connection, connection:
        connection.execute("UPDATE jobs SET record = '{'")
    unread, orphan, arriving = (folder_of(tmp_path, name) for name in (job.id, "0" * 16, "1" * 16))
    for folder in (unread, orphan, arriving):
        catalogue_folder(folder).mkdir(parents=True)
        (catalogue_folder(folder) / "a.csv").write_text("id,image\n")
    for folder in (unread, orphan):
        os.utime(folder, (time.time() - 2 * DAY,) * 2)
    with running(book, tmp_path):
        until(lambda: not orphan.exists())
    assert (catalogue_folder(unread) / "a.csv").exists()
    assert (catalogue_folder(arriving) / "a.csv").exists()


def test_an_error_before_a_process_begins_tells_no_place(tmp_path: Path) -> None:
    def gone(_: Job) -> Task:
        raise NotFound(f"there is no collection at '{tmp_path}/shop'", hint="make it")

    book = JobBook(tmp_path)
    job = book.add(ORDER, "shop")
    with running(book, tmp_path, gone):
        failed = until(in_state(book, job, JobState.FAILED))
    assert failed.error == {"code": "not_found", "detail": "there is no collection at 'shop'", "hint": "make it"}
    assert failed.ended is not None


def test_a_clock_that_is_set_back_makes_nobody_wait_for_hours(tmp_path: Path) -> None:
    book = JobBook(tmp_path)
    first, second = book.add(ORDER, "shop"), book.add(ORDER, "shop")
    put(book, first, due=time.time() + 5)
    put(book, second, due=time.time() + 3600)
    found = book.next(())
    assert found is not None
    assert found.id == second.id
    assert book.next({"shop"}) is None
    put(book, first, due=0.0)
    assert book.next({"other"}) == book.get(first.id)


def test_a_full_disk_is_called_that(small_disk: Path) -> None:
    book = JobBook(small_disk)
    kept = [book.add(ORDER, "shop")]
    (small_disk / "filling").write_bytes(bytes(1_700_000))

    def add_many() -> None:
        for _ in range(2000):
            kept.append(book.add(ORDER, "shop"))

    with pytest.raises(StoreFull):
        add_many()
    (small_disk / "filling").unlink()
    assert [job.id for job in book.in_states(JobState.QUEUED)] == [job.id for job in kept]
    assert book.counts()[JobState.QUEUED] == len(kept)
