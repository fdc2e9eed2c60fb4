"""What the features of a picture depend on, as a digest."""

import hashlib
import json
from typing import Any

__all__ = ["features_digest"]


def features_digest(parts: dict[str, Any], preprocessing: dict[str, Any]) -> str:
    """sha256 over networks and what is done to a picture before them, hex.

    Weights count in bfloat16, which those of any checkpoint come to on every device: the digest is the same on a GPU,
    that runs in bfloat16, and on a CPU, that runs in float32.

    Args:
        parts: PyTorch modules by name, in the order in which they run.
        preprocessing: what JSON can hold.
    """
    import torch

    digest = hashlib.sha256(json.dumps(preprocessing, sort_keys=True, default=str).encode())
    for part, module in parts.items():
        for name, tensor in sorted(module.state_dict().items()):
            bare = tensor.to(torch.bfloat16) if tensor.is_floating_point() else tensor
            digest.update(f"\n{part}.{name} {tuple(bare.shape)} {bare.dtype}\n".encode())
            digest.update(bare.contiguous().view(-1).view(torch.uint8).cpu().numpy().data if bare.numel() else b"")
    return digest.hexdigest()
