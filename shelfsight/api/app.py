"""The HTTP front door: the API at ``/v1``, its reference at ``/docs``, the page at ``/``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from anyio import to_thread
from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from shelfsight import __version__
from shelfsight.api.documents import dump
from shelfsight.api.http import problems
from shelfsight.api.http.access import Identified, needs, say_keys
from shelfsight.api.http.admission import Admitted, Gates
from shelfsight.api.http.arriving import InTime
from shelfsight.api.http.asking import ask_routes
from shelfsight.api.http.audited import Audited, audit_routes
from shelfsight.api.http.collections import alias_routes, collection_admin_routes, collection_routes
from shelfsight.api.http.context import named
from shelfsight.api.http.embedding import embed_routes
from shelfsight.api.http.items import item_routes
from shelfsight.api.http.jobs import job_routes
from shelfsight.api.http.keys import key_routes
from shelfsight.api.http.metrics import metrics_routes
from shelfsight.api.http.middleware import EncodedItemPaths, HeadAsGet, RequestIds, SafeHeaders
from shelfsight.api.http.observing import Observes, Routed, load_of, sampled
from shelfsight.api.http.origins import Origins, allowed_pages
from shelfsight.api.http.readiness import Readiness
from shelfsight.api.http.schemas.document import OF_A_COLLECTION, install_reference
from shelfsight.api.http.searching import search_routes
from shelfsight.api.http.wellformed import WellFormed
from shelfsight.api.http.why import why_routes
from shelfsight.api.http.writing import writing_routes
from shelfsight.api.service.service import Service

__all__ = ["create_app"]

_PAGE = Path(__file__).parent / "page"


def create_app(service: Service) -> FastAPI:
    """The app over a service, which is not closed with it."""
    gates = Gates(service.settings)
    readiness = Readiness(service, lambda: gates.ending)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = gates.threads
        readiness.warm_up()
        service.jobs.start()
        try:
            async with sampled(service.metrics, gates):
                yield
        finally:
            await to_thread.run_sync(service.jobs.stop)

    app = FastAPI(
        title="Shelfsight",
        summary="Search a catalogue by what its pictures show.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=_plainly,
    )
    app.state.service = service
    app.state.gates = gates
    problems.install(app)
    _add_operations(app)
    app.include_router(metrics_routes(), dependencies=[needs("metrics", server=True)])
    _add_health(app, readiness)
    _add_pages(app)
    install_reference(app)
    say_keys(app)
    _add_layers(app, service, gates)
    return app


def _add_layers(app: FastAPI, service: Service, gates: Gates) -> None:
    """What stands around the operations, from the inside out."""
    server = service.settings.server
    app.add_middleware(Routed)
    app.add_middleware(Audited, log=service.audit)
    app.add_middleware(Admitted, gates=gates)
    app.add_middleware(Identified, access=service.access)
    app.add_middleware(problems.Unexpected)
    app.add_middleware(EncodedItemPaths)
    app.add_middleware(HeadAsGet)
    hosts = frozenset(map(str.lower, server.hosts))
    app.add_middleware(Origins, hosts=hosts, pages=allowed_pages(server), access=service.access)
    app.add_middleware(InTime, settings=server)
    app.add_middleware(WellFormed)
    app.add_middleware(problems.Unexpected)  # once more, for the layers between, which themselves ask for keys
    load, queries = partial(load_of, gates), service.settings.log.queries
    app.add_middleware(Observes, metrics=service.metrics, load=load, spans=service.spans, queries=queries)
    app.add_middleware(RequestIds)
    app.add_middleware(SafeHeaders)


def _add_operations(app: FastAPI) -> None:
    """What one collection answers, twice: the default one, and one that the path names. And what the server answers."""
    app.include_router(_collection_routes(), prefix="/v1", generate_unique_id_function=_plainly)
    app.include_router(
        _collection_routes(),
        prefix="/v1/collections/{collection}",
        dependencies=[Depends(named)],
        generate_unique_id_function=_of_a_collection,
    )
    aliases, alias_changes = alias_routes()
    for part, needed in (
        (collection_routes(), needs("search", server=True)),
        (collection_admin_routes(), needs("admin", server=True)),
        (aliases, needs("search", server=True)),
        (alias_changes, needs("admin", server=True)),
        (key_routes(), needs("admin", server=True)),
        (audit_routes(), needs("admin", server=True)),
    ):
        app.include_router(part, prefix="/v1", dependencies=[needed], generate_unique_id_function=_plainly)


def _collection_routes() -> APIRouter:
    """What one collection answers."""
    routes = APIRouter()
    for part in (search_routes(), embed_routes(), ask_routes(), item_routes()):
        routes.include_router(part, dependencies=[needs("search")])
    routes.include_router(why_routes(), dependencies=[needs("write", changes=False)])
    for part in (writing_routes(), job_routes()):
        routes.include_router(part, dependencies=[needs("write")])
    return routes


def _plainly(route: APIRoute) -> str:
    return route.name


def _of_a_collection(route: APIRoute) -> str:
    return route.name + OF_A_COLLECTION


def _add_health(app: FastAPI, readiness: Readiness) -> None:
    @app.get("/healthz", tags=["health"], summary="The process is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", tags=["health"], summary="A query is answered just now")
    def readyz() -> Response:
        ready, document = readiness.check()
        return Response(dump(document), 200 if ready else 503, media_type="application/json")


def _add_pages(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    @app.get("/indexing", include_in_schema=False)
    def indexing() -> FileResponse:
        return FileResponse(_PAGE / "indexing.html")

    @app.get("/docs", include_in_schema=False)
    def docs() -> FileResponse:
        return FileResponse(_PAGE / "docs.html")

    app.mount("/page", StaticFiles(directory=_PAGE), name="page")
