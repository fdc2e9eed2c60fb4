"""What a job did: counts, and the failures with reason code and place."""

import dataclasses
import errno
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from shelfsight.core.errors import StoreError, StoreFull
from shelfsight.core.types import Failure

__all__ = ["FailureLog", "Report", "Tally", "attach", "report_of"]

_KEPT_IN_MEMORY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The end of a job, or how far it got.

    Attributes:
        items: items now in the collection.
        pictures: pictures now in the collection.
        indexed: items new or with new pictures.
        unchanged: items found as they were; nothing was written.
        updated: items of which only metadata or the places of the pictures changed.
        failed: items and rows that could not be used; what the collection had of them stays.
        deleted: items pruned.
        encoded: pictures that went through the encoder.
        seconds: wall clock.
        failures: the first thousand failures; the failure file has all of them. One failed item may have several
            (one a picture), and an indexed item has one for each picture that was left out.
    """

    items: int
    pictures: int
    indexed: int
    unchanged: int
    updated: int
    failed: int
    deleted: int
    encoded: int
    seconds: float
    failures: tuple[Failure, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document of ``index --json``."""
        counts = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name != "failures"}
        return counts | {"seconds": round(self.seconds, 3), "failures": [failure_to_json(f) for f in self.failures]}


def failure_to_json(failure: Failure) -> dict[str, str | None]:
    """One line of the failure file, one entry of ``failures``."""
    return {
        "id": failure.id,
        "reason": str(failure.reason),
        "place": failure.place,
        "message": failure.message,
        "picture": failure.picture,
    }


def attach(report: Report, error: BaseException) -> None:
    """Let ``error``, which ends a job, carry how far the job got."""
    vars(error)["report"] = report


def report_of(error: BaseException) -> Report | None:
    """How far the job got that ``error`` ended; ``None`` where it never began."""
    found = vars(error).get("report")
    return found if isinstance(found, Report) else None


class FailureLog:
    """Failures: the first in memory, all of them in a file of JSON lines where one is wanted."""

    def __init__(self, path: Path | None) -> None:
        """
        Args:
            path: the file; that of an earlier job is replaced, and without failures there is none in the end.
        """
        self.kept: list[Failure] = []
        self._path = path
        self._file: IO[str] | None = None

    @contextmanager
    def open(self) -> Iterator["FailureLog"]:
        """
        Raises:
            StoreError: the file cannot be written.
        """
        if self._path is None:
            yield self
            return
        with self._told():
            self._path.unlink(missing_ok=True)
        try:
            yield self
        finally:
            if self._file is not None:
                with self._told():
                    self._file.close()

    def add(self, failure: Failure) -> None:
        if len(self.kept) < _KEPT_IN_MEMORY:
            self.kept.append(failure)
        if self._path is None:
            return
        with self._told():
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8")
            # escaped: a file name that is no text has no other way into a UTF-8 file
            self._file.write(json.dumps(failure_to_json(failure)) + "\n")

    def flush(self) -> None:
        if self._file is not None:
            with self._told():
                self._file.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            kind = StoreFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreError
            message = f"the list of failures {self._path} cannot be written: {error.strerror or error}"
            raise kind(message, hint="free some space, or write it elsewhere") from error


@dataclass(slots=True)
class Tally:
    """The counts of a job while it runs."""

    log: FailureLog
    rows: int = 0
    indexed: int = 0
    unchanged: int = 0
    updated: int = 0
    failed: int = 0
    deleted: int = 0
    encoded: int = 0
    started: float = field(default_factory=time.monotonic)

    def report(self, *, items: int, pictures: int) -> Report:
        return Report(
            items=items,
            pictures=pictures,
            indexed=self.indexed,
            unchanged=self.unchanged,
            updated=self.updated,
            failed=self.failed,
            deleted=self.deleted,
            encoded=self.encoded,
            seconds=time.monotonic() - self.started,
            failures=tuple(self.log.kept),
        )
