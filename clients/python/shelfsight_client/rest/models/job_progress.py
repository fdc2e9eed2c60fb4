from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.job_progress_stage import JobProgressStage, check_job_progress_stage

T = TypeVar("T", bound="JobProgress")


@_attrs_define
class JobProgress:
    """How far a job is.

    Attributes:
        stage (JobProgressStage):
        done (int): Rows that are decided, or pictures that were looked at, since it was last begun.
        total (int | None): Of them, where that is known.
        pictures (int): Pictures that went through the encoder, however often it was begun.
        failed (int):
        seconds (float):
    """

    stage: JobProgressStage
    done: int
    total: int | None
    pictures: int
    failed: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        stage: str = self.stage

        done = self.done

        total: int | None
        total = self.total

        pictures = self.pictures

        failed = self.failed

        seconds = self.seconds

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "stage": stage,
                "done": done,
                "total": total,
                "pictures": pictures,
                "failed": failed,
                "seconds": seconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        stage = check_job_progress_stage(d.pop("stage"))

        done = d.pop("done")

        def _parse_total(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        total = _parse_total(d.pop("total"))

        pictures = d.pop("pictures")

        failed = d.pop("failed")

        seconds = d.pop("seconds")

        job_progress = cls(
            stage=stage,
            done=done,
            total=total,
            pictures=pictures,
            failed=failed,
            seconds=seconds,
        )

        return job_progress
