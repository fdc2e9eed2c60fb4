"""What a server refuses or fails at, in our words."""

import email.utils
import json
import math
import time
from typing import Any

from shelfsight.core.errors import ModelError, UsageError

__all__ = ["Passing", "Refused", "TooLong", "complaint_in", "failure", "retry_after", "shown"]

_SHOWN = 200  # characters of what a server says
_BASE = "The base URL usually ends in /v1, and the server must have /chat/completions below it."


class Refused(ModelError):
    """The server says that the request is wrong.

    Attributes:
        complaint: all that it says, at most a few thousand characters.
    """

    def __init__(self, message: str, complaint: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.complaint = complaint


class TooLong(UsageError):
    """The model does not read that much."""


class Passing(Exception):
    """A failure that may not be there a moment later.

    Attributes:
        error: to raise when it stays.
        after: seconds that the server asks to be left alone, where it does.
    """

    def __init__(self, error: ModelError, after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after


def failure(who: str, status: int, complaint: str, after: float | None) -> Exception:
    """What to raise for an HTTP status other than 200. A refused key is not quoted: servers repeat parts of it."""
    said = shown(complaint)
    if status in (401, 403):
        return ModelError(
            f"{who} refuses the key, or wants one (HTTP {status})",
            hint="Set SHELFSIGHT_VLM_API_KEY in the environment to a key of that server.",
        )
    if status == 429:
        return Passing(
            ModelError(f"{who} is asked too often (HTTP 429){said}", hint="Wait, or raise the quota."), after
        )
    if status in (408, 425) or (status >= 500 and status not in (501, 505)):
        return Passing(ModelError(f"{who} fails (HTTP {status}){said}", hint="Look into the server's log."), after)
    if 300 <= status < 400:
        return ModelError(
            f"{who} redirects (HTTP {status}), which is not followed", hint="Name the URL that it redirects to."
        )
    if "context length" in complaint.casefold() or "context_length" in complaint:
        return TooLong(f"a question is too long for {who}{said}", hint="Ask in fewer words, or for a shorter answer.")
    if status in (404, 405):
        return ModelError(f"{who} is not there (HTTP {status}){said}", hint=f"Check the model's name. {_BASE}")
    if status in (400, 422):
        return Refused(f"{who} refuses the request (HTTP {status}){said}", complaint)
    return ModelError(f"{who} answers with HTTP {status}{said}", hint=_BASE)


def complaint_in(content: bytes | bytearray) -> str:
    """What the body of a refusal says: its error message, where it has one, else all of it."""
    text = content.decode("utf-8", "replace")
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    while isinstance(document, list) and document:  # Gemini wraps its errors in a list
        document = document[0]
    if isinstance(document, dict):
        document = document.get("error") or document.get("detail") or document.get("message") or document
    if isinstance(document, dict):
        document = document.get("message") or document
    return document if isinstance(document, str) else json.dumps(document)


def retry_after(header: str | None) -> float | None:
    """Seconds from now of a ``Retry-After`` header, which has seconds or a date; ``None``, it says nothing."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError, OSError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def shown(complaint: str) -> str:
    """The end of a message that quotes a server: its first words, in one line."""
    if "<html" in complaint.casefold() or "<!doctype" in complaint.casefold():
        return ": a web page"
    flat = " ".join(complaint.split())
    return f": {flat[:_SHOWN]}{'…' if len(flat) > _SHOWN else ''}" if flat else ""
