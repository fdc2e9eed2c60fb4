"""The vision-language model of an engine: opened once, when it is first needed, while others wait or go without."""

from concurrent.futures import Future
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from shelfsight.api.gallery import Gallery
from shelfsight.core import background
from shelfsight.core.errors import ModelError, ShelfsightError
from shelfsight.core.protocols import Encoder, Localiser, Store
from shelfsight.core.vision import VisionLanguageModel

if TYPE_CHECKING:
    from shelfsight.search.look import Look, OpenLook

__all__ = ["VlmOpener", "look_opener"]

_PATIENCE = 60.0
"""Seconds that a search without a budget waits for a model that is being loaded, or downloaded."""

_FORGIVEN = 30.0
"""Seconds after which a model that could not be opened is tried again; until then the failure is told at once."""


class VlmOpener:
    """One vision-language model by its name, or a ready one. Safe to share between threads."""

    def __init__(self, vlm: str | VisionLanguageModel, device: str | None) -> None:
        self._vlm = vlm
        self._device = device
        self._lock = Lock()
        self._opening: Future[VisionLanguageModel] | None = None
        self._failed_at = 0.0

    @property
    def name(self) -> str:
        """The string that opens it."""
        return self._vlm if isinstance(self._vlm, str) else self._vlm.name

    def open(self, seconds: float | None = None) -> VisionLanguageModel:
        """The model, opened now if it was not.

        Args:
            seconds: what the caller can wait; opening goes on behind its back. ``None``: until it is there.

        Raises:
            ModelError: it cannot be found or loaded, or is not there in time.
            MissingExtra: a package that it needs is not installed.
        """
        if not isinstance(self._vlm, str):
            return self._vlm
        try:
            return self._started(self._vlm).result(seconds)
        except TimeoutError as error:
            raise ModelError(
                f"vision-language model {self._vlm!r} is still being loaded", hint="ask again in a moment"
            ) from error

    def _started(self, name: str) -> Future[VisionLanguageModel]:
        with self._lock:
            if self._opening is None or (self._failed_at and monotonic() - self._failed_at > _FORGIVEN):
                self._failed_at = 0.0
                self._opening = Future()
                background.start(self._load, name, self._opening, name="shelfsight-vlm")
            return self._opening

    def _load(self, name: str, opening: Future[VisionLanguageModel]) -> None:
        from shelfsight.models import open_vlm

        try:
            opening.set_result(open_vlm(name, device=self._device))
        except ShelfsightError as error:
            self._fail(opening, error)
        except Exception as error:  # whatever a library raises, whoever waits must hear of it
            self._fail(opening, ModelError(f"vision-language model {name!r} cannot be loaded: {error}"))

    def _fail(self, opening: Future[VisionLanguageModel], error: ShelfsightError) -> None:
        with self._lock:
            self._failed_at = monotonic()
        opening.set_exception(error)


def look_opener(opener: VlmOpener, gallery: Gallery, store: Store, encoder: Encoder) -> "OpenLook":
    """What a searcher takes a second look with; the vision-language model is opened by the first search that does."""

    def open_look(seconds: float | None) -> "Look":
        from shelfsight.search.look import Look

        return Look(
            vlm=opener.open(_PATIENCE if seconds is None else seconds),
            picture=gallery.decoded,
            localiser=encoder if isinstance(encoder, Localiser) else None,
            notes=store.notes,
        )

    return open_look
