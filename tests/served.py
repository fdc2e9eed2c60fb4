"""A real server on a free port of loopback, for as long as a test needs it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from shelfsight import Engine
from shelfsight.api.server import MAX_REQUEST, address_of, bind, server_for

__all__ = ["served"]


@contextmanager
def served(engine: Engine, *, max_request: int = MAX_REQUEST) -> Iterator[str]:
    """The URL of ``engine`` served over HTTP."""
    with bind("127.0.0.1", 0) as bound:
        server = server_for(engine, max_request=max_request)
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
