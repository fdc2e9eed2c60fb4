"""uvicorn's HTTP/1.1, which waits for the line and the headers of a request no longer than they may take."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["protocol"]

_REFUSAL = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    b"Content-Length: 43\r\n\r\nthe headers of the request came too slowly\n"
)


def protocol(head_seconds: float) -> type[H11Protocol]:
    """What uvicorn's ``http`` is: a connection on which no request has begun ``head_seconds`` after it was made, or
    whose headers are not complete ``head_seconds`` after their first byte, is closed."""

    class HeadInTime(H11Protocol):
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._begin()

        def data_received(self, data: bytes) -> None:
            if self._timer is None and self.conn.their_state is h11.IDLE:
                self._begin()
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._end()

        def connection_lost(self, exc: Exception | None) -> None:
            self._end()
            super().connection_lost(exc)

        def _begin(self) -> None:
            self._timer = self.loop.call_later(head_seconds, self._refuse)

        def _end(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _refuse(self) -> None:
            self._timer = None
            if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
                if _began(self.conn):
                    self.transport.write(_REFUSAL)
                self.transport.close()

    return HeadInTime


def _began(connection: Any) -> bool:
    """Whether a request's first byte is there."""
    return bool(connection.trailing_data[0])
