"""What a server understands of the protocol, learnt from what it refuses."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shelfsight.models.vlms.remote.messages import Message

__all__ = ["Dialect", "Request"]

_FEWER = {20: 5, 5: 0}  # 20 is the most that OpenAI and vLLM give; others give 5
_THOUGHTS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question, whatever the server's dialect.

    Attributes:
        max_tokens: of the answer.
        logprobs: whether the likeliest first tokens are wanted.
        stream: whether the answer is wanted piece by piece.
    """

    messages: Sequence[Message]
    max_tokens: int
    logprobs: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a request is written.

    Attributes:
        top_logprobs: how many of the likeliest tokens are asked for; 0, the server gives none.
        temperature: whether it may be set to 0.
        limit: what the bound of an answer is called.
        thoughts: tokens that a model which thinks before it speaks is given for it.
    """

    top_logprobs: int = 20
    temperature: bool = True
    limit: str = "max_tokens"
    thoughts: int = 0

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """The JSON of a request."""
        body: dict[str, Any] = {"model": model, "messages": list(request.messages)}
        body[self.limit] = request.max_tokens + self.thoughts
        if self.temperature:
            body["temperature"] = 0
        if request.logprobs and self.top_logprobs:
            body |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        if request.stream:
            body["stream"] = True
        return body

    def after(self, complaint: str, request: Request) -> "Dialect | None":
        """The next dialect to try where ``request`` was refused with ``complaint``; ``None``, there is none."""
        said = complaint.casefold()
        if "logprobs" in said and request.logprobs and self.top_logprobs:
            return dataclasses.replace(self, top_logprobs=_FEWER[self.top_logprobs])
        if "max_completion_tokens" in said and self.limit == "max_tokens":
            return dataclasses.replace(self, limit="max_completion_tokens")
        if "output limit" in said:  # "max_tokens or model output limit was reached", before the first word
            return self.thinking()
        if "temperature" in said and self.temperature:
            return dataclasses.replace(self, temperature=False)
        return None

    def thinking(self) -> "Dialect | None":
        """The dialect of a model that needs tokens before it speaks, so that its first is no yes or no; ``None``,
        it has had them."""
        return None if self.thoughts else dataclasses.replace(self, thoughts=_THOUGHTS, top_logprobs=0)

    def silent(self) -> "Dialect":
        """The dialect of a server that gives no log-probabilities."""
        return dataclasses.replace(self, top_logprobs=0)
