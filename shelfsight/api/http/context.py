"""What a request is answered with: the service, and the engine of the collection that its path names."""

from typing import Annotated

from fastapi import Depends, Request

from shelfsight.api.engine import Engine
from shelfsight.api.service.service import Service

__all__ = ["Asked", "Serving", "engine_of", "service_of"]


def service_of(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def engine_of(request: Request) -> Engine:
    """That of ``{collection}`` in the path, or of the default collection.

    Raises:
        NotFound: there is no collection of that name.
    """
    return service_of(request).collections.engine(request.path_params.get("collection"))


Serving = Annotated[Service, Depends(service_of)]
Asked = Annotated[Engine, Depends(engine_of)]
"""The engine that an operation asks."""
