from typing import Literal

WhyConditionSource = Literal["excluded", "filter", "limit", "rule"]

WHY_CONDITION_SOURCE_VALUES: set[WhyConditionSource] = {
    "excluded",
    "filter",
    "limit",
    "rule",
}


def check_why_condition_source(value: str) -> WhyConditionSource:
    if value in WHY_CONDITION_SOURCE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WHY_CONDITION_SOURCE_VALUES!r}")
