"""Metrics over HTTP."""

from fastapi import APIRouter
from starlette.responses import Response

from shelfsight.api.http.access import METRICS
from shelfsight.api.http.context import Serving
from shelfsight.api.service.metrics import CONTENT_TYPE

__all__ = ["metrics_routes"]


def metrics_routes() -> APIRouter:
    """``GET /metrics``."""
    routes = APIRouter(tags=["administration"])

    @routes.get(METRICS, summary="What the server counts, for Prometheus")
    def metrics(service: Serving) -> Response:
        return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return routes
