"""A tower in torch to an OpenVINO model of any batch size, held to the tower's own answers."""

import threading
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.models.encoders.runtimes.openvino_library import import_openvino, shared_core

__all__ = ["PARITY", "convert", "least_cosine"]

PARITY = 0.999
"""Vectors of another runtime or precision have at least this cosine with torch's in float32."""

_lock = threading.Lock()


def convert(tower: nn.Module, probes: Sequence[Tensor], shape: Sequence[int]) -> Any:
    """``tower`` as an ``openvino.Model``.

    Args:
        tower: one input, one output, in evaluation mode, on the CPU.
        probes: inputs of several sizes; the first is traced, all are compared.
        shape: of the model's input; -1 for a dimension that varies.

    Raises:
        RuntimeError: the tower cannot be traced or converted, or is another function afterwards.
    """
    try:
        model = _convert(tower, probes[0], shape)
        _compare(model, tower, probes)
    except Exception as error:  # tracing and converting raise whatever the network's own code does
        raise RuntimeError(f"OpenVINO cannot run this network: {error}") from error
    return model


def _convert(tower: nn.Module, example: Tensor, shape: Sequence[int]) -> Any:
    openvino = import_openvino()
    with _lock, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing warns of every branch; what it gets wrong shows when compared
        traced = torch.jit.trace(tower, example, check_trace=False, strict=False)  # type: ignore[no-untyped-call]
        return openvino.convert_model(traced, input=[openvino.PartialShape(list(shape))])


def _compare(model: Any, tower: nn.Module, probes: Sequence[Tensor]) -> None:
    compiled = shared_core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for probe in probes:
        with torch.no_grad():
            expected = tower(probe).float().numpy()
        if least_cosine(compiled([probe.numpy()])[0], expected) < PARITY:
            raise RuntimeError("the converted network answers otherwise than the one in torch")


def least_cosine(left: FloatArray, right: FloatArray) -> float:
    """Of the rows of two (n, d) arrays, pair by pair; -1 where one has no direction."""
    try:
        return float(np.sum(normalise(left) * normalise(right), axis=1).min())
    except ValueError:
        return -1.0
