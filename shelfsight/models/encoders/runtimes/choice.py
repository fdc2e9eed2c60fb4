"""Which runtime an encoder gets."""

import os
from typing import TYPE_CHECKING

from shelfsight.core.errors import UsageError
from shelfsight.models.encoders.loading import Loaded
from shelfsight.models.encoders.runtimes.base import Runtime

if TYPE_CHECKING:
    import torch

__all__ = ["RUNTIMES", "VARIABLE", "check_runtime", "open_runtime"]

RUNTIMES = ("auto", "torch", "openvino")
VARIABLE = "SHELFSIGHT_RUNTIME"


def check_runtime(runtime: str | None, device: "torch.device") -> str:
    """The runtime asked for, before anything is loaded.

    Args:
        runtime: one of :data:`RUNTIMES`; ``None``, what the environment's :data:`VARIABLE` says, else ``auto``.

    Raises:
        UsageError: there is no such runtime, or it does not run on ``device``.
        MissingExtra: it is not installed.
    """
    asked = runtime or os.environ.get(VARIABLE) or "auto"
    if asked not in RUNTIMES:
        raise UsageError(f"there is no runtime {asked!r}", hint=f"choose one of: {', '.join(RUNTIMES)}")
    return asked


def open_runtime(loaded: Loaded, device: "torch.device", asked: str) -> Runtime:
    """What is to run ``loaded``, which is the runtime's from now on.

    Args:
        asked: from :func:`check_runtime`.
    """
    from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime

    if device.type == "cuda" and asked == "auto":
        from shelfsight.models.encoders.runtimes.cuda_runtime import CudaRuntime

        return CudaRuntime(loaded, device)
    return TorchRuntime(loaded, device)
