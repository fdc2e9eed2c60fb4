"""A vision-language model that sees the colour of a picture and nothing else; its answers can be computed by hand."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.calibration import Calibration, Scale
from shelfsight.core.dialogue import Answer, Conversation, Stop
from shelfsight.core.errors import ModelError
from shelfsight.core.vectors import FloatArray

COLOURS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}
VERSION = "0123456789abcdef"
MODEL = f"colours@{VERSION[:12]}"


def colour_of(feature: npt.NDArray[np.float16]) -> str:
    """The nearest of :data:`COLOURS`."""
    return min(COLOURS, key=lambda name: float(np.abs(feature[0].astype(float) - COLOURS[name]).sum()))


class PlainColourVlm:
    """Answers and scores. ``fail_after``: calls of a network that go well."""

    name = "colours"
    generates = True
    graded = False

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.scored: list[str] = []
        self.calls = 0
        self.fail_after: int | None = None
        self.answers = {
            "": "A {} thing.",
            "What is it?": "a thing",
            "Which colour is it?": "{}",
            "Which pattern does it have?": "cannot tell",
            "For whom is it?": "for women",
        }
        self.chances = {"Does this picture show thing?": 0.9, "Is the product for women?": 0.4}

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        self._call()
        self.scored += [question for _, question in pairs]
        return np.array([self._yes(_feature(image), question) for image, question in pairs], np.float32)

    def generate(
        self,
        pairs: Sequence[tuple[Image, str | Conversation]],
        *,
        max_tokens: int,
        seconds: float | None = None,
        on_text: Callable[[int, str], None] | None = None,
    ) -> list[Answer]:
        del max_tokens, seconds, on_text
        self._call()
        asked = [(image, text if isinstance(text, str) else text.question) for image, text in pairs]
        self.questions += [question for _, question in asked]
        return [Answer(self.answers[question].format(colour_of(_feature(i))), Stop.END) for i, question in asked]

    def _yes(self, feature: npt.NDArray[np.float16], question: str) -> float:
        return self.chances.get(question, 0.8 if colour_of(feature) in question else 0.1)

    def _call(self) -> None:
        self.calls += 1
        if self.fail_after is not None and self.calls > self.fail_after:
            raise ModelError("the network is gone")


class ColourVlm(PlainColourVlm):
    """The same, which can be asked about features, takes four pictures at once, and is known to be too modest."""

    batch_size = 4
    calibration = Calibration(scales={"attribute": Scale(slope=2.0)})

    def __init__(self, version: str = VERSION) -> None:
        super().__init__()
        self.features_version = version
        self.batches: list[int] = []

    def picture_features(self, pictures: Sequence[Image]) -> list[npt.NDArray[np.float16]]:
        self._call()
        self.batches.append(len(pictures))
        return [_feature(picture) for picture in pictures]

    def score_features(self, pairs: Sequence[tuple[npt.NDArray[np.float16], str]]) -> FloatArray:
        self._call()
        self.scored += [question for _, question in pairs]
        return np.array([self._yes(feature, question) for feature, question in pairs], np.float32)


def _feature(picture: Image) -> npt.NDArray[np.float16]:
    """(1, 3): the mean colour."""
    colour: npt.NDArray[np.float16] = np.asarray(picture).reshape(-1, 3).mean(0, keepdims=True).astype(np.float16)
    return colour
