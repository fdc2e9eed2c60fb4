"""Pictures as others may see them: what is drawn, and nothing of who took it, where, or with what.

JPEG, PNG, WebP and GIF lose everything that no decoder needs (EXIF with its place and thumbnail, XMP, IPTC, comments,
makers' blocks, what lies behind the end) without a pixel changing. What decides how they look stays: colour profiles,
gamma, animation, and the orientation, in an EXIF block that holds that alone. Every other format, and a file that is
not built as its format says, is decoded and written anew, as JPEG.
"""

import io
from collections.abc import Callable

from PIL.Image import Image

from shelfsight.core.pictures import decode, orientation_of
from shelfsight.core.settings import PictureLimits
from shelfsight.core.stripping import gif, jpeg, png, webp
from shelfsight.core.stripping.parts import OddError

__all__ = ["presentable", "stripped"]

_STRIPPERS: tuple[tuple[bytes, Callable[[bytes, int], bytes]], ...] = (
    (b"\xff\xd8\xff", jpeg.strip),
    (b"\x89PNG\r\n\x1a\n", png.strip),
    (b"RIFF", webp.strip),
    (b"GIF8", gif.strip),
)
_QUALITY = 92
_MAX_SIDE = 65_500  # of a JPEG


def stripped(data: bytes, limits: PictureLimits) -> bytes | None:
    """``data`` with the same pixels and no metadata but its orientation; ``None`` where that takes writing it anew.

    Raises:
        PictureError: its header says that it is no usable picture; see :func:`~shelfsight.core.pictures.decode`.
    """
    strip = next((each for signature, each in _STRIPPERS if data.startswith(signature)), None)
    if strip is None:
        return None
    try:
        return strip(data, orientation_of(data, limits=limits))
    except (OddError, IndexError):
        return None


def presentable(data: bytes, limits: PictureLimits) -> bytes:
    """:func:`stripped`, or a JPEG of what ``data`` shows, upright.

    Raises:
        PictureError: ``data`` is no usable picture.
    """
    kept = stripped(data, limits)
    return _written_anew(decode(data, limits=limits)) if kept is None else kept


def _written_anew(image: Image) -> bytes:
    if max(image.size) > _MAX_SIDE:
        image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
