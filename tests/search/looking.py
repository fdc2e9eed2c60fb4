"""Vision-language models whose answers a test writes down. Pictures are numbers: one pixel, number in red and green."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from PIL import Image

from shelfsight.core.calibration import UNCALIBRATED, Calibration
from shelfsight.core.protocols import PictureKey
from shelfsight.core.vectors import FloatArray

Answering = Callable[[int, str], float]
"""Number of a picture and a question to P(yes)."""


def numbered(number: int) -> Image.Image:
    """The picture of a number below 65,536."""
    return Image.new("RGB", (1, 1), (number // 256, number % 256, 0))


def number_of(picture: Image.Image) -> int:
    high, low, _ = picture.getpixel((0, 0))  # type: ignore[misc]
    return int(high) * 256 + int(low)


class ScriptedVlm:
    """Says what it is told to, and remembers what it was asked.

    Attributes:
        calls: for each call of ``score`` (or ``score_features``) the (number, question) pairs.
    """

    def __init__(
        self,
        answer: Answering,
        *,
        calibration: Calibration = UNCALIBRATED,
        generates: bool = True,
        graded: bool = False,
        before: Callable[[int], None] = lambda _pairs: None,
    ) -> None:
        """``before`` is called with the number of pairs at the start of each call: it may wait, or raise."""
        self._answer, self._before = answer, before
        self.calibration = calibration
        self.generates, self.graded = generates, graded
        self.calls: list[list[tuple[int, str]]] = []

    @property
    def name(self) -> str:
        return "scripted"

    def score(self, pairs: Sequence[tuple[Image.Image, str]]) -> FloatArray:
        return self._said([(number_of(picture), question) for picture, question in pairs])

    def generate(self, *_: Any, **__: Any) -> NoReturn:
        raise AssertionError("nobody asked for words")

    def _said(self, asked: list[tuple[int, str]]) -> FloatArray:
        self._before(len(asked))
        self.calls.append(asked)
        return np.array([self._answer(*pair) for pair in asked], dtype=np.float32)


class ReusableVlm(ScriptedVlm):
    """The same, by way of features: ``encoded`` counts the pictures that they were made of."""

    encoded = 0

    @property
    def features_version(self) -> str:
        return "v1"

    def picture_features(self, pictures: Sequence[Image.Image]) -> list[npt.NDArray[np.float16]]:
        self.encoded += len(pictures)
        return [np.asarray(picture, dtype=np.float16)[0, :, :2] for picture in pictures]

    def score_features(self, pairs: Sequence[tuple[npt.NDArray[np.float16], str]]) -> FloatArray:
        return self._said([(int(high) * 256 + int(low), question) for ((high, low),), question in pairs])


class ComparingVlm(ScriptedVlm):
    """Prefers the picture that ``answer`` gives the greatest number, and, by ``bias``, the first one shown."""

    def __init__(self, answer: Answering, *, most_pictures: int, bias: float = 0.0, **options: Any) -> None:
        super().__init__(answer, **options)
        self.most_pictures = most_pictures
        self._bias = bias

    def choose(self, lists: Sequence[tuple[Sequence[Image.Image], str]]) -> list[FloatArray]:
        self._before(len(lists))
        self.calls.append([(number_of(picture), sought) for pictures, sought in lists for picture in pictures])
        return [self._shares(pictures, sought) for pictures, sought in lists]

    def _shares(self, pictures: Sequence[Image.Image], sought: str) -> FloatArray:
        liked = np.array([self._answer(number_of(picture), sought) for picture in pictures])
        shares = np.exp(liked - self._bias * np.arange(len(pictures)))
        return (shares / shares.sum()).astype(np.float32)


class MemoryNotes:
    """Features kept in a dictionary, by version."""

    def __init__(self, *, before: Callable[[], None] = lambda: None) -> None:
        """``before`` is called when features are kept: it may wait, or raise."""
        self._before = before
        self.kept: dict[str, dict[PictureKey, npt.NDArray[np.float16]]] = {}
        self.fingerprints: dict[str, str] = {}

    def features(self, version: str, keys: Sequence[PictureKey]) -> dict[PictureKey, npt.NDArray[np.float16]]:
        kept = self.kept.get(version, {})
        return {key: kept[key] for key in keys if key in kept}

    def keep_features(
        self, version: str, features: Mapping[PictureKey, npt.NDArray[np.float16]], fingerprints: Mapping[str, str]
    ) -> None:
        self._before()
        self.kept.setdefault(version, {}).update(features)
        self.fingerprints.update(fingerprints)


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something comes true in another thread soon."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()
