"""Outputs of the frozen parts of the vision tower, computed once for every picture and view and kept on disk."""

import logging
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shelfsight.training.corpus import Corpus, Joined, Shelf
from shelfsight.training.inference import Runner, runner_of
from shelfsight.training.model import vision_parts
from shelfsight.training.pictures import draw_views, to_network
from shelfsight.training.settings import EncoderSettings

__all__ = ["from_kept", "frozen_outputs"]

_log = logging.getLogger(__name__)
_CHUNK = 128


def frozen_outputs(
    corpus: Corpus, model: Any, count: int, views: int, cache: Path, settings: EncoderSettings
) -> list[Joined]:
    """Outputs after the first ``count`` parts, one :class:`Joined` a view; view 0 is the picture unchanged.

    Values are float16, channels last (``[n, h, w, c]``; ``[n, c]`` after all nine parts).
    """
    parts = vision_parts(model)[:count]
    marks = ["", *(_fingerprint(parts[:depth]) for depth in range(1, count + 1))]
    return [
        Joined([_Kept(shelf, parts, marks, view, cache, settings).outputs() for shelf in corpus.shelves])
        for view in range(views)
    ]


def from_kept(values: np.ndarray) -> Tensor:
    """Kept outputs as the next part takes them: ``float32 [n, c, h, w]``, or ``[n, c]`` after all parts."""
    kept = torch.from_numpy(values).float()
    return kept.permute(0, 3, 1, 2) if kept.ndim == 4 else kept


@dataclass(frozen=True)
class _Kept:
    """One view of one shelf. ``marks[k]`` names the weights of the first ``k`` parts."""

    shelf: Shelf
    parts: list[Any]
    marks: list[str]
    view: int
    cache: Path
    settings: EncoderSettings

    def outputs(self) -> np.ndarray:
        path = self._path(len(self.parts))
        if not path.exists():
            self._write(path)
        kept: np.ndarray = np.load(path, mmap_mode="r")
        return kept

    def _write(self, path: Path) -> None:
        """Compute from the deepest kept outputs of the same weights, or from the pictures."""
        began = time.monotonic()
        depth = max([k for k in range(1, len(self.parts)) if self._path(k).exists()], default=0)
        kept = np.load(self._path(depth), mmap_mode="r") if depth else None
        runner = runner_of(self.parts[depth:], bfloat16=self.settings.bfloat16)
        partial, stored = path.with_suffix(".partial"), None
        for start in range(0, len(self.shelf.rows), _CHUNK):
            values = self._values(slice(start, start + _CHUNK), kept, runner)
            if stored is None:
                shape = (len(self.shelf.rows), *values.shape[1:])
                stored = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)
            stored[start : start + _CHUNK] = values
        partial.replace(path)
        _log.info("kept %s after %.0f s", path.name, time.monotonic() - began)

    def _values(self, where: slice, kept: np.ndarray | None, runner: Runner) -> np.ndarray:
        values = runner(self._pixels(where) if kept is None else from_kept(np.array(kept[where])))
        half: np.ndarray = (values.permute(0, 2, 3, 1) if values.ndim == 4 else values).half().numpy()
        return half

    def _pixels(self, where: slice) -> Tensor:
        pixels = self.shelf.pixels[where]
        if self.view:
            random = np.random.default_rng([self.settings.seed, self.view, where.start])
            pixels = draw_views(pixels, self.shelf.sharp[where], random)
        return to_network(pixels)

    def _path(self, depth: int) -> Path:
        return self.cache / f"{self.shelf.name}-{self.marks[depth]}-view{self.view}.npy"


def _fingerprint(parts: list[Any]) -> str:
    mark = 0
    for part in parts:
        for name, value in part.state_dict().items():
            mark = zlib.crc32(value.cpu().numpy().tobytes(), zlib.crc32(name.encode(), mark))
    return f"part{len(parts)}-{mark:08x}"
