"""The towers in torch, as they are: the runtime that needs nothing more, and that every other is compared with."""

from typing import Any

import torch

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.folding import fold_batch_norms
from shelfsight.models.encoders.loading import Loaded
from shelfsight.models.encoders.precision import is_convolutional, parameters, wants_bfloat16
from shelfsight.models.encoders.runtimes.base import IdArray, PixelArray
from shelfsight.models.encoders.runtimes.towers import PictureTower, text_tower
from shelfsight.models.encoders.threads import available_threads, torch_threads

__all__ = ["TorchRuntime"]

# Activations of more pictures leave a core's cache and are fetched from the system page by page.
_CONVOLUTIONAL_ROWS = 8
_WORTH_THREADS = 1e9  # multiply-adds; below, waiting for one another costs threads more than they save


class TorchRuntime:
    """Both towers in torch, on any device.

    Texts always run in float32: one query is bound by memory, not by arithmetic. Pictures run under bfloat16
    autocast where :func:`wants_bfloat16` says so.

    On a CPU a batch of pictures takes half the cores: two calls at a time fill the machine without waiting at every
    layer for the slowest thread.
    """

    name = "torch"

    def __init__(self, loaded: Loaded, device: torch.device, *, bfloat16: bool | None = None) -> None:
        """
        Args:
            loaded: its picture tower is folded, and laid out channels last, in place.
            bfloat16: for pictures; ``None``, where it pays and costs nothing.
        """
        model = loaded.model
        self._device = device
        self._bfloat16 = wants_bfloat16(model, device) if bfloat16 is None else bfloat16
        self._split = device.type == "cpu" and is_convolutional(model.visual)
        self._threads = available_threads()
        self._text_parameters = parameters(_text_transformer(model))
        fold_batch_norms(model.visual)
        model.visual.to(memory_format=torch.channels_last)
        self._pictures = PictureTower(model, loaded.mean, loaded.std).to(device).eval()
        self._texts = text_tower(model).eval()

    @property
    def bfloat16(self) -> bool:
        """Whether pictures run under bfloat16 autocast."""
        return self._bfloat16

    @property
    def picture_tower(self) -> PictureTower:
        """The tower itself, on its device, its batch normalisations folded."""
        return self._pictures

    def encode_pictures(self, pixels_bchw: PixelArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        return self._encode(pixels_bchw, self._bfloat16)

    def encode_exactly(self, pixels_bchw: PixelArray) -> FloatArray:
        """As :meth:`encode_pictures`, in float32 in any case: what others are compared with."""
        return self._encode(pixels_bchw, bfloat16=False)

    def _encode(self, pixels_bchw: PixelArray, bfloat16: bool) -> FloatArray:
        batch = torch.from_numpy(pixels_bchw).to(self._device).contiguous(memory_format=torch.channels_last)
        rows = _CONVOLUTIONAL_ROWS if self._split else len(batch)
        with (
            torch_threads(max(1, self._threads // 2)),
            torch.no_grad(),  # not inference_mode: under it autocast forgets the weights it has cast
            torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=bfloat16),
        ):
            features = torch.cat([self._pictures(part) for part in torch.split(batch, rows)])
        return _to_numpy(features)

    def encode_texts(self, ids: IdArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        ids = self._texts.cut(ids)
        large = ids.size * self._text_parameters > _WORTH_THREADS
        with torch_threads(self._threads if large else 1), torch.no_grad():
            return _to_numpy(self._texts(torch.from_numpy(ids).to(self._device)))


def _text_transformer(model: Any) -> Any:
    """The text transformer without its token embedding, which is a look-up and no work."""
    return model.text.transformer if hasattr(model, "text") else model.transformer


def _to_numpy(features: torch.Tensor) -> FloatArray:
    array: FloatArray = features.float().cpu().numpy()
    return array
