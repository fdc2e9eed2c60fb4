"""The client: a vision-language model that runs elsewhere."""

import time
import weakref
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np
from PIL.Image import Image
from pydantic import SecretStr

from shelfsight.core.dialogue import Answer, Conversation
from shelfsight.core.errors import ModelError, UsageError
from shelfsight.core.vectors import FloatArray
from shelfsight.models.vlms.limits import check_limits
from shelfsight.models.vlms.remote.address import Address, parse_address
from shelfsight.models.vlms.remote.keys import key_for
from shelfsight.models.vlms.remote.loop import Loop, in_order
from shelfsight.models.vlms.remote.settings import RemoteSettings
from shelfsight.models.vlms.remote.talk import Say, Talk
from shelfsight.models.vlms.remote.wire import Wire

__all__ = ["RemoteVlm", "open_remote"]

_T = TypeVar("_T")


def open_remote(name: str, settings: RemoteSettings | None = None) -> "RemoteVlm":
    """The client of ``openai:MODEL@BASE_URL``, with its key from the environment. No network is touched.

    Args:
        settings: ``None``, the defaults and what the environment says.

    Raises:
        ModelError: the name has another form, or its server wants a key and there is none.
        UsageError: a limit in the environment is no number above 0.
    """
    address = parse_address(name)
    return RemoteVlm(address, key_for(address), settings or RemoteSettings.from_environment())


class RemoteVlm:
    """A :class:`~shelfsight.core.vision.VisionLanguageModel` over OpenAI's chat completions.

    ``score`` reads the log-probabilities of the first token, where the server gives them. Where it does not, or where
    neither yes nor no is among the likeliest, the model is asked for a grade from 0 to 10 instead; ``graded`` is true
    from the first grade on. ``generate`` takes turns, and refuses an opening: the protocol has no way to begin an
    answer that all servers follow. A picture is sent with its longest side at 768 pixels, unless set otherwise.

    Pairs are asked concurrently, up to ``settings.concurrency`` at once over all threads; the first that fails ends
    the call. One pair takes ``settings.seconds`` at most, with all retries.
    """

    def __init__(self, address: Address, key: SecretStr | None, settings: RemoteSettings) -> None:
        self._address, self._settings = address, settings
        wire = Wire(address, key, settings)
        self._talk = Talk(address, wire, settings)
        self._loop = Loop("shelfsight-remote-vlm")
        self._finalizer = weakref.finalize(self, _end, self._loop, wire)

    def __repr__(self) -> str:
        return f"RemoteVlm({self.name!r})"

    @property
    def name(self) -> str:
        return self._address.name

    @property
    def generates(self) -> bool:
        return True

    @property
    def graded(self) -> bool:
        return self._talk.graded

    @property
    def batch_size(self) -> int:
        """Pairs that are asked at once; more wait."""
        return self._settings.concurrency

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        """See :meth:`~shelfsight.core.vision.VisionLanguageModel.score`."""
        scores = self._run([partial(self._talk.score, picture, question) for picture, question in pairs])
        return np.array(scores, np.float32)

    def generate(
        self,
        pairs: Sequence[tuple[Image, str | Conversation]],
        *,
        max_tokens: int,
        seconds: float | None = None,
        on_text: Callable[[int, str], None] | None = None,
    ) -> list[Answer]:
        """See :meth:`~shelfsight.core.vision.VisionLanguageModel.generate`. The answers of several pairs come
        at the same time, and so do their pieces. What a model thinks before it speaks is not counted."""
        check_limits(max_tokens, seconds)
        deadline = None if seconds is None else time.monotonic() + seconds
        asked = [(picture, _conversation(text)) for picture, text in pairs]
        pieces: SimpleQueue[tuple[int, str] | None] = SimpleQueue()

        def sayer(index: int) -> Say | None:
            return None if on_text is None else lambda piece: pieces.put((index, piece))

        def listen(future: "Future[Any]") -> None:
            future.add_done_callback(lambda _: pieces.put(None))
            while (piece := pieces.get()) is not None:
                if on_text is not None:
                    on_text(*piece)

        return self._run(
            [
                partial(
                    self._talk.answer, picture, conversation, max_tokens=max_tokens, deadline=deadline, say=sayer(index)
                )
                for index, (picture, conversation) in enumerate(asked)
            ],
            listen,
        )

    def close(self) -> None:
        """Close the connections. Happens by itself when the model is forgotten."""
        self._finalizer()

    def _run(
        self,
        asked: list[Callable[[], Coroutine[Any, Any, _T]]],
        meanwhile: "Callable[[Future[list[_T]]], None] | None" = None,
    ) -> list[_T]:
        if not self._finalizer.alive:
            raise ModelError(f"vision-language model {self.name} was closed")
        return self._loop.run(in_order(asked), meanwhile) if asked else []


def _conversation(asked: str | Conversation) -> Conversation:
    conversation = Conversation(question=asked) if isinstance(asked, str) else asked
    if conversation.opening:
        raise UsageError("a remote model begins its answers itself, and takes no opening")
    return conversation


def _end(loop: Loop, wire: Wire) -> None:
    loop.end(wire.close())
