"""BLIP-2's image-text-matching head: does this text describe this picture?"""

import threading
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from PIL.Image import Image

from shelfsight.core.calibration import Calibration
from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray
from shelfsight.models.vlms.loading import Loaded, told
from shelfsight.models.vlms.memory import within_memory
from shelfsight.models.vlms.pictures import fit
from shelfsight.models.vlms.yes_no import checked_scores

__all__ = ["MatchingVlm"]

_BATCH = 32


class MatchingVlm:
    """A :class:`~shelfsight.core.vision.VisionLanguageModel` that scores statements and writes nothing.

    The score is the softmax of the head's two logits, averaged over the query tokens (Li et al. 2023, "BLIP-2",
    section 3.2): the probability that the text belongs to the picture.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._context = int(loaded.model.config.qformer_config.max_position_embeddings)
        self._lock = threading.Lock()  # a fast tokenizer's padding state is not for two threads at once

    @property
    def name(self) -> str:
        return self._loaded.source.name

    @property
    def generates(self) -> bool:
        return False

    @property
    def graded(self) -> bool:
        return False

    @property
    def calibration(self) -> Calibration:
        """What was learnt about its probabilities; :data:`~shelfsight.core.calibration.UNCALIBRATED` if nothing."""
        return self._loaded.calibration

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        """n (picture, statement) pairs to (n,) float32: the probability that the statement is of that picture.

        Raises:
            UsageError: a statement is longer than the model reads.
            ModelError: the network fails.
        """
        parts = [self._score(pairs[start : start + _BATCH]) for start in range(0, len(pairs), _BATCH)]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def generate(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"{self.name} matches texts with pictures and writes none",
            hint="Name a generative vision-language model to explain or answer.",
        )

    def _score(self, batch: Sequence[tuple[Image, str]]) -> FloatArray:
        with self._lock, told(f"{self.name} failed on {len(batch)} texts"):
            return within_memory(batch, self._probabilities)

    def _probabilities(self, batch: Sequence[tuple[Image, str]]) -> FloatArray:
        import torch

        model = self._loaded.model
        inputs = self._loaded.processor(
            images=[fit(picture) for picture, _ in batch],
            text=[text for _, text in batch],
            padding=True,
            padding_side="right",
            return_tensors="pt",
        ).to(self._loaded.device, dtype=model.dtype)
        self._check(inputs["attention_mask"].sum(1).max().item())
        with torch.inference_mode():
            matched = model(**inputs, use_image_text_matching_head=True).logits_per_image
        return checked_scores(matched.float().softmax(1)[:, 1])

    def _check(self, tokens: int) -> None:
        if tokens > self._context:
            raise UsageError(f"a text of {tokens} tokens is too long for {self.name}, which reads {self._context}")
