"""What is asked of a remote model, in what order, and what is learnt of it."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Sequence

from PIL.Image import Image

from shelfsight.core.dialogue import Answer, Conversation, Stop
from shelfsight.core.errors import ModelError
from shelfsight.models.vlms.remote.address import Address
from shelfsight.models.vlms.remote.answers import Reply, grade, yes_probability
from shelfsight.models.vlms.remote.dialect import Dialect, Request
from shelfsight.models.vlms.remote.failures import Refused, TooLong
from shelfsight.models.vlms.remote.messages import (
    Message,
    conversation_messages,
    data_uri,
    grade_messages,
    yes_no_messages,
)
from shelfsight.models.vlms.remote.settings import RemoteSettings
from shelfsight.models.vlms.remote.wire import Wire

__all__ = ["Say", "Talk"]

Say = Callable[[str], None]
_GRADE_TOKENS = 8


class Talk:
    """The questions to one server. All of it runs in one event loop, so that nothing here needs a lock.

    Attributes:
        graded: whether a grade was read in place of a probability, ever.
    """

    def __init__(self, address: Address, wire: Wire, settings: RemoteSettings) -> None:
        self._address, self._wire, self._settings = address, wire, settings
        self._who = f"vision-language model {address.name}"
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._dialect = Dialect()
        self.graded = False

    async def score(self, picture: Image, question: str) -> float:
        """P(yes) in [0, 1], from log-probabilities or a grade."""
        async with self._slots, self._in_time():
            uri = await self._uri(picture)
            probability = await self._probability(yes_no_messages(uri, question))
            return await self._grade(grade_messages(uri, question)) if probability is None else probability

    async def answer(
        self, picture: Image, asked: Conversation, *, max_tokens: int, deadline: float | None, say: Say | None
    ) -> Answer:
        """The answer, or what there is of it at ``deadline`` (by ``time.monotonic``)."""
        request = Request(messages=(), max_tokens=max_tokens, stream=say is not None or deadline is not None)
        reply = Reply(self._who, say)
        if deadline is None:
            async with self._slots, self._in_time():
                await self._fitting(picture, asked, request, reply)
            return reply.answer()
        try:
            async with asyncio.timeout(deadline - time.monotonic()), self._slots:
                await self._fitting(picture, asked, request, reply)
        except TimeoutError:
            return reply.answer(Stop.TIME)
        return reply.answer()

    async def _probability(self, messages: Sequence[Message]) -> float | None:
        """P(yes), where the server gives log-probabilities and yes or no is among them."""
        reply = Reply(self._who)
        await self._ask(Request(messages=messages, max_tokens=1, logprobs=True), reply)
        if reply.first_tokens is None:
            self._dialect = self._dialect.silent()
            return None
        return yes_probability(reply.first_tokens)

    async def _grade(self, messages: Sequence[Message]) -> float:
        reply = Reply(self._who)
        await self._ask(Request(messages=messages, max_tokens=_GRADE_TOKENS), reply)
        said = reply.answer().text
        value = grade(said)
        if value is None:
            raise ModelError(
                f"{self._who} was asked for a grade from 0 to 10, and said {said[:80]!r}",
                hint="A server that gives log-probabilities is not asked for one.",
            )
        self.graded = True
        return value

    async def _fitting(self, picture: Image, asked: Conversation, request: Request, reply: Reply) -> None:
        """Ask; where that is too long for the model, forget the older half of the turns and ask again."""
        uri = await self._uri(picture)
        while True:
            try:
                messages = conversation_messages(uri, asked)
                return await self._ask(dataclasses.replace(request, messages=messages), reply)
            except TooLong:
                if not asked.turns:
                    raise
                asked = dataclasses.replace(asked, turns=asked.turns[(len(asked.turns) + 1) // 2 :])

    async def _ask(self, request: Request, reply: Reply) -> None:
        """Ask in the server's dialect, which a refusal may teach. For log-probabilities, only where there are some."""
        while True:
            dialect = self._dialect
            if request.logprobs and not dialect.top_logprobs:
                return
            try:
                whole = await self._wire.ask(dialect.body(self._address.model, request), reply.take)
            except Refused as refused:
                if not self._learn(dialect, dialect.after(refused.complaint, request)):
                    raise
                continue
            if not (whole or reply.finished):
                raise ModelError(f"{self._who} broke off in its answer")
            if request.logprobs or not (reply.only_thought and self._learn(dialect, dialect.thinking())):
                return

    def _learn(self, spoken: Dialect, better: Dialect | None) -> bool:
        """Whether there is another dialect to try than the one that was spoken; another request may have found it."""
        if self._dialect != spoken:
            return True
        if better is not None:
            self._dialect = better
        return better is not None

    async def _uri(self, picture: Image) -> str:
        return await asyncio.to_thread(data_uri, picture, self._settings.longest_side)

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """All that is done for one pair."""
        seconds = self._settings.seconds
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise ModelError(
                f"{self._who} did not answer within {seconds:g} s", hint="SHELFSIGHT_VLM_SECONDS sets the limit."
            ) from None
