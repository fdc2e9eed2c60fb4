"""Vectors of pictures on disk, by the digest of the picture's bytes: what was encoded once is never encoded again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.vectors import FloatArray
from shelfsight.training.adapt.files import told_if_full

__all__ = ["VectorCache"]


class VectorCache:
    """One file of records (digest, vector) a base encoder, only ever appended to.

    A process that dies while it writes leaves part of a record at the end, which the next one cuts off.
    """

    def __init__(self, folder: Path, spec: EncoderSpec) -> None:
        self._path = folder / f"pictures-{spec.revision[:16]}-{spec.fingerprint[:16]}.bin"
        self._record = np.dtype([("digest", "u1", (32,)), ("vector", "<f4", (spec.dimension,))])
        self._places: dict[bytes, int] = {}
        self._vectors: list[FloatArray] = []
        if self._path.exists():
            self._load()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._places

    def add(self, digests: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep ``vectors``, ``float32 [n, d]``, of pictures that were not here.

        Raises:
            StoreFull: no space left.
        """
        records = np.zeros(len(digests), dtype=self._record)
        records["digest"] = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 32)
        records["vector"] = vectors
        with told_if_full(self._path), self._path.open("ab") as file:
            file.write(records.tobytes())
        self._remember(records)

    def vectors(self, digests: Sequence[bytes]) -> FloatArray:
        """``float32 [n, d]``, one row a digest; all of them must be here."""
        if not digests:
            return np.zeros((0, self._record["vector"].shape[0]), dtype=np.float32)
        kept = np.concatenate(self._vectors)
        chosen: FloatArray = kept[[self._places[digest] for digest in digests]]
        return chosen

    def _load(self) -> None:
        whole, torn = divmod(self._path.stat().st_size, self._record.itemsize)
        records = np.fromfile(self._path, dtype=self._record, count=whole) if whole else np.zeros(0, self._record)
        if not np.allclose(np.linalg.norm(records["vector"], axis=1), 1, atol=1e-3):
            whole, torn = 0, 1  # a machine that lost its power leaves zeros
            records = records[:0]
        if torn:
            with self._path.open("r+b") as file:
                file.truncate(whole * self._record.itemsize)
        self._remember(records)

    def _remember(self, records: npt.NDArray[np.void]) -> None:
        start = len(self._places)
        for offset, digest in enumerate(records["digest"]):
            self._places[digest.tobytes()] = start + offset
        self._vectors.append(np.ascontiguousarray(records["vector"]))
