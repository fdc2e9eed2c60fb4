"""The adapter of every generative vision-language model of Transformers, through its own processor."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from PIL.Image import Image

from shelfsight.core.dialogue import Answer, Conversation
from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray
from shelfsight.models.vlms.limits import check_limits
from shelfsight.models.vlms.loading import Loaded, told
from shelfsight.models.vlms.memory import within_memory
from shelfsight.models.vlms.pictures import fit
from shelfsight.models.vlms.prompts import Prompts
from shelfsight.models.vlms.watch import Watch
from shelfsight.models.vlms.yes_no import checked_scores, yes_no_tokens

__all__ = ["GenerativeVlm"]

_BATCH = {"cpu": 8, "cuda": 64}
_CONTEXT = "max_position_embeddings"
_T = TypeVar("_T")


class GenerativeVlm:
    """A :class:`~shelfsight.core.protocols.VisionLanguageModel` over one Transformers model.

    Decoders are padded on the left, so that every answer begins behind its own last word; encoders on the right, where
    relative positions do not see it. Transformers' ``generate`` derives positions from the attention mask. Scoring is
    its first step, which computes logits for the last position only.
    """

    def __init__(self, loaded: Loaded) -> None:
        """
        Raises:
            ModelError: the model cannot be asked: no chat template, no token for yes or no.
        """
        self._loaded = loaded
        self._model, self._processor = loaded.model, loaded.processor
        self._tokenizer = loaded.processor.tokenizer
        with told(f"vision-language model {self.name} cannot be used"):
            self._prompts = Prompts(loaded.processor, loaded.family)
            self._yes_no = yes_no_tokens(self._tokenizer.get_vocab())
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._ends = _greedy(self._model, self._tokenizer)
        # Tokenizers keep their padding, and some models the positions of their last batch, in themselves.
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._loaded.source.name

    @property
    def generates(self) -> bool:
        return True

    @property
    def graded(self) -> bool:
        return False

    @property
    def batch_size(self) -> int:
        """Pairs that go through the network at once; more are split."""
        return _BATCH.get(self._loaded.device.type, _BATCH["cpu"])

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        """See :meth:`~shelfsight.core.protocols.VisionLanguageModel.score`."""
        parts = [self._score(batch) for _, batch in self._batches(pairs)]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def generate(
        self,
        pairs: Sequence[tuple[Image, str | Conversation]],
        *,
        max_tokens: int,
        seconds: float | None = None,
        on_text: Callable[[int, str], None] | None = None,
    ) -> list[Answer]:
        """See :meth:`~shelfsight.core.protocols.VisionLanguageModel.generate`."""
        check_limits(max_tokens, seconds)
        deadline = None if seconds is None else time.monotonic() + seconds
        answers: list[Answer] = []
        for start, batch in self._batches(pairs):
            watch = Watch(
                range(start, start + len(batch)),
                decode=self._decode,
                ends=self._ends,
                max_tokens=max_tokens,
                deadline=deadline,
                on_text=on_text,
            )
            answers += self._generate(batch, max_tokens, watch)
        return answers

    def _score(self, batch: Sequence[tuple[Image, str]]) -> FloatArray:
        with self._turn(None), self._told(batch):
            return within_memory(batch, self._probabilities)

    def _probabilities(self, batch: Sequence[tuple[Image, str]]) -> FloatArray:
        prompts = [self._checked(self._prompts.question(text), 1) for _, text in batch]
        steps = self._run(self._inputs(batch, prompts), max_new_tokens=1, output_logits=True)
        return checked_scores(self._yes_no.probability(steps.logits[0]))

    def _generate(
        self, batch: Sequence[tuple[Image, str | Conversation]], max_tokens: int, watch: Watch
    ) -> list[Answer]:
        with self._turn(watch.left) as in_time, self._told(batch):
            from transformers import StoppingCriteriaList

            if in_time:
                prompts = [self._prompt(asked, max_tokens) for _, asked in batch]
                stopping = StoppingCriteriaList([watch])
                self._run(self._inputs(batch, prompts), max_new_tokens=max_tokens, stopping_criteria=stopping)
            answers = watch.answers()
        if watch.failure is not None:
            raise watch.failure
        return answers

    @contextlib.contextmanager
    def _turn(self, seconds: float | None) -> Iterator[bool]:
        """Have the model alone; whether that came true within ``seconds``."""
        begun = time.monotonic()
        held = self._lock.acquire(timeout=-1 if seconds is None else max(0.0, seconds))
        try:
            yield held and (seconds is None or time.monotonic() - begun < seconds)
        finally:
            if held:
                self._lock.release()

    def _told(self, batch: Sequence[Any]) -> contextlib.AbstractContextManager[None]:
        return told(f"vision-language model {self.name} failed on {len(batch)} questions")

    def _prompt(self, asked: str | Conversation, max_tokens: int) -> str:
        """The prompt that fits: the oldest turns are forgotten first."""
        conversation = Conversation(question=asked) if isinstance(asked, str) else asked
        while conversation.turns:
            prompt = self._prompts.conversation(conversation)
            if self._room(prompt, max_tokens) >= 0:
                return prompt
            conversation = dataclasses.replace(conversation, turns=conversation.turns[1:])
        return self._checked(self._prompts.conversation(conversation), max_tokens)

    def _checked(self, prompt: str, max_tokens: int) -> str:
        room = self._room(prompt, max_tokens)
        if room < 0:
            raise UsageError(
                f"a question is {-room} tokens too long for vision-language model {self.name}",
                hint="Ask in fewer words, or for a shorter answer.",
            )
        return prompt

    def _room(self, prompt: str, max_tokens: int) -> int:
        """Tokens that are left when the prompt, without what stands for the picture, and the answer are in."""
        decoder = self._model.config.get_text_config(decoder=True)
        reads = [limit for limit in (self._loaded.family.context, getattr(decoder, _CONTEXT, None)) if limit]
        queries = getattr(self._model.config, "num_query_tokens", 0)
        return min(reads, default=1 << 30) - queries - max_tokens - len(self._tokenizer(prompt).input_ids)

    def _inputs(self, batch: Sequence[tuple[Image, Any]], prompts: list[str]) -> Any:
        pictures = [fit(picture) for picture, _ in batch]
        bos = self._tokenizer.bos_token
        inputs = self._processor(
            images=pictures if self._loaded.family.flat_pictures else [[picture] for picture in pictures],
            text=prompts,
            padding=True,
            padding_side="right" if _is_encoder_decoder(self._model) else "left",
            add_special_tokens=not (bos and prompts[0].startswith(bos)),  # a template that writes them itself
            return_tensors="pt",
        )
        inputs.pop("labels", None)
        return inputs.to(self._loaded.device, dtype=self._model.dtype)

    def _run(self, inputs: Any, **options: Any) -> Any:
        import torch

        with torch.inference_mode():
            return self._model.generate(**inputs, **options, return_dict_in_generate=True)

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _batches(self, pairs: Sequence[_T]) -> Iterator[tuple[int, Sequence[_T]]]:
        for start in range(0, len(pairs), self.batch_size):
            yield start, pairs[start : start + self.batch_size]


def _is_encoder_decoder(model: Any) -> bool:
    return bool(getattr(_decoder(model).config, "is_encoder_decoder", False))


def _decoder(model: Any) -> Any:
    """BLIP-2 hands generation on to a whole language model inside it; the others generate themselves."""
    inner = getattr(model, "language_model", None)
    return inner if hasattr(inner, "generation_config") and hasattr(inner, "generate") else model


def _greedy(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """Make the likeliest token the only choice, whatever sampling and penalties the checkpoint asks for.

    A repetition penalty would count padding as words that were said. Returns the ids that end an answer.
    """
    from transformers import GenerationConfig

    asked = _decoder(model).generation_config
    ends = asked.eos_token_id if asked.eos_token_id is not None else tokenizer.eos_token_id
    greedy = GenerationConfig(  # type: ignore[no-untyped-call]
        bos_token_id=asked.bos_token_id,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=asked.decoder_start_token_id,
    )
    model.generation_config = _decoder(model).generation_config = greedy
    return tuple(ends) if isinstance(ends, list) else () if ends is None else (ends,)
