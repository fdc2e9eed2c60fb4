"""Every error as ``application/problem+json`` (RFC 9457), by the one table of the error tree; never a stack trace."""

import logging
import math
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfsight.api.documents import dump, public_error
from shelfsight.api.service.observed import observed
from shelfsight.core.errors import Busy, ShelfsightError, Unauthenticated, status_of

__all__ = ["INTERNAL", "Unexpected", "answer_to", "install", "problem", "public_error", "told"]

INTERNAL = {"code": "internal", "detail": "something went wrong here; the server's log says what"}
"""What the outside is told of an error that nobody thought of."""

_log = logging.getLogger("shelfsight.http")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CODES = {408: "too_slow", 413: "request_entity_too_large"}
"""Of statuses that are also answered elsewhere, or that Python's versions call differently."""


def problem(status: int, detail: str, *, code: str, **more: Any) -> Response:
    """One problem document."""
    document = {"title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail, **more}
    request = observed()
    if request is not None:
        request.code = code
        document["request_id"] = request.request_id
    return Response(dump(document), status, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""
    app.add_exception_handler(ShelfsightError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)


class Unexpected:
    """Answers an error that nobody thought of with a problem document as well, and those that came about outside of the
    operations. It stands inside of what names and observes requests, so that this answer is like the others:
    Starlette's own place for it is outside of everything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def heard(message: Message) -> None:
            nonlocal begun
            begun |= message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, heard)
        except Exception as error:
            if (
                begun or scope["type"] != "http"
            ):  # the server breaks the connection off, so that half an answer is taken for no whole one
                raise
            await _answer_to_any(scope, error)(scope, receive, send)


def _answer_to_any(scope: Scope, error: Exception) -> Response:
    if isinstance(error, ShelfsightError):
        return answer_to(error)
    if isinstance(error, HTTPException):
        return _http(Request(scope), error)
    _log.error("a request failed", exc_info=error)
    return problem(500, **INTERNAL)


def _known(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ShelfsightError)
    return answer_to(error)


def answer_to(error: ShelfsightError, **more: Any) -> Response:
    """What the outside is answered where ``error`` ended a request, with ``more`` members."""
    response = problem(status_of(error).http, **told(error), **more)
    response.headers.update(_headers(error))
    return response


def told(error: ShelfsightError) -> dict[str, Any]:
    """What the outside may know of ``error``; where we failed, the log has all of it."""
    if status_of(error).http >= 500:
        _log.error("%s: %s", error.code, error.message)
    return public_error(error)


def _headers(error: ShelfsightError) -> dict[str, str]:
    """What programs read of an error without its document."""
    if isinstance(error, Busy):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    return {"WWW-Authenticate": 'Bearer realm="shelfsight"'} if isinstance(error, Unauthenticated) else {}


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
    return problem(422, "; ".join(faults), code="usage", hint="/docs says what this operation takes")


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code) or HTTPStatus(error.status_code).name.lower()
    response = problem(error.status_code, str(error.detail), code=code)
    response.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(_methods(request))
    return response


def _gone(_request: Request, _error: Exception) -> Response:
    """The client went away while it sent its body: nobody reads the answer."""
    return Response(status_code=400)


def _methods(request: Request) -> list[str]:
    """Those that the address may be asked with; the router names the methods of the first route alone."""
    routes = [route for route in request.app.router.routes if not isinstance(route, Mount)]
    scopes = [{**request.scope, "method": method} for method in _METHODS]
    found = [each["method"] for each in scopes if any(route.matches(each)[0] is Match.FULL for route in routes)]
    return ["HEAD", *found] if "GET" in found else found or ["GET", "HEAD"]
