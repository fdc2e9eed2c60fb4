"""Folding batch normalisation changes how a tower computes, not what."""

import copy

import pytest
import torch
from torch import nn

from shelfsight.models.encoders.folding import fold_batch_norms


def _stirred(module: nn.Module) -> nn.Module:
    torch.manual_seed(3)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            part.weight.data.normal_(1, 0.2)
            part.bias.data.normal_()
    return module.eval()


@pytest.mark.parametrize(("tower", "folded"), [("mobilenetv2_100", 52), ("resnet18", 20), ("test_vit", 0)])
def test_a_folded_tower_gives_the_same_features(tower, folded):
    import timm

    plain = _stirred(timm.create_model(tower, num_classes=0))
    changed = copy.deepcopy(plain)
    assert fold_batch_norms(changed) == folded
    size = plain.default_cfg["input_size"][1]
    pictures = torch.rand(2, 3, size, size)
    with torch.no_grad():
        torch.testing.assert_close(changed(pictures), plain(pictures), rtol=1e-3, atol=1e-4)


class _Shared(nn.Module):
    """The convolution's output is used twice, so its normalisation cannot be folded away."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return y + self.norm(y)


class _Untraceable(_Shared):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return self.norm(y) if y.sum() > 0 else y


@pytest.mark.parametrize("kind", [_Shared, _Untraceable])
def test_what_cannot_be_folded_is_left_alone(kind):
    module = _stirred(kind())
    pictures = torch.rand(2, 3, 4, 4)
    with torch.no_grad():
        before = module(pictures)
        assert fold_batch_norms(module) == 0
        assert module(pictures).equal(before)
