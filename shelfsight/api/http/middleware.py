"""Thin layers around the app: safe headers on every answer, item ids that may hold slashes, HEAD for every GET."""

import re
from random import getrandbits
from urllib.parse import unquote

from starlette.convertors import PathConvertor, register_url_convertor
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ITEM", "EncodedItemPaths", "HeadAsGet", "RequestIds", "SafeHeaders", "decode_id"]

_ITEMS = re.compile("/v1/(?:collections/[^/]+/)?items/")
_ABOVE = (3, 5)
"""Segments of a path above an item's id."""

_REQUEST_ID = re.compile("[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "private, no-cache",
}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


class SafeHeaders:
    """Adds the headers that keep a browser from guessing types, framing the page, running what it should not, and
    showing what is no longer so (an answer that may be kept says that itself)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                is_page = headers.get("content-type", "").startswith("text/html")
                headers["Content-Security-Policy"] = _PAGE_POLICY if is_page else _DATA_POLICY
            await send(message)

        await self._app(scope, receive, send_safely)


class RequestIds:
    """Gives every request an id, the client's own in ``X-Request-ID`` where that is one, and says it in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        found = sent if _REQUEST_ID.fullmatch(sent) else f"{getrandbits(128):032x}"
        scope.setdefault("state", {})["request_id"] = found

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = found
            await send(message)

        await self._app(scope, receive, send_named)


class EncodedItemPaths:
    """Routes below ``/items/`` of a collection see what is behind that as it was sent, percent-encoded.

    Ids of a folder catalogue are paths. Encoded whole (``shoes%2Fred.jpg``) an id is one segment that nothing can
    be taken for, even one that ends in ``/thumbnail``; with plain slashes it works too, as long as it does not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and _ITEMS.match(scope["path"]) and (sent := _encoded_below(raw.decode("latin-1"))):
            scope = {**scope, "path": sent}
        await self._app(scope, receive, send)


def _encoded_below(sent: str) -> str | None:
    """The path ``sent``, decoded but for an item's id; ``None``: it is none of an item."""
    segments = sent.split("/")
    for above in _ABOVE:
        head = "/".join(map(unquote, segments[:above])) + "/"
        if _ITEMS.fullmatch(head):
            return head + "/".join(segments[above:])
    return None


class HeadAsGet:
    """HEAD is answered as GET is; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


class _ItemPath(PathConvertor):
    regex = "(?!.*/(?:ask|why|similar|picture|thumbnail|pictures/[^/]+(?:/thumbnail)?)$).+"


register_url_convertor("item", _ItemPath())
ITEM = "/{id:item}"
"""The path of an item itself, below that of all: none that ends as the path of something of an item does."""


def decode_id(encoded: str) -> str:
    """The item id of a path segment."""
    return unquote(encoded)
