"""Sealed vector files: plain ``.npy``, written once, memory-mapped."""

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from shelfsight.core.errors import CorruptCollection
from shelfsight.core.vectors import FloatArray

__all__ = ["SEGMENTS", "map_segment", "new_name", "segment_of", "write_segment"]

SEGMENTS = "segments"
_STEP = 16_384


def new_name() -> str:
    """A file name never used before."""
    return f"{uuid.uuid4().hex}.npy"


def write_segment(file: BinaryIO, rows: int, dimension: int, parts: Iterable[FloatArray]) -> None:
    """The concatenation of ``parts``, (rows, dimension) float32, as one ``.npy``."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dimension)}
    np.lib.format.write_array_header_1_0(file, header)
    for part in parts:
        for start in range(0, len(part), _STEP):
            file.write(np.ascontiguousarray(part[start : start + _STEP], dtype="<f4").tobytes())


def map_segment(path: Path, rows: int, dimension: int) -> FloatArray:
    """The vectors of a sealed file, (rows, dimension) float32, memory-mapped (:class:`numpy.memmap`).

    Raises:
        FileNotFoundError: it is not there.
        CorruptCollection: it is not what was sealed.
    """
    try:
        vectors: FloatArray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from error
    if vectors.shape != (rows, dimension) or vectors.dtype != np.dtype("<f4"):
        raise _damaged(path, f"it holds {vectors.shape} {vectors.dtype}, ({rows}, {dimension}) float32 was sealed")
    return vectors


def segment_of(vectors: FloatArray) -> Path | None:
    """The sealed file that ``vectors`` are the rows of, all or some of them; ``None`` where they lie in memory."""
    name = getattr(vectors, "filename", None) if isinstance(vectors, np.memmap) else None
    return None if name is None else Path(name)


def _damaged(path: Path, reason: str) -> CorruptCollection:
    return CorruptCollection(f"{path} is damaged: {reason}", hint="restore the file, or index the catalogue again")
