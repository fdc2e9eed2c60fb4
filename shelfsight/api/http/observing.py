"""Every request is observed, from its headers to the end of its answer."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfsight.api.http.admission import Gates
from shelfsight.api.http.origins import API
from shelfsight.api.service.logs import log_request
from shelfsight.api.service.metrics import Load, Metrics
from shelfsight.api.service.observed import UNMATCHED, Observed, observing
from shelfsight.api.service.spans import Spans

__all__ = ["Observes", "Routed", "load_of", "sampled"]

_FILES = "/page/"
_NAMED = "/collections/{collection}"
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_CONVERTER = re.compile(r":\w+\}")
_EVERY = 1.0


class Observes:
    """Tells of each request at its end. It stands outside of all that may refuse one."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, load: Callable[[], Load], spans: Spans | None, queries: bool
    ) -> None:
        """
        Args:
            load: how many requests are at work, and wait.
            queries: whether the log says what was searched for.
        """
        self._app = app
        self._metrics = metrics
        self._load = load
        self._spans = spans
        self._queries = queries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Observed(request_id=scope["state"]["request_id"], method=_method(scope))
        scope["state"]["observed"] = request

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            await send(message)

        span = self._spans.begin(request, scope["headers"]) if self._spans is not None else None
        self._metrics.begin(self._load())
        try:
            with observing(request):
                await self._app(scope, receive, heard)
        finally:
            request.ended = perf_counter()
            self._metrics.end(request, self._load())
            if span is not None:
                span.end()
            log_request(request, queries=self._queries)


class Routed:
    """Notes which operation answers. It stands inside of all others: the scope is the router's own here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Observed | None = scope.get("state", {}).get("observed")
        if request is None:
            await self._app(scope, receive, send)
            return
        caller = scope["state"].get("caller")
        request.key = None if caller is None or caller.key is None else caller.key.id
        try:
            await self._app(scope, receive, send)
        finally:
            request.operation, request.route = _route(scope)


def _method(scope: Scope) -> str:
    """Of the few that there are; OpenTelemetry calls the others so too."""
    return scope["method"] if scope["method"] in _METHODS else "_OTHER"


def _route(scope: Scope) -> tuple[str, str]:
    """(operation, template of the path): never what a client wrote, of which there is no end."""
    route: Any = scope.get("route")
    if route is None:
        return ("page_file", f"{_FILES}{{file}}") if scope["path"].startswith(_FILES) else (UNMATCHED, "")
    path = _CONVERTER.sub("}", str(route.path))
    if scope["path"].startswith(API) and not path.startswith(API):
        of_a_collection = "collection" in scope.get("path_params", {}) and not path.startswith(_NAMED)
        path = f"{API}{_NAMED if of_a_collection else ''}{path}"
    return str(route.name), path


@asynccontextmanager
async def sampled(metrics: Metrics, gates: Gates) -> AsyncIterator[None]:
    """Inside, what is counted elsewhere goes into the metrics every second."""

    async def sample() -> None:
        while True:
            await asyncio.sleep(_EVERY)
            metrics.sample(load_of(gates))

    task = asyncio.create_task(sample())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        metrics.sample(load_of(gates))


def load_of(gates: Gates) -> Load:
    """What the gates say just now."""
    return Load(gates.requests.running + gates.uploads.running, gates.requests.waiting)
