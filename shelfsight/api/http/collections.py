"""Collections and their second names over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from starlette.responses import Response

from shelfsight.api.documents import manifest_document, public_model
from shelfsight.api.engine import Engine
from shelfsight.api.http.access import Asker, sees
from shelfsight.api.http.audited import Noted
from shelfsight.api.http.bodies import read_json
from shelfsight.api.http.context import CollectionName, Serving
from shelfsight.api.http.searching import json_response
from shelfsight.api.sent import Sent
from shelfsight.api.service.collections import Listed
from shelfsight.api.service.names import NAME
from shelfsight.api.service.service import Service

__all__ = ["alias_routes", "collection_admin_routes", "collection_routes"]

_MAX_BODY = 10_000

Alias = Annotated[str, Path(description="An alias.", pattern=f"^{NAME}$")]


class CreateRequest(Sent):
    """What a new collection is."""

    encoder: str = Field(
        default="embedded",
        max_length=200,
        description="`embedded`, that of another collection here, or one of `shelfsight models` that is on the server.",
    )
    store: Literal["faiss", "exact", "milvus"] = Field(default="faiss", description="What holds its vectors.")


class AliasRequest(Sent):
    """What an alias stands for."""

    collection: str = Field(pattern=f"^{NAME}$", description="Name of a collection, not of another alias.")


def collection_routes() -> APIRouter:
    """What collections there are: ``GET /collections`` and ``GET /collections/{collection}``."""
    routes = APIRouter(prefix="/collections", tags=["collections"])

    @routes.get("", summary="The collections of this server")
    def list_collections(service: Serving, caller: Asker) -> Response:
        """Those that the API key is for."""
        collections = service.collections
        listed = [_listed(each) for each in collections.listed() if sees(caller, collections, each.name)]
        return json_response({"collections": listed})

    @routes.get("/{collection}", summary="What a collection is, and what is in it")
    def get_collection(service: Serving, collection: CollectionName) -> Response:
        return json_response(_described(service, collection, service.collections.engine(collection)))

    return routes


def collection_admin_routes() -> APIRouter:
    """``PUT`` and ``DELETE`` of ``/collections/{collection}``."""
    routes = APIRouter(prefix="/collections", tags=["collections"])

    @routes.put("/{collection}", summary="Make a collection in the folder that is served")
    async def create_collection(request: Request, service: Serving, collection: CollectionName) -> Response:
        """One that is there already stays as it is, if it has that encoder and that store."""
        asked = await read_json(request, CreateRequest, _MAX_BODY)

        def create() -> Response:
            engine, new = service.collections.create(collection, encoder=asked.encoder, store=asked.store)
            return json_response(_described(service, collection, engine), 201 if new else 200)

        return await run_in_threadpool(create)

    @routes.delete("/{collection}", summary="Take a collection away, with everything in it")
    def delete_collection(service: Serving, collection: CollectionName) -> Response:
        service.collections.remove(collection)
        return json_response({"deleted": collection})

    return routes


def alias_routes() -> tuple[APIRouter, APIRouter]:
    """``GET /aliases``; ``PUT`` and ``DELETE`` of ``/aliases/{alias}``."""
    reading = APIRouter(prefix="/aliases", tags=["collections"])
    writing = APIRouter(prefix="/aliases", tags=["collections"])

    @reading.get("", summary="The aliases, and what each stands for")
    def list_aliases(service: Serving, caller: Asker) -> Response:
        """Of collections that the API key is for."""
        collections = service.collections
        pairs = sorted(pair for pair in collections.aliases().items() if sees(caller, collections, pair[1]))
        return json_response({"aliases": [{"alias": alias, "collection": name} for alias, name in pairs]})

    @writing.put("/{alias}", summary="Let an alias stand for a collection from now on")
    async def put_alias(request: Request, service: Serving, alias: Alias, entry: Noted) -> Response:
        """Every request is answered by the one collection or by the other, whole. `before` is what it stood for."""
        asked = await read_json(request, AliasRequest, _MAX_BODY)
        entry.collection = asked.collection
        before = await run_in_threadpool(service.collections.point, alias, asked.collection)
        return json_response({"alias": alias, "collection": asked.collection, "before": before})

    @writing.delete("/{alias}", summary="Take an alias away; its collection stays")
    def delete_alias(service: Serving, alias: Alias) -> Response:
        return json_response({"alias": alias, "before": service.collections.unpoint(alias)})

    return reading, writing


def _listed(each: Listed) -> dict[str, Any]:
    return {
        "name": each.name,
        "aliases": list(each.aliases),
        "default": each.default,
        "removable": each.removable,
    }


def _described(service: Service, name: str, engine: Engine) -> dict[str, Any]:
    """The manifest without this machine's folders, and what the collection is called."""
    manifest = manifest_document(engine.manifest)
    encoder = {**manifest["encoder"], "name": public_model(manifest["encoder"]["name"])}
    return {**_listed(service.collections.about(name)), **manifest, "encoder": encoder, "fields": engine.fields()}
