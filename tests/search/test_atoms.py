"""Query atoms: the vocabulary, spelling, what stays of the text, edited atoms, and what may never go wrong."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest
from atom_shelves import read, vocabulary
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import FilterError, UsageError
from shelfsight.core.types import Query
from shelfsight.search.atoms import EMPTY, MAX_ATOMS, Vocabulary, checked, parse, positive_text
from shelfsight.search.atoms.tokens import key_of, tokenise
from shelfsight.search.query import understand


def red(**changes: object) -> Atom:
    return replace(Atom(kind="attribute", term="red", subject="attribute"), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spellings",
    [
        ("t-shirt", "t shirts", "Tshirts", "T-SHIRT"),
        ("hoodie", "hoodies", "hoody"),
        ("watch", "watches"),
        ("dress", "Dresses"),
        ("women's", "womens", "woman", "women", "women\u2019s"),
        ("Hoodies & Sweatshirts", "hoodies and sweatshirts"),
        ("accessory", "accessories"),
        ("scarf", "scarves"),
        ("shoe", "shoes"),
    ],
)
def test_spellings_of_one_word_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({key_of(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("short", "shorts"), ("flat", "flats"), ("lace", "laces"), ("men", "women")]
)
def test_words_that_only_look_alike_have_two(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


def test_kind_colour_wearer_and_thing_are_asked_in_their_own_ways() -> None:
    subjects = {atom.term: atom.subject for atom in read("pictures", "three red shoes for men with a logo")}
    assert subjects == {"three": "count", "red": "attribute", "shoes": "kind", "men": "wearer", "logo": "other"}


def test_a_word_that_is_a_colour_and_a_product_is_what_the_catalogue_and_its_place_say() -> None:
    grocer = Vocabulary({"product": "text"}, {"product": {"Orange": 5, "Juice": 3}})
    (alone,) = parse("orange", grocer)
    assert (alone.kind, alone.field, alone.value) == ("kind", "product", "Orange")
    colour, juice = parse("orange juice", grocer)
    assert (colour.kind, colour.field, juice.kind, juice.value) == ("attribute", None, "kind", "Juice")


def test_fields_of_names_and_prose_give_no_words() -> None:
    names = {f"article {n}": 1 for n in range(30)}
    prose = {"a soft and warm thing for everybody who likes it": 3, "red": 1}
    numbers = {"12": 4, "13": 5}
    words = Vocabulary(dict.fromkeys(("name", "text", "code"), "text"), {"name": names, "text": prose, "code": numbers})
    assert [atom.field for atom in parse("article 3, red 12", words)] == [None] * 3


def test_the_field_with_most_items_speaks_where_several_have_a_value() -> None:
    fields = {"category": "text", "group": "text"}
    words = Vocabulary(fields, {"category": {"Bags": 3}, "group": {"Bags": 9, "Hats": 1}})
    assert [atom.field for atom in parse("bags", words)] == ["group"]


def test_placeholders_are_no_values() -> None:
    assert all(atom.value != "NA" for atom in read("fashion", "na NA shirt"))


def test_lists_of_values_are_read_like_texts() -> None:
    words = Vocabulary({"tags": "json"}, {"tags": {"Vegan": 4, "Fair Trade": 2}})
    assert [(atom.field, atom.value) for atom in parse("fair-trade vegan", words)] == [
        ("tags", "Fair Trade"), ("tags", "Vegan"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "query", "filter"),
    [
        ({"sale_price": "number"}, "under 50", "sale_price < 50"),
        ({"Price (EUR)": "number"}, "under 50", "`Price (EUR)` < 50"),
        ({"price": "number", "old_price": "number"}, "under 50", "price < 50"),
        ({"price": "text"}, "under 50", None),
        ({"rating": "number", "price": "number"}, "rating above 4.5", "rating > 4.5"),
        ({"price": "number"}, "rating above 4.5", None),
        ({"price": "number"}, "not between 5 and 10", "not (price >= 5 and price <= 10)"),
        ({"stock": "number"}, "in stock", "stock > 0"),
        ({"stock": "number"}, "not in stock", "stock <= 0"),
        ({"is_available": "boolean"}, "available", "is_available == true"),
        ({"on_sale": "boolean"}, "on sale", "on_sale == true"),
        ({"on_sale": "boolean"}, "in stock", None),
        ({"size": "number"}, "size 7.5", "size == 7.5"),
        ({"weight": "number"}, "under 2 kg", "weight < 2"),
        ({"price": "number"}, "under 2 kg", None),
        ({"year": "number"}, "year 2015", "year == 2015"),
        ({"year": "number"}, "since 2015", "year >= 2015"),
        ({"price": "number"}, "over 2015", "price > 2015"),
    ],
)
def test_a_bound_has_a_filter_where_a_field_knows(fields: dict[str, str], query: str, filter: str | None) -> None:
    (atom,) = parse(query, Vocabulary(fields, {}))
    assert (atom.kind, atom.term, atom.filter, atom.negated) == ("limit", query, filter, False)


def test_a_size_is_written_as_the_catalogue_writes_it() -> None:
    words = Vocabulary({"Size": "text"}, {"Size": {"XL": 3, '7"': 1}})
    assert [atom.filter for atom in parse("size xl, size 8", words)] == ['Size == "XL"', None]


@pytest.mark.parametrize(
    "text",
    ["Air Max 90", "501 jeans", "iPhone 12", "Windows 95", "chanel no 5", "Air Max 2 shoes", "7 for all mankind"],
)
def test_numbers_of_names_are_neither_bounds_nor_counts(text: str) -> None:
    assert {atom.kind for atom in read("sportswear", text)} <= {"other", "kind", "attribute"}


def test_of_kinds_in_a_row_no_field_speaks() -> None:
    (atom,) = read("fashion", "shirt dresses")
    assert (atom.kind, atom.term, atom.field, atom.value) == ("kind", "shirt dresses", None, None)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("I am looking for red shoes without laces under 50", "red shoes"),
        ("red and white striped shirt", "red and white striped shirt"),
        ("shirts that are not blue for men", "shirts for men"),
        ("dress, not red and with pockets", "dress with pockets"),
        ("Please show me a red dress for my wife, thanks!", "red dress for my wife"),
        ("brown shoes that I could wear to a wedding", "brown shoes to a wedding"),
        ("under 50 and in stock", None),
        ("without logo", None),
        ("", None),
        ("Levis Kids Girl's Darcy Red Teens Kidswear", "Levis Kids Girl's Darcy Red Teens Kidswear"),
        ("Nike Men Just Do It White T-shirt", "Nike Men Just Do It White T-shirt"),
        ("no red t-shirts", "t-shirts"),
        ('shirt -"polka dots" with a collar', "shirt with a collar"),
        ("shoes without heels or laces for women under 80 euros", "shoes for women"),
    ],
)
def test_the_positive_text_is_what_is_looked_for(query: str, text: str | None) -> None:
    assert positive_text(query, read("pictures", query)) == text


def test_an_atom_that_a_person_took_out_leaves_the_text() -> None:
    query = "red striped shirt for men"
    atoms = [atom for atom in parse(query) if atom.term != "striped"]
    assert positive_text(query, atoms) == "red shirt for men"


def test_an_atom_that_a_person_changed_is_said_in_its_place() -> None:
    query = "red shirt for men"
    atoms = [replace(atom, term="blue") if atom.term == "red" else atom for atom in parse(query)]
    assert positive_text(query, atoms) == "blue shirt for men"


def test_an_atom_that_a_person_negates_leaves_the_text() -> None:
    query = "red striped shirt"
    atoms = [replace(atom, negated=atom.term == "red") for atom in parse(query)]
    assert positive_text(query, atoms) == "striped shirt"


def test_atoms_without_places_make_a_phrase_in_natural_order() -> None:
    atoms = (
        Atom(kind="other", term="logo"),
        Atom(kind="attribute", term="women", subject="wearer"),
        Atom(kind="kind", term="shoes", subject="kind"),
        Atom(kind="other", term="nike"),
        red(),
        red(term="leather", negated=True),
        Atom(kind="limit", term="under 50", filter="price < 50"),
        Atom(kind="count", term="two", subject="count"),
    )
    assert positive_text("whatever was typed", atoms) == "two nike red shoes for women with logo"
    assert positive_text(None, (red(),)) == "red"
    assert positive_text(None, (red(negated=True),)) is None


def test_atoms_from_outside_come_back_tidied() -> None:
    limit = Atom(kind="limit", term="under 50", filter="price < 50")
    assert checked([red(term="  dark   red "), limit]) == (red(term="dark red"), limit)
    assert checked(()) == ()
    for shelf, query in (("fashion", "red shoes not from 2012"), ("sportswear", "tees not in stock under 50")):
        assert checked(read(shelf, query)) == read(shelf, query)


@pytest.mark.parametrize(
    ("atom", "message"),
    [
        (red(term=" \n"), "no term"),
        (red(term="r" * 201), "201 characters"),
        (red(term="\ud800"), "surrogate"),
        (red(start=5, end=3), "stands from 5 to 3"),
        (red(filter="price < 5"), "only a limit|has a filter"),
        (Atom(kind="limit", term="under 5", negated=True), "negated limit"),
    ],
)
def test_an_atom_that_cannot_be_asked_is_refused_with_a_hint(atom: Atom, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        checked([red(), atom])
    assert caught.value.hint


def test_a_filter_that_does_not_parse_is_refused_with_its_position() -> None:
    with pytest.raises(FilterError) as caught:
        checked([Atom(kind="limit", term="under 5", filter="price <")])
    assert caught.value.position == 7


def test_too_many_atoms_are_refused() -> None:
    assert len(checked([red()] * MAX_ATOMS)) == MAX_ATOMS
    with pytest.raises(UsageError, match=f"{MAX_ATOMS + 1} atoms"):
        checked([red()] * (MAX_ATOMS + 1))


_WORDS = st.sampled_from(
    [
        "red",
        "blue",
        "shirt",
        "shoes",
        "logo",
        "heels",
        "not",
        "no",
        "without",
        "and",
        "or",
        ",",
        ".",
        "but",
        "for",
        "men",
        "with",
        "a",
        "under",
        "50",
        "$",
        "20",
        "-red",
        '-"polka',
        'dots"',
        "two",
        "set",
        "of",
        "3",
        "between",
        "free",
        "t-shirt",
        "Nike",
        "in",
        "stock",
        "size",
        "xl",
        "non",
        "except",
        "I'm",
        "2012",
        "é",
        "🙂",
        "or/and",
    ]
)


@given(st.one_of(st.text(), st.lists(_WORDS, max_size=25).map(" ".join)), st.sampled_from(["fashion", "sportswear"]))
def test_any_text_is_read(text: str, shelf: str) -> None:
    atoms = parse(text, vocabulary(shelf))
    assert parse(text, vocabulary(shelf)) == atoms
    assert len(atoms) <= MAX_ATOMS
    assert all(0 <= atom.start < atom.end <= len(text) and atom.term.strip() for atom in atoms)
    assert all(one.end <= other.start for one, other in pairwise(atoms))
    wanted = positive_text(text, atoms)
    assert (wanted is None) == (not any(not atom.negated and atom.kind != "limit" for atom in atoms))


@given(st.one_of(st.text(), st.lists(_WORDS, max_size=10).map(" ".join)))
def test_minus_terms_are_those_of_the_query_syntax(text: str) -> None:
    terms = [" ".join(text[token.start : token.end].split()) for token in tokenise(text) if token.form == "minus"]
    assert tuple(dict.fromkeys(terms)) == understand(Query(text=text, image=b"...")).negative


@pytest.mark.parametrize(
    "piece",
    ["a ", "x", "red and ", "not red or ", "1", "1,", '-"', "t-", "under 50 ", "$", "é", "&", "no, ", "\U0001f642"],
)
def test_ten_thousand_characters_are_read_at_once(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    words = vocabulary("fashion")
    start = time.thread_time()
    atoms = parse(text, words)
    positive_text(text, atoms)
    assert time.thread_time() - start < 0.25  # 10 to 40 ms on an idle core
    assert len(atoms) <= MAX_ATOMS


@pytest.mark.parametrize(
    "text", ["not red, blue,", "not red, blue, ", "no", "not red or", "without logo and", "not,", "-"]
)
def test_a_list_that_breaks_off_is_read(text: str) -> None:
    assert {atom.term: atom.negated for atom in parse(text)}.get("red", True)


def test_no_text_has_no_atoms() -> None:
    assert parse("", EMPTY) == parse(" \n\t", EMPTY) == parse("please show me something", EMPTY) == ()
