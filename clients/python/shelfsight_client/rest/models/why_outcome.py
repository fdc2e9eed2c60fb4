from typing import Literal

WhyOutcome = Literal["cut", "excluded", "filtered", "folded", "further", "grouped", "hidden", "shown", "unreached"]

WHY_OUTCOME_VALUES: set[WhyOutcome] = {
    "cut",
    "excluded",
    "filtered",
    "folded",
    "further",
    "grouped",
    "hidden",
    "shown",
    "unreached",
}


def check_why_outcome(value: str) -> WhyOutcome:
    if value in WHY_OUTCOME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WHY_OUTCOME_VALUES!r}")
