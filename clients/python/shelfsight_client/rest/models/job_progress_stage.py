from typing import Literal

JobProgressStage = Literal["features", "indexing"]

JOB_PROGRESS_STAGE_VALUES: set[JobProgressStage] = {
    "features",
    "indexing",
}


def check_job_progress_stage(value: str) -> JobProgressStage:
    if value in JOB_PROGRESS_STAGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {JOB_PROGRESS_STAGE_VALUES!r}")
