import numpy as np
import openclip_folders as folders
import pytest
from PIL import Image

from shelfsight.models.encoders.openclip import OpenClipEncoder, open_openclip


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory):
    root = tmp_path_factory.mktemp("encoders")
    return {
        "clip": folders.write_folder(root / "clip", folders.CLIP_CFG, folders.PREPROCESS),
        "siglip": folders.write_folder(root / "siglip", folders.SIGLIP_CFG, folders.SIGLIP_PREPROCESS),
        "timm": folders.write_folder(root / "timm", folders.TIMM_CFG, folders.PREPROCESS),
    }


@pytest.fixture(scope="session")
def encoder_of(folder_of) -> dict[str, OpenClipEncoder]:
    return {kind: open_openclip(str(folder), device="cpu") for kind, folder in folder_of.items()}


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Pictures of many shapes with structure in them, so that a wrong resize or crop shows."""
    return [_picture(width, height, seed) for seed, (width, height) in enumerate(SHAPES)]


SHAPES = [(200, 200), (640, 120), (97, 301), (33, 31), (160, 160), (512, 400), (1, 1), (700, 900)]


def _picture(width: int, height: int, seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
