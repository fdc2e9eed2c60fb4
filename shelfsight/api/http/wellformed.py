"""Requests that two readers could understand differently, or that only an attack would send, are refused first of all.

The parser (h11) refuses what is no HTTP, two lengths that differ, and what is neither a length nor chunked. This layer
refuses what is left to the taste of proxies.
"""

from collections import Counter

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shelfsight.api.http.problems import problem
from shelfsight.api.service.origins import host_of

__all__ = ["WellFormed"]

_LONGEST_TARGET = 16_384
_MOST_HEADERS = 100
_MOST_BYTES = 32_768
_ONCE = frozenset(
    {b"authorization", b"content-length", b"content-type", b"host", b"origin", b"transfer-encoding", b"x-api-key"}
)


class WellFormed:
    """Answers a malformed request with a problem document, and ends its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is not None:
            refusal.headers["Connection"] = "close"
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _refusal(scope: Scope) -> Response | None:
    target = scope.get("raw_path") or b""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(target) + len(scope["query_string"]) > _LONGEST_TARGET:
        return problem(414, f"an address has at most {_LONGEST_TARGET:,} characters", code="uri_too_long")
    if len(headers) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > _MOST_BYTES:
        detail = f"a request has at most {_MOST_HEADERS} headers, of {_MOST_BYTES:,} bytes together"
        return problem(431, detail, code="headers_too_large")
    fault = _fault_of_target(target, scope["path"]) or _fault_of_headers(headers)
    return None if fault is None else problem(400, fault, code="bad_request")


def _fault_of_target(target: bytes, path: str) -> str | None:
    if not target.startswith(b"/"):
        return "the address of a request begins with a slash"
    return "an address holds no null character" if "\0" in path else None


def _fault_of_headers(headers: list[tuple[bytes, bytes]]) -> str | None:
    names = Counter(name for name, _ in headers if name in _ONCE)
    for name, number in names.items():
        if number > 1:
            return f"the header {name.decode()} is there {number} times"
    if b"content-length" in names and b"transfer-encoding" in names:
        return "a body has a length or is chunked, not both"
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    return "the header host names no host" if host and host_of(host) is None else None
