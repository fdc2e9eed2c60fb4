"""The HTTP front door: the API at ``/v1``, its reference at ``/docs``, the page at ``/``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from shelfsight import __version__
from shelfsight.api.documents import dump
from shelfsight.api.engine import Engine
from shelfsight.api.http import problems
from shelfsight.api.http.asking import ask_routes
from shelfsight.api.http.items import item_routes
from shelfsight.api.http.middleware import EncodedItemPaths, HeadAsGet, SafeHeaders
from shelfsight.api.http.readiness import Readiness
from shelfsight.api.http.searching import search_routes

__all__ = ["create_app"]

_PAGE = Path(__file__).parent / "page"


def create_app(engine: Engine, *, max_request: int) -> FastAPI:
    """The app over one engine. The engine is not closed with the app.

    Args:
        max_request: bytes of one request body at most, picture uploads among them.
    """
    readiness = Readiness(engine)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        readiness.warm_up()
        yield

    app = FastAPI(
        title="Shelfsight",
        summary="Search a catalogue by what its pictures show.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    app.include_router(search_routes(engine, max_request))
    app.include_router(ask_routes(engine, max_request))
    app.include_router(item_routes(engine))
    _add_health(app, readiness)
    _add_pages(app)
    app.add_middleware(EncodedItemPaths)
    app.add_middleware(HeadAsGet)
    app.add_middleware(SafeHeaders)
    return app


def _add_health(app: FastAPI, readiness: Readiness) -> None:
    @app.get("/healthz", tags=["health"], summary="The process is alive")
    def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(
        "/readyz",
        tags=["health"],
        summary="A query is answered just now",
        responses={503: {"description": "Not yet; `detail` says why."}},
    )
    def readyz() -> Response:
        ready, document = readiness.check()
        return Response(dump(document), 200 if ready else 503, media_type="application/json")


def _add_pages(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    @app.get("/docs", include_in_schema=False)
    def docs() -> FileResponse:
        return FileResponse(_PAGE / "docs.html")

    app.mount("/page", StaticFiles(directory=_PAGE), name="page")
