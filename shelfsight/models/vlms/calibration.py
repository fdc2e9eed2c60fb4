"""``calibration.json`` in a model's folder: how far its probabilities can be trusted.

    {"source": "...", "scales": {"kind": {"slope": 1.2, "intercept": -0.1, "yes_from": 0.9, "no_below": 0.1}, ...},
     "fusion": {"bias": 0.0, "model": 0.5, ...}}

Whatever is left out has the value of :data:`~shelfsight.core.calibration.UNCALIBRATED`.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from shelfsight.core.calibration import UNCALIBRATED, Calibration, Fusion, Scale
from shelfsight.core.errors import ModelError
from shelfsight.core.questions import Subject

__all__ = ["FILE", "read_calibration", "write_calibration"]

FILE = "calibration.json"
_T = TypeVar("_T", Scale, Fusion)


def read_calibration(folder: Path) -> Calibration:
    """The calibration of the model in ``folder``; :data:`UNCALIBRATED` where it has none.

    Raises:
        ModelError: the file cannot be read, or says what is no calibration.
    """
    path = folder / FILE
    try:
        return _calibration(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return UNCALIBRATED
    except (OSError, ValueError) as error:  # of which bad JSON and bad UTF-8 are kinds
        raise ModelError(
            f"{path} is no calibration: {error}", hint="Put the one of the model's maker there, or remove it."
        ) from error


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Write it into ``folder``, in place of what is there.

    Raises:
        ModelError: it cannot be written, or would not be read back.
    """
    path = folder / FILE
    document = {
        "source": calibration.source,
        "scales": {subject: dataclasses.asdict(scale) for subject, scale in calibration.scales.items()},
        "fusion": dataclasses.asdict(calibration.fusion),
    }
    try:
        _calibration(document)
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be written: {error}") from error


def _calibration(document: Any) -> Calibration:
    known = _known(document, "it", {"source", "scales", "fusion"})
    source = known.get("source", "")
    if not isinstance(source, str):
        raise ValueError("source is no text")
    scales = _known(known.get("scales", {}), "scales", set(get_args(Subject)))
    return Calibration(
        scales={subject: _scale(value, f"scales.{subject}") for subject, value in scales.items()},  # type: ignore[misc]
        fusion=_numbers(Fusion, known.get("fusion", {}), "fusion"),
        source=source,
    )


def _scale(value: Any, place: str) -> Scale:
    scale = _numbers(Scale, value, place)
    if not 0.0 <= scale.no_below <= scale.yes_from <= 1.0:
        raise ValueError(f"{place} has bounds that are not 0 <= no_below <= yes_from <= 1")
    return scale


def _numbers(kind: type[_T], value: Any, place: str) -> _T:
    given = _known(value, place, {field.name for field in dataclasses.fields(kind)})
    for name, number in given.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise ValueError(f"{place}.{name} is no finite number")
    return kind(**{name: float(number) for name, number in given.items()})


def _known(value: Any, place: str, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is no object")
    unknown = sorted(value.keys() - names)
    if unknown:
        raise ValueError(f"{place} has {json.dumps(unknown[0])}, which means nothing here")
    return value
