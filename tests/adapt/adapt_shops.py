"""Small shops of rendered pictures whose texts can be learnt, and an encoder that knows nothing of them yet."""

import csv
import json
from pathlib import Path

from shelfsight.models.torchvision_compat import ensure_torchvision

ensure_torchvision()

import open_clip  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

CONFIG = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}
PREPROCESS = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bilinear", "resize_mode": "squash"}


def write_encoder(folder: Path) -> str:
    """A CLIP of the smallest size with seeded random weights: it sees colours and shapes, and no word fits them."""
    folder.mkdir(parents=True)
    document = {"model_cfg": CONFIG, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(document))
    torch.manual_seed(5)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return str(folder)


def rows_of(catalogue: Path) -> list[dict[str, str]]:
    """The rows of a CSV catalogue, with their pictures' paths made absolute."""
    with catalogue.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{**row, "image": str(catalogue.parent / row["image"])} for row in rows]


def write_catalogue(path: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as a CSV catalogue."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
