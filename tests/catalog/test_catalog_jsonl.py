"""JSON Lines catalogues."""

import gzip
import json
from pathlib import Path

import pytest
from catalogue_files import failures, items, reasons, write

from shelfsight.catalog import open_catalogue
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Item, Picture


def _write(path: Path, *rows: object) -> Path:
    return write(path, "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))


def test_items_are_exact(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "shop.jsonl",
        {"id": 12, "image": "a.jpg", "title": "Shoe", "price": 5, "tags": ["a", "b"], "size": {"eu": 42}, "new": True},
        {"id": 13.0, "image": ["b.jpg", "c.jpg"], "title": None, "price": "6.50", "zip": "00123", "empty": ""},
        {"id": " x ", "image": {"path": "d.jpg"}, "later": "2024-05-06", "nothing": None},
    )
    catalogue = open_catalogue(path)
    assert list(catalogue) == [
        Item(
            id="12",
            pictures=(Picture(name="a.jpg", path=tmp_path / "a.jpg"),),
            title="Shoe",
            metadata={"price": 5, "tags": ["a", "b"], "size": {"eu": 42}, "new": True},
            place="shop.jsonl:1",
        ),
        Item(
            id="13",
            pictures=(Picture(name="b.jpg", path=tmp_path / "b.jpg"), Picture(name="c.jpg", path=tmp_path / "c.jpg")),
            metadata={"price": 6.5, "zip": "00123"},
            place="shop.jsonl:2",
        ),
        Item(
            id="x",
            pictures=(Picture(name="d.jpg", path=tmp_path / "d.jpg"),),
            metadata={"later": "2024-05-06"},
            place="shop.jsonl:3",
        ),
    ]
    assert catalogue.count() == 3


def test_bad_lines_fail_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.ndjson"
    lines = [
        b'{"id": "1", "image": "a.jpg", "title": "x"}',
        b'{"id": "2", "image": "a.jpg"',
        b"[1, 2]",
        b'{"id": "4", "image": "a.jpg", "title": "caf\xe9"}',
        b"",
        b'{"id": "6", "image": "a.jpg", "weight": NaN}',
        b'{"id": "7", "image": "a.jpg", "weight": 1e999}',
        b'{"id": "8", "image": "a.jpg", "price": "much"}',
        b'{"id": "9", "image": "a.jpg", "price": true}',
        b'{"id": null, "image": "a.jpg"}',
        b'{"image": "a.jpg"}',
        b'{"id": true, "image": "a.jpg"}',
        b'{"id": "13", "image": 5}',
        b'{"id": "14", "image": []}',
        b'{"id": "15", "image": "a.jpg", "n": 99999999999999999999}',
        b'{"id": "16", "image": "a.jpg", "title": ["a", "b"]}',
        b'{"id": "17", "image": "a.jpg", "deep": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"id": "18", "image": "a.jpg", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id": "1\\ud800", "image": "a.jpg"}',
        b'{"id": "20", "image": "a.jpg", "title": "lone \\ud800 surrogate", "s": "nul \\u0000", "t": 7}',
    ]
    path.write_bytes(b"\n".join(lines))
    found = list(open_catalogue(path))
    assert reasons(found) == [
        ("c.ndjson:2", Reason.BAD_ROW),
        ("c.ndjson:3", Reason.BAD_ROW),
        ("c.ndjson:4", Reason.BAD_ROW),
        ("c.ndjson:6", Reason.BAD_VALUE),
        ("c.ndjson:7", Reason.BAD_VALUE),
        ("c.ndjson:8", Reason.BAD_VALUE),
        ("c.ndjson:9", Reason.BAD_VALUE),
        ("c.ndjson:10", Reason.EMPTY_ID),
        ("c.ndjson:11", Reason.EMPTY_ID),
        ("c.ndjson:12", Reason.BAD_VALUE),
        ("c.ndjson:13", Reason.BAD_VALUE),
        ("c.ndjson:14", Reason.NO_PICTURE),
        ("c.ndjson:15", Reason.BAD_VALUE),
        ("c.ndjson:16", Reason.BAD_VALUE),
        ("c.ndjson:17", Reason.BAD_VALUE),
        ("c.ndjson:18", Reason.BAD_ROW),
        ("c.ndjson:19", Reason.BAD_VALUE),
    ]
    good = [each for each in found if isinstance(each, Item)]
    assert [each.id for each in good] == ["1", "20"]
    assert (good[1].title, good[1].metadata) == ("lone \ufffd surrogate", {"s": "nul \ufffd", "t": 7})
    assert [each.message for each in failures(found) if each.id == "6"] == [
        "column 'weight': nan is no number that can be compared"
    ]


def test_long_texts(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "c.jsonl",
        {"id": "1", "image": "a.jpg", "title": "x" * 101},
        {"id": "2", "image": "a.jpg", "tags": ["x" * 60, "y" * 60]},
        {"id": "3", "image": "a.jpg", "title": "x" * 100},
    )
    assert [(each.id, each.reason) for each in failures(open_catalogue(path, max_text=100))] == [
        ("1", Reason.TEXT_TOO_LONG),
        ("2", Reason.TEXT_TOO_LONG),
    ]


def test_an_id_that_is_too_long_and_a_price_of_two_parts(tmp_path: Path) -> None:
    price = {"amount": 5, "currency": "EUR"}
    path = _write(tmp_path / "c.jsonl", {"id": "x" * 5000, "image": "a"}, {"id": "2", "image": "a", "price": price})
    found = list(open_catalogue(path))
    assert reasons(found) == [("c.jsonl:1", Reason.TEXT_TOO_LONG)]
    assert isinstance(found[1], Item)
    assert found[1].metadata == {"price": price}


def test_a_key_that_comes_late_is_metadata(tmp_path: Path) -> None:
    rows = [{"id": number, "image": "a.jpg"} for number in range(1100)]
    path = _write(tmp_path / "c.jsonl.gz", *rows[:-1], {**rows[-1], "sku": "new"})
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert items(open_catalogue(path))[-1].metadata == {"sku": "new"}


def test_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no line that is a JSON object"):
        open_catalogue(write(tmp_path / "a.jsonl", "\n"))
    with pytest.raises(CatalogueError, match="no column of ids; its columns are: image, colour"):
        open_catalogue(_write(tmp_path / "b.jsonl", {"image": "a.jpg"}, {"colour": "red"}))
