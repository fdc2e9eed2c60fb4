"""Requests to the API wait for a place at work, or are refused at once; see :mod:`shelfsight.api.service.admission`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfsight.api.http.problems import answer_to, problem
from shelfsight.api.service.admission import Admission, Place
from shelfsight.core.errors import Busy
from shelfsight.core.settings import Settings

__all__ = ["Admitted", "Gates", "leave_place"]

_GATED = "/v1/"
_PLACE = "shelfsight.place"
_UPLOADS = 4
"""One place in so many again is for large bodies."""
_BODIES = 8
"""Bodies of the largest size that may be in memory before their requests have a place."""
_SPARE_THREADS = 8
"""For what needs no place: health, readiness, files of the page."""


class Gates:
    """The places of one server: for requests at work, and apart from them for large uploads, which take as long to
    arrive as their senders please. Only its event loop uses it.

    Attributes:
        requests: those whose body has arrived.
        uploads: those with a body larger than ``settings.server.max_request``, from its first byte on.
        received: bytes of bodies that have come, or are announced, of requests without a place.
        ending: whether the server is about to stop: whatever comes now is refused.
    """

    def __init__(self, settings: Settings) -> None:
        load = settings.load
        self.requests = Admission(running=load.running, waiting=load.waiting, wait_seconds=load.wait_seconds)
        few = -(-load.running // _UPLOADS)
        self.uploads = Admission(running=few, waiting=0, wait_seconds=load.wait_seconds)
        self.threads = load.running + few + _SPARE_THREADS
        self.body_limit = settings.server.max_request
        self.received = 0
        self.ending = False

    @property
    def idle(self) -> bool:
        """Whether no request is at work or waits for it."""
        return self.requests.idle and self.uploads.idle

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        """Room for ``size`` bytes of a body whose request has no place yet.

        Raises:
            Busy: too many are being received, or wait.
        """
        if self.received + size > _BODIES * self.body_limit:
            raise Busy("too many requests with large bodies arrive at a time", retry_after=1)
        self.received += size
        try:
            yield
        finally:
            self.received -= size


def leave_place(request: Request) -> None:
    """For answers that go on for long and hardly work, such as the progress of a job: let others have the place."""
    place: Place | None = request.scope.get(_PLACE)
    if place is not None:
        place.leave()


class Admitted:
    """Lets requests to the API through as there are places for them.

    A body is received before its request takes a place, so that slow senders keep nobody out. An answer whose length
    is known is ready when it begins, and one that streams when it ends, or its reader is given up (see
    :mod:`.protocol`): slow readers keep nobody out for long.
    """

    def __init__(self, app: ASGIApp, gates: Gates) -> None:
        self._app = app
        self._gates = gates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_GATED) or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        if self._gates.ending:
            await _ending()(scope, receive, send)
            return
        try:
            await self._admit(scope, receive, send)
        except Busy as error:
            await answer_to(error)(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        gates = self._gates
        size = _body_size(scope)
        if size is None or size > gates.body_limit:
            await self._work(gates.uploads.enter(_never), scope, receive, send)
            return
        gates.requests.check()
        with gates.room(size):
            body = await _body(receive)
            place = None if body is None else await self._place(receive)
        if body is not None and place is not None:
            await self._work(place, scope, _replayed(body, receive), send)

    async def _place(self, receive: Receive) -> Place | None:
        """A place at work, as soon as there is one; ``None``: the client has gone."""
        turn = asyncio.Event()
        place = self._gates.requests.enter(turn.set)
        there = place.started is not None
        try:
            there = there or await _comes(turn, receive)
        finally:
            if not there:
                place.leave()
        return place if there else None

    async def _work(self, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(place, send)
        try:
            await self._app({**scope, _PLACE: place}, receive, answer.send)
        except asyncio.CancelledError:
            if not self._gates.ending or answer.begun:
                raise
            await _ending()(scope, receive, send)  # its time was up
        finally:
            place.leave()


def _ending() -> Response:
    refusal = problem(503, "the server is about to stop", code="ending", hint="ask again in a moment")
    refusal.headers.update({"Retry-After": "1", "Connection": "close"})
    return refusal


def _never() -> None:
    """Nobody waits for a place among the uploads."""


class _Answer:
    """An answer on its way; the place is left before it is complete: who has it may ask again at once."""

    def __init__(self, place: Place, send: Send) -> None:
        self._place = place
        self._send = send
        self._ready = False
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._ready = any(name.lower() == b"content-length" for name, _ in message["headers"])
        if self._ready or (message["type"] == "http.response.body" and not message.get("more_body", False)):
            self._place.leave()
        await self._send(message)


def _body_size(scope: Scope) -> int | None:
    """Bytes that are announced; ``None``: a body of unknown length."""
    size = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length" and value.isdigit():
            size = int(value)
    return size


async def _body(receive: Receive) -> bytes | None:
    """The whole body; ``None``: the client has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return unread.pop() if unread else await receive()

    return receive_again


async def _comes(turn: asyncio.Event, receive: Receive) -> bool:
    """Wait for ``turn``; false where the client goes before."""
    tasks = [asyncio.ensure_future(turn.wait()), asyncio.ensure_future(receive())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return turn.is_set()
