from typing import Literal

WhyIntoHow = Literal["folded", "grouped"]

WHY_INTO_HOW_VALUES: set[WhyIntoHow] = {
    "folded",
    "grouped",
}


def check_why_into_how(value: str) -> WhyIntoHow:
    if value in WHY_INTO_HOW_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WHY_INTO_HOW_VALUES!r}")
