"""The OpenCLIP encoder: any OpenCLIP name, hub name or folder, the embedded model included."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.errors import ModelError
from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.models.encoders.digests import input_digest, weights_digest
from shelfsight.models.encoders.folding import fold_batch_norms
from shelfsight.models.encoders.loading import Loaded, load, pick_device
from shelfsight.models.encoders.pixels import Prepare
from shelfsight.models.encoders.precision import is_convolutional, parameters, wants_bfloat16
from shelfsight.models.encoders.threads import available_threads, torch_threads

if TYPE_CHECKING:
    import torch

__all__ = ["OpenClipEncoder", "open_openclip"]

_TEXT_BATCH = 64
# Activations of more pictures leave a core's cache and are fetched from the system page by page.
_CONVOLUTIONAL_ROWS = 8
_WORTH_THREADS = 1e9  # multiply-adds; below, waiting for one another costs threads more than they save


def open_openclip(name: str, *, device: str | None = None) -> "OpenClipEncoder":
    """Load the encoder called ``name`` on ``device``; see :func:`shelfsight.models.open_encoder`."""
    where = pick_device(device)
    return OpenClipEncoder(load(name, where), where)


class OpenClipEncoder:
    """Pictures and texts through one OpenCLIP model. Safe to share between threads.

    Texts always run in float32: one query is bound by memory, not by arithmetic. Pictures run under bfloat16
    autocast where :func:`wants_bfloat16` says so. Rows never see one another, so a batch is its members one at a time.

    On a CPU a batch of pictures takes half the cores: two calls at a time fill the machine without waiting at every
    layer for the slowest thread.
    """

    def __init__(self, loaded: Loaded, device: "torch.device") -> None:
        self._model = loaded.model
        self._tokenizer = loaded.tokenizer
        self._tokenizer_lock = threading.Lock()  # a fast tokenizer's padding state is not for two threads at once
        self._device = device
        self._name = loaded.source.name
        self._prepare = Prepare(loaded.preprocess)
        height, width = _sides(loaded.preprocess["size"])
        self._bfloat16 = wants_bfloat16(self._model, device)
        self._split = device.type == "cpu" and is_convolutional(self._model.visual)
        self._threads = available_threads()
        self._text_parameters = parameters(_text_tower(self._model))
        fold_batch_norms(self._model.visual)
        self._model.visual.to(memory_format=_channels_last())
        self._spec = EncoderSpec(
            name=self._name,
            revision=weights_digest(loaded.weights),
            fingerprint=input_digest(loaded.preprocess, lambda texts: self.tokenize(texts).numpy()),
            dimension=loaded.dimension,
            image_size=max(height, width),
        )

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    @property
    def bfloat16(self) -> bool:
        """Whether pictures run under bfloat16 autocast."""
        return self._bfloat16

    def prepare(self, picture: Image) -> FloatArray:
        """One decoded RGB picture to (3, h, w) float32, exactly as OpenCLIP's evaluation transform does it."""
        return self._prepare(picture)

    def encode_pixels(self, pixels_bchw: npt.NDArray[Any]) -> FloatArray:
        """(b, 3, h, w) float32 from :meth:`prepare` to (b, d) float32 of length 1.

        Raises:
            ModelError: the network fails (out of memory), or gives a vector without direction.
        """
        import torch

        with self._told(f"{len(pixels_bchw)} pictures"):
            batch = torch.from_numpy(np.ascontiguousarray(pixels_bchw, dtype=np.float32)).to(self._device)
            batch = batch.contiguous(memory_format=torch.channels_last)
            with (
                torch_threads(max(1, self._threads // 2)),
                torch.no_grad(),  # not inference_mode: under it autocast forgets the weights it has cast
                torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bfloat16),
            ):
                rows = _CONVOLUTIONAL_ROWS if self._split else len(batch)
                features = torch.cat([self._model.encode_image(part) for part in torch.split(batch, rows)])
            return normalise(features.float().cpu().numpy())

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """n >= 1 texts to (n, d) float32 of length 1, padded and cut to the length the model was trained with.

        Raises:
            ModelError: as for :meth:`encode_pixels`.
        """
        parts = [self._encode_texts(texts[start : start + _TEXT_BATCH]) for start in range(0, len(texts), _TEXT_BATCH)]
        return np.concatenate(parts)

    def tokenize(self, texts: Sequence[str]) -> "torch.Tensor":
        """(n, context length) int64 token ids, on the CPU."""
        with self._tokenizer_lock:
            return self._tokenizer(list(texts))

    def _encode_texts(self, texts: Sequence[str]) -> FloatArray:
        import torch

        with self._told(f"{len(texts)} texts"):
            ids = self.tokenize(texts).to(self._device)
            large = ids.numel() * self._text_parameters > _WORTH_THREADS
            with torch_threads(self._threads if large else 1), torch.no_grad():
                features = self._model.encode_text(ids)
            return normalise(features.float().cpu().numpy())

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"encoder {self._name} failed on {what}: {error}") from error


def _text_tower(model: Any) -> Any:
    """The text transformer without its token embedding, which is a look-up and no work."""
    return model.text.transformer if hasattr(model, "text") else model.transformer


def _channels_last() -> "torch.memory_format":
    import torch

    return torch.channels_last


def _sides(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
