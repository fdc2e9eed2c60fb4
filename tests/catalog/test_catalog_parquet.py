"""Parquet catalogues, read back from files that pyarrow wrote."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalogue_files import before_error, failures, items, picture_bytes, reasons

from shelfsight.catalog import open_catalogue
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure, Item, Picture

RED, BLUE = picture_bytes("red"), picture_bytes("blue", "PNG")


def _write(path: Path, columns: dict[str, object], **options: object) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_items_with_bytes_are_exact(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "part-0.parquet",
        {"id": [7, 8], "image": [RED, BLUE], "title": ["Shoe", None], "price": [1.5, None], "thumb": [b"x", b"y"]},
    )
    catalogue = open_catalogue(path)
    assert list(catalogue) == [
        Item(
            id="7",
            pictures=(Picture(name="part-0.parquet#0", data=RED),),
            title="Shoe",
            metadata={"price": 1.5},
            place="part-0.parquet#0",
        ),
        Item(id="8", pictures=(Picture(name="part-0.parquet#1", data=BLUE),), place="part-0.parquet#1"),
    ]
    assert (catalogue.name, catalogue.count()) == ("part-0.parquet", 2)


def test_paths_structs_and_lists(tmp_path: Path) -> None:
    structs = [{"bytes": RED, "path": "red.jpg"}, {"bytes": None, "path": "blue.jpg"}, {"bytes": None, "path": None}]
    path = _write(
        tmp_path / "c.parquet",
        {"id": ["a", "b", "c"], "image": structs, "images": [[RED, BLUE], None, []]},
    )
    found = list(open_catalogue(path))
    assert isinstance(found[0], Item)
    assert found[0].pictures == (
        Picture(name="red.jpg", data=RED),
        Picture(name="c.parquet#0-2", data=RED),
        Picture(name="c.parquet#0-3", data=BLUE),
    )
    assert isinstance(found[1], Item)
    assert found[1].pictures == (Picture(name="blue.jpg", path=tmp_path / "blue.jpg"),)
    assert reasons(found) == [("c.parquet#2", Reason.NO_PICTURE)]
    paths = _write(tmp_path / "p.parquet", {"sku": ["a"], "image_path": ["x/a.jpg|x/b.jpg"]})
    assert [each.path for each in items(open_catalogue(paths))[0].pictures] == [
        tmp_path / "x" / "a.jpg",
        tmp_path / "x" / "b.jpg",
    ]


def test_different_bytes_of_one_name_are_two_pictures(tmp_path: Path) -> None:
    cell = [{"bytes": data, "path": "image.jpg"} for data in (RED, BLUE, RED)]
    (item,) = items(open_catalogue(_write(tmp_path / "c.parquet", {"id": ["a"], "images": [cell]})))
    assert [(each.name, each.data) for each in item.pictures] == [("image.jpg", RED), ("image.jpg", BLUE)]


def test_values_keep_their_types(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 5, 6, 7, 8, 9, 123456)
    columns = {
        "id": pa.array(["1"]),
        "image": pa.array(["a.jpg"]),
        "int": pa.array([2**40], pa.int64()),
        "float": pa.array([0.5], pa.float32()),
        "bool": pa.array([True]),
        "text": pa.array(["00123"]),
        "decimal": pa.array([Decimal("12.50")]),
        "date": pa.array([moment.date()]),
        "seconds": pa.array([moment.replace(microsecond=0)], pa.timestamp("s")),
        "nanos": pa.array([1_714_979_289_123_456_789], pa.timestamp("ns")),
        "zoned": pa.array([moment], pa.timestamp("us", "UTC")),
        "list": pa.array([[1, 2]]),
        "struct": pa.array([{"a": 1, "b": None}]),
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "category": pa.array(["red"]).dictionary_encode(),
        "blob": pa.array([b"\0\1"]),
        "blobs": pa.array([[b"\0\1"]]),
        "__index_level_0__": pa.array([0]),
    }
    (item,) = items(open_catalogue(_write(tmp_path / "c.parquet", columns)))
    assert item.metadata == {
        "int": 2**40,
        "float": 0.5,
        "bool": True,
        "text": "00123",
        "decimal": 12.5,
        "date": "2024-05-06",
        "seconds": "2024-05-06T07:08:09",
        "nanos": "2024-05-06T07:08:09.123456",
        "zoned": "2024-05-06T07:08:09.123456+00:00",
        "list": [1, 2],
        "struct": {"a": 1, "b": None},
        "map": {"k": 1},
        "category": "red",
    }


def test_whole_numbers_of_any_type_are_ids(tmp_path: Path) -> None:
    """Databases export integer keys as decimals, pandas as floats; a fraction is no id."""
    ids = pa.array([Decimal("12.00"), Decimal("13.50"), None])
    rows = list(open_catalogue(_write(tmp_path / "d.parquet", {"id": ids, "image": [RED, RED, RED]})))
    assert isinstance(rows[0], Item)
    assert rows[0].id == "12"
    assert [reason for _, reason in reasons(rows)] == [Reason.BAD_VALUE, Reason.EMPTY_ID]
    (whole,) = items(open_catalogue(_write(tmp_path / "f.parquet", {"id": [14.0], "image": [RED]})))
    assert whole.id == "14"


def test_bad_rows_fail_alone(tmp_path: Path) -> None:
    broken = pa.array([b"ok", b"caf\xe9", b"ok", b"ok", b"ok", b"ok"]).view(pa.string())
    columns = {
        "id": pa.array(["1", "2", None, "4", " ", "6"]),
        "image": pa.array(["a.jpg", "a.jpg", "a.jpg", None, "a.jpg", "https://x.example/a.jpg"]),
        "note": broken,
        "size": pa.array([1.0, 1.0, 1.0, 1.0, 1.0, float("nan")]),
        "price": pa.array(["1", "2", "3", "4", "5", "6"]),
    }
    found = list(open_catalogue(_write(tmp_path / "c.parquet", columns)))
    assert [each.id for each in found if isinstance(each, Item)] == ["1"]
    assert isinstance(found[0], Item)
    assert found[0].metadata == {"note": "ok", "size": 1.0, "price": 1}
    assert [(each.place, each.reason, each.id) for each in found if isinstance(each, Failure)] == [
        ("c.parquet#1", Reason.BAD_ROW, None),
        ("c.parquet#2", Reason.EMPTY_ID, None),
        ("c.parquet#3", Reason.NO_PICTURE, "4"),
        ("c.parquet#4", Reason.EMPTY_ID, None),
        ("c.parquet#5", Reason.BAD_VALUE, "6"),
    ]


def test_a_price_that_is_no_number(tmp_path: Path) -> None:
    path = _write(tmp_path / "c.parquet", {"id": ["1", "2"], "image": ["a", "b"], "price": ["$5", "ask"]})
    assert [(each.id, each.message) for each in failures(open_catalogue(path))] == [
        ("2", "column 'price': 'ask' is no number")
    ]


def test_rows_are_counted_through_batches_and_row_groups(tmp_path: Path) -> None:
    ids = [str(number) for number in range(1000)]
    path = _write(tmp_path / "c.parquet", {"id": ids, "image": ids}, row_group_size=300)
    assert [(item.id, item.place) for item in items(open_catalogue(path))] == [
        (name, f"c.parquet#{name}") for name in ids
    ]


def test_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no column of ids; its columns are: image, colour"):
        open_catalogue(_write(tmp_path / "a.parquet", {"image": ["x"], "colour": ["red"]}))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no, this is a letter")
    with pytest.raises(CatalogueError, match=r"b\.parquet cannot be read as Parquet"):
        open_catalogue(tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"")
    with pytest.raises(CatalogueError, match=r"c\.parquet cannot be read as Parquet"):
        open_catalogue(tmp_path / "c.parquet")


def test_damage_in_the_middle_ends_the_stream_with_an_error(tmp_path: Path) -> None:
    ids = [f"{number * 7919:020}" for number in range(20_000)]
    path = _write(tmp_path / "c.parquet", {"id": ids, "image": ids}, row_group_size=1000, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = b"\xff" * 5000
    path.write_bytes(data)
    good = before_error(open_catalogue(path), r"c\.parquet cannot be read as Parquet")
    assert [each.id for each in good] == ids[: len(good)]
    assert len(good) >= 5000
