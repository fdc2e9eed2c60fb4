"""CSV and TSV catalogues."""

import csv
import gzip
from pathlib import Path

import pytest
from catalogue_files import failures, items, reasons, write
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfsight.catalog import Columns, open_catalogue
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure, Item, Picture

SHOP = """id,image,more_images,title,price,category,in_stock,ean
A1,images/a.jpg,images/b.jpg|images/c.jpg,Red shoe,52,Men/Shoes,true,0012345678905
A2,images/d.jpg,,"Blue, ""light"" bag",9.99,Bags,False,4006381333931
A3,/abs/e.jpg,,,,,,
"""


def test_items_are_exact(tmp_path: Path) -> None:
    catalogue = open_catalogue(write(tmp_path / "catalog.csv", SHOP))
    images = tmp_path / "images"
    assert list(catalogue) == [
        Item(
            id="A1",
            pictures=(
                Picture(name="images/a.jpg", path=images / "a.jpg"),
                Picture(name="images/b.jpg", path=images / "b.jpg"),
                Picture(name="images/c.jpg", path=images / "c.jpg"),
            ),
            title="Red shoe",
            metadata={"price": 52, "category": "Men/Shoes", "in_stock": True, "ean": "0012345678905"},
            place="catalog.csv:2",
        ),
        Item(
            id="A2",
            pictures=(Picture(name="images/d.jpg", path=images / "d.jpg"),),
            title='Blue, "light" bag',
            metadata={"price": 9.99, "category": "Bags", "in_stock": False, "ean": "4006381333931"},
            place="catalog.csv:3",
        ),
        Item(id="A3", pictures=(Picture(name="/abs/e.jpg", path=Path("/abs/e.jpg")),), place="catalog.csv:4"),
    ]
    assert catalogue.name == "catalog.csv"
    assert catalogue.count() == 3
    assert list(catalogue) == list(catalogue), "reading again reads again"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_dialects(tmp_path: Path, delimiter: str, ends: str, encoding: str) -> None:
    rows = [["SKU", "Image Path", "Product Name", "note"], ["7", "a.jpg", "Café", '"two\nlines, one; cell"'], []]
    text = ends.join(delimiter.join(row) for row in rows)
    (item,) = items(open_catalogue(write(tmp_path / "c.csv", text, encoding)))
    assert (item.id, item.title, item.metadata) == ("7", "Café", {"note": "two\nlines, one; cell"})
    assert item.pictures == (Picture(name="a.jpg", path=tmp_path / "a.jpg"),)


def test_tab_separated_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "c.tsv", "id\timage\ta,b,c,d\n1\tx.jpg\ty\n")
    assert items(open_catalogue(path))[0].metadata == {"a,b,c,d": "y"}


def test_gzipped(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv.gz"
    path.write_bytes(gzip.compress(SHOP.encode("utf-8-sig")))
    catalogue = open_catalogue(path)
    assert [(item.id, item.place) for item in items(catalogue)] == [
        ("A1", "catalog.csv.gz:2"),
        ("A2", "catalog.csv.gz:3"),
        ("A3", "catalog.csv.gz:4"),
    ]
    assert catalogue.count() is None


def test_a_gzip_file_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv.gz"
    rows = "".join(f"{number},a.jpg,{number * 7919 % 104729}\n" for number in range(20_000))
    whole = gzip.compress(f"id,image,n\n{rows}".encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CatalogueError, match=r"catalog\.csv\.gz cannot be read"):
        list(open_catalogue(path))


def test_bad_rows_fail_alone(tmp_path: Path) -> None:
    lines = [
        b"id,image,price,title",
        b"1,a.jpg,5,one",
        b"2,b.jpg,6",  # a cell too few
        b"3,c.jpg,7,three,four,five",  # too many
        b"4,d.jpg,8,caf\xe9",  # Latin-1
        b",e.jpg,9,no id",
        b"  ,e.jpg,9,blank id",
        b"6,,9,no picture",
        b"7,s3://shop/g.jpg,9,an address",
        b"8,h.jpg,cheap,a price that is none",
        b"9,i.jpg,nan,not finite",
        b"10,j.jpg,7,ten,,,",  # empty cells beyond the header
        b"",
        b",,,",
        b"11,k.jpg,-1.5,eleven",
    ]
    path = tmp_path / "catalog.csv"
    path.write_bytes(b"\n".join(lines))
    found = list(open_catalogue(path))
    assert [each.id for each in found if isinstance(each, Item)] == ["1", "10", "11"]
    assert [each.metadata["price"] for each in found if isinstance(each, Item)] == [5, 7, -1.5]
    assert [(each.place, each.reason, each.id) for each in found if isinstance(each, Failure)] == [
        ("catalog.csv:3", Reason.BAD_ROW, None),
        ("catalog.csv:4", Reason.BAD_ROW, None),
        ("catalog.csv:5", Reason.BAD_ROW, None),
        ("catalog.csv:6", Reason.EMPTY_ID, None),
        ("catalog.csv:7", Reason.EMPTY_ID, None),
        ("catalog.csv:8", Reason.NO_PICTURE, "6"),
        ("catalog.csv:9", Reason.URL_ONLY, "7"),
        ("catalog.csv:10", Reason.BAD_VALUE, "8"),
        ("catalog.csv:11", Reason.BAD_VALUE, "9"),
    ]
    messages = {each.place: each.message for each in failures(found)}
    assert messages["catalog.csv:3"] == "3 cells where the header has 4"
    assert messages["catalog.csv:5"] == "the text is not UTF-8"
    assert messages["catalog.csv:10"] == "column 'price': 'cheap' is no number"


def test_an_unclosed_quote_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number}.jpg,t{number}\n" for number in range(4, 2000))
    text = f'id,image,title\n1,1.jpg,"one\nand a half"\n2,2.jpg,"never closed\n3,3.jpg,three\n{rows}'
    found = list(open_catalogue(write(tmp_path / "c.csv", text)))
    assert reasons(found) == [("c.csv:4", Reason.BAD_ROW)]
    good = [each for each in found if isinstance(each, Item)]
    assert [each.id for each in good] == ["1", *map(str, range(3, 2000))]
    assert (good[0].title, good[0].place) == ("one\nand a half", "c.csv:2")
    assert good[1].place == "c.csv:5"
    assert good[-1].place == "c.csv:2001"


def test_a_long_text_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = f"id,image,title\n1,a.jpg,{'x' * 10_000_000}\n2,b.jpg,{'y' * 1000}\n3,c.jpg,short\n"
    path = write(tmp_path / "c.csv", text)
    assert reasons(open_catalogue(path)) == [("c.csv:2", Reason.TEXT_TOO_LONG)]
    assert reasons(open_catalogue(path, max_text=999)) == [
        ("c.csv:2", Reason.TEXT_TOO_LONG),
        ("c.csv:3", Reason.TEXT_TOO_LONG),
    ]


def test_nul_in_a_text_is_replaced_and_in_an_id_refused(tmp_path: Path) -> None:
    found = list(open_catalogue(write(tmp_path / "c.csv", "id,image,title\n1,a.jpg,a\0b\n2\0,a.jpg,x\n3,a\0.jpg,x\n")))
    assert isinstance(found[0], Item)
    assert found[0].title == "a\ufffdb"
    assert reasons(found) == [("c.csv:3", Reason.BAD_VALUE), ("c.csv:4", Reason.MISSING_FILE)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2.5", "-3", "1e3"], [1, 2.5, -3, 1000.0]),
        (["1", "", " 2 "], [1, None, 2]),
        (["1", "two"], ["1", "two"]),
        (["007", "42"], ["007", "42"]),
        (["0", "0.5", "-0.25"], [0, 0.5, -0.25]),
        (["1234567890123456"], ["1234567890123456"]),
        (["true", "FALSE", ""], [True, False, None]),
        (["true", "1"], ["true", "1"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["1,5", "2"], ["1,5", "2"]),
        (["٣", "4"], ["٣", "4"]),
        (["nan"], ["nan"]),
        (["", ""], [None, None]),
        ([".5", "5."], [".5", "5."]),
        (["1", "+2"], [1, 2]),
    ],
)
def test_a_column_has_the_type_of_its_values(tmp_path: Path, values: list[str], expected: list[object]) -> None:
    rows = "".join(f'{number},a.jpg,"{value}"\n' for number, value in enumerate(values))
    found = items(open_catalogue(write(tmp_path / "c.csv", f"id,image,field\n{rows}")))
    assert [item.metadata.get("field") for item in found] == expected
    assert [type(item.metadata.get("field")) for item in found] == list(map(type, expected))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("52", 52),
        ("9.99", 9.99),
        ("$1,299.00", 1299.0),
        ("12.00 USD", 12.0),
        ("€ 12,50", 12.5),
        ("1.299,95 €", 1299.95),
        ("12,99\u00a0€", 12.99),
        ("1\u202f299,95\u00a0€", 1299.95),
        ("-5", -5),
        ("1,299", 1299),
    ],
)
def test_prices(tmp_path: Path, text: str, amount: float) -> None:
    path = write(tmp_path / "c.csv", f'id,image,Sale Price\n1,a.jpg,"{text}"\n2,a.jpg,ask us\n')
    found = list(open_catalogue(path))
    assert isinstance(found[0], Item)
    assert found[0].metadata == {"Sale Price": amount}
    assert reasons(found) == [("c.csv:3", Reason.BAD_VALUE)]


def test_a_price_column_that_holds_no_prices_is_text(tmp_path: Path) -> None:
    rows = "".join(f"{number},a.jpg,{number} to {number + 9}\n" for number in range(20))
    found = items(open_catalogue(write(tmp_path / "c.csv", f"id,image,price\n{rows}")))
    assert found[3].metadata == {"price": "3 to 12"}


@pytest.mark.parametrize("name", ["ean", "EAN-13", "Zip Code", "postcode", "phone", "brand_id", "brandId", "Barcode"])
def test_codes_stay_text(tmp_path: Path, name: str) -> None:
    (item,) = items(open_catalogue(write(tmp_path / "c.csv", f"id,image,{name}\n1,a.jpg,12345\n")))
    assert item.metadata == {name: "12345"}


def test_a_type_holds_beyond_the_sample(tmp_path: Path) -> None:
    rows = [f"{number},a.jpg,{number},{number % 2 == 0},x" for number in range(1500)]
    rows[1200] = "1200,a.jpg,large,True,x"
    rows[1300] = "1300,a.jpg,5,maybe,x"
    path = write(tmp_path / "c.csv", "\n".join(["id,image,size,new,kind", *rows]))
    found = list(open_catalogue(path))
    assert [(each.id, each.message) for each in failures(found)] == [
        ("1200", "column 'size': 'large' is no number"),
        ("1300", "column 'new': 'maybe' is no boolean"),
    ]
    assert len(found) == 1500
    as_text = items(open_catalogue(path, columns=Columns(text=("size", "new"))))
    assert as_text[1200].metadata == {"size": "large", "new": "True", "kind": "x"}


def test_the_header_decides(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="has no column of ids; its columns are: image, title") as caught:
        open_catalogue(write(tmp_path / "a.csv", "image,title\na.jpg,x\n"))
    assert "Columns(id=...)" in str(caught.value.hint)
    with pytest.raises(CatalogueError, match="has no column of pictures; its columns are: id, title"):
        open_catalogue(write(tmp_path / "b.csv", "id,title\n1,x\n"))
    with pytest.raises(CatalogueError, match="has no column 'photo'"):
        open_catalogue(write(tmp_path / "c.csv", "id,image\n1,x\n"), columns=Columns(image="photo"))
    with pytest.raises(CatalogueError, match="two columns named 'colour'"):
        open_catalogue(write(tmp_path / "d.csv", "id,image,colour,colour\n1,x,y,z\n"))
    with pytest.raises(CatalogueError, match=r"e\.csv is empty"):
        open_catalogue(write(tmp_path / "e.csv", "\n\n"))
    with pytest.raises(CatalogueError, match="UTF-16"):
        open_catalogue(write(tmp_path / "f.csv", "id,image\n1,x\n", "utf-16"))
    (tmp_path / "g.csv").write_bytes(b"\x00\x01\x02\xff" * 99)
    with pytest.raises(CatalogueError, match="no UTF-8 text"):
        open_catalogue(tmp_path / "g.csv")
    assert list(open_catalogue(write(tmp_path / "h.csv", "id,image\n"))) == []


_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str, ends: str
) -> None:
    path = tmp_path_factory.mktemp("written") / "c.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=ends, quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "image", "title", "note"])
        writer.writerows((number, "a.jpg", *row) for number, row in enumerate(rows))
    found = items(open_catalogue(path, columns=Columns(text=("note",))))
    assert [item.id for item in found] == [str(number) for number in range(len(rows))]
    assert [(item.title, item.metadata.get("note")) for item in found] == [
        (title if title.strip() else None, note if note.strip() else None) for title, note in rows
    ]


def test_no_final_line_end_and_one_column_too_many_in_the_header(tmp_path: Path) -> None:
    (item,) = items(open_catalogue(write(tmp_path / "c.csv", "id,image,\n1,a.jpg,x")))
    assert item.metadata == {}
