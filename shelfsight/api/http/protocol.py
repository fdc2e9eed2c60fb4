"""uvicorn's HTTP/1.1 with clocks: for the line and the headers of a request, and for whoever reads its answer."""

import asyncio
import socket
import struct
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from shelfsight.api.http.problems import problem

__all__ = ["protocol"]

_SLOWEST = 1024.0
"""Bytes a second on average that are read of an answer at least."""
_AHEAD = 16_384
"""Bytes that the system takes over before they can be sent: it would take megabytes, and not say how they get on."""
_AT_ONCE = struct.pack("ii", 1, 0)


def protocol(head_seconds: float, answer_seconds: float) -> type[H11Protocol]:
    """What uvicorn's ``http`` is.

    Args:
        head_seconds: a connection on which no request has begun so long after it was made, or whose headers are not
            complete so long after their first byte, is closed.
        answer_seconds: one whose client has an answer waiting and reads less than a kilobyte a second of it for so
            long is broken off: what waits is in memory, and who makes it may have a place at work.
    """

    class Clocked(H11Protocol):
        _head: asyncio.TimerHandle | None = None
        _reader: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # not on every system
                transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _AHEAD)
            self._begin()

        def data_received(self, data: bytes) -> None:
            if self._head is None and self.conn.their_state is h11.IDLE:
                self._begin()
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._end()

        def connection_lost(self, exc: Exception | None) -> None:
            self._end()
            self._unwatch()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            """More waits to be read than there is room for on the way."""
            super().pause_writing()
            self._watch()

        def resume_writing(self) -> None:
            self._unwatch()
            super().resume_writing()

        def _begin(self) -> None:
            self._head = self.loop.call_later(head_seconds, self._refuse)

        def _end(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _refuse(self) -> None:
            self._head = None
            if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
                if _began(self.conn):
                    self.transport.write(_refusal())
                self.transport.close()

        def _watch(self) -> None:
            waiting = self.transport.get_write_buffer_size()
            self._reader = self.loop.call_later(answer_seconds, self._look, waiting)

        def _unwatch(self) -> None:
            if self._reader is not None:
                self._reader.cancel()
                self._reader = None

        def _look(self, before: int) -> None:
            if before - self.transport.get_write_buffer_size() >= _SLOWEST * answer_seconds:
                self._watch()
                return
            bound = self.transport.get_extra_info("socket")
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)  # a reset: it is no end of the answer
            self.transport.abort()

    return Clocked


def _began(connection: Any) -> bool:
    """Whether a request's first byte is there."""
    return bool(connection.trailing_data[0])


def _refusal() -> bytes:
    """An answer to a request of which nothing is known yet."""
    answer = problem(408, "the headers of the request came too slowly", code="too_slow")
    answer.headers["Connection"] = "close"
    lines = [b"HTTP/1.1 408 Request Timeout", *(name + b": " + value for name, value in answer.raw_headers)]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])
