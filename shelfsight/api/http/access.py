"""Which operations need which API key: every router under ``/v1`` says so with :func:`needs`."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from shelfsight.api.http.context import service_of
from shelfsight.api.service.access import Caller
from shelfsight.api.service.keys import Scope
from shelfsight.api.service.origins import is_loopback
from shelfsight.core.errors import Forbidden, UsageError

__all__ = ["Asker", "caller_of", "needs", "say_keys"]

_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="`Authorization: Bearer ss_...`")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="key", description="`X-API-Key: ss_...`")


def needs(scope: str, *, server: bool = False) -> Any:
    """A dependency of a router or an operation: it is for callers whose key goes as far as ``scope``.

    Args:
        scope: ``search``, ``write`` or ``admin``.
        server: it concerns the whole server, not the collection that the path names or the default one. A key for
            some collections alone may then no more than search, and the operation tells of those only.
    """
    needed = Scope(scope)

    async def admitted(
        request: Request,
        _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        _header: Annotated[str | None, Security(_HEADER)],
    ) -> None:
        caller = _caller(request)
        caller.check(needed)
        _check_reach(request, caller, needed if server else None)

    admitted.needed = needed  # type: ignore[attr-defined]
    return Depends(admitted)


def _caller(request: Request) -> Caller:
    """Who asks: found out once a request, though several dependencies may need it."""
    if not hasattr(request.state, "caller"):
        request.state.caller = service_of(request).access.identify(
            _token(request),
            address=request.client.host if request.client else "",
            local=is_loopback((request.scope.get("server") or ("",))[0]),
        )
    found: Caller = request.state.caller
    return found


def caller_of(request: Request) -> Caller:
    """Who asks, once :func:`needs` has let them in."""
    return _caller(request)


Asker = Annotated[Caller, Depends(caller_of)]
"""Who asks. Only in operations that :func:`needs` guards."""


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


def _token(request: Request) -> str | None:
    """The key that was sent, if one was.

    Raises:
        UsageError: several were, or it is sent in another way.
    """
    sent = [("bearer", value) for value in request.headers.getlist("authorization")]
    sent += [("key", value) for value in request.headers.getlist("x-api-key")]
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


def _check_reach(request: Request, caller: Caller, on_server: Scope | None) -> None:
    """
    Raises:
        Forbidden: the key is for other collections, whether or not this one exists.
    """
    if on_server is not None:
        if on_server is not Scope.SEARCH and not caller.sees_all:
            raise Forbidden("this API key is for some collections alone, and this concerns the whole server")
        return
    collections, asked = service_of(request).collections, request.path_params.get("collection")
    meant = collections.resolve(asked)
    if not any(collections.resolve(name) == meant for name in caller.collections or (meant,)):
        raise Forbidden(f"this API key is not for the collection {asked or meant!r}", hint="ask for one that is")
