from typing import Literal

ClaimSource = Literal["catalogue", "none", "picture"]

CLAIM_SOURCE_VALUES: set[ClaimSource] = {
    "catalogue",
    "none",
    "picture",
}


def check_claim_source(value: str) -> ClaimSource:
    if value in CLAIM_SOURCE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CLAIM_SOURCE_VALUES!r}")
