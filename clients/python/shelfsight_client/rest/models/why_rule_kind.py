from typing import Literal

WhyRuleKind = Literal["boost", "bury", "fresh", "hide", "pin"]

WHY_RULE_KIND_VALUES: set[WhyRuleKind] = {
    "boost",
    "bury",
    "fresh",
    "hide",
    "pin",
}


def check_why_rule_kind(value: str) -> WhyRuleKind:
    if value in WHY_RULE_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WHY_RULE_KIND_VALUES!r}")
