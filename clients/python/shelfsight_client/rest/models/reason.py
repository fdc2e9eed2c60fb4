from typing import Literal

Reason = Literal[
    "address_refused",
    "bad_row",
    "bad_value",
    "bad_vector",
    "duplicate_id",
    "empty_file",
    "empty_id",
    "fetch_failed",
    "fetch_too_slow",
    "missing_file",
    "no_picture",
    "not_a_picture",
    "outside_root",
    "text_too_long",
    "too_many_bytes",
    "too_many_pixels",
    "truncated",
    "unknown_id",
    "unreadable_file",
    "url_only",
]

REASON_VALUES: set[Reason] = {
    "address_refused",
    "bad_row",
    "bad_value",
    "bad_vector",
    "duplicate_id",
    "empty_file",
    "empty_id",
    "fetch_failed",
    "fetch_too_slow",
    "missing_file",
    "no_picture",
    "not_a_picture",
    "outside_root",
    "text_too_long",
    "too_many_bytes",
    "too_many_pixels",
    "truncated",
    "unknown_id",
    "unreadable_file",
    "url_only",
}


def check_reason(value: str) -> Reason:
    if value in REASON_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REASON_VALUES!r}")
