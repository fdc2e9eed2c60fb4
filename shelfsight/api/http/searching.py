"""Searching and browsing over HTTP."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from shelfsight.api.documents import atom_document, dump, page_document, public_model, public_name, public_text
from shelfsight.api.http.bodies import SEARCH_BODY, read_search
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.problems import PROBLEMS
from shelfsight.core.types import Page

__all__ = [
    "Facets",
    "Filter",
    "GroupBy",
    "Histograms",
    "K",
    "Offset",
    "Snapshot",
    "Sort",
    "json_response",
    "page_response",
    "search_routes",
]

Filter = Annotated[str | None, Query(description="Boolean expression over metadata: `price < 80`.")]
K = Annotated[int, Query(description="Hits wanted, 1 or more.")]
Offset = Annotated[int, Query(description="Hits skipped.")]
Facets = Annotated[list[str], Query(description="Fields whose value counts are wanted; may be repeated.")]
Histograms = Annotated[list[str], Query(description="Number fields whose spread is wanted; may be repeated.")]
Sort = Annotated[list[str], Query(description="Fields to order by: `price`, or `-price` for descending.")]
GroupBy = Annotated[str | None, Query(description="One hit for each value of this field, the others inside.")]
Snapshot = Annotated[str | None, Query(description="`snapshot` of the page before: the same state again.")]


def page_response(page: Page, *, scores: bool = True) -> Response:
    """A page of hits; pictures and models by name, never by the place of their files."""
    document = page_document(page)
    for hit in _every(document["hits"]):
        hit["picture"] = public_name(hit["picture"])
        for suggestion in hit.get("suggestions", {}).values():
            suggestion["model"] = public_model(suggestion["model"])
        if not scores:
            del hit["score"]
    for stage in document.get("stages", ()):
        stage["model"] = public_model(stage["model"])
    if "warnings" in document:
        document["warnings"] = [public_text(warning) for warning in document["warnings"]]
    return json_response(document)


def _every(hits: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Hits and their variants."""
    for hit in hits:
        yield hit
        yield from hit.get("variants", ())


def json_response(document: dict[str, Any]) -> Response:
    return Response(dump(document), media_type="application/json")


def search_routes() -> APIRouter:
    """``POST /search``, ``GET /parse``, ``GET /items`` and ``GET /facets``."""
    routes = APIRouter(tags=["search"], responses=PROBLEMS)

    @routes.post("/search", summary="Search by text, by a picture, or by both", openapi_extra=SEARCH_BODY)
    async def search(request: Request, engine: Asked, service: Serving) -> Response:
        arguments = await read_search(request, service.settings.server.max_request)
        page = await run_in_threadpool(engine.search, **arguments)
        return page_response(page)

    @routes.get("/parse", summary="What a query asks for, in parts that can be edited and sent back")
    def parse(engine: Asked, query: Annotated[str, Query(description="A phrase or sentence.")]) -> Response:
        return json_response({"atoms": [atom_document(atom) for atom in engine.parse(query)]})

    @routes.get("/items", summary="Look around: items that pass a filter, in the order of fields or of their ids")
    def browse(
        engine: Asked,
        filter: Filter = None,
        k: K = 10,
        offset: Offset = 0,
        facets: Facets = [],  # noqa: B006
        histograms: Histograms = [],  # noqa: B006
        sort: Sort = [],  # noqa: B006
        group_by: GroupBy = None,
        snapshot: Snapshot = None,
    ) -> Response:
        page = engine.browse(
            k=k,
            offset=offset,
            filter=filter,
            facets=facets,
            histograms=histograms,
            sort=sort,
            group_by=group_by,
            snapshot=snapshot,
        )
        return page_response(page, scores=False)

    @routes.get("/facets", summary="Values of fields with their counts")
    def facets(engine: Asked, filter: Filter = None, field: Facets = []) -> Response:  # noqa: B006
        """Without `field`: those fields whose few values are worth showing as a choice."""
        counts = engine.facets(field or engine.suggested_facets(), filter=filter)
        return json_response({"facets": counts, "fields": engine.fields(), "total": engine.count(filter)})

    return routes
