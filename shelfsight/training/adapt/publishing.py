"""The folder of an adapted encoder: weights, what they are, and a card for people."""

import shutil
from pathlib import Path
from typing import Any

from shelfsight.core.protocols import EncoderSpec
from shelfsight.models.encoders.adapted import ADAPTER, DOWN, PICTURE_DELTA, UP, WEIGHTS, AdapterFile
from shelfsight.training.adapt.files import told_if_full, write_whole
from shelfsight.training.adapt.report import AdaptReport, model_card
from shelfsight.training.adapt.trainer import Adapted

__all__ = ["describe_draft", "write_draft"]


def write_draft(adapted: Adapted, base: EncoderSpec, folder: Path) -> None:
    """Write what an adapted encoder needs to be opened; ``folder`` is emptied before.

    Raises:
        StoreFull: no space left.
    """
    from safetensors.torch import save

    with told_if_full(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    weights = {PICTURE_DELTA: adapted.picture_delta}
    for name, (up, down) in adapted.factors.items():
        weights |= {name + UP: up, name + DOWN: down}
    write_whole(folder / WEIGHTS, save({name: value.cpu().contiguous() for name, value in weights.items()}))
    write_whole(folder / ADAPTER, AdapterFile(base=base).model_dump_json(indent=2).encode())


def describe_draft(report: AdaptReport, settings: dict[str, Any], base: EncoderSpec, folder: Path) -> None:
    """Write the figures beside the weights: for programs into the adapter's file, for people into a model card."""
    said = AdapterFile.model_validate({"base": base, "settings": settings, "report": report.to_json()})
    write_whole(folder / ADAPTER, (said.model_dump_json(indent=2) + "\n").encode())
    write_whole(folder / "README.md", model_card(report, settings, base).encode())
