from typing import Literal

ClaimVerdict = Literal["cannot tell", "no", "yes"]

CLAIM_VERDICT_VALUES: set[ClaimVerdict] = {
    "cannot tell",
    "no",
    "yes",
}


def check_claim_verdict(value: str) -> ClaimVerdict:
    if value in CLAIM_VERDICT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CLAIM_VERDICT_VALUES!r}")
