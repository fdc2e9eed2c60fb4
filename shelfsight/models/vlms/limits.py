"""The limits of an answer."""

from shelfsight.core.errors import UsageError

__all__ = ["check_limits"]


def check_limits(max_tokens: int, seconds: float | None) -> None:
    """
    Raises:
        UsageError: no token, or no time.
    """
    if max_tokens < 1:
        raise UsageError(f"an answer of at most {max_tokens} tokens is none", hint="Ask for 1 or more.")
    if seconds is not None and not seconds > 0:
        raise UsageError(f"{seconds} seconds are no time to answer in", hint="Give more than 0.")
