"""What is learnt from: columns, phrases, facts, parts and pairs."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.training.adapt.columns import choose_columns, role_of, words_of
from shelfsight.training.adapt.facts import FactsBuilder, Text, stated
from shelfsight.training.adapt.pairs import Click, Pair, clicks_of, load_pairs
from shelfsight.training.adapt.parts import Part, named_parts, parts_by_hash
from shelfsight.training.adapt.texts import Words, write_texts


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Navy Blue", ("navy blue",)),
        ("Men/Tops/Hoodies & Sweatshirts", ("hoodies & sweatshirts",)),
        ("Women > Shoes", ("shoes",)),
        ("All-weather, Cool, Indoor", ("all-weather", "cool", "indoor")),
        (["Red", "red", "Blue"], ("red", "blue")),
        ("red|blue", ("red", "blue")),
        ("--", ()),
        ("", ()),
        (None, ()),
        (7, ()),
    ],
)
def test_words_are_what_shoppers_type(value, words):
    assert words_of(value) == words


def test_roles_come_from_the_columns_names():
    columns = ["article_type", "sub_category", "productKind", "colour", "Color", "gender", "brand", "season", "fabric"]
    roles = ["noun", "noun", "noun", "colour", "colour", "audience", "brand", "other", "material"]
    assert [role_of(column) for column in columns] == roles


def test_attributes_are_short_texts_that_repeat():
    rows = [
        {
            "colour": ["red", "blue"][n % 2],
            "sku": f"sku-{n}",
            "description": f"a long text about the very thing that has the number {n % 3}",
            "constant": "always",
            "rare": "once" if n < 2 else None,
            "price": n,
        }
        for n in range(20)
    ]
    assert choose_columns(rows) == ("colour",)


def _texts(*rows, clicks=()):
    words = [Words.of(row.get("title"), row, ("title", "kind", "colour", "pattern")) for row in rows]
    return write_texts(words, clicks)


def test_phrases_are_written_as_shoppers_write_them():
    texts = _texts({"kind": "Shoes", "colour": "Red", "pattern": "Striped"})
    assert {text.text for text in texts.texts} == {
        "shoes",
        "red shoes",
        "striped shoes",
        "striped red shoes",
        "red",
        "striped",
    }


def test_who_satisfies_which_text():
    rows = [
        {"title": "Fire", "kind": "shoes", "colour": "red"},
        {"title": "fire ", "kind": "shoes", "colour": "blue"},
        {"title": "Ice", "kind": "bag", "colour": "red"},
        {"kind": "shoes"},
    ]
    texts = _texts(*rows, clicks=[Click("flames", 0, 2.0), Click("flames", 2, 1.0)])
    wanted = {
        "red shoes": ([0], [3]),  # the colour of the fourth is unknown
        "shoes": ([0, 1, 3], []),
        "red": ([0, 2], [3]),
        "Fire": ([0, 1], [3]),  # case and spaces make no other title; the fourth has none
        "flames": ([0, 2], [1, 3]),  # who was clicked for nothing may still be right
    }
    by_text = {text.text: text for text in texts.texts}
    for words, (right, unknown) in wanted.items():
        found = texts.facts.judge_all(by_text[words])
        assert [list(np.flatnonzero(each)) for each in found] == [right, unknown], words


def test_a_text_that_comes_twice_counts_as_the_first():
    texts = _texts({"title": "Red Shoes", "kind": "shoes", "colour": "red"}, {"kind": "shoes", "colour": "red"})
    (same,) = [text for text in texts.texts if text.text.lower() == "red shoes"]
    assert same.family == "attributes"
    number = texts.texts.index(same)
    assert [number in numbers for numbers, _ in texts.of_item] == [True, True]


def test_clicks_add_up():
    texts = _texts({"kind": "bag"}, clicks=[Click("Handy", 0, 2.0), Click("handy", 0, 3.0)])
    numbers, weights = texts.of_item[0]
    assert weights[list(numbers).index(0)] == 5.0


@given(
    pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40),
    asked=st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=3), min_size=1, max_size=8),
)
def test_judging_many_at_once_is_judging_one_by_one(pairs, asked):
    """The oracle is the definition: a set of items a fact, and the facts' topics that an item has."""
    builder, holds, topic_of = FactsBuilder(10), {}, {}
    for topic, value, item in pairs:
        number = builder.add(str(topic), str(value), item)
        holds.setdefault(number, set()).add(item)
        topic_of[number] = topic
    facts = builder.build()
    known = {topic: {item for t, _, item in pairs if t == topic} for topic, _, _ in pairs}
    texts = [Text("", "", tuple(number % len(holds) for number in each)) for each in asked]
    right, unknown = facts.judge(stated(texts), np.arange(10))
    for row, text in enumerate(texts):
        for item in range(10):
            true = [item in holds[fact] for fact in text.facts]
            possible = [one or item not in known[topic_of[fact]] for one, fact in zip(true, text.facts, strict=True)]
            assert right[row, item] == all(true)
            assert unknown[row, item] == (all(possible) and not all(true))
        np.testing.assert_array_equal(facts.judge_all(text), (right[row], unknown[row]))


# --- parts -----------------------------------------------------------------------------------------------------------

_KEYS = st.lists(st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=3), min_size=1, max_size=60)


@given(keys=_KEYS)
def test_nothing_that_is_shared_is_on_two_sides(keys):
    parts = parts_by_hash(keys)
    sides: dict[str, set[Part]] = {}
    for each, part in zip(keys, parts, strict=True):
        for key in each:
            sides.setdefault(key, set()).add(part)
    assert all(len(found) == 1 for found in sides.values())


@given(keys=_KEYS, random=st.randoms())
def test_the_order_of_items_makes_no_other_parts(keys, random):
    order = list(range(len(keys)))
    random.shuffle(order)
    parts = parts_by_hash(keys)
    assert parts_by_hash([keys[place] for place in order]) == [parts[place] for place in order]


def test_parts_have_their_shares():
    parts = parts_by_hash([[f"title {number}"] for number in range(20_000)])
    shares = [parts.count(part) / len(parts) for part in (Part.TRAIN, Part.VALIDATION, Part.TEST)]
    np.testing.assert_allclose(shares, [0.65, 0.15, 0.20], atol=0.01)


def test_a_column_can_name_the_parts():
    rows = [{"split": name} for name in ("Train", "val", "TEST", "", "other")]
    expected = [Part.TRAIN, Part.VALIDATION, Part.TEST, Part.NONE, Part.NONE]
    assert named_parts([*rows, {}], "split") == [*expected, Part.NONE]


def test_a_split_without_a_test_part_is_refused():
    with pytest.raises(UsageError, match="no item of the catalogue has 'split' = 'test'"):
        named_parts([{"split": "train"}, {"split": "validation"}], "split")


# --- pairs -----------------------------------------------------------------------------------------------------------


def test_pairs_as_lines_and_as_csv_are_the_same(tmp_path):
    lines = tmp_path / "clicks.jsonl"
    lines.write_text('{"query": " red boots ", "id": "a", "weight": 2}\n\n{"query": "bag", "id": 7}\n')
    table = tmp_path / "clicks.csv"
    table.write_text("\ufeffquery,id,weight,when\nred boots,a,2,monday\nbag,7,,\n", encoding="utf-8")
    expected = [Pair("red boots", "a", 2.0), Pair("bag", "7", 1.0)]
    assert load_pairs(lines) == load_pairs(table) == expected


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        json.dumps({"id": "a"}),
        json.dumps({"query": " ", "id": "a"}),
        json.dumps({"query": "x"}),
        json.dumps({"query": "x", "id": True}),
        json.dumps({"query": "x", "id": ""}),
        json.dumps({"query": "x", "id": "a", "weight": 0}),
        json.dumps({"query": "x", "id": "a", "weight": "much"}),
        json.dumps({"query": "x", "id": "a", "weight": True}),
        '{"query": "x", "id": "a", "weight": NaN}',
        '{"query": "x", "id": "a", "weight": Infinity}',
        json.dumps({"query": "x" * 1001, "id": "a"}),
        json.dumps({"query": "half \ud800", "id": "a"}),
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "clicks.jsonl"
    path.write_text('{"query": "fine", "id": "a"}\n' + line + "\n")
    with pytest.raises(UsageError, match=r"clicks\.jsonl:2 is not a pair"):
        load_pairs(path)


def test_a_bad_row_of_a_csv_is_named(tmp_path):
    path = tmp_path / "clicks.csv"
    path.write_text("query,id\nfine,a\n,b\n")
    with pytest.raises(UsageError, match=r"clicks\.csv:3 is not a pair: 'query' is not a text"):
        load_pairs(path)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\xfe"])
def test_a_file_without_pairs_is_refused(tmp_path, data):
    path = tmp_path / "clicks.jsonl"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"holds no pairs|cannot be read as text"):
        load_pairs(path)


def test_no_file_of_pairs(tmp_path):
    with pytest.raises(NotFound, match="no file of pairs"):
        load_pairs(tmp_path / "none.jsonl")


def test_pairs_of_unknown_ids_are_counted():
    pairs = [Pair("x", "a", 1.0), Pair("y", "gone", 2.0), Pair("z", "b", 3.0)]
    assert clicks_of(pairs, {"a": 4, "b": 0}) == ([Click("x", 4, 1.0), Click("z", 0, 3.0)], 1)
