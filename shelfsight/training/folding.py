"""BatchNorm folded into the convolution before it: the same function, computed faster, for parts that do not learn."""

from copy import deepcopy

from torch import nn

__all__ = ["folded"]


def folded(part: nn.Module) -> nn.Module:
    """A copy of ``part`` (in evaluation mode) in which every convolution carries the BatchNorm that follows it.

    timm's BatchNorm modules hold the activation as well; the activation stays where it was.
    """
    part = deepcopy(part).eval()
    _fold_children(part)
    return part


def _fold_children(module: nn.Module) -> None:
    convolution: str | None = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Conv2d):
            convolution = name
        elif isinstance(child, nn.BatchNorm2d) and convolution is not None:
            fused = nn.utils.fusion.fuse_conv_bn_eval(module.get_submodule(convolution), child)  # type: ignore[type-var]
            setattr(module, convolution, fused)
            setattr(module, name, getattr(child, "act", nn.Identity()))
            convolution = None
        else:
            _fold_children(child)
