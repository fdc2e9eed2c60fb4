"""Both towers in OpenVINO, on the CPU; each is made when it is first asked for."""

import threading
from collections.abc import Callable
from functools import partial

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.loading import Loaded
from shelfsight.models.encoders.runtimes.base import IdArray, PixelArray
from shelfsight.models.encoders.runtimes.openvino_network import Network
from shelfsight.models.encoders.runtimes.openvino_towers import OpenVinoTowers
from shelfsight.models.encoders.runtimes.towers import text_tower
from shelfsight.models.encoders.runtimes.trials import OPENVINO, Trials

__all__ = ["OpenVinoRuntime"]


class OpenVinoRuntime:
    """Both towers in OpenVINO.

    Texts run in float32. Pictures run in the precision that a trial found fastest among those whose vectors are
    torch's (a cosine of 0.999 and more).
    """

    name = "openvino"

    def __init__(self, loaded: Loaded, towers: OpenVinoTowers, trials: Trials) -> None:
        self._pictures = _Once(partial(_picture_network, towers, trials))
        self._texts = _Once(partial(towers.network, "texts", "f32"))
        self._cut = text_tower(loaded.model).cut

    def encode_pictures(self, pixels_bchw: PixelArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        return self._pictures()(pixels_bchw)

    def encode_texts(self, ids: IdArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        return self._texts()(self._cut(ids))

    def prepare_pictures(self) -> None:
        """Compile the picture tower now.

        Raises:
            RuntimeError: OpenVINO cannot run it.
        """
        self._pictures()

    def prepare_texts(self) -> None:
        """Compile the text tower now, so that no query waits for it.

        Raises:
            RuntimeError: OpenVINO cannot run it.
        """
        self._texts()


def _picture_network(towers: OpenVinoTowers, trials: Trials) -> Network:
    best = trials.verdict("pictures").best(torch_too=False)
    if best is None:
        raise RuntimeError("OpenVINO cannot run this network, or not with the answers it has in torch")
    return towers.network("pictures", OPENVINO[best])


class _Once:
    """A network made by the first caller; what made it, and the weights in torch behind it, are let go then."""

    def __init__(self, make: Callable[[], Network]) -> None:
        self._make: Callable[[], Network] | None = make
        self._made: Network | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Network:
        made = self._made
        if made is not None:
            return made
        with self._lock:
            if self._made is None:
                assert self._make is not None
                self._made, self._make = self._make(), None
            return self._made
