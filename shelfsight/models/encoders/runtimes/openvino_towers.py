"""The networks of one model in OpenVINO: from the cache where they are there, else converted and kept."""

import hashlib
import json
from typing import Any, Literal

import torch

from shelfsight.models.encoders.loading import Loaded
from shelfsight.models.encoders.runtimes.base import IdArray
from shelfsight.models.encoders.runtimes.conversion import convert
from shelfsight.models.encoders.runtimes.model_cache import ModelCache, cache_folder
from shelfsight.models.encoders.runtimes.openvino_library import import_openvino, library_version, shared_core
from shelfsight.models.encoders.runtimes.openvino_network import Network
from shelfsight.models.encoders.runtimes.towers import PictureTower, text_tower
from shelfsight.models.encoders.runtimes.trial import TRIAL_TEXTS, trial_pictures
from shelfsight.models.encoders.threads import available_threads

__all__ = ["TOWERS", "OpenVinoTowers", "Precision", "Tower"]

Tower = Literal["pictures", "texts"]
Precision = Literal["f32", "bf16"]
TOWERS: tuple[Tower, ...] = ("pictures", "texts")
_FORMAT = 1  # of what is kept; another number makes every entry anew
_LIBRARIES = ("open_clip_torch", "openvino", "timm", "torch", "transformers")


class OpenVinoTowers:
    """Compiles the towers of one model."""

    def __init__(self, loaded: Loaded) -> None:
        """
        Args:
            loaded: on the CPU, folded (:func:`~shelfsight.models.encoders.folding.fold_batch_norms`).
        """
        self._loaded = loaded
        self._threads = available_threads()  # asked for here: a call that is at work elsewhere may have lowered it
        self.cache = ModelCache(cache_folder() / "openvino", _key(loaded))
        self.converted: list[Tower] = []
        """Towers that were converted, because the cache had none."""

    def network(self, tower: Tower, precision: Precision) -> Network:
        """A tower, ready to run: pictures take (b, 3, h, w) uint8, texts (n, length) int64.

        Raises:
            RuntimeError: OpenVINO cannot run it.
        """
        return Network(self._model(tower), precision=precision, threads=self._threads)

    def _model(self, tower: Tower) -> Any:
        kept = self.cache.find(tower)
        if kept is None:
            model = self._pictures() if tower == "pictures" else self._texts()
            self.converted.append(tower)
            save = import_openvino().save_model
            kept = self.cache.write(tower, lambda path: save(model, path, compress_to_fp16=False))
            if kept is None:
                return model
        return shared_core().read_model(kept)

    def _pictures(self) -> Any:
        loaded = self._loaded
        height, width = loaded.sides
        pictures = torch.from_numpy(trial_pictures(3, height, width))
        module = PictureTower(loaded.model, loaded.mean, loaded.std).eval()
        return convert(module, [pictures[:2], pictures[:1], pictures], [-1, 3, height, width])

    def _texts(self) -> Any:
        module = text_tower(self._loaded.model).eval()
        ids: IdArray = self._loaded.tokenizer(list(TRIAL_TEXTS)).numpy()
        return convert(module, [torch.from_numpy(module.cut(part)) for part in (ids, ids[:1])], [-1, -1])


def _key(loaded: Loaded) -> str:
    """A digest of all that decides what a converted tower computes."""
    parts = {
        "format": _FORMAT,
        "revision": loaded.revision,
        "architecture": loaded.architecture,
        "preprocess": loaded.preprocess,
        "libraries": {name: library_version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
