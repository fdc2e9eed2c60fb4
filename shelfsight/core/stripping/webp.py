"""WebP (RFC 9649): chunks that are drawn, and the colour profile."""

import struct
from collections.abc import Iterator

from shelfsight.core.stripping.parts import UPRIGHT, OddError, exif_of, take

__all__ = ["strip"]

_DRAWN = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ICCP"})
_IN_A_FRAME = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_FRAME_HEADER = 16
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04


def strip(data: bytes, orientation: int) -> bytes:
    """``data`` up to the end that its header tells, without metadata.

    Raises:
        OddError: it is no sequence of chunks, or has no place for an orientation that it has.
    """
    if data[8:12] != b"WEBP":
        raise OddError("no WebP")
    end = 8 + int.from_bytes(take(data, 4, 4), "little")
    parts = list(_kept(data, end, orientation != UPRIGHT))
    if orientation != UPRIGHT:
        if not parts or parts[0][:4] != b"VP8X":
            raise OddError("no place for the orientation")
        parts.append(_chunk(b"EXIF", exif_of(orientation)))
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _kept(data: bytes, end: int, exif: bool) -> Iterator[bytes]:
    for kind, content in _chunks(data, 12, end):
        if kind == b"VP8X":
            flags = take(content, 0, 10)[0] & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if exif else 0)
            yield _chunk(kind, bytes([flags]) + content[1:10])
        elif kind == b"ANMF":
            inner = _chunks(content, _FRAME_HEADER, len(content))
            drawn = b"".join(_chunk(name, part) for name, part in inner if name in _IN_A_FRAME)
            yield _chunk(kind, take(content, 0, _FRAME_HEADER) + drawn)
        elif kind in _DRAWN:
            yield _chunk(kind, content)


def _chunks(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    while position < end:
        kind = take(data, position, 4)
        length = int.from_bytes(take(data, position + 4, 4), "little")
        yield kind, take(data, position + 8, length)
        position += 8 + length + length % 2


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
