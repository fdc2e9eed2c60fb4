"""Questions about an item's picture over HTTP: the answer whole, or as it comes, as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from threading import Event
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from shelfsight.api.asking import LONGEST_ANSWER, MAX_QUESTION, MAX_TOKENS, MAX_TURNS
from shelfsight.api.documents import answer_document, dump, public_model
from shelfsight.api.engine import Engine
from shelfsight.api.http.access import Asker
from shelfsight.api.http.bodies import read_json
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.middleware import decode_id
from shelfsight.api.http.problems import public_error
from shelfsight.api.http.searching import json_response
from shelfsight.core.dialogue import Turn
from shelfsight.core.errors import ModelError, ShelfsightError

__all__ = ["AskRequest", "ask_routes"]

_MAX_BODY = 1_000_000
_STREAM = "text/event-stream"

_log = logging.getLogger("shelfsight.http")
_OnText = Callable[[str], None]


class TurnDocument(BaseModel):
    """A question that was answered before."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(max_length=MAX_QUESTION)
    answer: str = Field(max_length=LONGEST_ANSWER)


class AskRequest(BaseModel):
    """A question about a picture."""

    model_config = ConfigDict(extra="forbid")

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

        if _STREAM in request.headers.get("accept", ""):
            return await _streamed(answered)
        return json_response(await run_in_threadpool(answered))

    return routes


def _answered(engine: Engine, id: str, arguments: dict[str, Any], on_text: _OnText | None) -> dict[str, Any]:
    begun = perf_counter()
    answer = engine.ask(id, on_text=on_text, **arguments)
    milliseconds = 1000 * (perf_counter() - begun)
    return answer_document(answer, model=public_model(engine.vlm_name), milliseconds=milliseconds)


async def _streamed(answered: Callable[[_OnText], dict[str, Any]]) -> Response:
    """The answer as events. What fails before the first of them is a problem document with its status."""
    events: asyncio.Queue[str | ShelfsightError | None] = asyncio.Queue()
    loop, gone = asyncio.get_running_loop(), Event()

    def send(event: str | ShelfsightError | None) -> None:
        loop.call_soon_threadsafe(events.put_nowait, event)

    def hear(piece: str) -> None:
        if gone.is_set():
            raise ModelError("nobody waits for the answer any more")
        send(_event("text", {"text": piece}))

    def run() -> None:
        try:
            send(_event("answer", answered(hear)))
            send(None)
        except ShelfsightError as error:
            send(error)
        except Exception:
            _log.exception("answering failed")
            send(ShelfsightError("something went wrong here; the server's log says what"))

    running = asyncio.ensure_future(run_in_threadpool(run))
    first = await events.get()
    if isinstance(first, ShelfsightError):
        await running
        raise first

    async def told() -> AsyncIterator[str]:
        event: str | ShelfsightError | None = first
        try:
            while isinstance(event, str):
                yield event
                event = await events.get()
            if event is not None:
                yield _event("error", public_error(event))
            await running
        finally:
            gone.set()

    return StreamingResponse(told(), media_type=_STREAM, headers={"X-Accel-Buffering": "no"})


def _event(name: str, document: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {dump(document)}\n\n"
