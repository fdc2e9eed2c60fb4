"""The JSON documents of the front doors: one shape for the command line and for HTTP."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shelfsight.core.errors import FilterError, PictureError, ShelfsightError

if TYPE_CHECKING:  # these bring numpy along, and `--help` must not wait for it
    from shelfsight.core.protocols import Manifest, StoredItem
    from shelfsight.core.types import Hit, Page

__all__ = [
    "dump",
    "error_document",
    "hit_document",
    "item_document",
    "manifest_document",
    "page_document",
    "public_name",
]


def dump(document: Mapping[str, Any], *, indent: int | None = None) -> str:
    """One JSON document as text that UTF-8 can always encode.

    File names that are no UTF-8 reach Python as lone surrogates; a document that holds one is written with
    ``\\udcXX`` escapes throughout.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, ensure_ascii=True, allow_nan=False, indent=indent)
    return text


def hit_document(hit: "Hit") -> dict[str, Any]:
    """A hit. ``relevance`` and ``explanation`` appear only where a stage gave them."""
    document: dict[str, Any] = {
        "id": hit.id,
        "rank": hit.rank,
        "score": round(float(hit.score), 6),
        "title": hit.title,
        "picture": hit.picture,
        "picture_index": hit.picture_index,
        "metadata": dict(hit.metadata),
        "ranks": dict(hit.ranks),
    }
    if hit.relevance is not None:
        document["relevance"] = float(hit.relevance)
    if hit.explanation is not None:
        document["explanation"] = asdict(hit.explanation)
    return document


def page_document(page: "Page") -> dict[str, Any]:
    """What a search answers; ``warnings`` appears only where something was degraded."""
    document: dict[str, Any] = {
        "hits": [hit_document(hit) for hit in page.hits],
        "total": page.total,
        "facets": {name: dict(counts) for name, counts in page.facets.items()},
        "trace": {stage: round(float(milliseconds), 3) for stage, milliseconds in page.trace.items()},
    }
    if page.warnings:
        document["warnings"] = list(page.warnings)
    return document


def item_document(item: "StoredItem") -> dict[str, Any]:
    """An item as HTTP shows it: without vectors; pictures by name, never by the place of their files."""
    return {
        "id": item.id,
        "title": item.title,
        "metadata": dict(item.metadata),
        "pictures": [
            {"index": index, "name": public_name(picture.name)} for index, picture in enumerate(item.pictures)
        ],
    }


def public_name(name: str) -> str:
    """A picture's name without the machine's folders, which a catalogue with absolute paths would give away."""
    return re.split(r"[/\\]", name)[-1] if re.match(r"[/\\]|[A-Za-z]:[/\\]", name) else name


def manifest_document(manifest: "Manifest") -> dict[str, Any]:
    """A manifest, whole."""
    return asdict(manifest)


def error_document(error: ShelfsightError) -> dict[str, Any]:
    """What a program needs of an error: ``code``, ``detail``, ``hint``, and the place where there is one."""
    document: dict[str, Any] = {"code": error.code, "detail": error.message}
    if error.hint:
        document["hint"] = error.hint
    if isinstance(error, FilterError):
        document["position"] = error.position
    if isinstance(error, PictureError):
        document["reason"] = str(error.reason)
    return document
