"""Stored pictures as bytes that a browser may show, and thumbnails of them."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from shelfsight.api.documents import public_name
from shelfsight.core.errors import NotFound, PictureError, Reason
from shelfsight.core.pictures import decode, read_bytes, thumbnail_bytes
from shelfsight.core.protocols import StoredPicture
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Picture

__all__ = ["PictureFile", "ThumbnailCache", "digest_of", "media_type_of", "read_stored", "thumbnail_of", "version_of"]

_OPAQUE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class PictureFile:
    """Encoded picture bytes.

    Attributes:
        data: the bytes.
        media_type: told by the bytes, never by a file's name; ``application/octet-stream`` for what
            browsers do not show.
        tag: changes when the bytes do.
    """

    data: bytes
    media_type: str
    tag: str


def media_type_of(data: bytes) -> str:
    """Media type by the first bytes, of the raster formats that every browser shows."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return _OPAQUE


def read_stored(picture: StoredPicture, limits: PictureLimits) -> bytes:
    """The bytes of a picture that is a file.

    Raises:
        NotFound: the file is gone.
        PictureError: it cannot be read, or is too large.
    """
    assert picture.path is not None
    name = public_name(picture.name)
    try:
        return read_bytes(Picture(name=name, path=Path(picture.path)), limits)
    except PictureError as error:
        if error.reason is Reason.MISSING_FILE:
            raise NotFound(
                f"the file of picture {name!r} is no longer where it was when it was indexed",
                hint="put it back, or run `shelfsight index` again",
            ) from error
        raise


def thumbnail_of(data: bytes, side: int, limits: PictureLimits) -> PictureFile:
    """``data`` upright, at most ``side`` pixels a side, as JPEG without metadata.

    Raises:
        PictureError: the bytes are no usable picture.
    """
    encoded = thumbnail_bytes(decode(data, limits=limits, target=side), side)
    return PictureFile(encoded, "image/jpeg", digest_of(encoded))


def digest_of(data: bytes) -> str:
    return blake2b(data, digest_size=12).hexdigest()


def version_of(picture: StoredPicture, owner: str) -> str | None:
    """A key that changes when the picture's file does; ``None`` when there is no file to look at.

    Args:
        owner: tells apart pictures whose bytes lie in the collection itself (any string).
    """
    if picture.path is None:
        return f"kept:{owner}"
    try:
        status = Path(picture.path).stat()
    except (OSError, ValueError):
        return None
    return f"{picture.path}:{status.st_mtime_ns}:{status.st_size}"


class ThumbnailCache:
    """The thumbnails asked for last, at most ``capacity`` bytes of them. Thread-safe."""

    def __init__(self, capacity: int = 64_000_000) -> None:
        self._capacity = capacity
        self._size = 0
        self._kept: OrderedDict[tuple[str, int], PictureFile] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, version: str, side: int) -> PictureFile | None:
        with self._lock:
            found = self._kept.get((version, side))
            if found is not None:
                self._kept.move_to_end((version, side))
            return found

    def put(self, version: str, side: int, picture: PictureFile) -> None:
        with self._lock:
            if (version, side) in self._kept:
                return
            self._kept[(version, side)] = picture
            self._size += len(picture.data)
            while self._size > self._capacity:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped.data)
