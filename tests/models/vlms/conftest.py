"""Every architecture's tiny checkpoint, saved once a run; pictures and questions of unlike sizes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shelfsight.models.torchvision_compat import ensure_torchvision

ensure_torchvision()


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of an architecture's checkpoint. Not to be changed."""
    import vlm_checkpoints

    root = tmp_path_factory.mktemp("vlms")

    def folder(architecture: str) -> Path:
        path = root / architecture
        if not path.exists():
            vlm_checkpoints.BUILDERS[architecture].save(path)
        return path

    return folder


@pytest.fixture(scope="session")
def pairs() -> list[tuple[Image.Image, str]]:
    """Four pictures of unlike shapes with questions of unlike lengths."""
    noise = np.random.default_rng(7)
    pictures = [
        Image.fromarray(noise.integers(0, 256, (height, width, 3), dtype=np.uint8))
        for height, width in ((40, 60), (120, 50), (33, 200), (64, 64))
    ]
    questions = [
        "Is it blue?",
        "Does this picture show a red running shoe, a leather bag, or something else that has a picture of its own?",
        "no?",
        "Is this a shoe, yes or no?",
    ]
    return list(zip(pictures, questions, strict=True))
