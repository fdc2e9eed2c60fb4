"""Settings: nested, frozen, and strict about unknown names."""

import os
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["IndexSettings", "PictureLimits", "SearchSettings", "Settings", "VectorSettings"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _cores() -> int:
    """Those that this process may run on, at least 2: reading waits. Beyond 32 threads wait for the interpreter."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores, 2), 32)


class PictureLimits(_Frozen):
    """What a picture may cost before it is refused."""

    max_pixels: int = Field(default=100_000_000, gt=0, description="decoded pixels; JPEGs count at reduced size")
    max_bytes: int = Field(default=100_000_000, gt=0, description="encoded bytes of one picture")


class IndexSettings(_Frozen):
    """How the write path works."""

    batch_size: int = Field(default=32, gt=0, description="pictures a forward pass; unsaid, the encoder's wish counts")
    decode_threads: int = Field(default_factory=_cores, gt=0, description="threads that read, decode and resize")
    commit_items: int = Field(default=512, gt=0, description="items a commit at most")
    commit_seconds: float = Field(default=5.0, gt=0, description="seconds between commits at most")
    preview_side: int = Field(default=512, gt=0, description="long side in pixels of previews kept for byte pictures")
    max_text: int = Field(default=100_000, gt=0, description="characters of one metadata value at most")


class SearchSettings(_Frozen):
    """How the read path works."""

    max_k: int = Field(default=1000, gt=0, description="hits a request at most")
    max_window: int = Field(default=100_000, gt=0, description="offset + k at most")
    max_text: int = Field(default=10_000, gt=0, description="characters of a query's text at most")
    vlm: str = Field(default="embedded", description="the vision-language model that re-ranks, explains and answers")
    depth: int = Field(default=50, gt=0, description="candidates that are looked at when re-ranking, unless asked")
    max_depth: int = Field(default=500, gt=0, description="candidates that are looked at, at most")
    explained: int = Field(default=10, gt=0, description="hits that get an explanation when no number is asked")
    snapshots: int = Field(default=16, gt=0, description="states of a collection kept for the next pages of searches")
    snapshot_seconds: float = Field(default=600.0, gt=0, description="how long they are kept at most")


class VectorSettings(_Frozen):
    """What finds vectors in a collection."""

    kind: Literal["auto", "flat", "ivf", "graph"] = Field(default="auto", description="auto: by size and memory")
    recall: float = Field(default=0.98, gt=0, le=1, description="recall@10 that an approximate index is tuned to")
    flat_below: int = Field(default=50_000, ge=0, description="vectors up to which search is exact")
    bytes_per_vector: int | None = Field(default=None, gt=0, description="memory of the index; None: what serves best")


class Settings(_Frozen):
    """Everything together, one group a room."""

    pictures: PictureLimits = PictureLimits()
    index: IndexSettings = IndexSettings()
    search: SearchSettings = SearchSettings()
    vectors: VectorSettings = VectorSettings()
