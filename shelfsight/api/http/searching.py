"""Searching and browsing over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from shelfsight.api.documents import atom_document, dump
from shelfsight.api.http.access import Asker
from shelfsight.api.http.bodies import read_search
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.events import streamed, wants_events
from shelfsight.api.http.pages import public_page, search_event
from shelfsight.api.http.parameters import BrowseParameters, FilterParameter
from shelfsight.api.service import looking
from shelfsight.core.types import Page

__all__ = ["json_response", "page_response", "search_routes"]


def page_response(page: Page, *, scores: bool = True) -> Response:
    """A page of hits; pictures and models by name, never by the place of their files."""
    return json_response(public_page(page, scores=scores))


def json_response(document: dict[str, Any], status: int = 200, *, tag: str | None = None) -> Response:
    """A document, with its ETag where it has one."""
    headers = None if tag is None else {"ETag": tag}
    return Response(dump(document), status, media_type="application/json", headers=headers)


def search_routes() -> APIRouter:
    """``POST /search``, ``GET /parse``, ``GET /items`` and ``GET /facets``."""
    routes = APIRouter(tags=["search"])

    @routes.post("/search", summary="Search by text, by a picture, or by both")
    async def search(request: Request, engine: Asked, service: Serving, caller: Asker) -> Response:
        arguments = await read_search(request, service.settings.server.max_request)
        if wants_events(request):
            events = looking.search_events(service.access, caller, engine, arguments)
            return await streamed(events, search_event)

        def found() -> Response:
            return page_response(looking.search(service.access, caller, engine, arguments))

        return await run_in_threadpool(found)

    @routes.get("/parse", summary="What a query asks for, in parts that can be edited and sent back")
    def parse_query(engine: Asked, query: Annotated[str, Query(description="A phrase or sentence.")]) -> Response:
        return json_response({"atoms": [atom_document(atom) for atom in engine.parse(query)]})

    @routes.get("/items", summary="Look around: items that pass a filter, in the order of fields or of their ids")
    def browse_items(engine: Asked, asked: Annotated[BrowseParameters, Query()]) -> Response:
        return page_response(engine.browse(**asked.model_dump()), scores=False)

    @routes.get("/facets", summary="Values of fields with their counts")
    def count_facets(
        engine: Asked,
        filter: Annotated[FilterParameter, Query()] = None,
        field: Annotated[list[str], Query(description="Fields whose value counts are wanted.")] = [],  # noqa: B006
    ) -> Response:
        """Without `field`: those fields whose few values are worth showing as a choice."""
        counts = engine.facets(field or engine.suggested_facets(), filter=filter)
        return json_response({"facets": counts, "fields": engine.fields(), "total": engine.count(filter)})

    return routes
