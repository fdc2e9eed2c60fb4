"""Tar catalogues, read back from files that tarfile wrote."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from catalogue_files import before_error, picture_bytes, reasons

from shelfsight.catalog import open_catalogue
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Failure, Item, Picture

RED, BLUE = picture_bytes("red"), picture_bytes("blue", "PNG")


def _tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


SAMPLES = {
    "shop/0001.jpg": RED,
    "shop/0001.back.png": BLUE,
    "shop/0001.json": json.dumps({"Title": "in json", "price": 5, "colour": "red"}).encode(),
    "shop/0001.txt": "Roter Schuh, größer\n".encode(),
    "shop/0001.cls": b"3\n",
    "shop/0002.PNG": BLUE,
    "shop/0002.json": json.dumps({"name": "Bag", "category": "bags", "id": 99}).encode(),
    "0003.jpg": RED,
}


@pytest.mark.parametrize(
    ("suffix", "mode"), [(".tar", "w"), (".tar.gz", "w:gz"), (".tgz", "w:gz"), (".tar.xz", "w:xz")]
)
def test_items_are_exact(tmp_path: Path, suffix: str, mode: str) -> None:
    name = f"shard{suffix}"
    catalogue = open_catalogue(_tar(tmp_path / name, SAMPLES, mode))
    assert list(catalogue) == [
        Item(
            id="shop/0001",
            pictures=(
                Picture(name="shop/0001.jpg", data=RED),
                Picture(name="shop/0001.back.png", data=BLUE),
            ),
            title="Roter Schuh, größer",
            metadata={"price": 5, "colour": "red", "category": "3"},
            place=f"{name}#shop/0001",
        ),
        Item(
            id="shop/0002",
            pictures=(Picture(name="shop/0002.PNG", data=BLUE),),
            title="Bag",
            metadata={"category": "bags", "id": 99},
            place=f"{name}#shop/0002",
        ),
        Item(id="0003", pictures=(Picture(name="0003.jpg", data=RED),), place=f"{name}#0003"),
    ]
    assert catalogue.count() is None
    assert len(list(catalogue)) == 3, "reading again reads again"


def test_bad_samples_fail_alone(tmp_path: Path) -> None:
    members = {
        "1.json": b'{"colour": "red"}',
        "2.jpg": RED,
        "2.json": b"{no json",
        "3.jpg": RED,
        "3.json": b"[1]",
        "4.jpg": RED,
        "4.txt": b"caf\xe9",
        "5.jpg": RED,
        "5.json": b'{"price": "much"}',
        "6.jpg": b"x" * 5000,
        "7.jpg": RED,
        "7.png": b"x" * 5000,
        "8.jpg": RED,
        "8.txt": b"x" * 101,
        ".jpg": RED,
        "._9.jpg": b"resource fork",
        "__MACOSX/9.jpg": b"resource fork",
        "9.npy": b"numbers",
        "9.jpg": b"",
    }
    path = _tar(tmp_path / "c.tar", members)
    found = list(open_catalogue(path, max_text=100, limits=PictureLimits(max_bytes=4999)))
    assert [(each.id, each.reason, each.place) for each in found if isinstance(each, Failure)] == [
        ("1", Reason.NO_PICTURE, "c.tar#1"),
        ("2", Reason.BAD_ROW, "c.tar#2"),
        ("3", Reason.BAD_ROW, "c.tar#3"),
        ("4", Reason.BAD_ROW, "c.tar#4"),
        ("5", Reason.BAD_VALUE, "c.tar#5"),
        ("6", Reason.TOO_MANY_BYTES, "c.tar#6"),
        ("8", Reason.TEXT_TOO_LONG, "c.tar#8"),
    ]
    seven, nine = (each for each in found if isinstance(each, Item))
    assert (seven.id, [each.name for each in seven.pictures]) == ("7", ["7.jpg"])
    assert [(each.id, each.picture, each.reason) for each in seven.failures] == [("7", "7.png", Reason.TOO_MANY_BYTES)]
    assert (nine.id, nine.pictures) == ("9", (Picture(name="9.jpg", data=b""),))


def test_links_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "c.tar", "w") as tar:
        link = tarfile.TarInfo("1.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        folder = tarfile.TarInfo("2.jpg")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    assert list(open_catalogue(tmp_path / "c.tar")) == []


@pytest.mark.parametrize("cut", [0.3, 0.4, 0.7])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_file_that_breaks_off(tmp_path: Path, cut: float, mode: str) -> None:
    noise = {f"{number:03}.jpg": bytes(index * number % 251 for index in range(3000)) for number in range(1, 40)}
    path = _tar(tmp_path / "c.tar", noise, mode)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    good = before_error(open_catalogue(path), r"c\.tar cannot be read as tar")
    assert [each.pictures[0].data for each in good] == list(noise.values())[: len(good)]
    assert len(good) >= 10 * (mode == "w")


def test_a_damaged_header_is_no_end(tmp_path: Path) -> None:
    path = _tar(tmp_path / "c.tar", {f"{number}.jpg": b"x" * 100 for number in range(9)})
    data = bytearray(path.read_bytes())
    data[1024 * 4 + 3] ^= 0xFF  # a member is a header and a block of data, 512 bytes each
    path.write_bytes(data)
    with pytest.raises(CatalogueError, match=r"c\.tar cannot be read as tar"):
        list(open_catalogue(path))


def test_no_catalogue(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"this is a letter" * 99)
    with pytest.raises(CatalogueError, match=r"a\.tar cannot be read as tar"):
        open_catalogue(tmp_path / "a.tar")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = _tar(tmp_path / "c.tar", {"caf\udce9.jpg": RED, "2.jpg": RED})
    found = list(open_catalogue(path))
    assert reasons(found) == [("c.tar#caf\ufffd", Reason.BAD_VALUE)]
    assert [each.id for each in found] == [None, "2"]


def _header(kind: bytes, size: int, name: str = "x.png") -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % tarfile.BLOCKSIZE)


@pytest.mark.parametrize(
    "content",
    [
        _header(tarfile.GNUTYPE_LONGNAME, 100_000_000) + bytes(100_000_000),
        _header(tarfile.XHDTYPE, 100_000_000) + b"1" * 100_000_000,
        (_header(tarfile.GNUTYPE_LONGNAME, 512) + b"a" * 512) * 5000,
        (_header(tarfile.XGLTYPE, 12) + _padded(b"12 a=bcdefg\n")) * 5000,
        _header(tarfile.GNUTYPE_SPARSE, 512) + bytes(512),
        _header(tarfile.XHDTYPE, 21) + _padded(b"21 GNU.sparse.map=a\n") + _header(tarfile.REGTYPE, 0),
        _header(tarfile.XHDTYPE, 44)
        + _padded(b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n")
        + _header(tarfile.REGTYPE, 512)
        + _padded(b"x"),
        _header(tarfile.REGTYPE, -512),
        _header(tarfile.REGTYPE, 1 << 80),
        _header(tarfile.XHDTYPE, 14) + _padded(b"14 size=-5000\n") + _header(tarfile.REGTYPE, 0),
    ],
    ids=[
        "long name",
        "digits",
        "names",
        "globals",
        "sparse",
        "map",
        "sparse 1.0",
        "negative",
        "endless",
        "negative later",
    ],
)
def test_headers_that_would_fill_the_memory_or_are_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.tar.gz"
    path.write_bytes(gzip.compress(content, 1))
    with pytest.raises(CatalogueError, match="cannot be read as tar"):
        open_catalogue(path)
