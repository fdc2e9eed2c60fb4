from typing import Literal

SearchRequestMode = Literal["hybrid", "vector"]

SEARCH_REQUEST_MODE_VALUES: set[SearchRequestMode] = {
    "hybrid",
    "vector",
}


def check_search_request_mode(value: str) -> SearchRequestMode:
    if value in SEARCH_REQUEST_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SEARCH_REQUEST_MODE_VALUES!r}")
