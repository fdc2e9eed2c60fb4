"""A real server of OpenAI's chat completions on loopback, over any Transformers model with a chat template.

It is written from the protocol, with none of the client's code, so that the two cannot share a mistake.
"""

import asyncio
import base64
import io
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from PIL import Image

from shelfsight.models.torchvision_compat import ensure_torchvision

__all__ = ["Brain", "OpenAIServer", "Scripted", "TransformersBrain", "served_openai"]

Messages = list[dict[str, Any]]


class Brain(Protocol):
    """What answers."""

    def first_tokens(self, messages: Messages) -> list[tuple[str, float]]:
        """Every token as text with its log-probability where the answer begins, likeliest first."""
        ...

    def say(self, messages: Messages, max_tokens: int) -> tuple[str, str]:
        """The answer and its ``finish_reason``."""
        ...


class TransformersBrain:
    """A model of Transformers, asked through its own chat template; the last picture of the messages counts."""

    def __init__(self, folder: Path) -> None:
        ensure_torchvision()
        import transformers

        library: Any = transformers
        self._processor = library.AutoProcessor.from_pretrained(folder)
        self._model = library.AutoModelForImageTextToText.from_pretrained(folder, dtype="float32").eval()
        self._lock = threading.Lock()

    def first_tokens(self, messages: Messages) -> list[tuple[str, float]]:
        import torch

        with self._lock, torch.inference_mode():
            logits = self._model(**self._inputs(messages)).logits[0, -1].float()
        decode = self._processor.tokenizer.decode
        listed = [(decode([id]), value) for id, value in enumerate(logits.log_softmax(0).tolist())]
        return sorted(listed, key=lambda token: -token[1])

    def say(self, messages: Messages, max_tokens: int) -> tuple[str, str]:
        import torch

        inputs = self._inputs(messages)
        with self._lock, torch.inference_mode():
            ids = self._model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)[0]
        said = ids[inputs["input_ids"].shape[1] :].tolist()
        ended = self._processor.tokenizer.eos_token_id in said
        return self._processor.tokenizer.decode(said, skip_special_tokens=True), "stop" if ended else "length"

    def _inputs(self, messages: Messages) -> Any:
        pictures = pictures_in(messages)
        turns = [{"role": message["role"], "content": _parts(message["content"])} for message in messages]
        prompt = self._processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        bos = self._processor.tokenizer.bos_token
        says_bos = bool(bos) and prompt.startswith(bos)
        return self._processor(images=[pictures], text=[prompt], return_tensors="pt", add_special_tokens=not says_bos)


@dataclass
class Scripted:
    """Says what it is told to, at the speed it is told to.

    Attributes:
        text: the answer to everything, or a function of the last message's text.
        tokens: the first tokens of everything.
    """

    text: str | Callable[[str], str] = "Yes"
    finish: str = "stop"
    tokens: list[tuple[str, float]] = field(default_factory=lambda: [("Yes", -0.5), ("No", -1.5), ("The", -4.0)])

    def first_tokens(self, messages: Messages) -> list[tuple[str, float]]:
        del messages
        return self.tokens

    def say(self, messages: Messages, max_tokens: int) -> tuple[str, str]:
        del max_tokens
        return self.text if isinstance(self.text, str) else self.text(text_of(messages[-1])), self.finish


@dataclass
class OpenAIServer:
    """A running server, what it is like, and what it saw.

    Attributes:
        logprobs: how many of the likeliest tokens it gives at most; ``None`` as many as there are, 0 leaves the
            log-probabilities out of its replies.
        refuses: fields of a request that it answers with HTTP 400.
        refuses_above: more of the likeliest tokens than this it refuses likewise.
        key: without this bearer token, it answers with HTTP 401.
        delay: seconds before each answer.
        pause: seconds between the pieces of a stream.
        script: responses for the next requests, before the model is asked again.
        bodies, headers: of all requests.
        most_at_once: how many were being answered at the same time.
    """

    brain: Brain
    url: str = ""
    logprobs: int | None = None
    refuses: tuple[str, ...] = ()
    refuses_above: int | None = None
    key: str | None = None
    delay: float = 0.0
    pause: float = 0.0
    script: deque[Response] = field(default_factory=deque)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0

    def name(self, model: str = "tiny") -> str:
        """The name that opens its model."""
        return f"openai:{model}@{self.url}"

    def pictures(self) -> list[Image.Image]:
        """The pictures of all requests, in order."""
        return [picture for body in self.bodies for picture in pictures_in(body["messages"])]

    async def complete(self, request: Request) -> Response:
        """``POST /v1/chat/completions``."""
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            body = await request.json()
            self.bodies.append(body)
            self.headers.append(dict(request.headers))
            await asyncio.sleep(self.delay)
            return self.script.popleft() if self.script else await self._answer(body, request)
        finally:
            self._now -= 1

    async def _answer(self, body: dict[str, Any], request: Request) -> Response:
        if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            return refusal(401, f"Incorrect API key provided: {request.headers.get('Authorization')}")
        for name in self.refuses:
            if name in body:
                other = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
                return refusal(400, f"Unsupported parameter: '{name}' is not supported with this model.{other}")
        if self.refuses_above is not None and body.get("top_logprobs", 0) > self.refuses_above:
            return refusal(400, f"top_logprobs must be at most {self.refuses_above}")
        limit = int(body.get("max_tokens") or body["max_completion_tokens"])
        wants_tokens = bool(body.get("logprobs")) and self.logprobs != 0
        tokens = await asyncio.to_thread(self.brain.first_tokens, body["messages"]) if wants_tokens else []
        if tokens and limit == 1:
            text, finish = tokens[0][0], "length"
        else:
            text, finish = await asyncio.to_thread(self.brain.say, body["messages"], limit)
        if body.get("stream"):
            return StreamingResponse(self._events(text, finish), media_type="text/event-stream")
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        if tokens:
            choice["logprobs"] = {"content": [self._listed(tokens, body["top_logprobs"])]}
        return JSONResponse({"object": "chat.completion", "model": body["model"], "choices": [choice]})

    def _listed(self, tokens: list[tuple[str, float]], asked: int) -> dict[str, Any]:
        listed = [{"token": token, "logprob": value} for token, value in tokens]
        return {**listed[0], "top_logprobs": listed if self.logprobs is None else listed[: min(self.logprobs, asked)]}

    async def _events(self, text: str, finish: str) -> AsyncIterator[str]:
        yield ": hello\n\n" + event({"role": "assistant", "content": ""})
        for start in range(0, len(text), 3):
            await asyncio.sleep(self.pause)
            yield event({"content": text[start : start + 3]})
        yield event({}, finish) + 'data: {"choices": [], "usage": {"total_tokens": 1}}\n\ndata: [DONE]\n\n'


@contextmanager
def served_openai(brain: Brain) -> Iterator[OpenAIServer]:
    """``brain`` behind HTTP for as long as a test needs it."""
    server = OpenAIServer(brain)
    app = FastAPI()
    app.add_api_route("/v1/chat/completions", server.complete, methods=["POST"], response_model=None)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server.url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]}, name="openai-server")
        thread.start()
        try:
            _wait_for(running)
            yield server
        finally:
            running.should_exit = True
            thread.join(timeout=20)


def refusal(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error as OpenAI writes it."""
    return JSONResponse({"error": {"message": message, "type": "error"}}, status, headers)


def event(delta: dict[str, Any], finish: str | None = None) -> str:
    """One piece of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n"


def pictures_in(messages: Messages) -> list[Image.Image]:
    """The pictures of messages, decoded."""
    return [
        Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].partition(",")[2])))
        for message in messages
        for part in _parts(message["content"], shown=True)
        if part["type"] == "image_url"
    ]


def text_of(message: dict[str, Any]) -> str:
    """The words of a message."""
    return "".join(part["text"] for part in _parts(message["content"]) if part["type"] == "text")


def _parts(content: Any, *, shown: bool = False) -> list[dict[str, Any]]:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return parts if shown else [{"type": "image"} if part["type"] == "image_url" else part for part in parts]


def _wait_for(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.01)
