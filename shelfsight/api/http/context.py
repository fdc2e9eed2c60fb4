"""What a request is answered with: the service, and the engine of the collection that its path names."""

from typing import Annotated

from fastapi import Depends, Path, Request

from shelfsight.api.engine import Engine
from shelfsight.api.service.names import NAME
from shelfsight.api.service.service import Service

__all__ = ["Asked", "CollectionName", "Serving", "engine_of", "named", "service_of"]

CollectionName = Annotated[str, Path(description="Name or alias of a collection.", pattern=f"^{NAME}$")]


def service_of(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def engine_of(request: Request) -> Engine:
    """That of ``{collection}`` in the path, or of the default collection.

    Raises:
        NotFound: there is no collection of that name.
    """
    return service_of(request).collections.engine(request.path_params.get("collection"))


def named(collection: CollectionName) -> str:
    """A dependency of the routes of a named collection, so that their reference tells of the name."""
    return collection


Serving = Annotated[Service, Depends(service_of)]
Asked = Annotated[Engine, Depends(engine_of)]
"""The engine that an operation asks."""
