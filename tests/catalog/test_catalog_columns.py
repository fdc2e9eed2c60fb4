"""Which column is what, and which pictures a row names."""

from pathlib import Path

import pytest
from catalogue_files import items, reasons, write

from shelfsight.catalog import Columns, open_catalogue
from shelfsight.core.errors import Reason
from shelfsight.core.types import Failure, Item


def _one(folder: Path, header: str, row: str, columns: Columns | None = None) -> Item:
    return items(open_catalogue(write(folder / "c.csv", f"{header}\n{row}\n"), columns=columns))[0]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("id,image,title,name", ("0", ["1"], "2", {"name": "3"})),
        ("title,image,sku,id", ("3", ["1"], "0", {"sku": "2"})),
        ("Handle,Image Src,Image,Title", ("0", ["2"], "3", {"Image Src": "1"})),
        ("Product ID,Image File,productName,x", ("0", ["1"], "2", {"x": "3"})),
        ("itemId,filename,brand,x", ("0", ["1"], None, {"brand": "2", "x": "3"})),
        ("asin,image,images,x", ("0", ["1", "2"], None, {"x": "3"})),
        ("id,image_2,image,image_10", ("0", ["2", "1", "3"], None, {})),
        ("id,image,image_url,name", ("0", ["1"], "3", {"image_url": "2"})),
        ("id,picture,url,name", ("0", ["1"], "3", {"url": "2"})),
        ("id,Unnamed: 0,image,x", ("0", ["2"], None, {"x": "3"})),
    ],
)
def test_names_are_recognised(
    tmp_path: Path, header: str, expected: tuple[str, list[str], str | None, dict[str, str]]
) -> None:
    item = _one(tmp_path, header, "0,1,2,3", Columns(text=tuple(header.split(","))))
    found = (item.id, [picture.name for picture in item.pictures], item.title, item.metadata)
    assert found == expected


def test_columns_can_be_named(tmp_path: Path) -> None:
    columns = Columns(id="nummer", image="Bild", more_images=("rueckseite",), title="Bezeichnung", exclude=("intern",))
    item = _one(tmp_path, "Nummer,BILD,rueckseite,bezeichnung,intern,id", "1,2,3,4,5,6", columns)
    assert item.id == "1"
    assert [picture.name for picture in item.pictures] == ["2", "3"]
    assert item.title == "4"
    assert item.metadata == {"id": "6"}, "a recognised name that is overruled is an ordinary column"


def test_metadata_can_be_chosen(tmp_path: Path) -> None:
    assert _one(tmp_path, "id,image,a,b,c", "1,x.jpg,2,3,4", Columns(include=("B", "a"))).metadata == {"a": 2, "b": 3}


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("a.jpg", ["a.jpg"]),
        (" a b.jpg ", ["a b.jpg"]),
        ("a.jpg|b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg | b.jpg |", ["a.jpg", "b.jpg"]),
        ("a.jpg\nb.jpg\r\nc.jpg", ["a.jpg", "b.jpg", "c.jpg"]),
        ("a.jpg, b.png,c.webp", ["a.jpg", "b.png", "c.webp"]),
        ("a.jpg;b.jpg", ["a.jpg", "b.jpg"]),
        ("red, blue.jpg", ["red, blue.jpg"]),
        ("a.jpg|a.jpg", ["a.jpg"]),
        ('["a.jpg", "b, c.jpg"]', ["a.jpg", "b, c.jpg"]),
        ('[{"path": "a.jpg"}, null, ""]', ["a.jpg"]),
        ("[cover].jpg", ["[cover].jpg"]),
    ],
)
def test_several_pictures_in_a_cell(tmp_path: Path, cell: str, names: list[str]) -> None:
    quoted = cell.replace('"', '""')
    item = _one(tmp_path, "id,image", f'1,"{quoted}"')
    assert [picture.name for picture in item.pictures] == names
    assert [picture.path for picture in item.pictures] == [tmp_path / name for name in names]


def test_backslashes_of_windows(tmp_path: Path) -> None:
    (picture,) = _one(tmp_path, "id,image", r"1,images\a.jpg").pictures
    assert (picture.name, picture.path) == (r"images\a.jpg", tmp_path / "images" / "a.jpg")


@pytest.mark.parametrize(
    ("cell", "urls"),
    [
        ("https://shop.example/a.jpg?side=9", ["https://shop.example/a.jpg?side=9"]),
        ("HTTP://shop.example/a.jpg", ["HTTP://shop.example/a.jpg"]),
        ("//cdn.example/a.jpg", ["https://cdn.example/a.jpg"]),
        ("https://a.example/1.jpg|https://a.example/2.jpg", ["https://a.example/1.jpg", "https://a.example/2.jpg"]),
        ('[{""url"": ""shop.example/a.jpg""}]', ["https://shop.example/a.jpg"]),
        ("https://a.example/1.jpg|https://a.example/1.jpg", ["https://a.example/1.jpg"]),
    ],
)
def test_addresses(tmp_path: Path, cell: str, urls: list[str]) -> None:
    pictures = _one(tmp_path, "id,image", f'1,"{cell}"').pictures
    assert [(picture.url, picture.path, picture.data) for picture in pictures] == [(url, None, None) for url in urls]


@pytest.mark.parametrize("cell", ["file:///etc/passwd", "s3://bucket/a.jpg", "data:text/html,<b>", "ftp://x/a.jpg"])
def test_addresses_that_nothing_is_fetched_from(tmp_path: Path, cell: str) -> None:
    (failure,) = open_catalogue(write(tmp_path / "c.csv", f'id,image\n1,"{cell}"\n'))
    assert isinstance(failure, Failure)
    assert (failure.id, failure.reason, failure.place) == ("1", Reason.URL_ONLY, "c.csv:2")


def test_a_picture_written_into_its_address(tmp_path: Path) -> None:
    (picture,) = _one(tmp_path, "id,image", '1,"data:image/png;base64,iVBORw0K"').pictures
    assert (picture.name, picture.data) == ("c.csv:2", b"\x89PNG\r\n")
    (failure,) = open_catalogue(write(tmp_path / "c.csv", 'id,image\n1,"data:image/png;base64,?"\n'))
    assert isinstance(failure, Failure)
    assert (failure.id, failure.reason) == ("1", Reason.BAD_VALUE)


def test_a_file_and_an_address(tmp_path: Path) -> None:
    item = _one(tmp_path, "id,image,more_images", "1,a.jpg,https://shop.example/b.jpg")
    assert [(picture.name, picture.path, picture.url) for picture in item.pictures] == [
        ("a.jpg", tmp_path / "a.jpg", None),
        ("https://shop.example/b.jpg", None, "https://shop.example/b.jpg"),
    ]


def test_an_address_column_speaks_where_there_is_no_file(tmp_path: Path) -> None:
    text = "id,image,image_url\n1,a.jpg,https://x.example/a.jpg\n2,,https://x.example/b.jpg\n3,,\n"
    found = list(open_catalogue(write(tmp_path / "c.csv", text)))
    assert isinstance(found[0], Item)
    assert isinstance(found[1], Item)
    assert (found[0].failures, found[0].metadata) == ((), {"image_url": "https://x.example/a.jpg"})
    assert [each.url for item in found[:2] for each in item.pictures] == [None, "https://x.example/b.jpg"]
    assert reasons(found) == [("c.csv:4", Reason.NO_PICTURE)]


def test_a_catalogue_of_addresses_alone(tmp_path: Path) -> None:
    text = "id,title,image_url\n1,x,https://x.example/a.jpg\n2,y,local.jpg\n"
    found = list(open_catalogue(write(tmp_path / "c.csv", text)))
    assert isinstance(found[0], Item)
    assert isinstance(found[1], Item)
    assert [each.url for each in found[0].pictures] == ["https://x.example/a.jpg"]
    assert (found[1].pictures[0].path, found[1].metadata) == (tmp_path / "local.jpg", {})


def test_pictures_must_lie_inside_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "images").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (root / "images" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "images" / "loop.jpg").symlink_to(root / "images" / "loop.jpg")
    (root / "away").symlink_to(tmp_path)
    rows = [
        "1,images/a.jpg",
        "2,../secret.jpg",
        f"3,{tmp_path / 'secret.jpg'}",
        "4,images/out.jpg",
        "5,away/secret.jpg",
        "6,images/../images/b.jpg",
        f"7,{root / 'images' / 'c.jpg'}",
        "8,images/d.jpg|../secret.jpg",
        "9,images/loop.jpg",
        "10,../root-of-another/a.jpg",
    ]
    path = write(root / "c.csv", "\n".join(["id,image", *rows]))
    found = list(open_catalogue(path, roots=root))
    inside = {each.id: each.pictures[0].path for each in found if isinstance(each, Item)}
    assert inside == {
        "1": root / "images" / "a.jpg",
        "6": root / "images" / "b.jpg",
        "7": root / "images" / "c.jpg",
        "8": root / "images" / "d.jpg",
    }
    assert [(each.id, each.reason) for each in found if isinstance(each, Failure)] == [
        (number, Reason.OUTSIDE_ROOT) for number in ("2", "3", "4", "5", "9", "10")
    ]
    (eight,) = [each for each in found if each.id == "8"]
    assert isinstance(eight, Item)
    assert [(each.reason, each.picture) for each in eight.failures] == [(Reason.OUTSIDE_ROOT, "../secret.jpg")]
    assert len(items(open_catalogue(path))) == 10, "without a root, any path is allowed"
