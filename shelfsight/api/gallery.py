"""The pictures of a collection's items: as they were indexed, small, or decoded for a model to look at."""

from PIL.Image import Image

from shelfsight.api.pictures import (
    PictureFile,
    ThumbnailCache,
    digest_of,
    media_type_of,
    read_stored,
    thumbnail_of,
    version_of,
)
from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.pictures import decode
from shelfsight.core.protocols import Store, StoredItem, StoredPicture
from shelfsight.core.settings import PictureLimits
from shelfsight.core.stripping import presentable

__all__ = ["LOOKED_AT", "Gallery"]

LOOKED_AT = 1024
"""Pixels a side that models are shown at least, where a picture has them. One number for all who show pictures to a
model, so that features kept when indexing are those that a search would make."""


class Gallery:
    """Items of one store and their pictures, within limits. Safe to share between threads."""

    def __init__(self, store: Store, limits: PictureLimits) -> None:
        self._store = store
        self._limits = limits
        self._thumbnails = ThumbnailCache()

    @property
    def store(self) -> Store:
        """Whose items they are."""
        return self._store

    @property
    def kept(self) -> int:
        """Thumbnails in memory."""
        return len(self._thumbnails)

    def item(self, id: str) -> StoredItem:
        """One item.

        Raises:
            NotFound: no such item.
        """
        item = self._store.snapshot().items([id]).get(id)
        if item is None:
            raise NotFound(f"no item {id!r} in this collection")
        return item

    def picture(self, id: str, index: int) -> PictureFile:
        """See :meth:`shelfsight.Engine.picture`."""
        data = presentable(self._bytes(id, index), self._limits)
        return PictureFile(data, media_type_of(data), digest_of(data))

    def thumbnail(self, id: str, index: int, side: int) -> PictureFile:
        """See :meth:`shelfsight.Engine.thumbnail`."""
        if not 16 <= side <= 2048:
            raise UsageError(f"a thumbnail of {side} pixels", hint="ask for 16 to 2048")
        item = self.item(id)
        version = version_of(_picture_of(item, index), f"{item.id}:{index}:{item.fingerprints.pictures}")
        kept = self._thumbnails.get(version, side) if version else None
        if kept is None:
            kept = thumbnail_of(self._bytes(id, index), side, self._limits)
            if version:
                self._thumbnails.put(version, side, kept)
        return kept

    def decoded(self, id: str, index: int, target: int = LOOKED_AT) -> Image:
        """Picture ``index`` of an item, upright, RGB.

        Args:
            target: the caller will resize to (target, target) at most; see :func:`shelfsight.core.pictures.decode`.

        Raises:
            NotFound: no such item or picture, or its file is gone.
            PictureError: its file cannot be read or decoded.
        """
        return decode(self._bytes(id, index), limits=self._limits, target=target)

    def _bytes(self, id: str, index: int) -> bytes:
        picture = _picture_of(self.item(id), index)
        if picture.path is not None:
            return read_stored(picture, self._limits)
        preview = self._store.preview(id, index)
        if preview is None:
            raise NotFound(f"the collection keeps no bytes of picture {index} of item {id!r}")
        return preview


def _picture_of(item: StoredItem, index: int) -> StoredPicture:
    if not 0 <= index < len(item.pictures):
        count = len(item.pictures)
        raise NotFound(f"item {item.id!r} has {count} pictures, counted from 0; there is no picture {index}")
    return item.pictures[index]
