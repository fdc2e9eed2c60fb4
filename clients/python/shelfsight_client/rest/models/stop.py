from typing import Literal

Stop = Literal["end", "max_tokens", "time"]

STOP_VALUES: set[Stop] = {
    "end",
    "max_tokens",
    "time",
}


def check_stop(value: str) -> Stop:
    if value in STOP_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STOP_VALUES!r}")
