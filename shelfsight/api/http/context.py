"""What a request is answered with: the service, and the engine of the collection that its path names."""

from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from shelfsight.api.engine import Engine
from shelfsight.api.service.names import NAME
from shelfsight.api.service.service import Service

__all__ = ["Asked", "CollectionName", "Serving", "engine_of", "named", "service_of"]

CollectionName = Annotated[str, Path(description="Name or alias of a collection.", pattern=f"^{NAME}$")]


def service_of(request: Request) -> Service:
    """The service that the app was made for."""
    found: Service = request.app.state.service
    return found


async def engine_of(request: Request) -> Engine:
    """That of ``{collection}`` in the path, or of the default collection. Opening one may take long.

    Raises:
        NotFound: there is no collection of that name.
    """
    collections, name = service_of(request).collections, request.path_params.get("collection")
    found = collections.always_open(name)
    return await run_in_threadpool(collections.engine, name) if found is None else found


async def _serving(request: Request) -> Service:
    """:func:`service_of` in the event loop: FastAPI would send a plain function to a thread."""
    return service_of(request)


def named(collection: CollectionName) -> str:
    """A dependency of the routes of a named collection, so that their reference tells of the name."""
    return collection


Serving = Annotated[Service, Depends(_serving)]
Asked = Annotated[Engine, Depends(engine_of)]
"""The engine that an operation asks."""
