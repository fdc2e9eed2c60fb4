"""HTTP as bytes on a socket: what no well-behaved client would send."""

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Answer", "exchange", "request"]


@dataclass(frozen=True)
class Answer:
    """What came back until the server closed the connection, or until ``seconds`` were over.

    Attributes:
        status: 0 where nothing came.
        closed: whether the server closed the connection.
        seconds: how long that took.
    """

    status: int
    text: str
    closed: bool
    seconds: float


def request(start: str, *headers: str, body: bytes = b"", host: str = "127.0.0.1") -> bytes:
    """A request with one ``Host`` header before the others."""
    lines = [start, f"Host: {host}", *headers] if host else [start, *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def exchange(url: str, *parts: bytes, pause: float = 0.0, seconds: float = 5.0) -> Answer:
    """Send the parts with pauses between them, and read on until the server closes or ``seconds`` are over."""
    place = urlsplit(url)
    begun = time.monotonic()
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=seconds) as connection:
        _send(connection, parts, pause)
        text, closed = _received(connection, begun + seconds)
    status = int(text.split(" ", 2)[1]) if text.startswith("HTTP/") else 0
    return Answer(status, text, closed, time.monotonic() - begun)


def _send(connection: socket.socket, parts: Iterable[bytes], pause: float) -> None:
    try:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
    except OSError:
        return  # it was refused before it was complete; the answer says why


def _received(connection: socket.socket, deadline: float) -> tuple[str, bool]:
    data = b""
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            piece = connection.recv(65_536)
        except TimeoutError:
            break
        except OSError:
            return data.decode("latin-1"), True
        if not piece:
            return data.decode("latin-1"), True
        data += piece
    return data.decode("latin-1"), False
