"""Indexing jobs."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from shelfsight.api.http.schemas.base import Told, absent, shown
from shelfsight.api.http.schemas.items import UpsertReport
from shelfsight.api.service.jobs.job import JobState

__all__ = ["JobDocument", "JobList", "JobProgress"]

_PROGRESS = {"stage": "indexing", "done": 512, "total": 41584, "pictures": 512, "failed": 0, "seconds": 11.5}
_JOB = {
    "id": "j2f8c01d7b6",
    "collection": "shop",
    "state": "running",
    "created": "2026-05-04T09:00:00Z",
    "started": "2026-05-04T09:00:01Z",
    "ended": None,
    "cancelling": False,
    "begun": 1,
    "source": "shop/catalog.csv",
    "prune": False,
    "features": False,
    "progress": _PROGRESS,
    "report": None,
    "error": None,
}


class JobProgress(Told):
    """How far a job is."""

    model_config = shown(_PROGRESS)

    stage: Literal["indexing", "features"]
    done: int = Field(description="Rows that are decided, or pictures that were looked at, since it was last begun.")
    total: int | None = Field(description="Of them, where that is known.")
    pictures: int = Field(description="Pictures that went through the encoder, however often it was begun.")
    failed: int
    seconds: float


class JobReport(UpsertReport):
    """What a job did; the first failures alone."""

    features: int = absent("Pictures of which features were kept.")
    suggestions: int = absent()


class JobError(Told):
    """What ended a job, or what it waits for."""

    code: str
    detail: str
    hint: str = absent()
    position: int = absent()
    reason: str = absent()


class JobDocument(Told):
    """An indexing job."""

    model_config = shown(_JOB)

    id: str
    collection: str
    state: JobState
    created: datetime
    started: datetime | None
    ended: datetime | None = Field(description="When it ended, or was interrupted.")
    cancelling: bool = Field(description="It is to be cancelled, and has not ended yet.")
    begun: int = Field(description="How often it was begun.")
    source: str
    prune: bool
    features: bool
    progress: JobProgress
    report: JobReport | None = Field(description="Of its last run.")
    error: JobError | None


class JobList(Told):
    """Jobs, the newest first."""

    model_config = shown({"jobs": [_JOB]})

    jobs: tuple[JobDocument, ...]
