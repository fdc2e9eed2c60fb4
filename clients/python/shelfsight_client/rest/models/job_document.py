from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.job_state import JobState, check_job_state

if TYPE_CHECKING:
    from ..models.job_error import JobError
    from ..models.job_progress import JobProgress
    from ..models.job_report import JobReport


T = TypeVar("T", bound="JobDocument")


@_attrs_define
class JobDocument:
    """An indexing job.

    Attributes:
        id (str):
        collection (str):
        state (JobState): Where a job stands. ``interrupted`` ones go on by themselves when the server is there again.
        created (datetime.datetime):
        started (datetime.datetime | None):
        ended (datetime.datetime | None): When it ended, or was interrupted.
        cancelling (bool): It is to be cancelled, and has not ended yet.
        begun (int): How often it was begun.
        source (str):
        prune (bool):
        features (bool):
        progress (JobProgress): How far a job is.
        report (JobReport | None): Of its last run.
        error (JobError | None):
    """

    id: str
    collection: str
    state: JobState
    created: datetime.datetime
    started: datetime.datetime | None
    ended: datetime.datetime | None
    cancelling: bool
    begun: int
    source: str
    prune: bool
    features: bool
    progress: JobProgress
    report: JobReport | None
    error: JobError | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.job_error import JobError  # noqa: PLC0415
        from ..models.job_report import JobReport  # noqa: PLC0415

        id = self.id

        collection = self.collection

        state: str = self.state

        created = self.created.isoformat()

        started: None | str
        if isinstance(self.started, datetime.datetime):
            started = self.started.isoformat()
        else:
            started = self.started

        ended: None | str
        if isinstance(self.ended, datetime.datetime):
            ended = self.ended.isoformat()
        else:
            ended = self.ended

        cancelling = self.cancelling

        begun = self.begun

        source = self.source

        prune = self.prune

        features = self.features

        progress = self.progress.to_dict()

        report: dict[str, Any] | None
        if isinstance(self.report, JobReport):
            report = self.report.to_dict()
        else:
            report = self.report

        error: dict[str, Any] | None
        if isinstance(self.error, JobError):
            error = self.error.to_dict()
        else:
            error = self.error

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "collection": collection,
                "state": state,
                "created": created,
                "started": started,
                "ended": ended,
                "cancelling": cancelling,
                "begun": begun,
                "source": source,
                "prune": prune,
                "features": features,
                "progress": progress,
                "report": report,
                "error": error,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.job_error import JobError  # noqa: PLC0415
        from ..models.job_progress import JobProgress  # noqa: PLC0415
        from ..models.job_report import JobReport  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        collection = d.pop("collection")

        state = check_job_state(d.pop("state"))

        created = datetime.datetime.fromisoformat(d.pop("created"))

        def _parse_started(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_type_0 = datetime.datetime.fromisoformat(data)

                return started_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        started = _parse_started(d.pop("started"))

        def _parse_ended(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_type_0 = datetime.datetime.fromisoformat(data)

                return ended_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended = _parse_ended(d.pop("ended"))

        cancelling = d.pop("cancelling")

        begun = d.pop("begun")

        source = d.pop("source")

        prune = d.pop("prune")

        features = d.pop("features")

        progress = JobProgress.from_dict(d.pop("progress"))

        def _parse_report(data: object) -> JobReport | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                report_type_0 = JobReport.from_dict(data)

                return report_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JobReport | None, data)

        report = _parse_report(d.pop("report"))

        def _parse_error(data: object) -> JobError | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_type_0 = JobError.from_dict(data)

                return error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JobError | None, data)

        error = _parse_error(d.pop("error"))

        job_document = cls(
            id=id,
            collection=collection,
            state=state,
            created=created,
            started=started,
            ended=ended,
            cancelling=cancelling,
            begun=begun,
            source=source,
            prune=prune,
            features=features,
            progress=progress,
            report=report,
            error=error,
        )

        return job_document
