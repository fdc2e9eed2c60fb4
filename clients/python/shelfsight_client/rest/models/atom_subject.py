from typing import Literal

AtomSubject = Literal["attribute", "count", "kind", "other", "wearer", "whole"]

ATOM_SUBJECT_VALUES: set[AtomSubject] = {
    "attribute",
    "count",
    "kind",
    "other",
    "wearer",
    "whole",
}


def check_atom_subject(value: str) -> AtomSubject:
    if value in ATOM_SUBJECT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ATOM_SUBJECT_VALUES!r}")
