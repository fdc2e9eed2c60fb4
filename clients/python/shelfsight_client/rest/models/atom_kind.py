from typing import Literal

AtomKind = Literal["attribute", "count", "kind", "limit", "other"]

ATOM_KIND_VALUES: set[AtomKind] = {
    "attribute",
    "count",
    "kind",
    "limit",
    "other",
}


def check_atom_kind(value: str) -> AtomKind:
    if value in ATOM_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ATOM_KIND_VALUES!r}")
