"""Captions, and values for the fields that the merchant left empty, of a batch of pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL.Image import Image

from shelfsight.core.calibration import UNCALIBRATED
from shelfsight.core.dialogue import Answer, Conversation
from shelfsight.core.errors import ModelError
from shelfsight.core.protocols import StoredItem
from shelfsight.core.questions import yes_no_question
from shelfsight.core.types import Suggestion
from shelfsight.core.vectors import FloatArray
from shelfsight.core.vision import Calibrated, Reusable, VisionLanguageModel
from shelfsight.indexer.noting.attributes import (
    ATTRIBUTES,
    CAPTION,
    Attribute,
    caption_of,
    field_for,
    is_said,
    value_of,
)

__all__ = ["Suggester"]

_CAPTION_TOKENS = 64
_VALUE_TOKENS = 12
_LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class _Guess:
    """A value that the model gave for a field of picture ``place`` of the batch."""

    place: int
    field: str
    attribute: Attribute
    value: str


class Suggester:
    """Asks one model the same questions of every picture."""

    def __init__(self, vlm: VisionLanguageModel, model: str, fields: Sequence[str]) -> None:
        """
        Args:
            model: what suggestions go by.
            fields: those that the collection has.
        """
        self._vlm = vlm
        self._model = model
        self._fields = {attribute: field_for(attribute, fields) for attribute in ATTRIBUTES}
        self._calibration = vlm.calibration if isinstance(vlm, Calibrated) else UNCALIBRATED

    def suggest(self, shown: Sequence[tuple[StoredItem, Image]]) -> list[dict[str, Suggestion]]:
        """For each (item, its main picture) the suggestions by field; a caption first.

        A value is suggested where the merchant gave none, and the model finds it more likely than not when asked about
        it in a yes/no question.

        Raises:
            ModelError: the model fails.
        """
        found: list[dict[str, Suggestion]] = [{} for _ in shown]
        captions = self._answers([(image, "") for _, image in shown], _CAPTION_TOKENS)
        for place, caption in enumerate(map(caption_of, captions)):
            if caption is not None:
                found[place][CAPTION] = Suggestion(value=caption, probability=None, model=self._model)
        guesses = list(self._guesses(shown))
        for guess, probability in zip(guesses, self._probabilities(shown, guesses), strict=True):
            if probability >= _LIKELY:
                said = Suggestion(value=guess.value, probability=round(probability, 4), model=self._model)
                found[guess.place][guess.field] = said
        return found

    def _guesses(self, shown: Sequence[tuple[StoredItem, Image]]) -> Iterator[_Guess]:
        for attribute, field in self._fields.items():
            places = [place for place, (item, _) in enumerate(shown) if not is_said(field, item.metadata)]
            answers = self._answers([(shown[place][1], attribute.question) for place in places], _VALUE_TOKENS)
            for place, value in zip(places, map(value_of, answers), strict=True):
                if value is not None:
                    yield _Guess(place, field, attribute, value)

    def _answers(self, pairs: Sequence[tuple[Image, str | Conversation]], max_tokens: int) -> list[Answer]:
        if not pairs:
            return []
        answers = self._vlm.generate(pairs, max_tokens=max_tokens)
        if len(answers) != len(pairs):
            raise ModelError(f"{self._vlm.name} gave {len(answers)} answers to {len(pairs)} questions")
        return answers

    def _probabilities(self, shown: Sequence[tuple[StoredItem, Image]], guesses: Sequence[_Guess]) -> list[float]:
        """Calibrated, that each guess is right."""
        if not guesses:
            return []
        questions = [yes_no_question(guess.attribute.subject, guess.value) for guess in guesses]
        raw = self._score([shown[guess.place][1] for guess in guesses], questions)
        if raw.shape != (len(guesses),):
            raise ModelError(f"{self._vlm.name} gave probabilities {raw.shape} for {len(guesses)} questions")
        scales = (self._calibration.scale(guess.attribute.subject) for guess in guesses)
        return [scale.probability(float(each)) for scale, each in zip(scales, raw, strict=True)]

    def _score(self, images: Sequence[Image], questions: Sequence[str]) -> FloatArray:
        if not isinstance(self._vlm, Reusable):
            return self._vlm.score(list(zip(images, questions, strict=True)))
        distinct = {id(image): image for image in images}
        found = self._vlm.picture_features([*distinct.values()])
        if len(found) != len(distinct):
            raise ModelError(f"{self._vlm.name} gave features of {len(found)} pictures for {len(distinct)}")
        features = dict(zip(distinct, found, strict=True))
        return self._vlm.score_features([(features[id(i)], q) for i, q in zip(images, questions, strict=True)])
