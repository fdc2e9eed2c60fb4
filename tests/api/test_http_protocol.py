"""Clients that ask and do not read: what waits for them is let go, and those who read slowly get all of it."""

import socket
from collections.abc import Iterator
from threading import Event, Thread
from time import monotonic, sleep

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from shelfsight.api.http.protocol import protocol
from shelfsight.api.server import bind

PIECE = bytes(65_536)
PIECES = 400
SECONDS = 0.4


class Large:
    """Answers with 26 MB, whole or in pieces, and says when it is done with that."""

    def __init__(self) -> None:
        self.ended = Event()
        self.sent = 0

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        pieces = [PIECE] * PIECES if scope["path"] == "/pieces" else [PIECE * PIECES]
        length = str(len(PIECE) * PIECES).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            self.sent += 1
        await send({"type": "http.response.body"})
        self.ended.set()


@pytest.fixture
def large() -> Iterator[tuple[Large, uvicorn.Server, int]]:
    app = Large()
    config = uvicorn.Config(app, http=protocol(5.0, SECONDS), log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with bind("127.0.0.1", 0) as bound:
        thread = Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        until(lambda: server.started)
        yield app, server, bound.getsockname()[1]
        server.should_exit = True
        thread.join(20)


def until(condition: object) -> None:
    assert callable(condition)
    deadline = monotonic() + 20
    while not condition():
        assert monotonic() < deadline
        sleep(0.005)


def asked(port: int, path: str) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    return connection


def drain(connection: socket.socket) -> None:
    while connection.recv(1 << 20):
        pass


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
def test_who_does_not_read_is_given_up(large: tuple[Large, uvicorn.Server, int], path: str) -> None:
    app, server, port = large
    with asked(port, path) as connection:
        until(lambda: len(server.server_state.connections) == 1)
        until(lambda: not server.server_state.connections)
        assert app.ended.wait(20), "whoever makes the answer goes on"
        with pytest.raises(ConnectionResetError):
            drain(connection)


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
def test_who_reads_slowly_gets_all_of_it(large: tuple[Large, uvicorn.Server, int], path: str) -> None:
    """For five times as long as one who reads nothing has."""
    _, _, port = large
    begun, received, body = monotonic(), 0, len(PIECE) * PIECES
    with asked(port, path) as connection:
        while piece := connection.recv(1 << 17):
            received += len(piece)
            if monotonic() - begun < 5 * SECONDS:
                sleep(0.02)
    assert received > body
    assert monotonic() - begun > 4 * SECONDS
