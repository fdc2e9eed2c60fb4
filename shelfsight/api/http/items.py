"""Items, their pictures, and what looks like them, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from shelfsight.api.documents import item_document
from shelfsight.api.http.conditions import IfNoneMatch, is_known, item_tag
from shelfsight.api.http.context import Asked
from shelfsight.api.http.middleware import ITEM, decode_id
from shelfsight.api.http.parameters import SimilarParameters
from shelfsight.api.http.searching import json_response, page_response
from shelfsight.api.pictures import PictureFile

__all__ = ["ItemId", "item_routes"]

_MAX_AGE = 300

ItemId = Annotated[str, Path(description="The item's id, percent-encoded, slashes too.")]
Index = Annotated[int, Path(description="Which picture, from 0.", json_schema_extra={"minimum": 0})]
Side = Annotated[
    int,
    Query(description="Pixels a side at most, 16 to 2048.", json_schema_extra={"minimum": 16, "maximum": 2048}),
]


def item_routes() -> APIRouter:
    """Everything below ``/items/{id}``."""
    routes = APIRouter(prefix="/items", tags=["items"])

    @routes.get("/{id:path}/pictures/{index}/thumbnail", summary="A small picture")
    def get_nth_thumbnail(
        engine: Asked, id: ItemId, index: Index, side: Side = 320, if_none_match: IfNoneMatch = None
    ) -> Response:
        return _picture(engine.thumbnail(decode_id(id), index, side=side), if_none_match)

    @routes.get("/{id:path}/pictures/{index}", summary="A picture as it was indexed")
    def get_nth_picture(engine: Asked, id: ItemId, index: Index, if_none_match: IfNoneMatch = None) -> Response:
        return _picture(engine.picture(decode_id(id), index), if_none_match)

    @routes.get("/{id:path}/picture", summary="The main picture as it was indexed")
    def get_picture(engine: Asked, id: ItemId, if_none_match: IfNoneMatch = None) -> Response:
        return _picture(engine.picture(decode_id(id)), if_none_match)

    @routes.get("/{id:path}/thumbnail", summary="The main picture, small")
    def get_thumbnail(engine: Asked, id: ItemId, side: Side = 320, if_none_match: IfNoneMatch = None) -> Response:
        return _picture(engine.thumbnail(decode_id(id), side=side), if_none_match)

    @routes.get("/{id:path}/similar", summary="Items that look like this one")
    def similar_items(engine: Asked, id: ItemId, asked: Annotated[SimilarParameters, Query()]) -> Response:
        return page_response(engine.similar(decode_id(id), **asked.model_dump()))

    @routes.get(ITEM, summary="One item with its metadata")
    def get_item(engine: Asked, id: ItemId, if_none_match: IfNoneMatch = None) -> Response:
        found = engine.get(decode_id(id))
        document = item_document(found, engine.suggestions_of(found))
        tag = item_tag(found, document)
        if is_known(tag, if_none_match):
            return Response(status_code=304, headers={"ETag": tag})
        return json_response(document, tag=tag)

    return routes


def _picture(picture: PictureFile, if_none_match: str | None) -> Response:
    tag = f'"{picture.tag}"'
    headers = {"ETag": tag, "Cache-Control": f"private, max-age={_MAX_AGE}"}
    if is_known(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    if picture.media_type == "application/octet-stream":
        headers["Content-Disposition"] = "attachment"
    return Response(picture.data, media_type=picture.media_type, headers=headers)
