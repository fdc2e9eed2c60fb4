"""Items, their pictures, and what looks like them, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from shelfsight.api.documents import item_document
from shelfsight.api.http.context import Asked
from shelfsight.api.http.middleware import decode_id
from shelfsight.api.http.problems import PROBLEMS
from shelfsight.api.http.searching import (
    Facets,
    Filter,
    GroupBy,
    Histograms,
    K,
    Offset,
    Snapshot,
    Sort,
    json_response,
    page_response,
)
from shelfsight.api.pictures import PictureFile

__all__ = ["item_routes"]

_MAX_AGE = 300
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"description": "The picture.", "content": {"image/*": {}}}}

ItemId = Annotated[str, Path(description="The item's id, percent-encoded, slashes too.")]
Index = Annotated[int, Path(description="Which picture, from 0.")]
Side = Annotated[int, Query(description="Pixels a side at most, 16 to 2048.")]


def item_routes() -> APIRouter:
    """Everything below ``/items/{id}``."""
    routes = APIRouter(prefix="/items", tags=["items"], responses=PROBLEMS)

    @routes.get("/{id:path}/pictures/{index}/thumbnail", summary="A small picture", responses=_PICTURE)
    def nth_thumbnail(request: Request, engine: Asked, id: ItemId, index: Index, side: Side = 320) -> Response:
        return _picture(request, engine.thumbnail(decode_id(id), index, side=side))

    @routes.get("/{id:path}/pictures/{index}", summary="A picture as it was indexed", responses=_PICTURE)
    def nth_picture(request: Request, engine: Asked, id: ItemId, index: Index) -> Response:
        return _picture(request, engine.picture(decode_id(id), index))

    @routes.get("/{id:path}/picture", summary="The main picture as it was indexed", responses=_PICTURE)
    def picture(request: Request, engine: Asked, id: ItemId) -> Response:
        return _picture(request, engine.picture(decode_id(id)))

    @routes.get("/{id:path}/thumbnail", summary="The main picture, small", responses=_PICTURE)
    def thumbnail(request: Request, engine: Asked, id: ItemId, side: Side = 320) -> Response:
        return _picture(request, engine.thumbnail(decode_id(id), side=side))

    @routes.get("/{id:path}/similar", summary="Items that look like this one")
    def similar(
        engine: Asked,
        id: ItemId,
        k: K = 10,
        offset: Offset = 0,
        filter: Filter = None,
        facets: Facets = [],  # noqa: B006
        histograms: Histograms = [],  # noqa: B006
        sort: Sort = [],  # noqa: B006
        group_by: GroupBy = None,
        snapshot: Snapshot = None,
    ) -> Response:
        page = engine.similar(
            decode_id(id),
            k=k,
            offset=offset,
            filter=filter,
            facets=facets,
            histograms=histograms,
            sort=sort,
            group_by=group_by,
            snapshot=snapshot,
        )
        return page_response(page)

    @routes.get("/{id:path}", summary="One item with its metadata")
    def item(engine: Asked, id: ItemId) -> Response:
        found = engine.get(decode_id(id))
        return json_response(item_document(found, engine.suggestions(found.id)))

    return routes


def _picture(request: Request, picture: PictureFile) -> Response:
    tag = f'"{picture.tag}"'
    headers = {"ETag": tag, "Cache-Control": f"private, max-age={_MAX_AGE}"}
    if tag in (known.strip() for known in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    if picture.media_type == "application/octet-stream":
        headers["Content-Disposition"] = "attachment"
    return Response(picture.data, media_type=picture.media_type, headers=headers)
