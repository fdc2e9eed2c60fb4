"""The promises of models that look at a picture with a text in mind."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.calibration import Calibration
from shelfsight.core.dialogue import Answer, Conversation
from shelfsight.core.vectors import FloatArray

__all__ = ["Calibrated", "Listwise", "Reusable", "VisionLanguageModel"]


class VisionLanguageModel(Protocol):
    """A model that looks at a picture with a text in mind. Safe to share between threads.

    A batch is answered as its members one at a time: neither the other texts nor the other pictures of a batch, nor
    the padding between them, change an answer (beyond rounding of the device's arithmetic).
    """

    @property
    def name(self) -> str:
        """The string that opens it."""
        ...

    @property
    def generates(self) -> bool:
        """Whether it writes text. One that does not (an image-text-matching head) scores statements, not questions:
        give it ``a red shoe``, not ``Does this picture show a red shoe?``."""
        ...

    @property
    def graded(self) -> bool:
        """Whether ``score`` reads a grade that the model wrote, because it gives no probabilities."""
        ...

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        """n (picture, yes/no question) pairs to (n,) float32 in [0, 1], higher is more of a yes; one forward a pair.

        P(yes) is the probability of the tokens that say yes among those that say yes or no, where the answer begins.

        Raises:
            UsageError: a question is longer than the model reads.
            ModelError: the network fails.
        """
        ...

    def generate(
        self,
        pairs: Sequence[tuple[Image, str | Conversation]],
        *,
        max_tokens: int,
        seconds: float | None = None,
        on_text: Callable[[int, str], None] | None = None,
    ) -> list[Answer]:
        """One answer a pair, in order: at each place the likeliest token (no sampling).

        Args:
            pairs: (picture, what is asked about it).
            max_tokens: an answer has at most that many, at least 1.
            seconds: no token is begun when that much time has passed since the call; what there is of the answers
                is returned, and their ``stop`` says so. A step of the network is not interrupted.
            on_text: called in this thread with the index of a pair and the next piece of its answer, as soon as it is
                there; the pieces of a pair joined are its answer's text. What it raises ends the call. It
                must not call the model.

        Raises:
            UsageError: a limit is not above 0, a question is longer than the model reads, or the model cannot do what
                is asked (it does not generate, knows no turns or no opening).
            ModelError: the network fails.
        """
        ...


@runtime_checkable
class Calibrated(Protocol):
    """A model whose probabilities were held against the truth."""

    @property
    def calibration(self) -> Calibration: ...


@runtime_checkable
class Reusable(Protocol):
    """A vision-language model that can look at a picture once and be asked about it many times."""

    @property
    def features_version(self) -> str:
        """Digest of all that the features of a picture depend on: weights of the tower, preprocessing."""
        ...

    def picture_features(self, pictures: Sequence[Image]) -> list[npt.NDArray[np.float16]]:
        """What the decoder sees of each of n decoded RGB pictures: (t, d) float16 each."""
        ...

    def score_features(self, pairs: Sequence[tuple[npt.NDArray[np.float16], str]]) -> FloatArray:
        """:meth:`VisionLanguageModel.score`, of features in place of pictures: the same probabilities, to rounding."""
        ...


@runtime_checkable
class Listwise(Protocol):
    """A vision-language model that compares several pictures at once."""

    @property
    def most_pictures(self) -> int:
        """Pictures that it can be shown together, 2 or more."""
        ...

    def choose(self, lists: Sequence[tuple[Sequence[Image], str]]) -> list[FloatArray]:
        """n (2 to ``most_pictures`` pictures, what is sought) pairs to one (pictures,) float32 each, which sums to 1:
        how probably each picture, in the order given, is said to fit best."""
        ...
