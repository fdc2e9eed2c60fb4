"""What an encoder is, as digests: of its weights, and of everything done before the network."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PROBES", "input_digest", "weights_digest"]

PROBES = (
    "",
    "a photo of a red running shoe, size 42",
    "Women's NAVY-BLUE backpack (25 l) -- waterproof & light; 30% off!",
    "Crème brûlée naïve façade, Größe 38, 連衣裙, кроссовки, 👟",
    "under_score CamelCase 3.14159 e-mail@example.org http://example.org/a?b=c",
    " ".join(f"word{number}" for number in range(200)),
)
"""Texts whose token ids tell tokenizers apart: case, accents, scripts, digits, punctuation, truncation."""

_HUB_BLOB = re.compile(r"[0-9a-f]{64}")


def weights_digest(weights: Path) -> str:
    """sha256 of a weight file's bytes, hex.

    A file of the Hugging Face cache is a link to a blob that is named by this digest: it is not read again.
    """
    blob = weights.resolve()
    if blob != weights and blob.parent.name == "blobs" and _HUB_BLOB.fullmatch(blob.name):
        return blob.name
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def input_digest(preprocess: Mapping[str, Any], tokenize: Callable[[Sequence[str]], npt.NDArray[np.int64]]) -> str:
    """sha256 over the preprocessing configuration and the token ids of :data:`PROBES`, hex.

    The ids show vocabulary, cleaning, special tokens, padding and context length at work; two tokenizers that
    agree on them are the same to a reader, whatever files or library version they come from.
    """
    ids = tokenize(PROBES)
    parts = {"preprocess": preprocess, "shape": ids.shape, "ids": ids.tolist()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
