"""bfloat16 where it is faster, decided when a model is opened; never float16, which a CPU does slowly and overflows."""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["wants_bfloat16"]

_WORTH_MEASURING = 30_000_000  # parameters of the picture tower; a small one spends its time outside matrix products
_CLEARLY_FASTER = 1.25
_ROUNDS = 3
_BATCH = 4


def wants_bfloat16(model: Any, device: "torch.device", shape: tuple[int, int, int]) -> bool:
    """Whether pictures should run under bfloat16 autocast.

    On CUDA: where the hardware has it. On a CPU: where it has bfloat16 instructions (AVX512_BF16, AMX), the tower is
    not small, and a measured forward pass is clearly faster (a second or so, once, for a ViT-B).

    Args:
        model: OpenCLIP model on ``device``.
        shape: (3, h, w) of its input.
    """
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not _has_bfloat16_instructions() or _parameters(model.visual) < _WORTH_MEASURING:
        return False
    batch = torch.zeros((_BATCH, *shape))
    return _seconds(model, batch, bfloat16=False) > _CLEARLY_FASTER * _seconds(model, batch, bfloat16=True)


def _has_bfloat16_instructions() -> bool:
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and (
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def _parameters(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _seconds(model: Any, batch: "torch.Tensor", *, bfloat16: bool) -> float:
    """The best of a few forward passes, after one to warm up."""
    import torch

    best = float("inf")
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        model.encode_image(batch)
        for _ in range(_ROUNDS):
            start = time.perf_counter()
            model.encode_image(batch)
            best = min(best, time.perf_counter() - start)
    return best
