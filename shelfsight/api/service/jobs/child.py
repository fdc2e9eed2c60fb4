"""The process of one job: ``python -m shelfsight.api.service.jobs``, with a :class:`Task` on stdin.

It tells on stdout how far it is, one JSON document a line: ``progress``, then ``report`` or ``error`` or both. When
its stdin ends, the server is gone: it commits what is finished and ends too.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from shelfsight.api.service.jobs.job import Order, Progress
from shelfsight.api.service.jobs.sources import columns_of
from shelfsight.core.errors import ShelfsightError
from shelfsight.core.settings import Settings

if TYPE_CHECKING:
    from shelfsight.catalog.remote import Opened
    from shelfsight.indexer import Report

__all__ = ["FAILURES", "INTERRUPTED", "Task", "catalogue_folder", "main", "told_of"]

FAILURES = "failures.jsonl"
INTERRUPTED = "interrupted"
"""Code of the error of a job that was told to end."""

_BETWEEN = 0.25  # seconds between two words on how far it is
_GRACE = 20.0  # seconds that it may take to end without a server
_SHOWN = 20  # failures in a report; the file has all

Say = Callable[..., None]


class Task(BaseModel):
    """What a job's process is told.

    Attributes:
        collection: its directory.
        folder: of the job's files.
        settings: as for this process: with few threads.
        device, runtime, vlm: see :func:`shelfsight.open_engine`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Order
    collection: Path
    folder: Path
    settings: Settings
    device: str | None = None
    runtime: str | None = None
    vlm: str | None = None


def catalogue_folder(folder: Path) -> Path:
    """Where, in the folder of a job, an upload or a copy of a catalogue lies."""
    return folder / "catalogue"


def told_of(error: ShelfsightError) -> dict[str, Any]:
    """What clients are told of the error that ended a job: no place on this machine, and no address."""
    from shelfsight.api.documents import public_error, public_text

    document = public_error(error)
    return {**document, "detail": public_text(document["detail"])}


def main() -> None:
    """Do the job that stdin tells of."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print

    def say(**words: Any) -> None:
        try:
            os.write(out, json.dumps(words).encode() + b"\n")
        except BrokenPipeError:
            return  # nobody listens; the end of stdin ends the job

    task = Task.model_validate_json(_line())
    threading.Thread(target=_end_with_the_server, daemon=True, name="shelfsight-server-watch").start()
    if hasattr(os, "nice"):
        os.nice(task.settings.jobs.niceness)
    _do(task, say)


def _do(task: Task, say: Say) -> None:
    from shelfsight.indexer import report_of

    try:
        say(report=_run(task, say))
    except ShelfsightError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        partial = report_of(error)
        say(error=told_of(error), report=None if partial is None else _shown(partial.to_json()))
    except KeyboardInterrupt as error:
        partial = report_of(error)
        detail = {"code": INTERRUPTED, "detail": "the job was told to end"}
        say(error=detail, report=None if partial is None else _shown(partial.to_json()))
    except Exception:
        traceback.print_exc()
        say(error={"code": "internal", "detail": "something went wrong here; the server's log says what"})


def _run(task: Task, say: Say) -> dict[str, Any]:
    """The report of the job done."""
    from shelfsight.api.enriching import check_able, notes_document
    from shelfsight.api.opening import open_engine
    from shelfsight.indexer import report_of
    from shelfsight.stores.files import locked

    order, settings = task.order, task.settings
    catalogue_folder(task.folder).mkdir(parents=True, exist_ok=True)
    given: dict[str, Any] = {"device": task.device, "runtime": task.runtime, "vlm": task.vlm}
    with (
        locked(task.folder / "running.lock", wait=True),  # an earlier process of this job may still be committing
        _opened(task) as source,
        open_engine(task.collection, settings=settings, fetch=source.fetch or False, **given) as engine,
    ):
        if order.features:
            check_able(engine.vlm, features=True, enrich=False)
        told = _Telling(say)
        failures = task.folder / FAILURES
        try:
            report = engine.index(source.catalogue, prune=order.prune, progress=told.indexing, failures_to=failures)
        except BaseException as error:
            told.last(report_of(error))  # the next process of a job that is told to end adds to that
            raise
        told.last(report)
        document = _shown(report.to_json())
        if order.features:
            document |= notes_document(engine.add_notes(features=True, progress=told.noting))
            told.last()
        return document


def _opened(task: Task) -> "AbstractContextManager[Opened]":
    from shelfsight.api.fetching import LateFetcher
    from shelfsight.catalog.remote import opened

    source, copies = task.order.source, catalogue_folder(task.folder)
    upload = source.kind == "upload"
    return opened(
        copies / source.place if upload else source.place,
        settings=task.settings,
        fetch=LateFetcher(task.settings.fetch),
        columns=columns_of(task.order.columns),
        roots=copies if upload else Path(source.root) if source.root else None,
        copies=copies,
        max_bytes=task.settings.jobs.max_upload,
    )


def _shown(report: dict[str, Any]) -> dict[str, Any]:
    from shelfsight.api.documents import public_text

    failures = [{**each, "message": public_text(each["message"])} for each in report["failures"][:_SHOWN]]
    return {**report, "failures": failures}


class _Telling:
    """Says how far the job is, a few times a second."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = time.monotonic()
        self._said = 0.0
        self._now = Progress()

    def indexing(self, done: int, total: int | None, *, pictures: int, failed: int) -> None:
        self._tell(Progress(done=done, total=total, pictures=pictures, failed=failed))

    def noting(self, stage: str, done: int, total: int, *, failed: int) -> None:
        del stage, failed
        before = {"pictures": self._now.pictures, "failed": self._now.failed}
        self._tell(Progress(stage="features", done=done, total=total, **before))

    def last(self, report: "Report | None" = None) -> None:
        """Say it now, with what was committed since it was last heard of."""
        if report is not None:
            self._now = self._now.model_copy(update={"pictures": max(self._now.pictures, report.encoded)})
        self._said = 0.0
        self._tell(self._now)

    def _tell(self, progress: Progress) -> None:
        at = time.monotonic()
        self._now = progress.model_copy(update={"seconds": at - self._began})
        if at - self._said >= _BETWEEN:
            self._said = at
            self._say(progress=self._now.model_dump())


def _line() -> bytes:
    """The first line of stdin, and nothing more of it."""
    read = b""
    while not read.endswith(b"\n"):
        piece = os.read(0, 65536)
        if not piece:
            sys.exit("the server has gone")
        read += piece
    return read


def _end_with_the_server() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)
