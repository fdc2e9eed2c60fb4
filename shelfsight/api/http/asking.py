"""Questions about an item's picture over HTTP: the answer whole, or as it comes, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from threading import Event
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from shelfsight.api.asking import LONGEST_ANSWER, MAX_QUESTION, MAX_TOKENS, MAX_TURNS
from shelfsight.api.documents import answer_document, public_model
from shelfsight.api.engine import Engine
from shelfsight.api.http.access import Asker
from shelfsight.api.http.bodies import read_json
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.events import STREAM, STREAM_HEADERS, event, failure, wants_events
from shelfsight.api.http.middleware import decode_id
from shelfsight.api.http.searching import json_response
from shelfsight.api.sent import Sent
from shelfsight.core.dialogue import Turn

__all__ = ["AskRequest", "ask_routes"]

_MAX_BODY = 1_000_000
_OnText = Callable[[str], None]


class TurnDocument(Sent):
    """A question that was answered before."""

    question: str = Field(max_length=MAX_QUESTION)
    answer: str = Field(max_length=LONGEST_ANSWER)


class AskRequest(Sent):
    """A question about a picture."""

    question: str = Field(default="", max_length=MAX_QUESTION, description="Empty asks for a caption.")
    turns: list[TurnDocument] = Field(default=[], max_length=MAX_TURNS, description="What was said before.")
    picture: int = Field(default=0, strict=True, description="Which of the item's pictures, from 0.")
    max_tokens: int = Field(default=64, strict=True, ge=1, le=MAX_TOKENS, description="Length of the answer at most.")

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of ``Engine.ask``."""
        turns = tuple(Turn(question=turn.question, answer=turn.answer) for turn in self.turns)
        return {**self.model_dump(exclude={"turns"}), "turns": turns}


def ask_routes() -> APIRouter:
    """``POST /items/{id}/ask``."""
    routes = APIRouter(prefix="/items", tags=["items"])

    @routes.post("/{id:path}/ask", summary="Ask a vision-language model about a picture")
    async def ask(
        request: Request,
        engine: Asked,
        service: Serving,
        caller: Asker,
        id: Annotated[str, Path(description="The item's id, percent-encoded, slashes too.")],
    ) -> Response:
        limit = min(service.settings.server.max_request, _MAX_BODY)
        arguments = (await read_json(request, AskRequest, limit)).arguments()

        def answered(on_text: _OnText | None = None) -> dict[str, Any]:
            with service.access.looking(caller, 1):
                return _answered(engine, decode_id(id), arguments, on_text)

        if wants_events(request):
            return await _streamed(answered)
        return json_response(await run_in_threadpool(answered))

    return routes


def _answered(engine: Engine, id: str, arguments: dict[str, Any], on_text: _OnText | None) -> dict[str, Any]:
    begun = perf_counter()
    answer = engine.ask(id, on_text=on_text, **arguments)
    milliseconds = 1000 * (perf_counter() - begun)
    return answer_document(answer, model=public_model(engine.vlm_name), milliseconds=milliseconds)


class _GoneError(Exception):
    """Ends an answer that nobody waits for any more. It is none of the tree: what the model did counts."""


async def _streamed(answered: Callable[[_OnText], dict[str, Any]]) -> Response:
    """The answer as events. What fails before the first of them is a problem document with its status."""
    events: asyncio.Queue[str | Exception | None] = asyncio.Queue()
    loop, gone = asyncio.get_running_loop(), Event()

    def send(each: str | Exception | None) -> None:
        loop.call_soon_threadsafe(events.put_nowait, each)

    def hear(piece: str) -> None:
        if gone.is_set():
            raise _GoneError
        send(event("text", {"text": piece}))

    def run() -> None:
        try:
            send(event("answer", answered(hear)))
            send(None)
        except Exception as error:
            send(error)

    running = asyncio.ensure_future(run_in_threadpool(run))
    first = await events.get()
    if isinstance(first, Exception):
        await running
        raise first

    async def told() -> AsyncIterator[str]:
        following: str | Exception | None = first
        try:
            while isinstance(following, str):
                yield following
                following = await events.get()
            if following is not None:
                yield failure(following)
            await running
        finally:
            gone.set()

    return StreamingResponse(told(), media_type=STREAM, headers=STREAM_HEADERS)
