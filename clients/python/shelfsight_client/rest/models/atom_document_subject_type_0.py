from typing import Literal

AtomDocumentSubjectType0 = Literal["attribute", "count", "kind", "other", "wearer", "whole"]

ATOM_DOCUMENT_SUBJECT_TYPE_0_VALUES: set[AtomDocumentSubjectType0] = {
    "attribute",
    "count",
    "kind",
    "other",
    "wearer",
    "whole",
}


def check_atom_document_subject_type_0(value: str) -> AtomDocumentSubjectType0:
    if value in ATOM_DOCUMENT_SUBJECT_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ATOM_DOCUMENT_SUBJECT_TYPE_0_VALUES!r}")
