from typing import Literal

StageEnded = Literal["budget", "complete", "failed", "gate", "settled"]

STAGE_ENDED_VALUES: set[StageEnded] = {
    "budget",
    "complete",
    "failed",
    "gate",
    "settled",
}


def check_stage_ended(value: str) -> StageEnded:
    if value in STAGE_ENDED_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STAGE_ENDED_VALUES!r}")
