"""Folders: of pictures, of shards, of a catalogue and its pictures."""

import inspect
import os
import sys
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalogue_files import failures, items, picture_bytes, reasons, write

from shelfsight.catalog import open_catalogue
from shelfsight.core.errors import CatalogueError, NotFound, Reason
from shelfsight.core.types import Item, Picture


def _pictures(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes())
    return folder


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    folder = _pictures(
        tmp_path / "shop",
        "b.JPG",
        "a.png",
        "shoes/red/x.webp",
        "shoes/y.jpeg",
        ".hidden/z.jpg",
        ".z.jpg",
        "__MACOSX/z.jpg",
        "notes.txt",
        "bags/été 衣.gif",
        "bags/phone.HEIC",
        "directory.jpg/inside.jpg",
    )
    catalogue = open_catalogue(folder)
    assert [(item.id, dict(item.metadata)) for item in items(catalogue)] == [
        ("a.png", {}),
        ("b.JPG", {}),
        ("bags/phone.HEIC", {"category": "bags"}),
        ("bags/été 衣.gif", {"category": "bags"}),
        ("directory.jpg/inside.jpg", {"category": "directory.jpg"}),
        ("shoes/red/x.webp", {"category": "shoes/red"}),
        ("shoes/y.jpeg", {"category": "shoes"}),
    ]
    (first, *_) = items(catalogue)
    assert first == Item(id="a.png", pictures=(Picture(name="a.png", path=folder / "a.png"),), place="a.png")
    assert (catalogue.name, catalogue.count()) == ("shop", 7)


def test_links_and_pipes_in_a_folder(tmp_path: Path) -> None:
    folder = _pictures(tmp_path / "shop", "a/1.jpg")
    _pictures(tmp_path / "elsewhere", "2.jpg")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "a" / "circle").symlink_to(folder)
    (folder / "broken.jpg").symlink_to(folder / "nothing.jpg")
    (folder / "out.jpg").symlink_to(tmp_path / "elsewhere" / "2.jpg")
    os.mkfifo(folder / "pipe.jpg")
    everything = ["a/1.jpg", "broken.jpg", "linked/2.jpg", "out.jpg", "pipe.jpg"]
    assert [item.id for item in items(open_catalogue(folder))] == everything
    found = list(open_catalogue(folder, roots=folder))
    assert [each.id for each in found if isinstance(each, Item)] == ["a/1.jpg", "broken.jpg", "pipe.jpg"]
    assert [(each.id, each.place, each.reason) for each in failures(found)] == [
        (None, "linked", Reason.OUTSIDE_ROOT),
        ("out.jpg", "out.jpg", Reason.OUTSIDE_ROOT),
    ]


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """It may be a disk that is not mounted: its pictures must not count as gone."""
    folder = _pictures(tmp_path / "shop", "1.jpg", "z/2.jpg")
    (folder / "disk").symlink_to(tmp_path / "not mounted")
    (folder / "itself").symlink_to("itself")
    found = list(open_catalogue(folder))
    assert [each.id for each in found] == ["1.jpg", None, None, "z/2.jpg"]
    assert reasons(found) == [("disk", Reason.MISSING_FILE), ("itself", Reason.MISSING_FILE)]


def test_folders_deeper_than_calls_may_be(tmp_path: Path) -> None:
    deep = "a/" * 300
    folder = _pictures(tmp_path / "shop", "1.jpg", f"{deep}2.jpg")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        found = [item.id for item in items(open_catalogue(folder))]
    finally:
        sys.setrecursionlimit(limit)
    assert found == ["1.jpg", f"{deep}2.jpg"]


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    folder = _pictures(tmp_path / "shop", "fine.jpg")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jpg")).write_bytes(picture_bytes())
    found = list(open_catalogue(folder))
    assert reasons(found) == [("caf\ufffd.jpg", Reason.BAD_VALUE)]
    assert [each.id for each in found if isinstance(each, Item)] == ["fine.jpg"]


def test_a_folder_that_went_away(tmp_path: Path) -> None:
    catalogue = open_catalogue(_pictures(tmp_path / "shop", "1.jpg"))
    (tmp_path / "shop").rename(tmp_path / "gone")
    with pytest.raises(CatalogueError, match="shop cannot be read: No such file or directory"):
        list(catalogue)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_subfolder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = _pictures(tmp_path / "shop", "1.jpg", "locked/2.jpg")
    (folder / "locked").chmod(0)
    found = list(open_catalogue(folder))
    (folder / "locked").chmod(0o700)
    assert [each.id for each in found] == ["1.jpg", None]
    assert reasons(found) == [("locked", Reason.UNREADABLE_FILE)]


def test_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(CatalogueError, match="no pictures in empty"):
        open_catalogue(tmp_path / "empty")
    with pytest.raises(NotFound, match="no catalogue at"):
        open_catalogue(tmp_path / "missing")
    with pytest.raises(CatalogueError, match="no kind of catalogue"):
        open_catalogue(write(tmp_path / "letter.docx", "x"))
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(CatalogueError, match="no kind of catalogue"):
        open_catalogue(tmp_path / "pipe.csv")


@pytest.mark.parametrize("source", ["shop", "shop/catalog.csv"])
def test_a_catalogue_and_its_pictures(tmp_path: Path, source: str) -> None:
    folder = _pictures(tmp_path / "shop", "images/a.jpg", "cover.jpg")
    write(folder / "catalog.csv", "id,image\n1,images/a.jpg\n")
    write(folder / "README.md", "about the shop")
    catalogue = open_catalogue(str(tmp_path / source))
    assert catalogue.name == "catalog.csv"
    assert items(catalogue) == [
        Item(
            id="1",
            pictures=(Picture(name="images/a.jpg", path=folder / "images" / "a.jpg"),),
            place="catalog.csv:2",
        )
    ]


def test_shards_of_csv(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write(tmp_path / f"part-{number}.csv", f"id,image,size\n{number}a,a.jpg,{number}\n{number}b,b.jpg,\n")
    write(tmp_path / "part-10.csv", "size,id,image\n10,10a,a.jpg\nlarge,10b,b.jpg\n")
    catalogue = open_catalogue(tmp_path)
    found = list(catalogue)
    assert [(each.id, each.place) for each in found] == [
        ("1a", "part-1.csv:2"),
        ("1b", "part-1.csv:3"),
        ("2a", "part-2.csv:2"),
        ("2b", "part-2.csv:3"),
        ("10a", "part-10.csv:2"),
        ("10b", "part-10.csv:3"),
    ]
    sizes = [each.metadata.get("size") for each in found if isinstance(each, Item)]
    assert sizes == ["1", None, "2", None, "10", "large"], "one type for all shards"
    assert (catalogue.name, catalogue.count()) == (tmp_path.name, 6)


def test_shards_of_parquet_jsonl_and_tar(tmp_path: Path) -> None:
    for number in range(3):
        parquet, lines, tar = (tmp_path / kind for kind in ("parquet", "jsonl", "tar"))
        for folder in (parquet, lines, tar):
            folder.mkdir(exist_ok=True)
        pq.write_table(pa.table({"id": [number], "image": [b"x"]}), parquet / f"part-{number}.parquet")
        write(lines / f"{number}.jsonl", f'{{"id": {number}, "image": "a.jpg"}}\n')
        write(tmp_path / "x.jpg", "x")
        with tarfile.open(tar / f"shard-{number}.tar", "w") as file:
            file.add(tmp_path / "x.jpg", f"{number}.jpg")
    for folder, count in ((parquet, 3), (lines, 3), (tar, None)):
        catalogue = open_catalogue(folder)
        assert [item.id for item in items(catalogue)] == ["0", "1", "2"]
        assert catalogue.count() == count


def test_what_is_several_things_at_once_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "id,image\n1,a.jpg\n")
    write(tmp_path / "b.jsonl", '{"id": 1, "image": "a.jpg"}\n')
    with pytest.raises(CatalogueError, match=r"several kinds: CSV \(a\.csv\); JSONL \(b\.jsonl\)"):
        open_catalogue(tmp_path)
    (tmp_path / "b.jsonl").unlink()
    write(tmp_path / "b.csv", "colour,hex\nred,f00\n")
    with pytest.raises(CatalogueError, match=r"a\.csv and b\.csv are not shards of one catalogue"):
        open_catalogue(tmp_path)
    folder = _pictures(tmp_path / "mixed", "1.jpg")
    with tarfile.open(folder / "x.tar", "w") as file:
        file.add(folder / "1.jpg", "1.jpg")
    with pytest.raises(CatalogueError, match=r"several kinds: pictures; tar \(x\.tar\)"):
        open_catalogue(folder)
    two = tmp_path / "two"
    two.mkdir()
    pq.write_table(pa.table({"id": [1], "image": [b"x"]}), two / "1.parquet")
    pq.write_table(pa.table({"id": [1], "colour": ["red"]}), two / "2.parquet")
    with pytest.raises(CatalogueError, match=r"1\.parquet and 2\.parquet are not shards of one catalogue"):
        open_catalogue(two)
