"""Server-sent events from work that is done in threads."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from anyio import to_thread
from fastapi import Request
from starlette.responses import Response, StreamingResponse

from shelfsight.api.documents import dump
from shelfsight.api.http.problems import INTERNAL, told
from shelfsight.core.errors import ShelfsightError
from shelfsight.core.streaming import Stream

__all__ = ["STREAM", "STREAM_HEADERS", "event", "failure", "streamed", "wants_events"]

STREAM = "text/event-stream"

T = TypeVar("T")

_log = logging.getLogger("shelfsight.http")
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_BREAKS = {ord(each): f"\\u{ord(each):04x}" for each in "\x85\u2028\u2029"}
"""What ends a line where it is read with Python's or JavaScript's idea of lines, as JSON escapes it."""
_END: Any = object()


def wants_events(request: Request) -> bool:
    """Whether the client would rather have the answer as events."""
    return STREAM in request.headers.get("accept", "")


def event(name: str, document: dict[str, Any]) -> str:
    """One event, as it is sent."""
    return f"event: {name}\ndata: {dump(document).translate(_BREAKS)}\n\n"


def failure(error: Exception) -> str:
    """The event that ends a stream which fails; what it may not say is in the log."""
    if isinstance(error, ShelfsightError):
        return event("error", told(error))
    _log.error("a stream broke off", exc_info=error)
    return event("error", INTERNAL)


async def streamed(made: Stream[T], say: Callable[[T], str]) -> Response:
    """Events as they are made; what fails is the last of them, ``error``. A client that goes away ends the work.

    Args:
        say: the event of a value, as :func:`event` writes it.

    Raises:
        ShelfsightError: what fails before the first event, so that it is a problem document with its status.
    """

    def step() -> str | None:
        value = next(made, _END)
        return None if value is _END else say(value)

    async def following() -> str | None:
        # Whoever has gone is not waited for: ``close`` lets the thread end as soon as it can.
        return await to_thread.run_sync(step, abandon_on_cancel=True)

    async def all_of(first: str | None) -> AsyncIterator[str]:
        sent = first
        try:
            while sent is not None:
                yield sent
                sent = await following()
        except Exception as error:
            yield failure(error)
        finally:
            made.close()

    try:
        return StreamingResponse(all_of(await following()), media_type=STREAM, headers=STREAM_HEADERS)
    except BaseException:
        made.close()
        raise
