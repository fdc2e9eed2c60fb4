"""GIF (GIF89a): frames, how long each is shown, and how often all of them."""

from shelfsight.core.stripping.parts import UPRIGHT, OddError, take

__all__ = ["strip"]

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def strip(data: bytes, orientation: int) -> bytes:
    """``data`` up to its trailer, without metadata.

    Raises:
        OddError: it is no sequence of blocks, has no end, or an orientation, which GIF has no place for.
    """
    if orientation != UPRIGHT:
        raise OddError("no place for the orientation")
    position = 13 + _table(take(data, 0, 13)[10])
    parts = [take(data, 0, position)]
    while True:
        kind = data[position]
        if kind == _TRAILER:
            return b"".join([*parts, b"\x3b"])
        if kind == _IMAGE:
            begin = position + 10 + _table(take(data, position, 10)[9]) + 1  # and the least size of a code
            end = _end_of_blocks(data, begin)
            parts.append(data[position:end])
        elif kind == _EXTENSION:
            end = _end_of_blocks(data, position + 2)
            parts.append(_kept(data[position:end]))
        else:
            raise OddError("no block where one must be")
        position = end


def _table(flags: int) -> int:
    """Bytes of the colour table that ``flags`` tell of."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _end_of_blocks(data: bytes, position: int) -> int:
    while length := data[position]:
        position += 1 + length
    return position + 1


def _kept(extension: bytes) -> bytes:
    """How a frame is shown, or how often all are; else nothing."""
    if extension[1] == _CONTROL:
        return take(extension, 0, 7) + b"\0"
    if extension[1] == _APPLICATION and extension[3:14] in _LOOPS and extension[14:16] == b"\x03\x01":
        return take(extension, 0, 18) + b"\0"
    return b""
