"""Texts that somebody sends."""

from shelfsight.core.errors import UsageError

__all__ = ["check_text"]


def check_text(text: str, limit: int, what: str = "the query") -> None:
    """Refuse a text that is too long or no valid Unicode.

    Args:
        limit: characters that are read.
        what: the errors call it so.

    Raises:
        UsageError: says which.
    """
    if len(text) > limit:
        raise UsageError(f"{what} is {len(text)} characters long", hint=f"at most {limit} are read")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{what} holds half a character (a lone surrogate) at position {error.start}",
            hint="send the text as valid UTF-8",
        ) from error
