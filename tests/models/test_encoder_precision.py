"""bfloat16 pays for large transformers on processors that have it; small models stay exact."""

import open_clip
import pytest
import torch

from shelfsight.models.encoders.loading import load
from shelfsight.models.encoders.precision import wants_bfloat16

CPU = torch.device("cpu")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def large_transformer():
    return open_clip.create_model("ViT-B-32", load_weights=False).eval()


def test_a_large_transformer_follows_the_processor(large_transformer):
    has_it = bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    assert wants_bfloat16(large_transformer, CPU) is has_it


def test_small_and_convolutional_towers_stay_in_float32(folder_of):
    assert not any(wants_bfloat16(load(str(folder), CPU).model, CPU) for folder in folder_of.values())
    convolutional = open_clip.create_model("RN50", load_weights=False)
    assert not wants_bfloat16(convolutional, CPU)


def test_a_large_transformer_keeps_its_vectors(large_transformer):
    torch.manual_seed(5)
    pictures = torch.rand(3, 3, 224, 224)
    with torch.no_grad():
        exact = large_transformer.encode_image(pictures, normalize=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = large_transformer.encode_image(pictures, normalize=True).float()
            single = torch.cat([large_transformer.encode_image(p[None], normalize=True).float() for p in pictures])
    assert torch.nn.functional.cosine_similarity(rough, exact).min() > 0.999
    assert torch.nn.functional.cosine_similarity(rough, single).min() >= 0.9999
