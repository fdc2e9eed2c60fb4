"""The descriptor of the embedded encoder, read from its own folder: new weights and a new model card change it too."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

from shelfsight.models.encoders.names import EMBEDDED, EMBEDDED_FOLDER
from shelfsight.models.known.descriptor import Descriptor, Figure

__all__ = ["own_descriptor"]

_CARD = "README.md"
_SECTION = "## How good it is"
_FIGURE = re.compile(r"([A-Za-z]+@\d+|top-1) (0\.\d+)")
_MEASURED = "measured by `python -m benchmarks.quality`"
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def own_descriptor(folder: Path = EMBEDDED_FOLDER) -> Descriptor:
    """The embedded encoder: architecture and size from its files, figures from its model card."""
    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))["model_cfg"]
    weights = folder / "open_clip_model.safetensors"
    image, total = _parameters(weights)
    return Descriptor(
        name=EMBEDDED,
        kinds=("small", "products", "fashion"),
        dimension=config["embed_dim"],
        image_size=config["vision_cfg"]["image_size"],
        context_length=config["text_cfg"]["context_length"],
        parameters=total,
        image_parameters=image,
        download_mb=round(weights.stat().st_size / 1e6, 1),
        licence="Apache-2.0",
        licence_source="LICENSE and NOTICE of this package",
        commercial_use=True,
        languages="English",
        purpose="Ours, in the package: product words on shop pictures, on a plain CPU, nothing to download.",
        figures=tuple(_figures((folder / _CARD).read_text(encoding="utf-8"))),
    )


def _parameters(weights: Path) -> tuple[int, int]:
    """(of the picture tower, of everything), from the shapes in the file's header."""
    from safetensors import safe_open

    counts: dict[str, int] = {}
    with safe_open(weights, framework="numpy") as file:
        for key in file.keys():  # noqa: SIM118 - it is no mapping
            if not key.endswith(_STATISTICS):
                counts[key] = math.prod(file.get_slice(key).get_shape())
    return sum(count for key, count in counts.items() if key.startswith("visual.")), sum(counts.values())


def _figures(card: str) -> Iterator[Figure]:
    """The figures in the model card's section on quality: of each row of its table whose first cell says of what."""
    section = card.partition(_SECTION)[2].partition("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        found: list[tuple[str, str]] = _FIGURE.findall(" ".join(cells[1:])) if line.startswith("|") else []
        for metric, value in found:
            yield Figure(task=cells[0], metric=metric.lower(), value=float(value), source=_MEASURED)
