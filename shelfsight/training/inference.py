"""Run parts that do not learn: by OpenVINO where it is installed (twice as fast on a CPU), else by torch."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from shelfsight.models.encoders.runtimes.openvino_library import import_openvino, is_installed

__all__ = ["Runner", "runner_of"]

Runner = Callable[[Tensor], Tensor]
"""``float32 [n, c, h, w]`` to ``float32``."""


def runner_of(parts: list[nn.Module], *, bfloat16: bool) -> Runner:
    """The parts one after another, as one function."""
    network = nn.Sequential(*parts).eval()
    if bfloat16 and next(network.parameters()).device.type == "cpu" and is_installed():
        return _by_openvino(import_openvino(), network)
    return _by_torch(network, bfloat16)


def _by_torch(network: nn.Module, bfloat16: bool) -> Runner:
    device = next(network.parameters()).device

    def run(values: Tensor) -> Tensor:
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            return network(values.to(device)).float().cpu()  # type: ignore[no-any-return]

    return run


def _by_openvino(openvino: Any, network: nn.Module) -> Runner:
    compiled: dict[torch.Size, Any] = {}

    def compile(values: Tensor) -> Any:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the converter traces, which torch deprecates
            model = openvino.convert_model(network, example_input=values[:1])
        model.reshape(list(values.shape))
        return openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})

    def run(values: Tensor) -> Tensor:
        if values.shape not in compiled:
            compiled[values.shape] = compile(values)
        return torch.from_numpy(compiled[values.shape](values.contiguous().numpy())[0].copy())

    return run
