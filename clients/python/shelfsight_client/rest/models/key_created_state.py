from typing import Literal

KeyCreatedState = Literal["expired", "live", "revoked"]

KEY_CREATED_STATE_VALUES: set[KeyCreatedState] = {
    "expired",
    "live",
    "revoked",
}


def check_key_created_state(value: str) -> KeyCreatedState:
    if value in KEY_CREATED_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {KEY_CREATED_STATE_VALUES!r}")
