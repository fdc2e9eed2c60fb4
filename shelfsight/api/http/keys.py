"""API keys over HTTP, for administrators."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from shelfsight.api.http.audited import Noted
from shelfsight.api.http.bodies import read_json
from shelfsight.api.http.context import Serving
from shelfsight.api.http.searching import json_response
from shelfsight.api.service.keys import ApiKey, Order
from shelfsight.api.service.service import Service

__all__ = ["key_routes"]

_MAX_BODY = 100_000


def key_routes() -> APIRouter:
    """``GET`` and ``POST /keys``, ``DELETE /keys/{key}``."""
    routes = APIRouter(prefix="/keys", tags=["administration"])

    @routes.get("", summary="The API keys, without what makes them work")
    def list_keys(service: Serving) -> Response:
        """`looks_today` are the pictures that a vision-language model looked at for a key since 0:00 UTC."""
        return json_response({"keys": [_described(service, key) for key in service.access.keys.all()]})

    @routes.post("", summary="Make an API key", status_code=201)
    async def create_key(request: Request, service: Serving, entry: Noted) -> Response:
        order = await read_json(request, Order, _MAX_BODY)
        key, token = await run_in_threadpool(service.access.keys.create, order)
        entry.add([key.id])
        response = json_response({**_described(service, key), "key": token}, 201)
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.delete("/{key}", summary="End an API key at once")
    def revoke_key(service: Serving, key: Annotated[str, Path(description="The id of a key.")]) -> Response:
        return json_response(_described(service, service.access.keys.revoke(key)))

    return routes


def _described(service: Service, key: ApiKey) -> dict[str, Any]:
    return {**key.document(), "looks_today": service.access.looks_on(key, datetime.now(UTC).date())}
