"""Who asks, found out before anything of a request is read; and which operations need which API key.

Every router under ``/v1`` says with :func:`needs` how far a key must go.
"""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shelfsight.api.http.context import service_of
from shelfsight.api.http.middleware import decode_id
from shelfsight.api.http.origins import API, SAFE, is_local
from shelfsight.api.service import keys
from shelfsight.api.service.access import Access, Caller
from shelfsight.api.service.audit import Entry
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.origins import ANY
from shelfsight.core.errors import Forbidden, UsageError

__all__ = ["METRICS", "Asker", "Identified", "caller_of", "needs", "say_keys", "sees"]

METRICS = "/metrics"
"""Beside the API, and asked with a key as that is."""
_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="`Authorization: Bearer ss_...`")
_CHANGED = ("id", "alias", "key", "job")
"""What a path may name that an operation changes."""
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="key", description="`X-API-Key: ss_...`")


def needs(scope: str, *, server: bool = False, changes: bool = True) -> Any:
    """A dependency of a router or an operation: it is for callers whose key goes as far as ``scope``.

    Args:
        scope: ``search``, ``write`` or ``admin``.
        server: it concerns the whole server, not the collection that the path names or the default one. A key for
            some collections alone may then no more than search, and the operation tells of those only.
        changes: what is no search, and is not asked with GET, changes something, and gets a line in the audit log.
    """
    needed = keys.Scope(scope)

    async def admitted(
        request: Request,
        _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        _header: Annotated[str | None, Security(_HEADER)],
    ) -> None:
        caller = caller_of(request)
        caller.check(needed)
        _check_reach(request, caller, needed if server else None)
        if changes and needed is not keys.Scope.SEARCH and request.method not in SAFE:
            request.state.entry = _entry(request, caller, server=server)

    admitted.needed = needed  # type: ignore[attr-defined]
    return Depends(admitted)


class Identified:
    """Finds out who asks the API. Who may not is refused before the body is read, or takes a place among those that
    are worked on."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"].startswith(API) or scope["path"] == METRICS):
            scope.setdefault("state", {})["caller"] = self._identify(scope)
        await self._app(scope, receive, send)

    def _identify(self, scope: Scope) -> Caller:
        headers, local = Headers(scope=scope), is_local(scope)
        address = (scope.get("client") or ("",))[0]
        token = _token(headers) if self._access.required(local=local) else None  # it may be a proxy's own
        caller = self._access.identify(token, address=address, local=local)
        _check_page(headers, caller)
        return caller


def caller_of(request: Request) -> Caller:
    """Who asks."""
    found: Caller = request.state.caller
    return found


async def _asking(request: Request) -> Caller:
    """:func:`caller_of` in the event loop: FastAPI would send a plain function to a thread."""
    return caller_of(request)


Asker = Annotated[Caller, Depends(_asking)]
"""Who asks. Only in operations under ``/v1``."""


def _entry(request: Request, caller: Caller, *, server: bool) -> Entry:
    """The line that the audit log gets of a change."""
    path = request.path_params
    entry = Entry(
        caller=caller,
        operation=request.scope["route"].name,
        request_id=getattr(request.state, "request_id", ""),
        collection=path.get("collection") or (None if server else service_of(request).collections.default),
    )
    entry.add(decode_id(path[name]) for name in _CHANGED if name in path)
    return entry


def say_keys(app: FastAPI) -> None:
    """Let the reference of ``app`` say that no key is needed, as long as that is so on this machine."""
    whole = app.openapi

    def openapi() -> dict[str, Any]:
        document = whole()
        if app.state.service.access.required(local=True):
            return document
        return {**document, "paths": {path: _keyless(found) for path, found in document["paths"].items()}}

    app.openapi = openapi  # type: ignore[method-assign]


def _keyless(operations: dict[str, Any]) -> dict[str, Any]:
    return {
        method: {**about, "security": [{}, *about["security"]]} if "security" in about else about
        for method, about in operations.items()
    }


def _token(headers: Headers) -> str | None:
    """The key that was sent, if one was.

    Raises:
        UsageError: several were, or it is sent in another way.
    """
    sent = [("bearer", value) for value in headers.getlist("authorization")]
    sent += [("key", value) for value in headers.getlist("x-api-key")]
    if not sent:
        return None
    kind, value = sent[0]
    if len(sent) > 1:
        raise UsageError("several API keys in one request", hint="send one")
    if kind == "key":
        return value.strip()
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer":
        raise UsageError(f"Authorization {scheme!r} is not known here", hint="send `Authorization: Bearer KEY`")
    return token.strip()


def _check_page(headers: Headers, caller: Caller) -> None:
    """
    Raises:
        Forbidden: the key is for other pages than the one that sends it.
    """
    page = headers.get("origin")
    if page is None or caller.key is None or not caller.key.origins or ANY in caller.key.origins:
        return
    if page not in caller.key.origins and page.partition("://")[2] != headers.get("host", "").lower():
        raise Forbidden(f"the API key {caller.key.id} is not for this page", hint="give it that --origin")


def _check_reach(request: Request, caller: Caller, on_server: keys.Scope | None) -> None:
    """
    Raises:
        Forbidden: the key is for other collections, whether or not this one exists.
    """
    collection = request.path_params.get("collection")
    if on_server is not None:
        if on_server is not keys.Scope.SEARCH and not caller.sees_all:
            raise Forbidden("this API key is for some collections alone, and this concerns the whole server")
        if collection is None:
            return
    collections = service_of(request).collections
    if not sees(caller, collections, collection):
        name = collection or collections.default
        raise Forbidden(f"this API key is not for the collection {name[:80]!r}", hint="ask for one that is")


def sees(caller: Caller, collections: Collections, name: str | None) -> bool:
    """Whether the caller may ask a collection, by its name or an alias, which its key may name as well."""
    meant = collections.resolve(name)
    return caller.sees_all or any(collections.resolve(known) == meant for known in caller.collections)
