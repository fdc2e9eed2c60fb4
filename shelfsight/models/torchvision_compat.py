"""Make ``import torchvision`` work beside a CPU-only PyTorch.

The torchvision wheel of the package index is linked against CUDA. Beside a CPU-only torch its C++ library cannot be
loaded, torchvision then registers shape functions for operators that nobody defined, and the import ends with
``operator torchvision::nms does not exist``. open_clip, timm and transformers import torchvision, so they fail with it.

The operators are never called here: only their schemas must exist. :func:`ensure_torchvision` declares them when, and
only when, that very error appears.
"""

import importlib
import sys
import threading
from typing import Any

__all__ = ["ensure_torchvision"]

_MISSING_OPERATOR = "operator torchvision::"
_SCHEMAS = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_lock = threading.Lock()
_kept_libraries: list[Any] = []  # torch forgets the schemas of a library that is garbage collected


def ensure_torchvision() -> None:
    """Import torchvision; call this before the first import of open_clip, timm or transformers.

    Does nothing more than the import where torchvision works, and may be called any number of times, from any thread.

    Raises:
        ImportError: torchvision is not installed.
        RuntimeError: torchvision fails for any reason but the missing operators.
    """
    with _lock:
        try:
            importlib.import_module("torchvision")
        except RuntimeError as error:
            if _MISSING_OPERATOR not in str(error):
                raise
            _forget_half_loaded_modules()
            _declare_missing_operators()
            importlib.import_module("torchvision")


def _forget_half_loaded_modules() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]


def _declare_missing_operators() -> None:
    import torch

    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in _SCHEMAS:
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}{_SIGNATURE}")
    _kept_libraries.append(library)
