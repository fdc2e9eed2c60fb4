"""Models by name, each opened once for all who use it at the same time."""

from threading import Lock, RLock
from weakref import WeakValueDictionary

from shelfsight.api.looking import VlmOpener
from shelfsight.api.matching import open_encoder_named
from shelfsight.core.protocols import Encoder, EncoderSpec
from shelfsight.core.vision import VisionLanguageModel

__all__ = ["Models"]


class Models:
    """Encoders and vision-language models of one or several engines. What nobody uses any more is let go. Safe to
    share between threads."""

    def __init__(self, *, device: str | None = None, runtime: str | None = None) -> None:
        """
        Args:
            device, runtime: see :func:`shelfsight.open_engine`.
        """
        self.device = device
        self.runtime = runtime
        self._lock = RLock()
        self._opening: dict[str, Lock] = {}
        self._encoders: WeakValueDictionary[str, Encoder] = WeakValueDictionary()
        self._vlms: WeakValueDictionary[str, VlmOpener] = WeakValueDictionary()

    def encoder(self, name: str, wanted: EncoderSpec | None = None) -> Encoder:
        """The encoder of that name.

        Args:
            wanted: what it was when it was last opened. One that somebody uses, and is something else, is not taken:
                what is there under its name now is opened.

        Raises:
            ModelError: it cannot be found or loaded.
            UsageError, MissingExtra: the runtime cannot be had.
        """
        with self._lock:
            opening = self._opening.setdefault(name, Lock())
        with opening:
            found = self._encoders.get(name)
            if found is None or wanted not in (None, found.spec):
                found = self._encoders[name] = open_encoder_named(name, self.device, self.runtime)
            return found

    def vlm(self, vlm: str | VisionLanguageModel) -> VlmOpener:
        """What opens the vision-language model of that name when it is first needed; or has a ready one."""
        if not isinstance(vlm, str):
            return VlmOpener(vlm, self.device)
        with self._lock:
            found = self._vlms.get(vlm)
            if found is None:
                found = self._vlms[vlm] = VlmOpener(vlm, self.device)
            return found
