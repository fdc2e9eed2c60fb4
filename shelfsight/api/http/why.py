"""Why an item stands where it does, over HTTP. It tells of the merchandiser's rules: it is for those who may write."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from shelfsight.api.documents import public_name, public_text
from shelfsight.api.http.access import Asker
from shelfsight.api.http.bodies import read_search
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.items import ItemId
from shelfsight.api.http.middleware import decode_id
from shelfsight.api.http.searching import json_response
from shelfsight.api.service import looking
from shelfsight.api.why import why_document
from shelfsight.core.why import Why

__all__ = ["why_routes"]


def why_routes() -> APIRouter:
    """``POST /items/{id}/why``."""
    routes = APIRouter(prefix="/items", tags=["items"])

    @routes.post("/{id:path}/why", summary="Why an item stands where it does in a search, or is not found")
    async def why_item(request: Request, engine: Asked, service: Serving, caller: Asker, id: ItemId) -> Response:
        """The body is that of the search. However far down the item stands, its place is told, where it stood behind
        each stage, what stands above it, and what would change that."""
        arguments = await read_search(request, service.settings.server.max_request)

        def told() -> Response:
            return json_response(_public(looking.why(service.access, caller, engine, decode_id(id), arguments)))

        return await run_in_threadpool(told)

    return routes


def _public(why: Why) -> dict[str, Any]:
    """Without the places of files on this machine."""
    document = why_document(why)
    for shown in (document, *document["above"]):
        shown["picture"] = public_name(shown["picture"])
    if "warnings" in document:
        document["warnings"] = [public_text(warning) for warning in document["warnings"]]
    return document
