"""How far each stage of the write path may run ahead of the next: far enough that none waits, and no further."""

from dataclasses import dataclass

from shelfsight.core.settings import IndexSettings

__all__ = ["Ahead"]

_BATCHES = 2
_CHUNK_ROWS = 8
_HELD_BYTES = 128_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Bounds of one job.

    Attributes:
        batch: pictures a batch.
        pictures: prepared, or being prepared, of items with several.
        chunk_rows: rows that a decode thread takes at a time. A future a row would cost the interpreter, which runs
            one thread at a time, as much as everything else that it does for a picture.
        chunk_bytes: pictures' bytes in them, where the catalogue itself carries pictures.
        chunks: being examined, or waiting for the batch they go into.
        keep_bytes: of one item's pictures, from reading to decoding; the rest is read twice.
    """

    batch: int
    pictures: int
    chunk_rows: int
    chunk_bytes: int
    chunks: int
    keep_bytes: int

    @classmethod
    def of(cls, settings: IndexSettings, batch: int) -> "Ahead":
        """Two batches ahead, in chunks that leave every decode thread two."""
        threads = settings.decode_threads
        chunk_rows = max(1, min(_CHUNK_ROWS, _BATCHES * batch // (2 * threads)))
        chunks = max(2 * threads, _BATCHES * batch // chunk_rows)
        held = _HELD_BYTES // chunks
        return cls(
            batch=batch,
            pictures=_BATCHES * batch,
            chunk_rows=chunk_rows,
            chunk_bytes=held,
            chunks=chunks,
            keep_bytes=held // chunk_rows,
        )
