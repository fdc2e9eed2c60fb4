"""A server on loopback that breaks the rules of HTTP, byte by byte."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["UnrulyServer", "drip", "served_unruly"]

Handle = Callable[[socket.socket, int], None]


@dataclass
class UnrulyServer:
    """A running server.

    Attributes:
        url: as a base URL.
        requests: how many were read.
    """

    url: str
    requests: int = 0

    def name(self) -> str:
        """The name that opens its model."""
        return f"openai:m@{self.url}"


@contextmanager
def served_unruly(handle: Handle) -> Iterator[UnrulyServer]:
    """``handle`` gets each connection, when its request was read, with the number of the request from 1."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = UnrulyServer(f"http://127.0.0.1:{bound.getsockname()[1]}/v1")
        threads: list[threading.Thread] = []

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                _read(connection)
                server.requests += 1
                handle(connection, server.requests)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threads.append(threading.Thread(target=serve, args=[bound.accept()[0]]))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            bound.shutdown(socket.SHUT_RDWR)
            for thread in [accepting, *threads]:
                thread.join(timeout=20)


def drip(connection: socket.socket, content: bytes, every: float) -> None:
    """Send one byte after another, until the other side has enough; then just wait for that."""
    connection.settimeout(every)
    for byte in content:
        connection.sendall(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                return
    connection.settimeout(20)
    connection.recv(1)


def _read(connection: socket.socket) -> None:
    """Read one request."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1 << 16)
    head, _, body = received.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    left = int(lines.get(b"content-length", b"0")) - len(body)
    while left > 0:
        left -= len(connection.recv(1 << 16))
