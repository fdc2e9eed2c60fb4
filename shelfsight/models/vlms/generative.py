"""The adapter of every generative vision-language model of Transformers, through its own processor."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL.Image import Image

from shelfsight.core.calibration import Calibration
from shelfsight.core.dialogue import Answer, Conversation
from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray
from shelfsight.models.vlms.heads import Head
from shelfsight.models.vlms.limits import check_limits
from shelfsight.models.vlms.loading import Loaded, told
from shelfsight.models.vlms.memory import in_parts, within_memory
from shelfsight.models.vlms.pictures import fit
from shelfsight.models.vlms.prompts import Prompts
from shelfsight.models.vlms.watch import Watch
from shelfsight.models.vlms.yes_no import YES_NO, Words, checked_scores, words_of

if TYPE_CHECKING:
    import torch

__all__ = ["GenerativeVlm"]

_SMALL = 100_000_000  # parameters
_BATCH = {"cpu": (64, 8), "cuda": (256, 64)}  # of small models, and of others
_CONTEXT = "max_position_embeddings"
_T = TypeVar("_T")


class GenerativeVlm:
    """A :class:`~shelfsight.core.vision.VisionLanguageModel` over one Transformers model.

    Decoders are padded on the left, so that every answer begins behind its own last word; encoders on the right, where
    relative positions do not see it. Transformers' ``generate`` derives positions from the attention mask. Scoring is
    its first step, which looks at the last position only.
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
            self._yes_no = words_of(self._tokenizer.get_vocab(), YES_NO)
            self._head = Head(_decoder(self._model))
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._ends = _greedy(self._model, self._tokenizer)
        self._parameters = sum(parameter.numel() for parameter in self._model.parameters())
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
    def calibration(self) -> Calibration:
        """What was learnt about its probabilities; :data:`~shelfsight.core.calibration.UNCALIBRATED` if nothing."""
        return self._loaded.calibration

    @property
    def batch_size(self) -> int:
        """Pairs that go through the network at once; more are split."""
        small, large = _BATCH.get(self._loaded.device.type, _BATCH["cpu"])
        return small if self._parameters <= _SMALL else large

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        """See :meth:`~shelfsight.core.vision.VisionLanguageModel.score`."""
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
        """See :meth:`~shelfsight.core.vision.VisionLanguageModel.generate`."""
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
        masses = self._first_words(self._inputs([[picture] for picture, _ in batch], prompts), self._yes_no)
        return checked_scores(masses.softmax(1)[:, 0])

    def _first_words(self, inputs: Any, words: Words) -> "torch.Tensor":
        """(n, words) float32: the logarithm of the mass of each of the words as an answer's first."""
        with self._head.heard() as given:
            steps = self._run(inputs, max_new_tokens=1, output_logits=True)
        if not self._head.final:
            return words.masses(steps.logits[0][:, words.ids])
        return words.masses(self._head.logits(given[0][:, -1], words.ids))

    def _generate(
        self, batch: Sequence[tuple[Image, str | Conversation]], max_tokens: int, watch: Watch
    ) -> list[Answer]:
        with self._turn(watch.left) as in_time, self._told(batch):
            if in_time:
                prompts = [self._prompt(asked, max_tokens) for _, asked in batch]
                asked = [([picture], prompt) for (picture, _), prompt in zip(batch, prompts, strict=True)]
                in_parts(range(len(batch)), lambda rows: self._answer([asked[row] for row in rows], rows, watch))
            answers = watch.answers()
        if watch.failure is not None:
            raise watch.failure
        return answers

    def _answer(self, asked: Sequence[tuple[list[Image], str]], rows: Sequence[int], watch: Watch) -> None:
        """Have these rows of a batch answered, unless it is over."""
        from transformers import LogitsProcessorList, StoppingCriteriaList

        if watch.over:
            return
        watch.begin(rows)
        self._run(
            self._inputs([pictures for pictures, _ in asked], [prompt for _, prompt in asked]),
            max_new_tokens=watch.max_tokens,
            stopping_criteria=StoppingCriteriaList([watch]),
            logits_processor=LogitsProcessorList([watch.repeat]),
        )

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
        """Tokens that are left when the prompt and the answer are in."""
        decoder = self._model.config.get_text_config(decoder=True)
        reads = [limit for limit in (self._loaded.family.context, getattr(decoder, _CONTEXT, None)) if limit]
        return min(reads, default=1 << 30) - self._sees - max_tokens - len(self._tokenizer(prompt).input_ids)

    @property
    def _sees(self) -> int:
        """Places that a picture takes beside the prompt's tokens, where that is the same for every picture."""
        return int(getattr(self._model.config, "num_query_tokens", 0))

    def _inputs(self, pictures: Sequence[Sequence[Image]], prompts: list[str]) -> Any:
        """What the model reads: of each prompt its pictures, in order."""
        fitted = [[fit(picture) for picture in own] for own in pictures]
        inputs = self._processor(
            images=[own[0] for own in fitted] if self._loaded.family.flat_pictures else fitted,
            text=prompts,
            padding=True,
            padding_side="right" if _is_encoder_decoder(self._model) else "left",
            add_special_tokens=self._wants_marks(prompts[0]),
            return_tensors="pt",
        )
        inputs.pop("labels", None)
        return inputs.to(self._loaded.device, dtype=self._model.dtype)

    def _wants_marks(self, prompt: str) -> bool:
        """Whether the tokenizer has to write the mark of a text's beginning, because the template does not."""
        bos = self._tokenizer.bos_token
        return not (bos and prompt.startswith(bos))

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
