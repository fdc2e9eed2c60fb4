"""The OpenCLIP encoder: any OpenCLIP name, hub name or folder, the embedded model included."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.errors import ModelError
from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.relevance import RelevanceScale
from shelfsight.core.relevance_file import read_relevance
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.models.encoders.digests import input_digest
from shelfsight.models.encoders.heat import Heat, reloaded
from shelfsight.models.encoders.loading import Loaded, load, pick_device
from shelfsight.models.encoders.pixels import Prepare
from shelfsight.models.encoders.runtimes.base import HoldsTower, Runtime, preferred_batch
from shelfsight.models.encoders.runtimes.choice import check_runtime, open_runtime

if TYPE_CHECKING:
    import torch

    from shelfsight.models.encoders.runtimes.towers import PictureTower

__all__ = ["OpenClipEncoder", "open_openclip"]

_TEXT_BATCH = 64


def open_openclip(name: str, *, device: str | None = None, runtime: str | None = None) -> "OpenClipEncoder":
    """Load the encoder called ``name`` on ``device``; see :func:`shelfsight.models.open_encoder`."""
    where = pick_device(device)
    asked = check_runtime(runtime, where)
    loaded = load(name, where)
    return OpenClipEncoder(loaded, open_runtime(loaded, where, asked))


class OpenClipEncoder:
    """Pictures and texts through one OpenCLIP model. Safe to share between threads.

    What comes before the networks and after them is here and is the same whatever runs them; the networks themselves
    are a :class:`Runtime`'s. Rows never see one another, so a batch is its members one at a time.
    """

    def __init__(self, loaded: Loaded, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tokenizer = loaded.tokenizer
        self._tokenizer_lock = threading.Lock()  # a fast tokenizer's padding state is not for two threads at once
        self._name = loaded.source.name
        self._folder: Path | None = loaded.source.folder
        self._prepare = Prepare(loaded.preprocess)
        self._heat = Heat(self, loaded.sides, loaded.preprocess)
        self._spec = EncoderSpec(
            name=self._name,
            revision=loaded.revision,
            fingerprint=input_digest(loaded.preprocess, lambda texts: self.tokenize(texts).numpy()),
            dimension=loaded.dimension,
            image_size=max(loaded.sides),
        )

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    @property
    def runtime(self) -> str:
        """What runs the networks: ``torch``, ``openvino``, ..."""
        return self._runtime.name

    @property
    def batch_size(self) -> int:
        """Pictures a call of :meth:`encode_pixels` that keep the hardware busy."""
        return preferred_batch(self._runtime)

    @cached_property
    def relevance(self) -> RelevanceScale | None:
        """See :class:`~shelfsight.core.relevance.ScalesRelevance`; read from the model's folder when first asked for.

        Raises:
            ModelError: the file cannot be read, or is damaged.
        """
        return None if self._folder is None else read_relevance(self._folder, self._spec.revision)

    def prepare(self, picture: Image) -> npt.NDArray[np.uint8]:
        """One decoded RGB picture to (3, h, w) uint8, resized and cropped as OpenCLIP does for evaluation."""
        return self._prepare(picture)

    def encode_pixels(self, pixels_bchw: npt.NDArray[np.uint8]) -> FloatArray:
        """(b, 3, h, w) uint8 from :meth:`prepare` to (b, d) float32 of length 1.

        Raises:
            ModelError: the network fails (out of memory), or gives a vector without direction.
        """
        with self._told(f"{len(pixels_bchw)} pictures"):
            if pixels_bchw.dtype != np.uint8:
                raise ValueError(f"pixels are bytes, and these are {pixels_bchw.dtype}")
            return normalise(self._runtime.encode_pictures(np.require(pixels_bchw, requirements=["C", "W"])))

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """n >= 1 texts to (n, d) float32 of length 1, padded and cut to the length the model was trained with.

        Raises:
            ModelError: as for :meth:`encode_pixels`.
        """
        parts = [self._encode_texts(texts[start : start + _TEXT_BATCH]) for start in range(0, len(texts), _TEXT_BATCH)]
        return np.concatenate(parts)

    def heat(self, picture: Image, texts: Sequence[str]) -> FloatArray:
        """See :class:`~shelfsight.core.protocols.Localiser`.

        Raises:
            ModelError: as for :meth:`encode_pixels`.
        """
        with self._told(f"the heat of {len(texts)} texts"):
            return self._heat(picture, texts)

    def picture_tower(self) -> "PictureTower":
        """The picture tower in torch: the runtime's, or loaded for the caller where the runtime has none."""
        runtime = self._runtime
        return runtime.picture_tower if isinstance(runtime, HoldsTower) else reloaded(self._name)

    def turn(self, vectors: FloatArray) -> FloatArray:
        """(n, d) float32 vectors as the picture tower gives them to those that are normalised: the same."""
        return vectors

    def tokenize(self, texts: Sequence[str]) -> "torch.Tensor":
        """(n, context length) int64 token ids, on the CPU."""
        with self._tokenizer_lock:
            return self._tokenizer(list(texts))

    def _encode_texts(self, texts: Sequence[str]) -> FloatArray:
        with self._told(f"{len(texts)} texts"):
            return normalise(self._runtime.encode_texts(self.tokenize(texts).numpy()))

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"encoder {self._name} failed on {what}: {error}") from error
