"""Which names the server is asked by, which pages may ask it, and what browsers are told of that (CORS).

A page of somebody else's can make a browser send requests to this machine. Where an API key is needed it does not have
one. Where none is, the server answers to names of loopback alone (a name that was made to point here is refused), and
pages elsewhere may change nothing, unless they are named in ``settings.server.origins``.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfsight.api.http.problems import problem
from shelfsight.api.service.access import Access
from shelfsight.api.service.origins import ANY, host_of, is_loopback, is_loopback_name, origin
from shelfsight.core.settings import ServerSettings

__all__ = ["API", "SAFE", "Origins", "allowed_pages", "is_local"]

API = "/v1"
_HEALTH = frozenset({"/healthz", "/readyz"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID, "
    "X-API-Key, X-Request-ID",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = "ETag, Location, Retry-After, X-Request-ID"


def is_local(scope: Scope) -> bool:
    """Whether a request comes from this machine: in on an address of loopback, and not through a proxy there."""
    server = scope.get("server") or ("",)
    return is_loopback(server[0]) and not any(name in _FORWARDED for name, _ in scope["headers"])


def allowed_pages(settings: ServerSettings) -> frozenset[str]:
    """``settings.origins`` as browsers send them.

    Raises:
        UsageError: one of them is no origin.
    """
    return frozenset(map(origin, settings.origins))


class Origins:
    """Refuses what comes by a wrong name or from a wrong page, and answers browsers that ask before they ask."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], pages: frozenset[str], access: Access) -> None:
        """
        Args:
            hosts: names that the server is asked by, in lower case; none: see ``settings.server.hosts``.
            pages: origins that may ask besides those of keys.
        """
        self._app = app
        self._hosts = hosts
        self._origins = pages
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _HEALTH:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is None and _is_preflight(scope, headers):
            refusal = self._preflight(headers["origin"])
        if scope["path"].startswith(API):
            send = self._telling(headers.get("origin"), send)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        asked = headers.get("host", "")
        keyless = not self._access.required(local=is_local(scope))
        if not self._is_ours(host_of(asked) or "", on_loopback=is_local(scope), keyless=keyless):
            hint = "ask it as localhost, or name that host in server.hosts of the settings"
            return problem(421, f"this server does not go by the name {asked[:80]!r}", code="wrong_host", hint=hint)
        if keyless and scope["method"] not in SAFE and self._is_foreign(headers, asked):
            hint = "name the page in server.origins of the settings, or give it an API key"
            return problem(403, "a page elsewhere may not ask this", code="wrong_origin", hint=hint)
        return None

    def _is_ours(self, host: str, *, on_loopback: bool, keyless: bool) -> bool:
        if on_loopback and is_loopback_name(host):
            return True
        if self._hosts:
            return ANY in self._hosts or host in self._hosts
        return not (on_loopback and keyless)

    def _is_foreign(self, headers: Headers, asked: str) -> bool:
        """Whether a page sends this that is neither ours nor among those that may."""
        page = headers.get("origin")
        if page is None:
            return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        return page.partition("://")[2] != asked.lower() and not {page, ANY} & self._origins

    def _allowed(self, page: str) -> bool:
        return bool({page, ANY} & (self._origins | self._access.keys.origins()))

    def _preflight(self, page: str) -> Response:
        if not self._allowed(page):
            return problem(403, "this page may not ask", code="wrong_origin", hint="give an API key its --origin")
        return Response(status_code=204, headers=_PREFLIGHT)

    def _telling(self, page: str | None, send: Send) -> Send:
        """``send``, with what the browser of ``page`` has to know to show it the answer."""

        async def send_telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if page is not None and self._allowed(page):
                    headers["Access-Control-Allow-Origin"] = page
                    headers["Access-Control-Expose-Headers"] = _EXPOSED
            await send(message)

        return send_telling


def _is_preflight(scope: Scope, headers: Headers) -> bool:
    asks = "access-control-request-method" in headers and "origin" in headers
    return scope["method"] == "OPTIONS" and asks and bool(scope["path"].startswith(API))
