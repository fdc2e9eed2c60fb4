"""Problem documents (RFC 9457), and which of them an operation may answer."""

from dataclasses import dataclass

from pydantic import Field

from shelfsight.api.http.schemas.base import Told, absent, shown
from shelfsight.api.http.schemas.items import UpdateReport, UpsertReport
from shelfsight.core.errors import Reason

__all__ = ["MEDIA_TYPE", "PROBLEMS", "EventError", "Problem", "ProblemKind"]

MEDIA_TYPE = "application/problem+json"


class EventError(Told):
    """What ended a stream of events."""

    model_config = shown({"code": "model", "detail": "the vision-language model failed"})

    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="Names the thing and the place.")
    hint: str = absent("The way out.")
    position: int = absent("Of a bad filter: characters from 0.")
    reason: Reason = absent("Why a picture cannot be used.")


class Problem(EventError):
    """Why a request is not answered."""

    model_config = shown(
        {
            "title": "Unprocessable Content",
            "status": 422,
            "code": "bad_filter",
            "detail": "a value is expected at position 8 of filter 'price < '",
            "position": 8,
            "request_id": "0af7651916cd43dd8448eb211c80319c",
        }
    )

    title: str
    status: int
    request_id: str = absent("Of the request, as the server's log has it.")
    report: UpsertReport | UpdateReport = absent("Of items that came line by line: what is in already.")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What a status means here.

    Attributes:
        name: of the component.
        headers: that come with it.
    """

    name: str
    description: str
    headers: tuple[str, ...] = ()


PROBLEMS = {
    400: ProblemKind("BadRequest", "The request is malformed, or its form cannot be read."),
    401: ProblemKind(
        "Unauthenticated", "An API key is needed, or the one that was sent does not count.", ("WWW-Authenticate",)
    ),
    403: ProblemKind("Forbidden", "The API key does not go so far, or this page may not ask."),
    404: ProblemKind("NotFound", "There is no such thing."),
    408: ProblemKind("TooSlow", "The body did not come in time."),
    409: ProblemKind(
        "Conflict", "The state of the collection forbids it, or that of an earlier page is kept no longer."
    ),
    412: ProblemKind("Changed", "The item is not as the headers say it should be."),
    413: ProblemKind("TooLarge", "The body is larger than this server takes."),
    414: ProblemKind("AddressTooLong", "The address is longer than this server reads."),
    415: ProblemKind("UnsupportedKind", "The body is of no kind that this operation reads."),
    421: ProblemKind("WrongHost", "This server does not go by that name."),
    422: ProblemKind("Unusable", "The request cannot be answered as it is."),
    429: ProblemKind(
        "TooMuch",
        "Too much is asked, of the server or with this API key; `Retry-After` says when it is worth it again.",
        ("Retry-After",),
    ),
    431: ProblemKind("HeadersTooLarge", "The headers are larger than this server reads."),
    500: ProblemKind("Broken", "Something went wrong here; the server's log says what."),
    501: ProblemKind("NotInstalled", "It needs a package that is not installed here."),
    503: ProblemKind(
        "Unavailable",
        "The collection cannot be read or written, a model cannot be had, or the server is about to stop.",
    ),
    507: ProblemKind("Full", "The disk is full."),
}
"""By status. A test compares them with the table of errors."""
