"""The queries and judgements that the quality benchmark makes of a catalogue, on one small enough to do by hand."""

from collections.abc import Iterator

from benchmarks.gallery import PicturesOnly, Row
from benchmarks.quality import minus, phrases, sportswear, titles
from shelfsight.core.errors import Reason
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.evaluation import JudgedQuery


def row(id: str, title: str, colour: str | None, kind: str, split: str) -> Row:
    return Row(id, title, {"colour": colour, "article_type": kind, "split": split})


def asked(queries: list[JudgedQuery]) -> dict[str, set[str]]:
    return {" -".join([query.text or "", *query.negative]): set(query.relevant) for query in queries}


def test_titles_of_a_split_are_asked_and_every_item_of_that_title_is_relevant() -> None:
    items = [
        row("1", "Red Hat", "Red", "Hats", "test"),
        row("2", "Red Hat", "Red", "Hats", "test"),
        row("3", "Blue Hat", "Blue", "Hats", "train"),
        row("4", "Green Hat", "Green", "Hats", "validation"),
    ]
    assert asked(titles(items, "test")[0].queries) == {"Red Hat": {"1", "2"}}
    assert asked(titles(items, "validation")[0].queries) == {"Green Hat": {"4"}}


def test_phrases_need_ten_items_and_validation_never_looks_at_test() -> None:
    items = [row(f"r{n}", "", "Navy Blue", "Backpacks", "train") for n in range(9)]
    items += [row("t", "", "Navy Blue", "Backpacks", "test"), row("n", "", None, "Backpacks", "train")]
    both, kind, colour = phrases(items, "test")
    everything = {each.id for each in items}
    assert asked(both.queries) == {"navy blue backpacks": everything - {"n"}}
    assert asked(kind.queries) == {"backpacks": everything}
    assert asked(colour.queries) == {"navy blue": everything - {"n"}}
    both, kind, colour = phrases(items, "validation")
    assert asked(both.queries) == {}
    assert asked(kind.queries) == {"backpacks": everything - {"t"}}


def test_a_minus_term_is_asked_where_its_colour_is_a_fifth_of_the_type() -> None:
    items = [row(f"b{n}", "", "Black", "Shoes", "train") for n in range(10)]
    items += [row("w0", "", "White", "Shoes", "train"), row("w1", "", "White", "Shoes", "train")]
    # black is 10 of 12, but only 2 are left without it; white is 2 of 12, less than a fifth
    assert asked(minus(items, "test")[1].queries) == {}
    items += [row(f"r{n}", "", "Red", "Shoes", "train") for n in range(8)]
    baseline, negated = minus(items, "test")
    reds_and_whites = {f"r{n}" for n in range(8)} | {"w0", "w1"}
    blacks_and_whites = {f"b{n}" for n in range(10)} | {"w0", "w1"}
    assert asked(negated.queries) == {"shoes -black": reds_and_whites, "shoes -red": blacks_and_whites}
    assert [set(query.relevant) for query in baseline.queries] == [reds_and_whites, blacks_and_whites]
    assert {query.text for query in baseline.queries} == {"shoes"}


def test_sportswear_takes_the_last_part_of_the_category() -> None:
    items = [Row(f"{n}", "", {"colour": "Red", "category": "Men/Tops/Tees"}) for n in range(4)]
    items.append(Row("4", "", {"colour": "Red", "category": "Women/Tops/Tees"}))
    items.append(Row("5", "", {"colour": "Blue", "category": "Gear/Bags"}))
    items.append(Row("6", "", {"category": "Gear/Bags"}))
    five, every = sportswear(items)
    assert asked(five.queries) == {"red tees": {"0", "1", "2", "3", "4"}}
    assert asked(every.queries) == {"red tees": {"0", "1", "2", "3", "4"}, "blue bags": {"5"}}


class TwoRows:
    name = "two rows"

    def __iter__(self) -> Iterator[Item | Failure]:
        yield Item(id="1", pictures=(Picture(name="p", data=b"x"),), title="Red hat", metadata={"price": 3})
        yield Failure(reason=Reason.NO_PICTURE, place="row 2", message="no picture")

    def count(self) -> int:
        return 2


def test_a_catalogue_without_its_words_keeps_ids_pictures_and_failures() -> None:
    item, failure = PicturesOnly(TwoRows())
    assert item == Item(id="1", pictures=(Picture(name="p", data=b"x"),))
    assert isinstance(failure, Failure)
