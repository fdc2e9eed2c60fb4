"""What a person typed, taken apart."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.errors import UsageError
from shelfsight.core.listing import SortKey
from shelfsight.core.settings import SearchSettings
from shelfsight.core.types import Query
from shelfsight.search import understand
from shelfsight.search.query import check, once


@pytest.mark.parametrize(
    ("typed", "text", "negative"),
    [
        ("summer dress", "summer dress", ()),
        ("summer dress -floral", "summer dress", ("floral",)),
        ("-floral summer dress", "summer dress", ("floral",)),
        ("summer -floral dress", "summer dress", ("floral",)),
        ('dress -"polka dots" -red', "dress", ("polka dots", "red")),
        ('dress -"polka dots', "dress", ("polka dots",)),
        ('dress -"  polka   dots "', "dress", ("polka dots",)),
        ("t-shirt with v-neck", "t-shirt with v-neck", ()),
        ("shirt -v-neck", "shirt", ("v-neck",)),
        ("sleeping bag -5 degrees", "sleeping bag -5 degrees", ()),
        ("shirt - blue", "shirt - blue", ()),
        ("shirt -- blue", "shirt -- blue", ()),
        ("dress -floral, -red.", "dress", ("floral", "red")),
        ("dress -red -red", "dress", ("red",)),
        ('dress -""', "dress", ()),
        ("robe -été", "robe", ("été",)),
        ('a "quoted" word', 'a "quoted" word', ()),
    ],
)
def test_words_with_a_minus_are_split_off(typed: str, text: str, negative: tuple[str, ...]) -> None:
    words = understand(Query(text=typed))
    assert (words.text, words.negative) == (text, negative)


def test_minus_terms_typed_and_given_are_joined() -> None:
    words = understand(Query(text="dress -red", negative=("floral", " ", "red", "long  sleeves")))
    assert words.negative == ("red", "floral", "long sleeves")


def test_a_picture_may_come_with_minus_terms_alone() -> None:
    words = understand(Query(text="-red", image=b"..."))
    assert (words.text, words.negative) == (None, ("red",))
    assert understand(Query(text="  ", vector=np.ones(3, np.float32))).text is None


@pytest.mark.parametrize("text", [None, "", " \n\t", '-""'])
def test_an_empty_query_is_refused_with_a_hint(text: str | None) -> None:
    with pytest.raises(UsageError, match="empty") as caught:
        understand(Query(text=text))
    assert caught.value.hint == "give a text, a picture, or both"


def test_a_query_of_minus_terms_alone_is_refused_and_names_them() -> None:
    with pytest.raises(UsageError, match=r"'floral', 'red'") as caught:
        understand(Query(text="-floral", negative=("red",)))
    assert "dress -floral" in (caught.value.hint or "")


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_is_understood_or_refused(text: str, negative: list[str]) -> None:
    try:
        words = understand(Query(text=text, negative=tuple(negative)))
    except UsageError:
        return
    assert words.text == " ".join((words.text or "").split())
    assert all(term and term == " ".join(term.split()) for term in words.negative)
    assert len(set(words.negative)) == len(words.negative)


@given(st.lists(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True), min_size=1))
def test_text_without_minus_terms_stays_as_it_is(words: list[str]) -> None:
    text = " ".join(words)
    assert understand(Query(text=text)) == understand(Query(text=f" {text} "))
    assert understand(Query(text=text)).text == text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": -1}, "k is -1"),
        ({"k": 11}, "k is 11"),
        ({"offset": -1}, "offset is -1"),
        ({"k": 5, "offset": 96}, "offset 96 plus k 5 is more than 100"),
        ({"image_weight": -0.01}, "image_weight is -0.01"),
        ({"image_weight": 1.01}, "image_weight is 1.01"),
        ({"image_weight": math.nan}, "image_weight is nan"),
        ({"mode": "fuzzy"}, "mode 'fuzzy' is not available"),
        ({"min_relevance": 1.01}, "min_relevance is 1.01"),
        ({"min_relevance": math.nan}, "min_relevance is nan"),
        ({"duplicates": -1.1}, "duplicates is -1.1"),
        ({"duplicates": math.nan}, "duplicates is nan"),
        ({"diversity": 1.0}, "diversity is 1.0"),
        ({"diversity": -0.1}, "diversity is -0.1"),
        ({"diversity": math.nan}, "diversity is nan"),
        ({"image": b"x", "vector": np.ones(3, np.float32)}, "either a picture or a vector"),
        ({"negative": ("red",) * 101}, "101 minus terms"),
        ({"text": "a" * 21}, "the query is 21 characters long"),
        ({"negative": ("a" * 21,)}, "the query is 21 characters long"),
        ({"text": "red \ud800"}, "lone surrogate.* at position 4"),
    ],
)
def test_values_out_of_range_are_refused_with_a_hint(fields: dict[str, Any], says: str) -> None:
    settings = SearchSettings(max_k=10, max_window=100, max_text=20)
    with pytest.raises(UsageError, match=says) as caught:
        check(Query(**{"text": "red", **fields}), settings)
    assert caught.value.hint


def test_the_ends_of_the_ranges_are_allowed() -> None:
    settings = SearchSettings(max_k=10, max_window=100, max_text=20)
    for fields in ({"k": 1}, {"k": 10, "offset": 90}, {"image_weight": 0.0}, {"image_weight": 1.0}, {"text": "a" * 20}):
        check(Query(**{"text": "red", **fields}), settings)


def test_fields_named_again_say_nothing_new() -> None:
    price, brand = SortKey("price", descending=True), SortKey("brand")
    asked = Query(text="red", sort=(price, brand, SortKey("price")), facets=("a", "b", "a"), histograms=("b", "b"))
    assert once(asked) == Query(text="red", sort=(price, brand), facets=("a", "b"), histograms=("b",))
