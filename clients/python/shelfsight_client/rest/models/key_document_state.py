from typing import Literal

KeyDocumentState = Literal["expired", "live", "revoked"]

KEY_DOCUMENT_STATE_VALUES: set[KeyDocumentState] = {
    "expired",
    "live",
    "revoked",
}


def check_key_document_state(value: str) -> KeyDocumentState:
    if value in KEY_DOCUMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {KEY_DOCUMENT_STATE_VALUES!r}")
