"""Changes go into the audit log before their client is answered."""

from collections.abc import Callable
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfsight.api.http.context import Serving
from shelfsight.api.http.searching import json_response
from shelfsight.api.service.audit import AuditLog, Entry
from shelfsight.api.service.writing import Rows
from shelfsight.core.types import Failure

__all__ = ["Audited", "Noted", "audit_routes", "noting"]


async def entry_of(request: Request) -> Entry:
    """The line that will be written of this request; an operation adds to it what it is about."""
    found: Entry = request.state.entry
    return found


Noted = Annotated[Entry, Depends(entry_of)]
"""Only in operations that change something and need a key for ``write`` or ``admin``."""


class Audited:
    """Writes the lines of requests that have one."""

    def __init__(self, app: ASGIApp, log: AuditLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = False

        def line(status: int) -> dict[str, Any] | None:
            """What is still to be written."""
            nonlocal told
            entry: Entry | None = None if told else scope.get("state", {}).get("entry")
            told = told or entry is not None
            return None if entry is None else entry.ended(status)

        async def send_written(message: Message) -> None:
            if message["type"] == "http.response.start" and (document := line(message["status"])) is not None:
                await to_thread.run_sync(self._log.write, document)
            await send(message)

        try:
            await self._app(scope, receive, send_written)
        except BaseException as error:  # also where the server ends: what a thread has begun it may still do
            if (document := line(500 if isinstance(error, Exception) else 503)) is not None:
                self._log.write(document)
            raise


def noting(entry: Entry, log: AuditLog, open_rows: Callable[..., Rows]) -> Callable[..., Rows]:
    """``open_rows``, whose rows are noted in ``entry``. Where they come line by line, the log has a line before the
    second part of them goes in."""
    return lambda *given: _Noting(entry, log, open_rows(*given))


class _Noting:
    """Rows that are noted as they are read."""

    def __init__(self, entry: Entry, log: AuditLog, rows: Rows) -> None:
        self._entry, self._log, self._rows = entry, log, rows

    @property
    def document(self) -> dict[str, Any]:
        return self._rows.document

    def read(self, document: object, place: str) -> None:
        id = document.get("id") if isinstance(document, dict) else None
        self._entry.add([str(id)] if isinstance(id, str | int) else [])
        self._rows.read(document, place)

    def refuse(self, failure: Failure) -> None:
        self._rows.refuse(failure)

    def put(self) -> None:
        if self._entry.chunks == 1:
            self._log.write(self._entry.document("begun"))
        self._rows.put()
        self._entry.chunks += 1

    def close(self) -> None:
        self._rows.close()


def audit_routes() -> APIRouter:
    """``GET /audit``."""
    routes = APIRouter(prefix="/audit", tags=["administration"])

    @routes.get("", summary="What was changed last, by whom, and what became of it")
    def list_audit(
        service: Serving,
        last: Annotated[int, Query(ge=1, le=10_000, description="Entries wanted, newest first.")] = 100,
        key: Annotated[str | None, Query(description="Only those of this API key, by id or name.")] = None,
        collection: Annotated[str | None, Query(description="Only those of this collection or alias.")] = None,
    ) -> Response:
        return json_response({"entries": service.audit.read(last, key=key, collection=collection)})

    return routes
