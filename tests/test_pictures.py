"""Reading and decoding pictures: the torture set, limits, reduced size, threads."""

import io
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torture import TortureCase, make_torture_set

from shelfsight.core.errors import PictureError, Reason
from shelfsight.core.pictures import _read_all, decode, read_bytes, thumbnail_bytes
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Picture

LIMITS = PictureLimits()


@pytest.fixture(scope="module")
def torture_cases(tmp_path_factory: pytest.TempPathFactory) -> list[TortureCase]:
    """The torture set, written once."""
    return make_torture_set(tmp_path_factory.mktemp("torture"))


def _jpeg(size: tuple[int, int], **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 120, 40)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@given(st.binary(max_size=40), st.integers(0, 40), st.integers(1, 40))
def test_a_file_that_grows_or_shrinks_is_read_to_its_end_and_never_beyond_the_limit(data, size, limit):
    """``size`` is what the file was said to have; one byte beyond the limit shows that it is too long."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        assert _read_all(file.fileno(), min(size, limit), limit) == data[: limit + 1]


def _use(case: TortureCase) -> Reason | None:
    """Why the picture cannot be used; checked where it can."""
    try:
        data = read_bytes(Picture(name=case.name, path=case.path), LIMITS)
        image = decode(data, limits=LIMITS)
    except PictureError as error:
        return error.reason
    assert type(image) is Image.Image
    assert image.info == {}
    if case.check is not None:
        case.check(image)
    return None


def test_torture_set_is_large_enough(torture_cases: list[TortureCase]) -> None:
    assert len(torture_cases) >= 100
    assert len({case.path for case in torture_cases}) == len(torture_cases)
    assert all(case.check is not None for case in torture_cases if case.expected is None)


def test_torture(torture_cases: list[TortureCase], recwarn: pytest.WarningsRecorder) -> None:
    wrong = {}
    for case in torture_cases:
        try:
            found = _use(case)
        except AssertionError as error:
            wrong[case.name] = str(error)
        else:
            if found != case.expected:
                wrong[case.name] = f"{found}, not {case.expected}"
    assert wrong == {}
    assert [str(warning.message) for warning in recwarn] == []


def test_torture_in_threads_equals_alone(torture_cases: list[TortureCase]) -> None:
    small = [case for case in torture_cases if "megapixels" not in case.name]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(_use, small * 3))
    assert found == [case.expected for case in small] * 3


def test_bytes_of_a_catalogue_are_measured_too() -> None:
    assert read_bytes(Picture(name="a", data=b"12345"), PictureLimits(max_bytes=5)) == b"12345"
    for data, reason in ((b"", Reason.EMPTY_FILE), (b"123456", Reason.TOO_MANY_BYTES)):
        with pytest.raises(PictureError) as caught:
            read_bytes(Picture(name="a", data=data), PictureLimits(max_bytes=5))
        assert caught.value.reason is reason


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: has a length, but no content
    with pytest.raises(PictureError) as caught:
        read_bytes(Picture(name="large.jpg", path=path), LIMITS)
    assert caught.value.reason is Reason.TOO_MANY_BYTES
    assert "1,000,000,000,000 bytes" in caught.value.message


@pytest.mark.parametrize("name", ["with\0nul.jpg", "lone\ud800surrogate.jpg"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(PictureError) as caught:
        read_bytes(Picture(name="odd", path=tmp_path / name), LIMITS)
    assert caught.value.reason is Reason.MISSING_FILE


@pytest.mark.parametrize(
    ("size", "target", "decoded"),
    [
        ((1000, 600), None, (1000, 600)),
        ((1000, 600), 600, (1000, 600)),
        ((1000, 600), 301, (1000, 600)),
        ((1000, 600), 300, (500, 300)),
        ((1000, 600), 150, (250, 150)),
        ((1000, 600), 75, (125, 75)),
        ((1000, 600), 1, (125, 75)),
        ((1001, 601), 150, (251, 151)),
        ((100, 600), 224, (100, 600)),
        ((7, 7), 3, (4, 4)),
    ],
)
def test_a_jpeg_is_decoded_no_smaller_than_its_target(
    size: tuple[int, int], target: int | None, decoded: tuple[int, int]
) -> None:
    image = decode(_jpeg(size), limits=LIMITS, target=target)
    assert image.size == decoded
    assert np.abs(np.asarray(image).astype(int) - (200, 120, 40)).max() <= 3


def test_other_formats_ignore_the_target() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (1000, 600)).save(buffer, "PNG")
    assert decode(buffer.getvalue(), limits=LIMITS, target=10).size == (1000, 600)


@pytest.mark.parametrize(
    ("max_pixels", "decoded"),
    [(600_000, (1000, 600)), (599_999, (500, 300)), (150_000, (500, 300)), (149_999, (250, 150)), (9375, (125, 75))],
)
def test_a_jpeg_shrinks_to_fit_the_limit(max_pixels: int, decoded: tuple[int, int]) -> None:
    assert decode(_jpeg((1000, 600)), limits=PictureLimits(max_pixels=max_pixels)).size == decoded


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_that_cannot_shrink_enough(options: dict[str, object]) -> None:
    limit = 599_999 if options else 9374
    with pytest.raises(PictureError, match=r"1000 x 600|125 x 75") as caught:
        decode(_jpeg((1000, 600), **options), limits=PictureLimits(max_pixels=limit))
    assert caught.value.reason is Reason.TOO_MANY_PIXELS


def test_the_limit_is_exact_for_other_formats() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (100, 60)).save(buffer, "PNG")
    assert decode(buffer.getvalue(), limits=PictureLimits(max_pixels=6000)).size == (100, 60)
    with pytest.raises(PictureError) as caught:
        decode(buffer.getvalue(), limits=PictureLimits(max_pixels=5999))
    assert caught.value.reason is Reason.TOO_MANY_PIXELS


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_a_picture_or_a_reason(data: st.DataObject) -> None:
    """No exception but PictureError leaves decode, whatever bytes are hit."""
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM"]))
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(buffer, kind)
    broken = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(broken), limits=PictureLimits(max_pixels=1_000_000))
    except PictureError as error:
        reason: Reason | None = error.reason
    else:
        reason = None
        assert image.mode == "RGB"
        assert image.width * image.height <= 1_000_000
    assert reason in (None, Reason.TRUNCATED, Reason.NOT_A_PICTURE, Reason.TOO_MANY_PIXELS)


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((1000, 500), 100, (100, 50)),
        ((50, 20), 100, (50, 20)),
        ((1, 5000), 256, (1, 256)),
        ((512, 512), 512, (512, 512)),
    ],
)
def test_thumbnail(size: tuple[int, int], side: int, expected: tuple[int, int]) -> None:
    source = Image.new("RGBA", size, (200, 120, 40, 255))
    source.info["exif"] = b"Exif\0\0secret"
    data = thumbnail_bytes(source, side)
    with Image.open(io.BytesIO(data)) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", expected)
        assert "exif" not in small.info
        # the two entries that libjpeg scales to quality 85 by its formula: 16 * 0.30 and 11 * 0.30, rounded
        assert small.quantization[0][:2] == [5, 3]
        assert np.abs(np.asarray(small).astype(int) - (200, 120, 40)).max() <= 3
    assert source.size == size


def test_no_interpreter_is_loaded() -> None:
    """Pillow's EPS reader starts Ghostscript; it must not so much as be imported."""
    program = (
        "import sys, shelfsight.core.pictures as p, shelfsight.core.settings as s\n"
        "try: p.decode(b'%!PS-Adobe-3.0 EPSF-3.0', limits=s.PictureLimits())\n"
        "except Exception as e: print(e.reason)\n"
        "print('PIL.EpsImagePlugin' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["not_a_picture", "False"]
