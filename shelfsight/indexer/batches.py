"""Prepared pictures into batches for the encoder, across the borders of items."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from shelfsight.core.protocols import Batched, Encoder
from shelfsight.core.settings import IndexSettings
from shelfsight.core.vectors import FloatArray
from shelfsight.indexer.work import Entry

__all__ = ["Batch", "batch_size", "batches", "encode"]

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


def encode(batch: Batch, encoder: Encoder) -> Batch:
    """``batch`` with its vectors.

    Raises:
        ModelError: the encoder fails.
    """
    pixels = [entry.pixels for entry in batch.entries if entry.pixels is not None]
    return Batch(batch.entries, encoder.encode_pixels(np.stack(pixels)) if pixels else None)
