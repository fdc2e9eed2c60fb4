"""HTTP: requests out, JSON documents in, with retries and limits."""

import asyncio
import functools
import itertools
import json
import random
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from shelfsight.core.errors import ModelError
from shelfsight.models.vlms.remote.address import Address
from shelfsight.models.vlms.remote.failures import Passing, complaint_in, failure, retry_after, shown
from shelfsight.models.vlms.remote.settings import RemoteSettings

__all__ = ["Take", "Wire"]

Take = Callable[[Any], None]
_COMPLAINT = 4096
_DATA = b"data:"
_DONE = b"[DONE]"


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust; reading the list takes longer than all the rest of opening a client."""
    return httpx.create_ssl_context()


class Wire:
    """The connection to one server. To be used in one event loop only.

    Redirects are not followed, and no cookie is kept, so that the key goes nowhere else.
    """

    def __init__(self, address: Address, key: SecretStr | None, settings: RemoteSettings) -> None:
        self._key, self._settings = key, settings
        self._who = f"vision-language model {address.name}"
        headers = {"Accept": "application/json, text/event-stream", "Accept-Encoding": "identity"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key.get_secret_value()}"
        limits = httpx.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency)
        try:
            self._url = httpx.URL(address.chat)
            self._client = httpx.AsyncClient(
                headers=headers,
                timeout=httpx.Timeout(settings.silent_seconds, connect=settings.connect_seconds, pool=None),
                limits=limits,
                verify=_certificates(),
                follow_redirects=False,
                trust_env=not address.loopback,
            )
        except (httpx.InvalidURL, ValueError, OSError, ImportError) as error:  # the text may hold a proxy's password
            raise ModelError(
                f"{self._who} cannot be asked ({type(error).__name__})",
                hint="Check the base URL, and the proxies and certificates that the environment names.",
            ) from None

    async def ask(self, body: Mapping[str, Any], take: Take) -> bool:
        """Send ``body``, and hand each JSON document of the reply to ``take``: one, or one an event of a stream.

        What fails in passing is tried again, as long as nothing was handed on.

        Returns:
            Whether the reply is known to be whole; a stream that just ends is not.

        Raises:
            Refused: the request is wrong in the server's eyes.
            TooLong: the model does not read that much.
            ModelError: the server cannot be reached, fails, or speaks another protocol.
        """
        content = json.dumps(body).encode()
        for attempt in itertools.count():
            try:
                return await self._try(content, take)
            except Passing as passing:
                await asyncio.sleep(self._pause(attempt, passing))
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _pause(self, attempt: int, passing: Passing) -> float:
        """Seconds to wait before the next attempt.

        Raises:
            ModelError: there is none.
        """
        asked = passing.after or 0.0
        if attempt >= self._settings.retries or asked > self._settings.longest_pause:
            raise passing.error from None
        pause = self._settings.first_pause * 2.0**attempt * random.uniform(0.5, 1.0)
        return max(asked, min(pause, self._settings.longest_pause))

    async def _try(self, content: bytes, take: Take) -> bool:
        heard = False

        def hand_on(document: Any) -> None:
            nonlocal heard
            heard = True
            take(document)

        try:
            return await self._exchange(content, hand_on)
        except httpx.HTTPError as error:
            failed = self._told(error, heard)
        # Outside of the handler: the library's error knows the request, and with it the key.
        raise failed

    async def _exchange(self, content: bytes, take: Take) -> bool:
        kind = {"Content-Type": "application/json"}
        async with self._client.stream("POST", self._url, content=content, headers=kind) as response:
            self._client.cookies.clear()
            if response.status_code != 200:
                said = self._redacted(complaint_in(await self._start_of(response)))
                raise failure(self._who, response.status_code, said, retry_after(response.headers.get("Retry-After")))
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise ModelError(f"{self._who} answers compressed, which it was asked not to")
            if response.headers.get("Content-Type", "").startswith("text/event-stream"):
                return await self._events(response, take)
            received = bytearray()
            async for chunk in response.aiter_raw():
                received += chunk
                self._bounded(len(received))
            take(self._document(received))
            return True

    async def _events(self, response: httpx.Response, take: Take) -> bool:
        size, rest = 0, b""
        async for chunk in response.aiter_raw():
            size += len(chunk)
            self._bounded(size)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                data = line.removeprefix(_DATA).strip() if line.startswith(_DATA) else b""
                if data == _DONE:
                    return True
                if data:
                    take(self._document(data))
        return False

    async def _start_of(self, response: httpx.Response) -> bytes:
        start = bytearray()
        async for chunk in response.aiter_raw():
            start += chunk
            if len(start) >= _COMPLAINT:
                break
        return bytes(start[:_COMPLAINT])

    def _document(self, content: bytes | bytearray) -> Any:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            what = "a web page" if content.lstrip()[:1] == b"<" else "no JSON"
            raise ModelError(
                f"{self._who} answers with {what}: it is no chat-completions server",
                hint="The base URL usually ends in /v1.",
            ) from None
        if isinstance(document, dict) and document.get("error"):
            raise ModelError(f"{self._who} failed while it answered{shown(self._redacted(complaint_in(content)))}")
        return document

    def _bounded(self, size: int) -> None:
        if size > self._settings.most_bytes:
            raise ModelError(f"{self._who} answers with more than {self._settings.most_bytes} bytes")

    def _redacted(self, text: str) -> str:
        return text if self._key is None else text.replace(self._key.get_secret_value(), "…")

    def _told(self, error: httpx.HTTPError, heard: bool) -> Exception:
        reason = self._redacted(str(error)) or type(error).__name__
        if heard:
            return ModelError(f"{self._who} broke off in its answer: {reason}")
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return ModelError(
                f"{self._who} was silent for {self._settings.silent_seconds:g} s", hint="Is it still loading the model?"
            )
        told = ModelError(
            f"{self._who} cannot be reached: {reason}", hint="Is the server running, and the base URL right?"
        )
        return Passing(told)
