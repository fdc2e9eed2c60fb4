"""Metadata goes, pixels stay: against Pillow's own reading of both files."""

import io
import random
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms, ImageSequence, PngImagePlugin

from shelfsight.core.errors import PictureError, Reason
from shelfsight.core.pictures import decode
from shelfsight.core.settings import PictureLimits
from shelfsight.core.stripping import presentable, stripped

LIMITS = PictureLimits()
SECRET = b"52.5200N 13.4050E"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>' + SECRET + b"</rdf:RDF></x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(mode: str = "RGB", size: tuple[int, int] = (37, 23), seed: int = 0) -> Image.Image:
    drawn = "L" if mode in ("P", "1") else mode
    shape = (size[1], size[0], len(Image.new(drawn, (1, 1)).getbands()))
    values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return Image.fromarray(values.squeeze(), drawn).convert(mode)


def exif(orientation: int | None = None) -> Image.Exif:
    """EXIF that says who, with what and where, and has a thumbnail's worth of a maker's own."""
    found = Image.Exif()
    found[0x010F] = SECRET.decode()  # maker
    found[0x013B] = SECRET.decode()  # artist
    found.get_ifd(0x8769)[0x927C] = SECRET * 20  # maker's note
    found.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0), 29: SECRET.decode()})
    if orientation is not None:
        found[0x0112] = orientation
    return found


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def frames(data: bytes) -> list[tuple[npt.NDArray[Any], Any]]:
    with Image.open(io.BytesIO(data)) as image:
        return [(np.asarray(f.convert("RGBA")), f.info.get("duration")) for f in ImageSequence.Iterator(image)]


def check(before: bytes, *, orientation: int | None = None, keeps: tuple[str, ...] = ()) -> bytes:
    """Stripped, and nothing but what may be left is left."""
    after = stripped(before, LIMITS)
    assert after is not None
    assert SECRET in before
    assert SECRET not in after
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert (new.size, new.mode) == (old.size, old.mode)
        for name in keeps:
            assert new.info[name] == old.info[name]
        assert not {"xmp", "comment", "photoshop", "Author", "XML:com.adobe.xmp"} & set(new.info)
    for one, other in zip(frames(before)[: len(frames(after))], frames(after), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        assert one[1] == other[1]
    with Image.open(io.BytesIO(after)) as new:
        assert dict(new.getexif()) == ({} if orientation is None else {0x0112: orientation})
        assert not new.getexif().get_ifd(0x8825)
    np.testing.assert_array_equal(decode(before, limits=LIMITS), decode(after, limits=LIMITS))
    assert stripped(after, LIMITS) == after
    return after


# --- JPEG -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}])
@pytest.mark.parametrize("orientation", [None, 3, 6])
def test_jpeg(options: dict[str, Any], orientation: int | None) -> None:
    before = saved(
        noise(), "JPEG", exif=exif(orientation), xmp=XMP, comment=SECRET, icc_profile=PROFILE, dpi=(72, 96), **options
    )
    after = check(before, orientation=orientation, keeps=("icc_profile", "jfif_density", "jfif_unit"))
    assert len(after) < len(before) - len(XMP)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpeg_modes(mode: str) -> None:
    after = check(saved(noise(mode), "JPEG", exif=exif()))
    assert (b"Adobe" in after) == (mode == "CMYK")


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def test_jpeg_thumbnails_iptc_makers_blocks_and_what_lies_between_and_behind() -> None:
    plain = saved(noise(), "JPEG", progressive=True)
    jfif_end = 4 + int.from_bytes(plain[4:6], "big")
    with_thumbnail = _segment(0xE0, plain[6 : jfif_end - 2] + b"\x06\x01" + (SECRET + b"-")[:18])
    extra = [
        _segment(0xE0, b"JFXX\0\x13" + SECRET),
        _segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(SECRET)) + SECRET + b"\0"),
        _segment(0xE2, b"FPXR\0" + SECRET),
        _segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01" + SECRET),
        _segment(0xEB, SECRET),
        b"\xff\xff" + _segment(0xFE, SECRET),
    ]
    scan = plain.rindex(b"\xff\xda")
    before = b"".join(
        [plain[:2], with_thumbnail, *extra, plain[jfif_end:scan], _segment(0xFE, SECRET), plain[scan:], SECRET, plain]
    )
    after = check(before)
    assert after.endswith(b"\xff\xd9")
    assert len(after) <= len(plain) + 16  # the Adobe block, 12 bytes long


def test_mpo_is_its_first_picture() -> None:
    before = saved(noise(), "MPO", save_all=True, append_images=[noise(seed=1)], exif=exif(8), comment=SECRET)
    after = check(before, orientation=8)
    with Image.open(io.BytesIO(after)) as image:
        assert image.format == "JPEG"
    assert b"MPF" not in after


# --- PNG ------------------------------------------------------------------------------------------------------------


def _texts() -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", SECRET.decode())
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add(b"prVt", SECRET)
    texts.add(b"tIME", bytes(7), after_idat=True)
    return texts


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_png(mode: str) -> None:
    image = noise(mode) if mode != "I;16" else Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100)
    options = {"transparency": 3} if mode == "P" else {}
    before = saved(image, "PNG", pnginfo=_texts(), exif=exif(6), icc_profile=PROFILE, dpi=(96, 96), **options)
    after = check(before + SECRET, orientation=6, keeps=("icc_profile", "dpi", *options))
    assert after.endswith(b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))


def test_png_whose_orientation_only_its_xmp_tells() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", f'<x tiff:Orientation="8">{SECRET.decode()}</x>')
    check(saved(noise(), "PNG", pnginfo=texts), orientation=8)


def test_animated_png() -> None:
    more = [noise(seed=seed) for seed in (1, 2)]
    before = saved(
        noise(), "PNG", save_all=True, append_images=more, duration=[50, 60, 70], loop=3, pnginfo=_texts(), exif=exif()
    )
    after = check(before, keeps=("loop",))
    assert len(frames(after)) == 3


# --- WebP and GIF ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [False, True])
def test_webp(mode: str, lossless: bool) -> None:
    before = saved(noise(mode), "WEBP", lossless=lossless, exif=exif(6), xmp=XMP, icc_profile=PROFILE)
    check(before + SECRET, orientation=6, keeps=("icc_profile",))
    check(saved(noise(mode), "WEBP", lossless=lossless) + SECRET)


def test_animated_webp() -> None:
    before = saved(
        noise("RGBA"), "WEBP", save_all=True, append_images=[noise("RGBA", seed=1)], duration=70, exif=exif(), xmp=XMP
    )
    assert len(frames(check(before, keeps=("loop",)))) == 2


def test_gif() -> None:
    more = [noise("P", seed=seed) for seed in (1, 2)]
    before = saved(noise("P"), "GIF", save_all=True, append_images=more, duration=80, loop=5, comment=SECRET)
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\0"
    before = before[:-1] + xmp + b";" + SECRET
    after = check(before, keeps=("loop", "duration"))
    assert len(frames(after)) == 3
    check(saved(noise("P"), "GIF", transparency=4, comment=SECRET), keeps=("transparency",))


# --- everything else ------------------------------------------------------------------------------------------------


def test_other_formats_become_upright_jpegs() -> None:
    image = Image.fromarray(np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))).convert("RGB")
    options: dict[str, dict[str, Any]] = {"TIFF": {"exif": exif(6)}, "BMP": {}, "PPM": {}}
    for kind, given in options.items():
        before = saved(image, kind, **given)
        assert stripped(before, LIMITS) is None
        after = presentable(before, LIMITS)
        with Image.open(io.BytesIO(after)) as served:
            assert (served.format, dict(served.getexif())) == ("JPEG", {})
            shown = np.asarray(decode(before, limits=LIMITS), dtype=int)
            assert served.size == shown.shape[1::-1]
            assert np.abs(np.asarray(served, dtype=int) - shown).max() < 12
        assert SECRET not in after


def test_a_turned_picture_whose_format_has_no_place_for_that_is_turned() -> None:
    before = saved(noise("P"), "GIF")
    turned = b'<x tiff:Orientation="6">' + SECRET
    block = b"\x21\xff\x0bXMP DataXMP" + bytes([len(turned)]) + turned + b"\0"
    before = before[:-1] + block + b";"
    after = presentable(before, LIMITS)
    assert SECRET not in after
    with Image.open(io.BytesIO(after)) as served:
        assert served.size == decode(before, limits=LIMITS).size


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY_FILE),
        (b"<html>", Reason.NOT_A_PICTURE),
        (b"\xff\xd8\xff", Reason.TRUNCATED),
        (b"RIFF\0\0\0\0WAVE", Reason.NOT_A_PICTURE),
        (b"GIF89a", Reason.TRUNCATED),
    ],
)
def test_no_pictures(data: bytes, reason: Reason) -> None:
    with pytest.raises(PictureError) as caught:
        presentable(data, LIMITS)
    assert caught.value.reason is reason


def test_a_bomb_is_refused_by_its_header() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>")
    data = b"\x89PNG\r\n\x1a\n" + header + text + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(PictureError) as caught:
        presentable(data, LIMITS)
    assert caught.value.reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "MPO"])
def test_damage_of_any_kind_ends_in_a_picture_or_in_a_picture_error(kind: str) -> None:
    chance = random.Random(kind)
    given: dict[str, Any] = {"comment": SECRET} if kind == "GIF" else {"exif": exif(6)}
    whole = saved(noise("P" if kind == "GIF" else "RGB"), kind, **given)
    for _ in range(150):
        data = bytearray(whole[: chance.choice([len(whole), chance.randrange(len(whole))])])
        for _ in range(chance.randrange(4)):
            if data:
                data[chance.randrange(min(len(data), 600))] = chance.choice([0, 0xFF, chance.randrange(256)])
        try:
            after = presentable(bytes(data), LIMITS)
        except PictureError:
            continue
        assert after[:3] in (b"\xff\xd8\xff", b"\x89PN", b"RIF", b"GIF")
