"""Golden vectors of the embedded encoder: what it gave for these pictures and texts when its weights came in.

The pictures are PNGs beside this file: the demo renderer's, cut to several shapes. They are stored, because the
renderer's sines differ in the last bit between machines. ``python -m tests.models.golden`` writes the vectors anew; do
that when new weights come in, and only then.

How near to them another runtime or machine must be:

=================================== =================== ======================
runtime                             cosine, at least    largest difference
=================================== =================== ======================
torch, float32, any CPU or GPU      ``TORCH_COSINE``    ``TORCH_DIFFERENCE``
anything that rounds to bfloat16    ``OTHER_COSINE``    not bounded
=================================== =================== ======================

The largest difference is of one number of two vectors of length 1. Kernels that add in another order stay a hundred
times below it; another interpolation, crop or normalisation of the picture does not.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

__all__ = [
    "OTHER_COSINE", "TEXTS", "TORCH_COSINE", "TORCH_DIFFERENCE", "Golden", "draw_pictures", "pictures", "read", "write",
]  # fmt: skip

TORCH_COSINE = 0.9999
TORCH_DIFFERENCE = 1e-3
OTHER_COSINE = 0.999

TEXTS = (
    "a red running shoe",
    "Checked Shirt, long sleeves",
    "navy blue backpack",
    "DRESS",
    "striped mug without a handle",
    "crème brûlée",
    "",
    "a very long title that goes on and on " * 8,
)

_FOLDER = Path(__file__).parent
_VECTORS = _FOLDER / "embedded.safetensors"
_SEED = 7
_SHAPES = ((192, 192), (192, 128), (128, 192), (224, 96), (96, 224), (48, 64))
_LEVELS = 6  # bits a channel: the grain of a rendered picture is half of its PNG


@dataclass(frozen=True, kw_only=True)
class Golden:
    """Vectors of length 1 and whose they are.

    Attributes:
        revision: sha256 of the weights that gave them.
        fingerprint: of what is done before the network.
        pictures: (p, d) float32, in the order of :func:`pictures`.
        texts: (t, d) float32, in the order of :data:`TEXTS`.
    """

    revision: str
    fingerprint: str
    pictures: npt.NDArray[np.float32]
    texts: npt.NDArray[np.float32]


def pictures() -> list[Image.Image]:
    """The stored pictures, RGB."""
    return [Image.open(path).convert("RGB") for path in sorted(_FOLDER.glob("*.png"))]


def draw_pictures() -> None:
    """Render the pictures and store them. The vectors of others are worth nothing to these."""
    from shelfsight.catalog.demo import render_catalogue

    for item, (width, height) in zip(render_catalogue(_SEED, len(_SHAPES)), _SHAPES, strict=True):
        side = max(width, height)
        small = item.picture.resize((side, side), Image.Resampling.LANCZOS)
        left, top = (side - width) // 2, (side - height) // 2
        levels = small.crop((left, top, left + width, top + height)).point(
            lambda value: value >> 8 - _LEVELS << 8 - _LEVELS
        )
        levels.save(_FOLDER / f"{item.id}.png", optimize=True)


def read() -> Golden:
    """The stored vectors."""
    with safe_open(_VECTORS, framework="numpy") as file:
        about = file.metadata()
        assert json.loads(about["texts"]) == list(TEXTS), "the texts changed: write the golden vectors anew"
        return Golden(
            revision=about["revision"],
            fingerprint=about["fingerprint"],
            pictures=file.get_tensor("pictures"),
            texts=file.get_tensor("texts"),
        )


def write(golden: Golden) -> Path:
    """Store the vectors; the file's path."""
    about = {"revision": golden.revision, "fingerprint": golden.fingerprint, "texts": json.dumps(TEXTS)}
    save_file({"pictures": golden.pictures, "texts": golden.texts}, _VECTORS, metadata=about)
    return _VECTORS
