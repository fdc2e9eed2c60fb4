"""Bad and odd pictures, made by code, each with what must come of it.

Colours are checked on pictures of four quarters (red, green / blue, yellow) or of one colour, within what lossy
compression may change.
"""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, features

from shelfsight.core.errors import Reason

__all__ = ["TortureCase", "make_torture_set"]

Colour = tuple[int, int, int]
Check = Callable[[Image.Image], None]

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 160, 40), (30, 40, 200), (240, 220, 40)
WHITE, ORANGE = (255, 255, 255), (200, 120, 40)
QUARTERS = ((RED, GREEN), (BLUE, YELLOW))
LIMIT = 100_000_000


@dataclass(frozen=True, slots=True)
class TortureCase:
    """One file.

    Attributes:
        name: what is odd about it.
        path: the file (it may be missing, a directory, a pipe, ...).
        expected: why it cannot be used, under the default limits; ``None``: it can.
        check: asserts that the decoded picture is right, where it can be used.
    """

    name: str
    path: Path
    expected: Reason | None
    check: Check | None = None


def make_torture_set(folder: Path) -> list[TortureCase]:
    """Write all cases into ``folder``. File names are unique and end like pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = []
    for name, data, expected, check in (*_broken(), *_no_pictures(), *_bombs(), *_odd(), *_turned(), *_named()):
        path = folder / (name if "." in name else f"{name}.jpg")
        path.write_bytes(data)
        cases.append(TortureCase(name, path, expected, check))
    return [*cases, *_special_files(folder)]


# --- checks ---------------------------------------------------------------------------------------------------------


def _is_near(image: Image.Image, x: int, y: int, wanted: Colour, tolerance: int) -> bool:
    return bool(np.abs(np.asarray(image)[y, x].astype(int) - wanted).max() <= tolerance)


def shows(quarters: tuple[tuple[Colour, Colour], tuple[Colour, Colour]], size: tuple[int, int]) -> Check:
    """The picture has ``size`` and these four colours in the middles of its quarters."""

    def check(image: Image.Image) -> None:
        assert (image.mode, image.size) == ("RGB", size)
        for row in (0, 1):
            for column in (0, 1):
                x, y = size[0] * (2 * column + 1) // 4, size[1] * (2 * row + 1) // 4
                wanted = quarters[row][column]
                assert _is_near(image, x, y, wanted, 14), f"{image.getpixel((x, y))} at {(x, y)}, not {wanted}"

    return check


def is_all(colour: Colour, size: tuple[int, int], tolerance: int = 3) -> Check:
    """The picture has ``size`` and one colour."""

    def check(image: Image.Image) -> None:
        assert (image.mode, image.size) == ("RGB", size)
        furthest = np.abs(np.asarray(image).astype(int) - colour).max()
        assert furthest <= tolerance, f"{image.getextrema()}, not {colour}"

    return check


def is_ramp(image: Image.Image) -> None:
    """256 columns of grey, from black to white in equal steps."""
    columns = np.asarray(image)[0].astype(int)
    assert image.size == (256, 2)
    assert np.abs(columns - np.arange(256)[:, None]).max() <= 1


# --- makers ---------------------------------------------------------------------------------------------------------

Case = tuple[str, bytes, Reason | None, Check | None]


def _saved(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def _quarters(
    colours: tuple[tuple[Colour, Colour], tuple[Colour, Colour]] = QUARTERS, size: tuple[int, int] = (64, 32)
) -> Image.Image:
    image = Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    for row in (0, 1):
        for column in (0, 1):
            image.paste(Image.new("RGB", half, colours[row][column]), (column * half[0], row * half[1]))
    return image


def _photo() -> Image.Image:
    """Noise: its compressed data are long, so that cutting them cuts pixels."""
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (96, 128, 3), dtype=np.uint8))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, depth: int, colour_type: int, pixels: bytes, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def _claims_size(jpeg: bytes, width: int, height: int) -> bytes:
    """``jpeg`` with another size in its frame header (SOF0 or SOF2)."""
    at = max(jpeg.find(b"\xff\xc0\x00\x11"), jpeg.find(b"\xff\xc2\x00\x11")) + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def _broken() -> Iterator[Case]:
    photo = _photo()
    jpeg, png = _saved(photo, "JPEG", quality=90), _saved(photo, "PNG")
    for share in (0.02, 0.3, 0.6, 0.95):
        yield f"cut at {share:.0%}.jpg", jpeg[: int(len(jpeg) * share)], Reason.TRUNCATED, None
    for share in (0.001, 0.3, 0.6, 0.95):
        yield f"cut at {share:.1%}.png", png[: max(20, int(len(png) * share))], Reason.TRUNCATED, None
    progressive = _saved(photo, "JPEG", progressive=True)
    yield "progressive cut.jpg", progressive[: len(progressive) // 2], Reason.TRUNCATED, None
    yield "only a signature.jpg", jpeg[:4], Reason.TRUNCATED, None
    yield "only a signature.png", png[:8], Reason.TRUNCATED, None
    formats = ["GIF", "WEBP", "BMP", "TIFF", "PPM", *(["AVIF"] if "avif" in features.get_supported() else [])]
    for format in formats:
        whole = _saved(photo, format)
        yield f"cut in half.{format.lower()}", whole[: len(whole) // 2], Reason.TRUNCATED, None
    deflated = _saved(photo, "TIFF", compression="tiff_adobe_deflate")
    yield "deflated, cut in half.tiff", deflated[: len(deflated) // 2], Reason.TRUNCATED, None
    damaged = bytearray(png)
    damaged[len(png) // 2] ^= 0xFF
    yield "wrong checksum.png", bytes(damaged), Reason.TRUNCATED, None
    yield "empty.jpg", b"", Reason.EMPTY_FILE, None
    yield "end chunk missing.png", _saved(_quarters(), "PNG")[:-12], None, shows(QUARTERS, (64, 32))
    yield "trailing rubbish.jpg", _saved(_quarters(), "JPEG") + b"rubbish" * 99, None, shows(QUARTERS, (64, 32))


def _no_pictures() -> Iterator[Case]:
    files = {
        "text.jpg": b"this is not a picture\n",
        "page.jpg": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "drawing.png": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "document.jpg": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
        "archive.jpg": b"PK\x05\x06" + bytes(18),
        "photoshop.jpg": b"8BPS\x00\x01" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(64),
        "phone.heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64),
        "program.jpg": b"\x7fELF\x02\x01\x01" + bytes(99),
        "random.png": np.random.default_rng(1).bytes(999),
        "letter to BMW.bmp": b"BMW is a car and this a letter about it, nothing else",
        "letter to P1.ppm": b"P1 is the first paragraph of this letter",
        "letter to II.tiff": b"II* is how this letter begins, and nothing follows",
        "zeros.jpg": bytes(4096),
        "one byte.jpg": b"\xff",
    }
    for name, data in files.items():
        yield name, data, Reason.NOT_A_PICTURE, None


def _bombs() -> Iterator[Case]:
    black = zlib.compressobj(9)
    rows = b"".join(black.compress(bytes(1 + 12_000 // 8)) for _ in range(12_000)) + black.flush()
    progressive = _saved(Image.new("RGB", (16, 16), ORANGE), "JPEG", progressive=True)
    bmp, tiff = bytearray(_saved(Image.new("L", (8, 8)), "BMP")), _saved(Image.new("L", (8, 8)), "TIFF")
    bmp[18:26] = struct.pack("<ii", 40_000, 40_000)
    # width and height are the first two tags, each (tag, type, count, value)
    wide = tiff.replace(struct.pack("<HHII", 256, 4, 1, 8), struct.pack("<HHII", 256, 4, 1, 40_000))
    wide = wide.replace(struct.pack("<HHII", 257, 4, 1, 8), struct.pack("<HHII", 257, 4, 1, 40_000))
    assert wide != tiff
    canvas = (16_383 - 1).to_bytes(3, "little")
    webp = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas + canvas
    files = {
        "bomb.png": _png(12_000, 12_000, 1, 0, rows),
        "claims 2 gigapixels a side.png": _png(2**31 - 1, 2**31 - 1, 8, 2, zlib.compress(bytes(99))),
        "bomb.gif": b"GIF89a"
        + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0)
        + b"\x2c"
        + bytes(4)
        + struct.pack("<HHB", 65_535, 65_535, 0)
        + b"\x02\x02\x4c\x01\x00;",
        "bomb.bmp": bytes(bmp),
        "bomb.tiff": wide,
        "bomb.ppm": b"P6 40000 40000 255\n" + bytes(99),
        "bomb.webp": webp,
        "progressive bomb.jpg": _claims_size(progressive, 65_000, 65_000),
    }
    for name, data in files.items():
        yield name, data, Reason.TOO_MANY_PIXELS, None
    yield "108 megapixels.jpg", _saved(Image.new("L", (12_000, 9_000), 90), "JPEG"), None, _is_reduced


def _is_reduced(image: Image.Image) -> None:
    assert image.width * image.height <= LIMIT
    assert abs(image.width / image.height - 12_000 / 9_000) < 0.01
    assert _is_near(image, image.width // 2, image.height // 2, (90, 90, 90), 2)


def _odd() -> Iterator[Case]:
    yield from _odd_colours()
    yield from _odd_transparency()
    quarters = _quarters()
    right = shows(QUARTERS, (64, 32))
    blue = Image.new("RGB", (64, 32), BLUE)
    for format, name in (("GIF", "animated.gif"), ("WEBP", "animated.webp"), ("PNG", "animated.png")):
        options = {"lossless": True} if format == "WEBP" else {}
        yield name, _saved(quarters, format, save_all=True, append_images=[blue], duration=50, **options), None, right
    yield "two pages.tiff", _saved(quarters, "TIFF", save_all=True, append_images=[blue]), None, right
    yield "stereo.mpo", _saved(quarters, "MPO", save_all=True, append_images=[blue]), None, right
    yield "progressive.jpg", _saved(quarters, "JPEG", progressive=True), None, right
    yield "a png in truth.jpg", _saved(quarters, "PNG"), None, right
    yield "a jpeg in truth.png", _saved(quarters, "JPEG"), None, right
    if "avif" in features.get_supported():
        yield "fine.avif", _saved(quarters, "AVIF", quality=90), None, right
    for size in ((1, 1), (1, 5000), (5000, 1)):
        yield f"{size[0]} by {size[1]}.png", _saved(Image.new("RGB", size, ORANGE), "PNG"), None, is_all(ORANGE, size)
        yield f"{size[0]} by {size[1]}.jpg", _saved(Image.new("RGB", size, ORANGE), "JPEG"), None, is_all(ORANGE, size)
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(90_000_000), 9))
    orange = zlib.compress((b"\0" + bytes(ORANGE) * 4) * 4)
    yield "text bomb.png", _png(4, 4, 8, 2, orange, text), Reason.TRUNCATED, None


def _odd_colours() -> Iterator[Case]:
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (2, 1))
    yield "16 bit grey.png", _saved(Image.fromarray(ramp), "PNG"), None, is_ramp
    yield "16 bit grey.tiff", _saved(Image.fromarray(ramp), "TIFF"), None, is_ramp
    yield "16 bit grey, big end first.tiff", _saved(Image.fromarray(ramp.astype(">u2")), "TIFF"), None, is_ramp
    yield "16 bit grey.pgm", b"P5 256 2 65535\n" + ramp.astype(">u2").tobytes(), None, is_ramp
    yield "floats.tiff", _saved(Image.fromarray((ramp / 65_535).astype(np.float32)), "TIFF"), None, is_ramp
    yield "large integers.tiff", _saved(Image.fromarray(ramp.astype(np.int32) * 4_000), "TIFF"), None, is_ramp
    for value, grey in ((2.0, 255), (-5.0, 0)):
        all_one = Image.fromarray(np.full((16, 16), value, np.float32))
        yield f"floats, all {value}.tiff", _saved(all_one, "TIFF"), None, is_all((grey, grey, grey), (16, 16))
    deep = b"".join(b"\0" + np.repeat(row, 3).astype(">u2").tobytes() for row in ramp)
    yield "16 bit colour.png", _png(256, 2, 16, 2, zlib.compress(deep)), None, is_ramp
    yield "grey.jpg", _saved(Image.new("L", (16, 16), 77), "JPEG"), None, is_all((77, 77, 77), (16, 16))
    bits = Image.fromarray(np.repeat([[0, 255]], 8, axis=1).repeat(16, axis=0).astype(np.uint8)).convert("1")
    halves = shows((((0, 0, 0), WHITE), ((0, 0, 0), WHITE)), (16, 16))
    yield "1 bit.png", _saved(bits, "PNG"), None, halves
    yield "1 bit, faxed.tiff", _saved(bits, "TIFF", compression="group4"), None, halves
    # full ink is 255: (1 - c)(1 - k) of (55, 135, 215, 0) is (200, 120, 40)
    inks = Image.new("CMYK", (16, 16), (55, 135, 215, 0))
    yield "cmyk.jpg", _saved(inks, "JPEG", quality=95), None, is_all(ORANGE, (16, 16))
    yield "cmyk.tiff", _saved(inks, "TIFF"), None, is_all(ORANGE, (16, 16))
    yield "ycck.jpg", _ycck(), None, is_all(ORANGE, (16, 16))
    # L* 54.29, a* 80.80, b* 69.89 (D50) is pure red in sRGB; Pillow counts a and b from -128
    lab = Image.new("LAB", (16, 16), (round(54.29 * 2.55), 81 + 128, 70 + 128))
    yield "lab.tiff", _saved(lab, "TIFF"), None, is_all((255, 0, 0), (16, 16), tolerance=5)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    orange = Image.new("RGB", (16, 16), ORANGE)
    yield "with a profile.jpg", _saved(orange, "JPEG", icc_profile=profile), None, is_all(ORANGE, (16, 16))
    yield "with a broken profile.jpg", _saved(orange, "JPEG", icc_profile=b"\0" * 99), None, is_all(ORANGE, (16, 16))


def _ycck() -> bytes:
    """A CMYK JPEG whose Adobe marker says that its first three channels are YCbCr of the inverted inks."""
    y, cb, cr = map(int, np.asarray(Image.new("RGB", (1, 1), (55, 135, 215)).convert("YCbCr"))[0, 0])
    jpeg = _saved(Image.new("CMYK", (16, 16), (255 - y, 255 - cb, 255 - cr, 0)), "JPEG", quality=95)
    transform = jpeg.index(b"Adobe") + 11
    return jpeg[:transform] + b"\x02" + jpeg[transform + 1 :]


def _odd_transparency() -> Iterator[Case]:
    # left half red, right half nothing (over black, so that a decoder that drops alpha shows black)
    clear = Image.new("RGBA", (64, 32), (0, 0, 0, 0))
    clear.paste((*RED, 255), (0, 0, 32, 32))
    right = shows(((RED, WHITE), (RED, WHITE)), (64, 32))
    yield "transparent.png", _saved(clear, "PNG"), None, right
    yield "transparent.webp", _saved(clear, "WEBP", lossless=True), None, right
    yield "transparent.gif", _saved(clear, "GIF"), None, right
    yield "transparent.tiff", _saved(clear, "TIFF"), None, right
    palette = clear.convert("RGB").quantize(2)
    black = palette.getpixel((63, 0))
    yield "transparent palette.png", _saved(palette, "PNG", transparency=black), None, right
    some = bytes(0 if index == black else 255 for index in range(2))
    yield "palette with alpha.png", _saved(palette, "PNG", transparency=some), None, right
    yield "transparent colour.png", _saved(clear.convert("RGB"), "PNG", transparency=(0, 0, 0)), None, right
    half = Image.new("LA", (16, 16), (0, 128))
    yield "half transparent grey.png", _saved(half, "PNG"), None, is_all((127, 127, 127), (16, 16))
    yield (
        "transparent grey.png",
        _saved(Image.new("L", (16, 16), 9), "PNG", transparency=9),
        None,
        is_all(WHITE, (16, 16)),
    )


# Where the first row and the first column of the stored pixels belong, by the EXIF standard (CIPA DC-008, 4.6.4):
# 1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
_STORED = {
    1: ((RED, GREEN), (BLUE, YELLOW)),
    2: ((GREEN, RED), (YELLOW, BLUE)),
    3: ((YELLOW, BLUE), (GREEN, RED)),
    4: ((BLUE, YELLOW), (RED, GREEN)),
    5: ((RED, BLUE), (GREEN, YELLOW)),
    6: ((GREEN, YELLOW), (RED, BLUE)),
    7: ((YELLOW, GREEN), (BLUE, RED)),
    8: ((BLUE, RED), (YELLOW, GREEN)),
}


def _turned() -> Iterator[Case]:
    right = shows(QUARTERS, (64, 32))
    for number, stored in _STORED.items():
        image = _quarters(stored, (64, 32) if number < 5 else (32, 64))
        yield f"orientation {number}.jpg", _saved(image, "JPEG", exif=_exif(number), quality=95), None, right
    on_its_side = _quarters(_STORED[6], (32, 64))
    for format in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if format == "WEBP" else {}
        data = _saved(on_its_side, format, exif=_exif(6), **options)
        yield f"orientation 6.{format.lower()}", data, None, right
    upright = _quarters()
    yield "orientation 99.jpg", _saved(upright, "JPEG", exif=_exif(99)), None, right
    rubbish = {
        "exif rubbish.jpg": b"Exif\0\0" + b"rubbish" * 9,
        "exif far away.jpg": b"Exif\0\0II*\0" + struct.pack("<I", 0x7FFFFFFF),
        "exif cut.jpg": b"Exif\0\0" + _exif(6)[6:-9],
        "exif with no bytes.jpg": b"Exif\0\0",
        "exif endless.jpg": b"Exif\0\0II*\0" + struct.pack("<IHHHII", 8, 1, 0x0112, 3, 0x7FFFFFFF, 6),
        "exif of text.jpg": b"Exif\0\0II*\0" + struct.pack("<IHHHI4s", 8, 1, 0x0112, 2, 4, b"six\0"),
    }
    for name, exif in rubbish.items():
        yield name, _saved(upright, "JPEG", exif=exif), None, right


def _named() -> Iterator[Case]:
    data = _saved(_quarters(), "JPEG")
    for name in (
        "  spaces  .jpg",
        "two\nlines.jpg",
        "été 👗 衣.jpg",
        "-rf *.jpg",
        "UPPER.JPG",
        "'quoted' \"name\".jpg",
    ):
        yield name, data, None, shows(QUARTERS, (64, 32))


def _special_files(folder: Path) -> Iterator[TortureCase]:
    yield TortureCase("no such file", folder / "missing.jpg", Reason.MISSING_FILE)
    yield TortureCase("below a file", folder / "text.jpg" / "picture.jpg", Reason.MISSING_FILE)
    directory = folder / "directory.jpg"
    directory.mkdir()
    yield TortureCase("a directory", directory, Reason.UNREADABLE_FILE)
    nowhere, circle = folder / "broken link.jpg", folder / "circle.jpg"
    nowhere.symlink_to(folder / "missing.jpg")
    yield TortureCase("a link to nothing", nowhere, Reason.MISSING_FILE)
    circle.symlink_to(circle)
    yield TortureCase("a link to itself", circle, Reason.UNREADABLE_FILE)
    link = folder / "link.jpg"
    link.symlink_to(folder / "UPPER.JPG")
    yield TortureCase("a link to a picture", link, None, shows(QUARTERS, (64, 32)))
    pipe = folder / "pipe.jpg"
    os.mkfifo(pipe)
    yield TortureCase("a pipe", pipe, Reason.UNREADABLE_FILE)
    if os.geteuid() != 0:  # nothing is forbidden to root
        locked = folder / "locked.jpg"
        locked.write_bytes(_saved(_quarters(), "JPEG"))
        locked.chmod(0)
        yield TortureCase("no permission", locked, Reason.UNREADABLE_FILE)
