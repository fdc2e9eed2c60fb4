"""What an indexing job is: what was asked for, how far it is, and how it ended."""

import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shelfsight.api.sent import Sent

__all__ = [
    "LONGEST_WAIT",
    "ColumnsDocument",
    "Job",
    "JobState",
    "Order",
    "Progress",
    "Source",
    "folder_of",
    "now",
]

LONGEST_WAIT = 10.0
"""Seconds that a queued job is ever made to wait before it is tried again."""

_Name = Annotated[str, Field(max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JobState(StrEnum):
    """Where a job stands. ``interrupted`` ones go on by themselves when the server is there again."""

    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it, unless somebody resumes it."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Source(_Frozen):
    """A catalogue.

    Attributes:
        kind: a ``path`` of this machine, an ``upload`` in the job's folder, an ``url`` of http(s), or the address of an
            object store (``remote``).
        place: the absolute path, the file's name, or the address.
        root: of a path: the folder that pictures have to lie in.
        name: what clients are told of it.
    """

    kind: Literal["path", "upload", "url", "remote"]
    place: str
    root: str | None = None
    name: str


class ColumnsDocument(Sent):
    """Which column is what, where the names that are recognised by themselves do not say it."""

    model_config = ConfigDict(frozen=True)

    id: _Name | None = Field(default=None, description="Of the ids.")
    image: _Name | None = Field(default=None, description="Of the main picture.")
    more_images: tuple[_Name, ...] = Field(default=(), max_length=50, description="Of further pictures, in order.")
    title: _Name | None = Field(default=None, description="Of the titles.")
    include: tuple[_Name, ...] | None = Field(default=None, max_length=1000, description="Those that become metadata.")
    exclude: tuple[_Name, ...] = Field(default=(), max_length=1000, description="Those left out of the metadata.")
    text: tuple[_Name, ...] = Field(
        default=(), max_length=1000, description="Those that stay text, whatever they hold."
    )


class Order(_Frozen):
    """What was asked for."""

    source: Source
    prune: bool = False
    columns: ColumnsDocument = ColumnsDocument()
    features: bool = False


class Progress(_Frozen):
    """How far a job is.

    Attributes:
        stage: ``indexing``, then ``features`` where they were asked for.
        done: rows of the catalogue that are decided, or pictures that were looked at, since the job was last begun.
        total: of them, where that is known.
        pictures: that went through the encoder, however often the job was begun.
        failed: items that failed since it was last begun.
        seconds: that it has run, however often it was begun.
    """

    stage: Literal["indexing", "features"] = "indexing"
    done: int = 0
    total: int | None = None
    pictures: int = 0
    failed: int = 0
    seconds: float = 0.0

    def after(self, earlier: "Progress") -> "Progress":
        """This run's progress as that of the job, ``earlier`` being what was there when it was begun."""
        return self.model_copy(
            update={
                "pictures": earlier.pictures + self.pictures,
                "seconds": round(earlier.seconds + self.seconds, 3),
            }
        )


class Job(_Frozen):
    """A job as it is kept.

    Attributes:
        collection: its name; no alias.
        order: what was asked for.
        ended: when it ended, or was interrupted.
        report: of its last run, as ``index --json``, with the first failures alone.
        error: code, detail and hint of what ended it, or of what it waits for.
        cancelling: it is to be cancelled, and has not ended yet.
        begun: how often it was begun.
        deaths: how often in a row its process died without having got on.
        due: not to be begun before, in seconds since 1970.
        change, progress_change: numbers of its last change but in progress, and in progress; one row of numbers.
    """

    id: str
    collection: str
    order: Order
    state: JobState = JobState.QUEUED
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    progress: Progress = Progress()
    report: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    cancelling: bool = False
    begun: int = 0
    deaths: int = 0
    due: float = 0.0
    change: int = 1
    progress_change: int = 0

    @property
    def last_change(self) -> int:
        return max(self.change, self.progress_change)

    @property
    def is_due(self) -> bool:
        """Whether it may be begun now. A clock that was set back makes nobody wait longer than anybody ever does."""
        return not 0.0 < self.due - time.time() <= LONGEST_WAIT

    def with_(self, **changes: Any) -> "Job":
        """This job with other values."""
        return self.model_copy(update=changes)

    def document(self) -> dict[str, Any]:
        """What clients are told."""
        told = self.model_dump(
            mode="json", include={"id", "state", "collection", "created", "started", "ended", "cancelling", "begun"}
        )
        asked = {"prune": self.order.prune, "features": self.order.features}
        return {
            **told,
            "source": self.order.source.name,
            **asked,
            "progress": self.progress.model_dump(),
            "report": self.report,
            "error": self.error,
        }


def now() -> datetime:
    """In whole seconds of UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def folder_of(state: Path, id: str) -> Path:
    """Where the files of a job lie."""
    return state / "jobs" / id
