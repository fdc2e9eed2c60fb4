"""PNG and APNG (W3C PNG, third edition): chunks that decide how a picture looks."""

import struct
import zlib

from shelfsight.core.stripping.parts import UPRIGHT, OddError, exif_of, take

__all__ = ["strip"]

_SIGNATURE = 8
_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)


def strip(data: bytes, orientation: int) -> bytes:
    """``data`` up to its end chunk, without metadata.

    Raises:
        OddError: it is no sequence of chunks, or has no end.
    """
    parts = [data[:_SIGNATURE]]
    position = _SIGNATURE
    while True:
        length = int.from_bytes(take(data, position, 4), "big")
        kind = take(data, position + 4, 4)
        chunk = take(data, position, length + 12)
        position += length + 12
        if kind in _KEPT:
            parts.append(chunk)
        if kind == b"IHDR":
            if len(parts) != 2 or length != 13:
                raise OddError("the header is not where it must be")
            if orientation != UPRIGHT:
                parts.append(_chunk(b"eXIf", exif_of(orientation)))
        if kind == b"IEND":
            return b"".join(parts[:-1]) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
