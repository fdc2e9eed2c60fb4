"""Fold batch normalisation into the convolution before it: the same function, one pass over memory less.

In evaluation mode a batch normalisation is a fixed scale and shift of each channel, which the convolution's weights and
bias can take over (Jacob et al. 2018, section 3.2). ``benchmarks/encoder_rate.py`` shows what that is worth.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

__all__ = ["fold_batch_norms"]


def fold_batch_norms(module: "nn.Module") -> int:
    """Fold in place wherever a convolution's output goes to one batch normalisation and nowhere else.

    A tower that cannot be traced, or has no such pair, is left as it is.

    Args:
        module: in evaluation mode.

    Returns:
        How many were folded.
    """
    from torch import nn

    if not any(isinstance(part, nn.BatchNorm2d) for part in module.modules()):
        return 0
    pairs = _pairs(module)
    for convolution, normalisation in pairs:
        _fold(module, convolution, normalisation)
    return len(pairs)


def _pairs(module: "nn.Module") -> list[tuple[str, str]]:
    """Names of (convolution, batch normalisation) that follow one another, each used once."""
    import torch
    from torch import nn

    class _Tracer(torch.fx.Tracer):
        """Sees convolutions and normalisations (timm's carry an activation with them) as single steps."""

        def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
            return isinstance(m, nn.BatchNorm2d) or super().is_leaf_module(m, module_qualified_name)

    try:
        nodes = list(_Tracer().trace(module).nodes)
    except Exception:  # control flow that depends on data has no graph, whatever error it raises: nothing is folded
        return []
    calls = [node for node in nodes if node.op == "call_module"]
    used = [node.target for node in calls]
    parts = dict(module.named_modules())
    return [
        (str(node.args[0].target), str(node.target))
        for node in calls
        if isinstance(parts[str(node.target)], nn.BatchNorm2d)
        and _is_foldable(node.args[0], parts)
        and used.count(node.target) == used.count(node.args[0].target) == 1
    ]


def _is_foldable(node: Any, parts: dict[str, "nn.Module"]) -> bool:
    from torch import nn

    return getattr(node, "op", None) == "call_module" and type(parts[node.target]) is nn.Conv2d and len(node.users) == 1


def _fold(module: "nn.Module", convolution_name: str, normalisation_name: str) -> None:
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    convolution = module.get_submodule(convolution_name)
    normalisation = module.get_submodule(normalisation_name)
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(normalisation, nn.BatchNorm2d)
    module.set_submodule(convolution_name, fuse_conv_bn_eval(convolution, normalisation))
    rest = [getattr(normalisation, name) for name in ("drop", "act") if hasattr(normalisation, name)]
    module.set_submodule(normalisation_name, nn.Sequential(*rest))
