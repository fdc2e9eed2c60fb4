"""Which runtime an encoder gets."""

import os
from typing import TYPE_CHECKING

from shelfsight.core.errors import UsageError
from shelfsight.models.encoders.loading import Loaded
from shelfsight.models.encoders.runtimes.base import Runtime
from shelfsight.models.encoders.runtimes.openvino_library import check_installed, is_installed

if TYPE_CHECKING:
    import torch

    from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime

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
    if asked == "openvino":
        check_installed()
        if device.type != "cpu":
            raise UsageError(f"OpenVINO runs encoders on the CPU, not on {device}", hint="add --device cpu")
    return asked


def open_runtime(loaded: Loaded, device: "torch.device", asked: str) -> Runtime:
    """What is to run ``loaded``, which is the runtime's from now on.

    Args:
        asked: from :func:`check_runtime`. ``auto`` is OpenVINO where it is installed, runs on ``device``, and has been
            measured to be faster here.
    """
    if device.type == "cuda" and asked == "auto":
        from shelfsight.models.encoders.runtimes.cuda_runtime import CudaRuntime

        return CudaRuntime(loaded, device)
    from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime

    in_torch = TorchRuntime(loaded, device)
    if asked == "torch" or device.type != "cpu" or not is_installed():
        return in_torch
    return _with_openvino(loaded, in_torch, asked)


def _with_openvino(loaded: Loaded, in_torch: "TorchRuntime", asked: str) -> Runtime:
    from shelfsight.models.encoders.runtimes.automatic import AutomaticRuntime
    from shelfsight.models.encoders.runtimes.openvino_runtime import OpenVinoRuntime
    from shelfsight.models.encoders.runtimes.openvino_towers import OpenVinoTowers
    from shelfsight.models.encoders.runtimes.trials import Trials

    towers = OpenVinoTowers(loaded)
    trials = Trials(loaded, in_torch, towers)
    openvino = OpenVinoRuntime(loaded, towers, trials)
    return openvino if asked == "openvino" else AutomaticRuntime(in_torch, openvino, trials)
