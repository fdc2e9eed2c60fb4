"""JPEG (ITU-T T.81): segments that a decoder needs, the colour profile, and the first picture alone."""

import re
import struct

from shelfsight.core.stripping.parts import UPRIGHT, OddError, exif_of, take

__all__ = ["strip"]

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_NEEDED = frozenset({*range(0xC0, 0xE0)} - {_SOI, _EOI, *range(0xD0, 0xD8)})  # frames, tables, scans, restarts
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # in coded data; after 0xFF: 0 is a stuffed byte, D0..D7 a restart
_JFIF = b"JFIF\0"
_ICC = b"ICC_PROFILE\0"
_ADOBE = b"Adobe"


def strip(data: bytes, orientation: int) -> bytes:
    """``data`` up to its first end-of-image, without metadata.

    Raises:
        OddError: it is no sequence of segments, or has no end.
    """
    # JFIF stands directly behind the beginning where it is there at all, so EXIF follows it.
    parts = [b"\xff\xd8", b""]
    if orientation != UPRIGHT:
        parts[1] = _segment(_APP1, b"Exif\0\0" + exif_of(orientation))
    position = 2
    while True:
        marker, position = _marker(data, position)
        if marker == _EOI:
            return b"".join([*parts, b"\xff\xd9"])
        length = int.from_bytes(take(data, position, 2), "big")
        if length < 2:
            raise OddError("a segment has no length")
        content = take(data, position, length)[2:]
        position += length
        if marker == _APP0 and content.startswith(_JFIF):
            parts[0] = b"\xff\xd8" + _segment(_APP0, _without_thumbnail(content))
        elif (kept := _kept(marker, content)) is not None:
            parts.append(_segment(marker, kept))
        if marker == _SOS:
            end = _end_of_scan(data, position)
            parts.append(data[position:end])
            position = end


def _marker(data: bytes, position: int) -> tuple[int, int]:
    """The marker at ``position``, and where it ends; any number of 0xFF may fill the room before it."""
    if data[position] != 0xFF:
        raise OddError("no marker where one must be")
    while data[position] == 0xFF:
        position += 1
    return data[position], position + 1


def _end_of_scan(data: bytes, position: int) -> int:
    found = _MARKER.search(data, position)
    if found is None:
        raise OddError("no end of the picture")
    return found.start()


def _kept(marker: int, content: bytes) -> bytes | None:
    """What stays of a segment: ``None``: nothing."""
    if marker in _NEEDED or (marker == _APP2 and content.startswith(_ICC)):
        return content
    if marker == _APP14 and content.startswith(_ADOBE) and len(content) >= 12:
        return content[:12]
    return None


def _without_thumbnail(jfif: bytes) -> bytes:
    """Version, unit and density (JFIF 1.02)."""
    return take(jfif, 0, 12) + b"\0\0"


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
