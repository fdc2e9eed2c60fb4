"""What the formats share."""

import struct

__all__ = ["UPRIGHT", "OddError", "exif_of", "take"]

UPRIGHT = 1
_ORIENTATION, _SHORT = 0x0112, 3


class OddError(ValueError):
    """A file that is not built as its format says."""


def exif_of(orientation: int) -> bytes:
    """TIFF structure of an EXIF block that holds an orientation alone (EXIF 2.32, 4.5 and 4.6)."""
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def take(data: bytes, begin: int, length: int) -> bytes:
    """``length`` bytes from ``begin``.

    Raises:
        OddError: there are not so many.
    """
    part = data[begin : begin + length]
    if len(part) != length:
        raise OddError("the file breaks off")
    return part
