"""Settings: nested, frozen, and strict about unknown names."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shelfsight.core.cores import cores

__all__ = [
    "AccessSettings",
    "FetchSettings",
    "IndexSettings",
    "JobSettings",
    "LoadSettings",
    "LogSettings",
    "PictureLimits",
    "SearchSettings",
    "ServerSettings",
    "Settings",
    "VectorSettings",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _threads() -> int:
    """Those that this process may run on, at least 2: reading waits. Beyond 32 threads wait for the interpreter."""
    return min(max(cores(), 2), 32)


class PictureLimits(_Frozen):
    """What a picture may cost before it is refused."""

    max_pixels: int = Field(default=100_000_000, gt=0, description="decoded pixels; JPEGs count at reduced size")
    max_bytes: int = Field(default=100_000_000, gt=0, description="encoded bytes of one picture")


class IndexSettings(_Frozen):
    """How the write path works."""

    batch_size: int = Field(default=32, gt=0, description="pictures a forward pass; unsaid, the encoder's wish counts")
    decode_threads: int = Field(default_factory=_threads, gt=0, description="threads that read, decode and resize")
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
    together: int = Field(default=32, gt=0, description="queries of different requests compared together at most")


class FetchSettings(_Frozen):
    """How pictures and catalogues are fetched from addresses."""

    max_bytes: int = Field(default=50_000_000, gt=0, description="bytes of one answer at most")
    seconds: float = Field(default=20.0, gt=0, description="from asking to the last byte, redirects among it")
    redirects: int = Field(default=3, ge=0, description="redirects followed")
    attempts: int = Field(default=3, gt=0, description="tries where a server is busy or breaks off")
    at_a_time: int = Field(default=16, gt=0, description="pictures a job fetches at a time")
    a_host: int = Field(default=4, gt=0, description="connections to one host at a time")
    ports: tuple[int, ...] = Field(default=(80, 443), description="ports that are asked, those of private_hosts apart")
    private_hosts: tuple[str, ...] = Field(
        default=(), description="HOST or HOST:PORT inside the network that may be asked all the same"
    )


class ServerSettings(_Frozen):
    """How the HTTP server runs."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="0 takes a free one")
    workers: int = Field(default=1, gt=0, description="processes that answer")
    grace_seconds: float = Field(default=10.0, ge=0, description="what open requests get to end in at a stop")
    max_request: int = Field(default=25_000_000, gt=0, description="bytes of a body; catalogues apart")
    head_seconds: float = Field(default=10.0, gt=0, description="a request's line and headers have come by then")
    body_seconds: float = Field(
        default=30.0, gt=0, description="a body has come by then, or is refused; who reads nothing so long is given up"
    )
    needs_vlm: bool = Field(default=False, description="whether it is ready only with its vision-language model")
    state: Path | None = Field(
        default=None, description="directory of keys, jobs, aliases and audit log; unsaid: beside the collection"
    )
    origins: tuple[str, ...] = Field(default=(), description="pages elsewhere that may ask: https://shop.example")
    hosts: tuple[str, ...] = Field(
        default=(), description="names the server is asked by; unsaid: without keys those of loopback, with keys any"
    )
    proxies: tuple[str, ...] = Field(
        default=(), description="addresses of proxies that are believed when they say who asks (X-Forwarded-For)"
    )


class LoadSettings(_Frozen):
    """How many requests are worked on at a time."""

    batch: int = Field(default=32, gt=0, description="texts of different requests that are encoded together at most")
    running: int = Field(default=16, gt=0, description="requests worked on at a time, a process")
    waiting: int = Field(default=24, ge=0, description="requests that wait for that, a process; others get 429")
    wait_seconds: float = Field(default=2.0, gt=0, description="what a request would wait at most; longer gets 429")
    embeddings: int = Field(default=10_000, ge=0, description="embeddings of queries that are kept")


class JobSettings(_Frozen):
    """Indexing jobs that are submitted over HTTP."""

    roots: tuple[Path, ...] = Field(default=(), description="folders that catalogues of this machine may be read from")
    remotes: tuple[str, ...] = Field(
        default=(), description="addresses that catalogues may be read below: s3://bucket/catalogues (extra s3)"
    )
    running: int = Field(default=1, gt=0, description="jobs at a time, one a collection")
    niceness: int = Field(default=10, ge=0, le=19, description="by how much a job gives way to searches")
    max_upload: int = Field(default=2_000_000_000, gt=0, description="bytes of an uploaded catalogue at most")
    kept: int = Field(default=200, gt=0, description="finished jobs that are remembered")


class AccessSettings(_Frozen):
    """Who may ask the server."""

    keys: Literal["auto", "required", "off"] = Field(
        default="auto",
        description="whether an API key is needed; auto: unless only this machine can reach the server",
    )
    searches: float | None = Field(default=None, gt=0, description="requests a second of a key without its own rate")
    visitor: float | None = Field(
        default=20.0, gt=0, description="requests a second of one address with a key that pages carry"
    )
    looks: int | None = Field(
        default=None, ge=0, description="pictures a day that a key without a limit of its own lets a VLM look at"
    )


class LogSettings(_Frozen):
    """What is written to stderr while serving."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"
    queries: bool = Field(default=False, description="whether the log says what was searched for")


class Settings(_Frozen):
    """Everything together, one group a room."""

    pictures: PictureLimits = PictureLimits()
    index: IndexSettings = IndexSettings()
    search: SearchSettings = SearchSettings()
    vectors: VectorSettings = VectorSettings()
    fetch: FetchSettings = FetchSettings()
    server: ServerSettings = ServerSettings()
    load: LoadSettings = LoadSettings()
    jobs: JobSettings = JobSettings()
    access: AccessSettings = AccessSettings()
    log: LogSettings = LogSettings()
