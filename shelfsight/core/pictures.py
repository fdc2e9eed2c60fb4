"""Encoded picture bytes in, upright RGB pictures out, within limits; every way to fail has a reason code.

What a picture is turned into:

* The first frame of an animation (GIF, WebP, APNG) and of a multi-picture file (MPO, TIFF).
* Transparent pixels lie on white, as a shop shows them.
* The EXIF orientation is applied; damaged EXIF counts as none.
* 16-bit grey is scaled to 8 bit, not clipped. Integers of 32 bit that need more than 16, and floats outside
  [0, 1], are stretched from their least to their greatest value.
* CMYK becomes RGB by (1 - c)(1 - k) and ICC profiles are not applied, because the data sets that encoders are
  trained on were decoded so. LAB, which has no meaning without a conversion, goes through LittleCMS to sRGB.

Only raster formats that people keep product pictures in are read. Pillow's interpreters (EPS, PDF, WMF) and its
rare formats are never reached, whatever a file is called.
"""

import io
import os
import re
import stat
import struct
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from shelfsight.core.errors import PictureError, Reason
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Picture

__all__ = ["decode", "orientation_of", "read_bytes", "thumbnail_bytes"]

_READ_MORE = 1 << 20  # bytes at a time, of a file that has grown since it was looked at


def read_bytes(picture: Picture, limits: PictureLimits) -> bytes:
    """The encoded bytes of ``picture``, never more than ``limits.max_bytes``.

    Only regular files are read (symbolic links are followed): a directory, a named pipe or a device never blocks.
    Nothing is fetched.

    Raises:
        PictureError: missing_file, unreadable_file, empty_file, too_many_bytes, url_only.
    """
    if picture.url is not None:
        raise PictureError(Reason.URL_ONLY, f"{picture.name!r} is an address; nothing fetches pictures here")
    if picture.data is None:
        return _read_file(picture, limits.max_bytes)
    _check_length(picture.name, len(picture.data), limits.max_bytes)
    return picture.data


def decode(data: bytes, *, limits: PictureLimits, target: int | None = None) -> Image.Image:
    """An upright RGB picture, loaded, with no metadata. Safe to call from many threads.

    Args:
        data: JPEG (MPO too), PNG, WebP, GIF, BMP, TIFF, PPM/PGM/PBM, or AVIF where Pillow has it.
        limits: ``max_pixels`` counts decoded pixels and is checked on the header, before any pixel is decoded.
            A JPEG counts at the size that it is decoded at, down to 1/8 where that is what it takes to fit, unless
            its coefficients must be held in full (progressive and multi-scan files): such a file counts in full.
        target: the caller will resize to (target, target) at most. A larger JPEG is decoded at 1/2, 1/4 or 1/8 as
            long as both sides stay >= ``target``; other formats ignore it.

    Raises:
        PictureError: empty_file, not_a_picture, truncated (breaks off or is damaged), too_many_pixels.
    """
    if not data:
        raise PictureError(Reason.EMPTY_FILE, "the file is empty")
    _hush_pillow()
    try:
        with _open(data, limits.max_pixels) as image:
            _reduce(image, data, limits.max_pixels, target)
            _check_pixels(image.size, limits.max_pixels)
            image.load()
            return _upright(_to_rgb(image), image)
    except PictureError:
        raise
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(Reason.TOO_MANY_PIXELS, f"too large to decode: {error}") from error
    # Pillow's readers raise whatever the damage happens to hit (OSError, SyntaxError, ValueError, struct.error, ...).
    except Exception as error:
        raise PictureError(Reason.TRUNCATED, f"the picture breaks off or is damaged: {error}") from error


def orientation_of(data: bytes, *, limits: PictureLimits) -> int:
    """The EXIF orientation, 1 (upright) to 8, that :func:`decode` applies; damaged EXIF counts as none.

    Raises:
        PictureError: as :func:`decode`, as far as the header tells.
    """
    if not data:
        raise PictureError(Reason.EMPTY_FILE, "the file is empty")
    if data.startswith(_PNG) and not _PNG_ORIENTATION.search(data):
        return _UPRIGHT  # whether it has EXIF behind its pixels would be known when these are decoded
    _hush_pillow()
    try:
        with _open(data, limits.max_pixels) as image:
            if not isinstance(image, JpegImagePlugin.JpegImageFile):  # whose pixels nobody needs for this
                _check_pixels(image.size, limits.max_pixels)
            orientation = _orientation(image)
            return orientation if orientation in _TURNS else _UPRIGHT
    except PictureError:
        raise
    except Exception as error:
        raise PictureError(Reason.TRUNCATED, f"the picture breaks off or is damaged: {error}") from error


def thumbnail_bytes(image: Image.Image, side: int) -> bytes:
    """``image`` as JPEG (quality 85, no metadata), its long side at most ``side`` pixels; never enlarged."""
    small = _to_rgb(image)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _read_file(picture: Picture, max_bytes: int) -> bytes:
    assert picture.path is not None
    # Without O_NONBLOCK, opening a named pipe waits for a writer that never comes.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(picture.path, flags)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise PictureError(Reason.UNREADABLE_FILE, f"{picture.name!r} is not a regular file")
            _check_length(picture.name, status.st_size, max_bytes)
            data = _read_all(descriptor, status.st_size, max_bytes)
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a name no file can have
        raise PictureError(Reason.MISSING_FILE, f"there is no file {picture.name!r}") from error
    except OSError as error:
        message = f"{picture.name!r} cannot be read: {error.strerror or error}"
        raise PictureError(Reason.UNREADABLE_FILE, message) from error
    _check_length(picture.name, len(data), max_bytes)
    return data


def _read_all(descriptor: int, size: int, max_bytes: int) -> bytes:
    """A file that was ``size`` <= ``max_bytes`` bytes long, to its end or one byte beyond ``max_bytes``.

    Without Python's file objects, which make twice as many system calls: at each of them, threads that decode queue for
    the interpreter.
    """
    parts: list[bytes] = []
    done = 0
    while done <= max_bytes:
        expected = size - done if done < size else _READ_MORE
        part = os.read(descriptor, min(expected, max_bytes - done) + 1)
        parts.append(part)
        done += len(part)
        if not part or done == size:  # one byte more was asked for, and is not there
            break
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check_length(name: str, length: int, max_bytes: int) -> None:
    if length == 0:
        raise PictureError(Reason.EMPTY_FILE, f"{name!r} is empty")
    if length > max_bytes:
        raise PictureError(Reason.TOO_MANY_BYTES, f"{name!r} has {length:,} bytes, the limit is {max_bytes:,}")


def _check_pixels(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        message = f"{width} x {height} is {width * height:,} pixels, the limit is {max_pixels:,}"
        raise PictureError(Reason.TOO_MANY_PIXELS, message)


# --- from bytes to an opened picture --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Format:
    """A reader and the first bytes of its files. ``sure``: those bytes alone prove the format."""

    signature: re.Pattern[bytes]
    reader: Callable[[io.BytesIO], ImageFile]
    sure: bool = True


def _signature(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


def _avif_reader(file: io.BytesIO) -> ImageFile:
    try:
        from PIL import AvifImagePlugin
    except ImportError as error:
        raise PictureError(Reason.NOT_A_PICTURE, "AVIF needs Pillow 11.3 or newer") from error
    return AvifImagePlugin.AvifImageFile(file)


# The readers themselves rather than Image.open: that one judges size before a JPEG's reduced size can be asked for,
# and warns. JpegImageFile reads the first picture of an MPO.
_FORMATS = (
    _Format(_signature(rb"\xff\xd8\xff"), JpegImagePlugin.JpegImageFile),
    _Format(_signature(rb"\x89PNG\r\n\x1a\n"), PngImagePlugin.PngImageFile),
    _Format(_signature(rb"RIFF.{4}WEBP"), WebPImagePlugin.WebPImageFile),
    _Format(_signature(rb"GIF8[79]a"), GifImagePlugin.GifImageFile),
    _Format(_signature(rb".{4}ftypavi[fs]"), _avif_reader),
    _Format(_signature(rb"II[*+]\0|MM\0[*+]"), TiffImagePlugin.TiffImageFile),
    _Format(_signature(rb"BM"), BmpImagePlugin.BmpImageFile, sure=False),
    _Format(_signature(rb"P[1-6]\s"), PpmImagePlugin.PpmImageFile, sure=False),
)


def _open(data: bytes, max_pixels: int) -> ImageFile:
    found = next((each for each in _FORMATS if each.signature.match(data)), None)
    if found is None:
        raise PictureError(Reason.NOT_A_PICTURE, f"no known picture format; the file begins with {data[:16]!r}")
    if (size := _webp_size(data)) is not None:  # its reader allocates the canvas on opening
        _check_pixels(size, max_pixels)
    try:
        return found.reader(io.BytesIO(data))
    except (SyntaxError, ValueError, OSError) as error:
        if found.sure:
            raise
        raise PictureError(Reason.NOT_A_PICTURE, f"no known picture format: {error}") from error


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Canvas (width, height) by the WebP container specification, RFC 9649; ``None`` where ``data`` has none."""
    if data[:4] != b"RIFF" or len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


_DAMAGE = ("ignore", None, UserWarning, re.compile(r"PIL\.\w+ImagePlugin"), 0)


def _hush_pillow() -> None:
    """Keep Pillow's readers from printing about damage that is judged, and reported, here.

    ``catch_warnings`` is not thread-safe, so the filter stays; it covers nothing but those readers' modules.
    """
    if _DAMAGE not in warnings.filters:
        warnings.filterwarnings("ignore", category=UserWarning, module=_DAMAGE[3].pattern)


# --- JPEG at reduced size -------------------------------------------------------------------------------------------


def _reduce(image: ImageFile, data: bytes, max_pixels: int, target: int | None) -> None:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return
    width, height = image.size
    if _holds_whole_picture(data):
        _check_pixels(image.size, max_pixels)
    wanted = 1 if target is None else max(1, min(width, height) // target)
    scale = next(each for each in (8, 4, 2, 1) if each <= wanted)
    while scale < 8 and -(-width // scale) * -(-height // scale) > max_pixels:
        scale *= 2
    if scale > 1:
        image.draft(None, (max(1, width // scale), max(1, height // scale)))


def _holds_whole_picture(data: bytes) -> bool:
    """Whether the decoder of this JPEG must hold all coefficients at full size (ITU-T T.81, B.1 and B.2):
    a progressive frame, or a first scan that has not all components."""
    position, components = 2, 0
    while position + 10 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:
            return data[position + 4] < components
        if marker in (0xC2, 0xC6, 0xCA, 0xCE):
            return True
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            components = data[position + 9]
        # 0xFF before a marker is filling, one byte long
        position += 1 if marker == 0xFF else 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return True


# --- from any mode to upright RGB -----------------------------------------------------------------------------------


def _to_rgb(image: Image.Image) -> Image.Image:
    rgb = _convert(image)
    rgb.info = {}
    return rgb


def _convert(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bit(np.asarray(image))).convert("RGB")
    if image.mode == "LAB":
        return _lab_to_srgb(image)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _on_white(image)
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def _eight_bit(grey_hw: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """(h, w) integers or floats to uint8; the ranges are in the module's docstring."""
    values = np.nan_to_num(grey_hw.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = 0.0, 65535.0 if grey_hw.dtype.kind in "ui" else 1.0
    if values.min() < low or values.max() > high:
        low, high = values.min(), values.max()
    if low == high:  # one value beyond the range everywhere: nothing to stretch
        return np.full(values.shape, 255 if high > 0 else 0, dtype=np.uint8)
    return np.rint((values - low) / (high - low) * 255).astype(np.uint8)


def _lab_to_srgb(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None
    return converted


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_UPRIGHT = 1
_ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_ORIENTATION = re.compile(rb"eXIf|Raw profile type|XML:com\.adobe\.xmp")


def _upright(rgb: Image.Image, source: Image.Image) -> Image.Image:
    """``rgb`` turned as the EXIF of ``source`` says; Pillow has already turned a TIFF, and taken the tag away."""
    turn = _TURNS.get(_orientation(source))
    return rgb if turn is None else rgb.transpose(turn)


def _orientation(source: Image.Image) -> int:
    with suppress(Exception):  # a camera's damaged EXIF is no reason to lose its picture
        return int(source.getexif().get(_ORIENTATION, _UPRIGHT))
    return _UPRIGHT
