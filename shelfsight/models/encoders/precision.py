"""bfloat16 where it is faster and costs nothing; never float16, which a CPU does slowly and overflows."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["is_convolutional", "parameters", "wants_bfloat16"]

_LARGE = 30_000_000
_PATCHES = 1  # convolutions in a vision transformer: the patch embedding alone


def wants_bfloat16(model: Any, device: "torch.device") -> bool:
    """Whether pictures should run under bfloat16 autocast.

    On CUDA: where the hardware has it and the tower is a transformer or large. On a CPU: where it has bfloat16
    instructions (AVX512_BF16, AMX) and the tower is a large transformer; a ViT-B-32 then takes half the time for a
    batch (``benchmarks/encoder_rate.py``). Small convolutional towers gain too, but their vectors move: MobileNetV2's
    have a cosine of 0.987 with the exact ones, and a collection made on one device is searched on another.

    Args:
        model: OpenCLIP model on ``device``.
    """
    import torch

    large, convolutional = parameters(model.visual) >= _LARGE, is_convolutional(model.visual)
    if device.type == "cuda":
        return (large or not convolutional) and bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and large and not convolutional and _has_bfloat16_instructions()


def parameters(module: Any) -> int:
    """How many numbers a module has learned."""
    return sum(parameter.numel() for parameter in module.parameters())


def is_convolutional(tower: Any) -> bool:
    """Whether a picture tower is more than a transformer behind its patch embedding."""
    from torch import nn

    return sum(isinstance(part, nn.Conv2d) for part in tower.modules()) > _PATCHES


def _has_bfloat16_instructions() -> bool:
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
