"""torch until it is known that OpenVINO is faster here, then OpenVINO."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.runtimes.base import IdArray, PixelArray, Runtime
from shelfsight.models.encoders.runtimes.openvino_runtime import OpenVinoRuntime
from shelfsight.models.encoders.runtimes.openvino_towers import Tower
from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime
from shelfsight.models.encoders.runtimes.trials import OPENVINO, Trials

if TYPE_CHECKING:
    from shelfsight.models.encoders.runtimes.towers import PictureTower

__all__ = ["AutomaticRuntime"]

_PATIENCE = 8.0  # seconds of encoding; converting and a trial take about as long, so nobody pays more than twice
_log = logging.getLogger(__name__)
_BULK = 8  # pictures a call: a query's picture never waits for a trial


class AutomaticRuntime:
    """Each tower in the runtime that a trial found faster on this machine.

    A verdict that an earlier process left holds from the first picture. Without one, torch works until it has
    encoded for about as long as a trial takes; then the trial is made, and both towers follow it. Whoever has few
    pictures never waits for a trial. The first text of a process goes through torch in any case, which is loaded
    already; where OpenVINO is faster, it is made ready beside the next one.

    Whatever goes wrong in OpenVINO or in a trial, torch goes on from there: it costs time, never a job.
    """

    def __init__(
        self,
        torch_runtime: TorchRuntime,
        openvino: OpenVinoRuntime,
        trials: Trials,
        *,
        patience: float = _PATIENCE,
    ) -> None:
        """
        Args:
            patience: seconds that torch encodes pictures before there is a trial.
        """
        self._torch = torch_runtime
        self._openvino = openvino
        self._trials = trials
        self._verdicts = trials.known()
        self._pictures: Runtime = torch_runtime
        self._texts: Runtime = torch_runtime
        self._settled = False
        self._settling = threading.Lock()
        self._patience = patience
        self._spent = 0.0
        self._texts_seen = 0
        self._texts_taken = threading.Lock()

    @property
    def name(self) -> str:
        """Of the runtime that pictures go through now."""
        return self._pictures.name

    @property
    def picture_tower(self) -> "PictureTower":
        """In torch, whatever pictures go through now."""
        return self._torch.picture_tower

    def encode_pictures(self, pixels_bchw: PixelArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        bulk = len(pixels_bchw) >= _BULK
        if not self._settled and (self._verdicts or (bulk and self._spent >= self._patience)):
            self._settle()
        start = perf_counter()
        features = self._encode_pictures(pixels_bchw)
        self._spent += (perf_counter() - start) * bulk
        return features

    def encode_texts(self, ids: IdArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        self._texts_seen += 1
        if self._texts_seen > 1 and self._is_faster("texts") and self._texts_taken.acquire(blocking=False):
            threading.Thread(target=self._take_texts, name="shelfsight-openvino").start()
        return self._encode_texts(ids)

    def _encode_pictures(self, pixels_bchw: PixelArray) -> FloatArray:
        runtime = self._pictures
        try:
            return runtime.encode_pictures(pixels_bchw)
        except RuntimeError as error:
            if runtime is self._torch:
                raise
            self._pictures = self._torch
            _tell("pictures", error)
        return self._torch.encode_pictures(pixels_bchw)

    def _encode_texts(self, ids: IdArray) -> FloatArray:
        runtime = self._texts
        try:
            return runtime.encode_texts(ids)
        except RuntimeError as error:
            if runtime is self._torch:
                raise
            self._texts = self._torch
            _tell("texts", error)
        return self._torch.encode_texts(ids)

    def _is_faster(self, tower: Tower) -> bool:
        """Whether OpenVINO is known to be."""
        return self._verdicts is not None and self._verdicts[tower].best() in OPENVINO

    def _settle(self) -> None:
        """Have a verdict and follow it. While one thread makes a trial, others go on in torch; an old verdict is waited
        for, so that all pictures of a job go the same way."""
        if not self._settling.acquire(blocking=self._verdicts is not None):
            return
        try:
            if not self._settled:
                self._take_pictures()
        finally:
            self._settled = True
            self._settling.release()

    def _take_pictures(self) -> None:
        with _torch_goes_on():
            self._verdicts = self._verdicts or self._trials.verdicts()
            if self._is_faster("pictures"):
                self._openvino.prepare_pictures()
                self._pictures = self._openvino

    def _take_texts(self) -> None:
        with _torch_goes_on():
            self._openvino.prepare_texts()
            self._texts = self._openvino


@contextlib.contextmanager
def _torch_goes_on() -> Iterator[None]:
    """A network that OpenVINO cannot run is nothing to speak of; any other error, of whatever kind, is told."""
    try:
        yield
    except RuntimeError:
        return
    except Exception as error:
        _tell("this encoder", error)


def _tell(what: str, error: Exception) -> None:
    _log.warning("OpenVINO failed on %s, torch goes on: %s", what, str(error).strip().partition("\n")[0])
