"""A real server on a free port of loopback, for as long as a test needs it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from shelfsight import Engine
from shelfsight.api.server import address_of, bind, server_for
from shelfsight.api.service.service import Service
from shelfsight.core.settings import ServerSettings, Settings

__all__ = ["served", "serving"]


@contextmanager
def served(engine: Engine, *, max_request: int | None = None) -> Iterator[str]:
    """The URL of ``engine`` served over HTTP."""
    server = ServerSettings() if max_request is None else ServerSettings(max_request=max_request)
    settings: Settings = engine.settings.model_copy(update={"server": server})
    with serving(Service.of(engine, settings)) as url:
        yield url


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The URL of a service over HTTP."""
    with bind("127.0.0.1", 0) as bound:
        server = server_for(service)
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, name="test-server")
        thread.start()
        try:
            _wait_for(server, thread)
            yield address_of(bound).rstrip("/")
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def _wait_for(server: uvicorn.Server, thread: Thread) -> None:
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the server ended before it started"
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.01)
