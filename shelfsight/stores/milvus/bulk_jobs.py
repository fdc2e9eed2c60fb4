"""Import jobs of a Milvus server, by its REST interface: https://milvus.io/docs/import-data.md.

A job reads files, writes segments and indexes of its own, and shows all of its rows at the end, or none.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shelfsight.core.errors import StoreError
from shelfsight.stores.milvus.connection import bulk_library
from shelfsight.stores.milvus.place import TOKEN, MilvusPlace, token

__all__ = ["Jobs", "Progress", "RefusedError"]

_DONE, _FAILED = "Completed", "Failed"
_REFUSED = "Failed to request url"  # how pymilvus begins what a server answered
_FIRST, _LAST = 0.1, 2.0  # seconds between two looks
_AWAY = 120.0  # seconds that a server may not answer, while a job runs
_STUCK = 1800.0  # seconds that a job may stand where it is


class RefusedError(StoreError):
    """The server has answered, and does not do it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job is.

    Attributes:
        state: ``Pending``, ``Importing``, ``Completed``, ``Failed``, or another that Milvus may have.
        percent: of the work.
        rows: imported so far.
        reason: why it failed.
    """

    state: str
    percent: int = 0
    rows: int = 0
    reason: str = ""

    @property
    def over(self) -> bool:
        return self.state in (_DONE, _FAILED)

    @property
    def failed(self) -> bool:
        return self.state == _FAILED


class Jobs:
    """Those of the server at ``place``."""

    def __init__(self, place: MilvusPlace, *, away: float = _AWAY, stuck: float = _STUCK) -> None:
        """
        Args:
            away: seconds that it may not answer while a job runs.
            stuck: seconds that a job may stand where it is.

        Raises:
            MissingExtra: what pymilvus needs for it is not installed.
        """
        self._library = bulk_library()
        self._url = place.rest or place.uri
        self._common = {"url": self._url, "db_name": place.database, "api_key": token()}
        self._timeout = place.timeout_seconds
        self._away = away
        self._stuck = stuck

    def start(self, collection: str, files: list[list[str]]) -> str:
        """Begin to import ``files``, as the server finds them; returns the job's name.

        Raises:
            RefusedError: the server does not want them.
            StoreError: it does not answer; a job may have begun.
        """
        answer = self._ask("bulk_import", collection_name=collection, files=files, timeout=self._timeout)
        return str(answer["jobId"])

    def progress(self, job: str) -> Progress:
        """
        Raises:
            StoreError: the server does not answer, or knows no such job.
        """
        answer = self._ask("get_import_progress", job_id=job, timeout=self._timeout)
        return Progress(
            str(answer["state"]),
            int(answer.get("progress") or 0),
            int(answer.get("importedRows") or 0),
            str(answer.get("reason") or ""),
        )

    def running(self, collection: str) -> list[str]:
        """Jobs of a collection that are not over."""
        answer = self._ask("list_import_jobs", collection_name=collection, page_size=100, timeout=self._timeout)
        jobs = [(str(each["jobId"]), Progress(str(each["state"]))) for each in answer.get("records") or []]
        return [job for job, progress in jobs if not progress.over]

    def wait(self, job: str, told: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Where a job ended.

        Args:
            told: hears of every step.

        Raises:
            StoreError: the server is away for long, or the job stands still for long.
        """
        last, moved, pause = Progress(""), time.monotonic(), _FIRST
        while True:
            now = self._patiently(job)
            if now != last:
                last, moved = now, time.monotonic()
                told(now)
            if now.over:
                return now
            if time.monotonic() - moved > self._stuck:
                raise StoreError(
                    f"the import {job} of the Milvus at {self._url} stands at {now.percent} % ({now.state})",
                    hint="look into its log; nothing of this commit is in",
                )
            time.sleep(pause)
            pause = min(2 * pause, _LAST)

    def _patiently(self, job: str) -> Progress:
        give_up = time.monotonic() + self._away
        while True:
            try:
                return self.progress(job)
            except StoreError:
                if time.monotonic() > give_up:
                    raise
            time.sleep(_FIRST)

    def _ask(self, request: str, **named: Any) -> Any:
        try:
            answer = getattr(self._library, request)(**self._common, **named).json()
            return answer["data"]
        except Exception as error:
            message = str(getattr(error, "message", "") or error)
            kind = RefusedError if message.startswith(_REFUSED) else StoreError
            raise kind(
                f"Milvus at {self._url}: {message}",
                hint=f"bulk insert asks its REST interface; check that it can be reached, and {TOKEN}",
            ) from error
