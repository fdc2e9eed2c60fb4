"""Prepared pictures into batches for the encoder, across the borders of items."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelfsight.core.protocols import Batched, Encoder
from shelfsight.core.settings import IndexSettings
from shelfsight.core.vectors import FloatArray
from shelfsight.indexer.work import Decision, Entry, Work

__all__ = ["Batch", "Encoding", "batch_size", "batches", "finished"]

PixelArray = npt.NDArray[np.uint8]

_ENTRIES_A_PICTURE = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries in order, and vectors for those of them that have pixels, likewise in order."""

    entries: list[Entry]
    vectors: FloatArray | None = None

    @property
    def pictures(self) -> int:
        """How many go, or went, through the encoder."""
        return sum(entry.pixels is not None for entry in self.entries)


def batch_size(encoder: Encoder, settings: IndexSettings) -> int:
    """Pictures a batch: what the settings say, where they say it, else what the encoder likes."""
    said = "batch_size" in settings.model_fields_set
    return encoder.batch_size if isinstance(encoder, Batched) and not said else settings.batch_size


def batches(entries: Iterable[Entry], size: int) -> Iterator[Batch]:
    """Batches of ``size`` pictures. Rows with nothing to encode travel along and may fill a batch too, so that a
    catalogue that has not changed does not pile up."""
    batch = Batch([])
    waiting = 0
    for entry in entries:
        batch.entries.append(entry)
        waiting += entry.pixels is not None
        if waiting == size or len(batch.entries) >= size * _ENTRIES_A_PICTURE:
            yield batch
            batch, waiting = Batch([]), 0
    if batch.entries:
        yield batch


def finished(batch: Batch) -> Iterator[Work]:
    """Rows that are complete with this encoded batch, in order; what came of each picture is gathered in its row."""
    vectors = iter(() if batch.vectors is None else batch.vectors)
    for entry in batch.entries:
        work = entry.work
        if entry.failure is not None:
            work.failures.append(entry.failure)
            work.undecodable.append(entry.index)
        if entry.picture is not None:
            work.pictures.append(entry.picture)
            work.vectors.append(next(vectors))
        if entry.last:
            if work.decision is Decision.ENCODE and not work.vectors:
                work.decision = Decision.FAIL
            yield work


class Encoding:
    """Batches through an encoder, from threads of one pool.

    Each thread stacks its batches in an array that it keeps: fresh memory for every batch of tens of megabytes would be
    cleared by the system, page by page, only to be written over.
    """

    def __init__(self, encoder: Encoder, size: int) -> None:
        """
        Args:
            size: pictures a batch at most.
        """
        self._encoder = encoder
        self._size = size
        self._kept = threading.local()

    def __call__(self, batch: Batch) -> Batch:
        """``batch`` with its vectors.

        Raises:
            ModelError: the encoder fails.
        """
        pixels = [entry.pixels for entry in batch.entries if entry.pixels is not None]
        return Batch(batch.entries, self._encoder.encode_pixels(self._stack(pixels)) if pixels else None)

    def _stack(self, pixels: list[PixelArray]) -> PixelArray:
        """(b, 3, h, w), good until this thread's next batch."""
        kept: PixelArray | None = getattr(self._kept, "array", None)
        if kept is None:
            kept = self._kept.array = np.empty((self._size, *pixels[0].shape), dtype=pixels[0].dtype)
        return np.stack(pixels, out=kept[: len(pixels)])
