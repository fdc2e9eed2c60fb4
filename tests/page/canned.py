"""Documents of the API's shape, written down: what a model says of a picture differs from machine to machine in the
last digit; here each answer is known to the letter.
"""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

__all__ = [
    "ADDRESS",
    "ATOMS",
    "BOX",
    "CLAIMS",
    "ORDER",
    "STAGES",
    "WORDS",
    "Document",
    "atom",
    "catalogue_claim",
    "heat_map",
    "picture_claim",
    "relooked",
]

Document = dict[str, Any]

BOX = [0.25, 0.5, 0.75, 0.9]


def heat_map(width: int = 64, height: int = 64, box: Sequence[float] = BOX) -> str:
    """A PNG as a data URI: orange where ``box`` is, its alpha fading towards the edges of the box, clear elsewhere."""
    y, x = (np.indices((height, width)) + 0.5) / np.array([height, width])[:, None, None]
    left, top, right, bottom = box
    far = ((x - (left + right) / 2) / (right - left)) ** 2 + ((y - (top + bottom) / 2) / (bottom - top)) ** 2
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = (255, 120, 0)
    pixels[..., 3] = (200 * np.exp(-3 * far)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def atom(term: str, kind: str = "attribute", *, negated: bool = False, **fields: Any) -> Document:
    """An atom as the API writes it."""
    text = f"not {term}" if negated else term
    empty = {"field": None, "value": None, "filter": None, "subject": "other", "start": 0, "end": 0}
    return {"kind": kind, "term": term, "text": text, "negated": negated, **empty, **fields}


def picture_claim(words: str, verdict: str, probability: float, **evidence: Any) -> Document:
    """A claim that a model made by looking, with its heat map and box unless told otherwise."""
    seen = {"picture_index": 0, "box": BOX, "heat_map": heat_map(), **evidence}
    kept = {name: value for name, value in seen.items() if value is not None}
    return {
        "atom": words,
        "kind": "attribute",
        "verdict": verdict,
        "probability": probability,
        "source": "picture",
        "evidence": kept,
    }


def catalogue_claim(words: str, verdict: str, field: str, value: str) -> Document:
    """A claim that a field of the catalogue decides."""
    probability = 1.0 if verdict == "yes" else 0.0
    evidence = {"field": field, "value": value}
    return {
        "atom": words,
        "kind": "kind",
        "verdict": verdict,
        "probability": probability,
        "source": "catalogue",
        "evidence": evidence,
    }


def relooked(before: Sequence[Document], order: Sequence[int]) -> list[Document]:
    """``before``, the hits of a first stage, in another order, with ranks and relevance of a second look."""
    hits = []
    for rank, place in enumerate(order, start=1):
        ranks = {"retrieval": before[place]["rank"], "rerank": rank}
        hits.append({**before[place], "rank": rank, "ranks": ranks, "relevance": 0.97 * 0.9 ** (rank - 1)})
    return hits


WORDS = "yellow hat, not leather, under 150"
ADDRESS = "/?q=yellow+hat%2C+not+leather%2C+under+150"
ORDER = [6, 1, 12, 0, *range(2, 6), *range(7, 12), *range(13, 30)]
ATOMS = [
    atom("yellow", field="colour", value="yellow", subject="attribute", start=0, end=6),
    atom("hat", "kind", field="kind", value="hat", subject="kind", start=7, end=10),
    atom("leather", negated=True, start=12, end=23),
    atom("under 150", "limit", filter="price < 150", start=25, end=34),
]
CLAIMS = [
    picture_claim("yellow", "yes", 0.932),
    catalogue_claim("hat", "no", "kind", "sunglasses"),
    picture_claim("not leather", "cannot tell", 0.48, box=None, heat_map=None),
    catalogue_claim("under 150", "yes", "price", "95.95"),
]
_COSTS = {"model": "m-1", "ended": "complete"}
STAGES = [
    {"name": "rerank", "candidates": 50, "scored": 50, "moved": 37, "milliseconds": 312.4, **_COSTS},
    {"name": "explain", "candidates": 10, "scored": 10, "moved": 0, "milliseconds": 88.0, **_COSTS},
]
