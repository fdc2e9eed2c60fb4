"""``relevance.json``: a :class:`~shelfsight.core.relevance.RelevanceScale` in an encoder's folder, or in a collection
that was calibrated with queries of its own.

    {"source": "...", "revision": "c3a7...", "hits": {"text": {"bias": -9.5, "standing": 0.6, "cosine": 13.5}, ...},
     "best": {...}, "nothing_below": {"text": 0.3, ...}, "cutoff": 0.5, "words": 2.0,
     "pictures": {"rows": 256, "base64": "..."}, "vocabulary": "acrylic backpack ..."}

The background's vectors are base64 of int8 numbers, row by row, each row scaled so that its greatest is 127: they have
length 1 again when they are read.
"""

import base64
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import numpy as np

from shelfsight.core.errors import ModelError
from shelfsight.core.relevance import Asked, Curve, RelevanceScale
from shelfsight.core.vectors import FloatArray, normalise

__all__ = ["RELEVANCE_FILE", "read_relevance", "write_relevance"]

RELEVANCE_FILE = "relevance.json"

_NONSENSE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a document of another shape raises; bad JSON, UTF-8 and base64 are kinds of ``ValueError``."""


def read_relevance(folder: Path, revision: str) -> RelevanceScale | None:
    """The scale in ``folder``; ``None`` where there is none, or one of another revision of the encoder.

    Raises:
        ModelError: the file cannot be read, or says what is no scale.
    """
    path = folder / RELEVANCE_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        scale = _scale(document)
    except FileNotFoundError:
        return None
    except (OSError, *_NONSENSE) as error:
        raise ModelError(
            f"{path} is no scale of relevance: {error!r}", hint="remove it, or calibrate again: evaluate --calibrate"
        ) from error
    return scale if scale.revision == revision else None


def write_relevance(folder: Path, scale: RelevanceScale) -> None:
    """Write it into ``folder``, in place of what is there, whole or not at all.

    Raises:
        ModelError: it cannot be written, or would not be read back.
    """
    path = folder / RELEVANCE_FILE
    document = {
        "source": scale.source,
        "revision": scale.revision,
        "hits": {kind: _rounded(curve) for kind, curve in scale.hits.items()},
        "best": {kind: _rounded(curve) for kind, curve in scale.best.items()},
        "nothing_below": dict(scale.nothing_below),
        "cutoff": scale.cutoff,
        "words": scale.words,
        "pictures": _packed(scale.pictures),
        "vocabulary": " ".join(sorted(scale.vocabulary)),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        _scale(document)
        with draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(document, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except (OSError, ValueError) as error:
        draft.unlink(missing_ok=True)
        raise ModelError(f"{path} cannot be written: {error}") from error


def _scale(document: Any) -> RelevanceScale:
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")
    pictures = _unpacked(document["pictures"])
    hits, best, bounds = _curves(document["hits"]), _curves(document["best"]), document["nothing_below"]
    return RelevanceScale(
        source=str(document["source"]),
        revision=str(document["revision"]),
        hits=hits,
        best=best,
        nothing_below={kind: _share(bounds, kind) for kind in best},
        cutoff=_share(document, "cutoff"),
        words=_finite(document["words"]),
        pictures=pictures,
        vocabulary=frozenset(str(document["vocabulary"]).split()),
    )


def _curves(document: Mapping[str, Any]) -> dict[Asked, Curve]:
    if unknown := sorted(set(document) - set(get_args(Asked))):
        raise ValueError(f"there are no queries of {unknown[0]!r}")
    curves: dict[Asked, Curve] = {}
    for kind in get_args(Asked):
        if kind in document:
            curve = Curve(**{name: _finite(value) for name, value in document[kind].items()})
            if min(curve.standing, curve.cosine) < 0.0:
                raise ValueError(f"relevance of {kind} falls with the cosine")
            curves[kind] = curve
    return curves


def _share(document: Mapping[str, Any], name: str) -> float:
    value = _finite(document[name])
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} is {value}, no probability")
    return value


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no finite number")
    return number


def _rounded(curve: Curve) -> dict[str, float]:
    return {name: round(value, 5) for name, value in asdict(curve).items()}


def _packed(vectors: FloatArray) -> dict[str, Any]:
    greatest = np.max(np.abs(vectors), axis=1, keepdims=True)
    numbers = np.rint(vectors / greatest * 127).astype(np.int8)
    return {"rows": len(vectors), "base64": base64.b64encode(numbers.tobytes()).decode("ascii")}


def _unpacked(document: Mapping[str, Any]) -> FloatArray:
    """(rows, d) float32 of length 1."""
    numbers = np.frombuffer(base64.b64decode(document["base64"], validate=True), dtype=np.int8)
    rows = int(document["rows"])
    if rows < 1:
        raise ValueError("it has no background")
    return normalise(numbers.reshape(rows, -1))
