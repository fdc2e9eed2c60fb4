"""A second look: pictures of hits put before a vision-language model, for re-ranking and for explaining."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.calibration import UNCALIBRATED, Calibration
from shelfsight.core.cores import cores
from shelfsight.core.errors import ModelError, ShelfsightError
from shelfsight.core.protocols import Localiser, Notes, PictureKey, StoredItem
from shelfsight.core.questions import Subject, yes_no_question
from shelfsight.core.vectors import FloatArray
from shelfsight.core.vision import Calibrated, Listwise, Reusable, VisionLanguageModel

__all__ = ["Look", "OpenLook", "Question", "Viewing"]

S = TypeVar("S")
T = TypeVar("T")
Features = npt.NDArray[np.float16]

_MOST_THREADS = 8
_ROUNDING = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What it takes to look at hits again.

    Attributes:
        vlm: who looks.
        picture: opens a picture of an item: decoded, upright, RGB. Thread-safe; raises ``ShelfsightError``.
        localiser: says where in a picture something is seen.
        notes: where features of pictures are kept from one search to the next.
        listwise: let a model that is ``Listwise`` compare several pictures at once when it re-ranks.
    """

    vlm: VisionLanguageModel
    picture: Callable[[str, int], Image]
    localiser: Localiser | None = None
    notes: Notes | None = None
    listwise: bool = False

    @property
    def calibration(self) -> Calibration:
        """What is known of the model's probabilities."""
        return self.vlm.calibration if isinstance(self.vlm, Calibrated) else UNCALIBRATED


OpenLook = Callable[[float | None], Look]
"""Has the model opened where it is not, waiting so many seconds (``None``: as long as it takes); raises
``ShelfsightError`` where it cannot be had. Cheap once it is open."""


class Question(NamedTuple):
    """Whether a picture shows something."""

    key: PictureKey
    subject: Subject
    term: str


class Viewing:
    """What one search has seen: each picture is opened, and encoded, once. Safe to share between threads."""

    def __init__(self, look: Look, items: Mapping[str, StoredItem]) -> None:
        """``items`` are those whose pictures are looked at, by id, as the search's snapshot has them."""
        self.look = look
        self._items = items
        self._lock = Lock()
        self._features: dict[PictureKey, Features] = {}
        self._fresh: dict[PictureKey, Features] = {}
        self._unopened: dict[PictureKey, str] = {}

    @property
    def unopened(self) -> Mapping[PictureKey, str]:
        """Pictures that could not be opened so far, and why."""
        with self._lock:
            return dict(self._unopened)

    @property
    def has_unkept(self) -> bool:
        """Whether :meth:`keep` has anything to do."""
        with self._lock:
            return bool(self._fresh) and self.look.notes is not None

    def ask(self, questions: Sequence[Question]) -> FloatArray:
        """Put all questions to the model in one call.

        Returns:
            (n,) float32: raw P(yes) in [0, 1], NaN where the picture cannot be opened.

        Raises:
            ModelError: the model fails, or what it says are no n probabilities.
            ShelfsightError: whatever else it refuses.
        """
        vlm, keys = self.look.vlm, dict.fromkeys(question.key for question in questions)
        if not isinstance(vlm, Reusable):
            return self._answers(questions, self._opened(keys), vlm.score)
        features, fresh = self._encoded(keys, vlm)
        answers = self._answers(questions, features, vlm.score_features)
        with self._lock:  # after the answers were found good: features of a model that talks nonsense are not kept
            self._features.update(features)
            self._fresh.update(fresh)
        return answers

    def compare(self, lists: Sequence[Sequence[Image]], sought: str) -> list[FloatArray]:
        """Have a model that is ``Listwise`` compare the pictures of each list, all lists in one call.

        Returns:
            For each list (pictures,) float32 that sums to 1: how probably each picture is said to fit best.

        Raises:
            ModelError: the model fails, compares no pictures, or what it says are no such probabilities.
            ShelfsightError: whatever else it refuses.
        """
        vlm = self.look.vlm
        if not lists:
            return []
        if not isinstance(vlm, Listwise):
            raise ModelError(f"{vlm.name} does not compare pictures")
        said = self._told(lambda: vlm.choose([(pictures, sought) for pictures in lists]))
        if len(said) != len(lists):
            raise ModelError(f"{vlm.name} was given {len(lists)} lists and answered {len(said)}")
        answers = [self._checked(shares, len(pictures)) for shares, pictures in zip(said, lists, strict=True)]
        if any(abs(float(shares.sum()) - 1.0) > _ROUNDING for shares in answers):
            raise ModelError(f"{vlm.name} gave shares that do not add up to 1")
        return answers

    def opened(self, keys: Iterable[PictureKey]) -> dict[PictureKey, Image]:
        """The decoded pictures of ``keys``; those that cannot be opened left out, and told in :attr:`unopened`."""
        return self._opened(dict.fromkeys(keys))

    def keep(self) -> None:
        """Keep the features that were made, for other searches.

        Raises:
            StoreError: they cannot be written; nothing else is affected.
        """
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        notes, vlm = self.look.notes, self.look.vlm
        if notes is None or not isinstance(vlm, Reusable):
            return
        fingerprints = {id: self._items[id].fingerprints.pictures for id, _ in fresh if id in self._items}
        features = {key: feature for key, feature in fresh.items() if key[0] in fingerprints}
        if features:
            notes.keep_features(vlm.features_version, features, fingerprints)

    def _encoded(
        self, keys: Iterable[PictureKey], vlm: Reusable
    ) -> tuple[dict[PictureKey, Features], dict[PictureKey, Features]]:
        """The features of ``keys``, and those among them that had to be made."""
        with self._lock:
            known = {key: self._features[key] for key in keys if key in self._features}
        missing = [key for key in keys if key not in known]
        if missing and self.look.notes is not None:
            known.update(self.look.notes.features(vlm.features_version, missing))
        pictures = self._opened([key for key in missing if key not in known])
        if not pictures:
            return known, {}
        made = self._told(lambda: vlm.picture_features(list(pictures.values())))
        if len(made) != len(pictures):
            raise ModelError(f"{self.look.vlm.name} made features of {len(made)} of {len(pictures)} pictures")
        fresh = dict(zip(pictures, made, strict=True))
        return {**known, **fresh}, fresh

    def _answers(
        self,
        questions: Sequence[Question],
        seen: Mapping[PictureKey, S],
        score: Callable[[Sequence[tuple[S, str]]], FloatArray],
    ) -> FloatArray:
        answers = np.full(len(questions), np.nan, np.float32)
        asked = [index for index, question in enumerate(questions) if question.key in seen]
        if asked:
            pairs = [(seen[questions[index].key], self._words(questions[index])) for index in asked]
            answers[asked] = self._checked(self._told(lambda: score(pairs)), len(pairs))
        return answers

    def _opened(self, keys: Iterable[PictureKey]) -> dict[PictureKey, Image]:
        with self._lock:
            wanted = [key for key in keys if key not in self._unopened]
        if len(wanted) < 2:
            return {key: image for key in wanted if (image := self._open(key)) is not None}
        with ThreadPoolExecutor(min(_threads(), len(wanted)), "shelfsight-decode") as threads:
            images = list(threads.map(self._open, wanted))
        return {key: image for key, image in zip(wanted, images, strict=True) if image is not None}

    def _open(self, key: PictureKey) -> Image | None:
        try:
            return self.look.picture(*key)
        except ShelfsightError as error:
            with self._lock:
                self._unopened[key] = error.message
            return None

    def _words(self, question: Question) -> str:
        """A matching head is given the statement itself."""
        return yes_no_question(question.subject, question.term) if self.look.vlm.generates else question.term

    def _told(self, call: Callable[[], T]) -> T:
        """What ``call`` into the model returns; whatever it raises comes as an error of ours."""
        try:
            return call()
        except ShelfsightError:
            raise
        except Exception as error:
            raise ModelError(f"{self.look.vlm.name} failed: {type(error).__name__}: {error}") from error

    def _checked(self, scores: Any, count: int) -> FloatArray:
        try:
            answers = np.asarray(scores, dtype=np.float32)
        except (TypeError, ValueError):
            answers = np.empty(0, np.float32)
        if answers.shape != (count,):
            raise ModelError(f"{self.look.vlm.name} was asked {count} questions and did not give {count} numbers")
        if not np.all((answers >= 0.0) & (answers <= 1.0)):  # NaN is neither
            raise ModelError(f"{self.look.vlm.name} gave answers that are no probabilities")
        return answers


def _threads() -> int:
    """Those that decode at once: as many as there are cores for this process."""
    return min(cores(), _MOST_THREADS)
