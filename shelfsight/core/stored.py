"""What a collection remembers of an item."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shelfsight.core.types import Value

__all__ = ["Fingerprints", "PictureKey", "StoredItem", "StoredPicture"]

PictureKey = tuple[str, int]
"""An item's id and the index of one of its pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """The two hashes that make indexing idempotent (hex digests)."""

    pictures: str
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture as a collection remembers it.

    Attributes:
        name: what a person calls it.
        path: the file, absolute, or ``None`` when the catalogue held bytes or an address.
        url: the address it was fetched from.
        preview: encoded bytes kept in the collection when there is no file.
    """

    name: str
    path: str | None
    url: str | None = None
    preview: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """An item as a collection remembers it. ``pictures[i]`` belongs to ``vectors[i]``."""

    id: str
    title: str | None
    metadata: Mapping[str, Value]
    pictures: tuple[StoredPicture, ...]
    fingerprints: Fingerprints
