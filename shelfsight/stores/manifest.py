"""``manifest.json``: what a collection is. Written once, when it is created."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from shelfsight.core.errors import CorruptCollection, EncoderMismatch, NotFound, StoreError
from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import publish

__all__ = ["FORMAT", "MANIFEST", "METRIC", "Header", "check_encoder", "read_header", "write_header"]

FORMAT = 1
METRIC = "cosine"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The part of a manifest that never changes."""

    format: int
    store: str
    encoder: EncoderSpec
    metric: str


def write_header(path: Path, header: Header) -> None:
    """Publish the manifest of the collection at ``path``."""
    text = json.dumps(asdict(header), indent=2) + "\n"
    publish(path / MANIFEST, lambda file: file.write(text.encode()))


def read_header(path: Path, *, oldest: int = FORMAT, newest: int = FORMAT) -> Header:
    """The manifest of the collection at ``path``.

    Args:
        oldest, newest: formats that the caller can read.

    Raises:
        NotFound: no collection there.
        StoreError: written by a newer Shelfsight, or by one so old that the collection has to be upgraded first.
        CorruptCollection: the manifest makes no sense.
    """
    file = path / MANIFEST
    with storage_faults(path):
        try:
            text = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(
                f"there is no collection at {path}", hint=f"make one with: shelfsight index CATALOGUE -c {path}"
            ) from None
    try:
        content = json.loads(text)
        version = content["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(file, error) from error
    if isinstance(version, int) and version < oldest:
        raise StoreError(
            f"{path} has format {version}, this Shelfsight reads format {newest}",
            hint=f"make a copy of it, then run: shelfsight upgrade -c {path}",
        )
    if not isinstance(version, int) or version > newest:
        raise StoreError(
            f"{path} has format {version!r}, this Shelfsight reads format {newest}",
            hint="upgrade shelfsight, or index the catalogue again",
        )
    return _header(file, content)


def _header(file: Path, content: dict[str, Any]) -> Header:
    try:
        encoder = EncoderSpec(**content["encoder"])
        header = Header(format=content["format"], store=content["store"], encoder=encoder, metric=content["metric"])
    except (KeyError, TypeError) as error:
        raise _damaged(file, error) from error
    if not isinstance(encoder.dimension, int) or encoder.dimension < 1 or header.metric != METRIC:
        raise _damaged(file, "dimension or metric")
    return header


def _damaged(file: Path, reason: object) -> CorruptCollection:
    return CorruptCollection(f"{file} is damaged: {reason}", hint="restore it, or index the catalogue again")


def check_encoder(path: Path, built: EncoderSpec, given: EncoderSpec) -> None:
    """Refuse an encoder whose vectors do not live in the collection's space.

    Raises:
        EncoderMismatch: naming both encoders and what differs.
    """
    differing = [f.name for f in fields(EncoderSpec) if getattr(built, f.name) != getattr(given, f.name)]
    if differing:
        details = ", ".join(f"{name} {getattr(built, name)!r} / {getattr(given, name)!r}" for name in differing)
        raise EncoderMismatch(
            f"{path} was built with encoder {built.name!r} and is opened with {given.name!r}: {details}",
            hint=f"open it with {built.name!r}, or index the catalogue again into a new collection",
        )
