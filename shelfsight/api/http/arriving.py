"""Bodies arrive in time, or their requests are refused; and an answer never waits for a body that nobody reads."""

import asyncio
from time import monotonic

from fastapi import HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfsight.core.settings import ServerSettings

__all__ = ["InTime", "expect_upload"]

_BODY = "shelfsight.body"
_SLOWEST = 65_536.0
"""Bytes a second on average that an upload brings at least."""
_DRAINED, _DRAIN_SECONDS = 262_144, 1.0
"""What is still read of a body whose request was refused, so that the connection can go on."""


def expect_upload(request: Request) -> None:
    """Say that a large body is right here: it may take as long as it brings 64 KiB a second, instead of
    ``settings.server.body_seconds``. Its size is for the operation to bound."""
    body: _Body | None = request.scope.get(_BODY)
    if body is not None:
        body.upload = True


class InTime:
    """Lets a body be read for ``settings.server.body_seconds``, then reading it is 408; and ends the connection where
    the answer is there before the body."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._seconds = settings.body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        held = any(name == b"expect" for name, _ in scope["headers"])
        body = _Body(receive, send, self._seconds, held=held)
        await self._app({**scope, _BODY: body}, body.receive, body.send)


class _Body:
    """One request's body on its way; ``held``, while its client waits to be told to send it."""

    def __init__(self, receive: Receive, send: Send, seconds: float, *, held: bool) -> None:
        self._held = held
        self._receive = receive
        self._send = send
        self._seconds = seconds
        self._waited = 0.0
        self._bytes = 0
        self._whole = False
        self.upload = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        self._held = False
        begun = monotonic()
        try:
            async with asyncio.timeout(max(self._left(), 0.0)):
                return await self._next()
        except TimeoutError:
            detail = f"the body of the request did not come in {self._seconds:g} seconds"
            raise HTTPException(408, detail) from None
        finally:
            self._waited += monotonic() - begun

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._whole:
            refused = message["status"] >= 400 and not self._held
            if not (refused and await self._drained()):
                MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)

    def _left(self) -> float:
        """Seconds that the rest may still be waited for; what is done with a part of it takes none of them."""
        more = self._bytes / _SLOWEST if self.upload else 0.0
        return self._seconds + more - self._waited

    async def _next(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message

    async def _drained(self) -> bool:
        """Read what little may be left; whether that was all."""
        end = self._bytes + _DRAINED
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self._whole and self._bytes < end:
                    await self._next()
        except TimeoutError:
            pass
        return self._whole


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in scope["headers"]
    )
