from typing import Literal

AtomDocumentKind = Literal["attribute", "count", "kind", "limit", "other"]

ATOM_DOCUMENT_KIND_VALUES: set[AtomDocumentKind] = {
    "attribute",
    "count",
    "kind",
    "limit",
    "other",
}


def check_atom_document_kind(value: str) -> AtomDocumentKind:
    if value in ATOM_DOCUMENT_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ATOM_DOCUMENT_KIND_VALUES!r}")
