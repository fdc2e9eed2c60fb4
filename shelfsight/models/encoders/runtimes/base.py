"""What an encoder asks of whatever computes its towers."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from shelfsight.core.protocols import Batched
from shelfsight.core.vectors import FloatArray

if TYPE_CHECKING:
    from shelfsight.models.encoders.runtimes.towers import PictureTower

__all__ = ["HoldsTower", "IdArray", "PixelArray", "Runtime", "preferred_batch"]

_BATCH = 32

PixelArray = npt.NDArray[np.uint8]
IdArray = npt.NDArray[np.int64]


class Runtime(Protocol):
    """Both towers of one model, ready to run. Safe to share between threads; a batch is its members one at a time.

    What is done before the network (resizing, cropping, tokenising) and after it (normalising) is the encoder's, and so
    is the telling of errors: a ``RuntimeError`` or ``ValueError`` of a call becomes a ``ModelError``.
    """

    @property
    def name(self) -> str:
        """``torch``, ``openvino``, ...: what a person calls it."""
        ...

    def encode_pictures(self, pixels_bchw: PixelArray) -> FloatArray:
        """(b, 3, h, w) uint8 pixels, not yet standardised, b >= 1, to (b, d) float32, not normalised."""
        ...

    def encode_texts(self, ids: IdArray) -> FloatArray:
        """(n, context length) token ids, n >= 1, to (n, d) float32, not normalised."""
        ...


@runtime_checkable
class HoldsTower(Protocol):
    """A runtime that keeps the picture tower in torch, where others may look into it."""

    @property
    def picture_tower(self) -> "PictureTower": ...


def preferred_batch(runtime: Runtime) -> int:
    """Pictures a call that keep the hardware of ``runtime`` busy: what it says, else a few dozen."""
    return runtime.batch_size if isinstance(runtime, Batched) else _BATCH
