"""What is found by words, against answers worked out by hand."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_samples import SPEC
from words_shop import SHOP, found, ids, ids_of, item

from shelfsight.core.errors import UsageError
from shelfsight.core.filters import parse
from shelfsight.core.listing import WordQuery
from shelfsight.core.protocols import Snapshot, Store
from shelfsight.stores import create_store
from shelfsight.stores.words.vocabulary import Vocabulary, distances, tolerance


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    store = create_store(tmp_path_factory.mktemp("words") / "c", kind="exact", encoder=SPEC)
    store.commit(SHOP)
    yield store.snapshot()
    store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = create_store(tmp_path / "c", kind="exact", encoder=SPEC)
    yield store
    store.close()


def test_a_word_of_the_title_counts_more_than_a_field_and_a_field_more_than_a_description(store: Store) -> None:
    store.commit(
        [
            item("c", "Hat", description="a hat that goes well with any scarf you may ever happen to own"),
            item("b", "Hat", kind="Scarf"),
            item("a", "Scarf"),
        ]
    )
    assert ids_of(store.snapshot(), "scarves") == ["a", "b", "c"]


def test_scores_are_bm25(store: Store) -> None:
    """Two items of three have the word, both in the title: idf = ln(1 + (3 - 2 + 0.5) / (2 + 0.5)); the word's weight
    is 3 / (1 - 0.4 + 0.4 * words / 7), saturated by 2.2 * w / (w + 1.2)."""
    store.commit([item("one", "Lamp"), item("two", "Lamp of bright polished old brass"), item("three", "Chair")])
    matches = found(store.snapshot(), "lamps").matches
    idf = math.log(1 + 1.5 / 2.5)
    weights = [3 / (0.6 + 0.4 * words / 7) for words in (1, 6)]
    expected = [idf * 2.2 * weight / (weight + 1.2) for weight in weights]
    assert [match.id for match in matches] == ["one", "two"]
    # "lamp" is the whole of the first title: half of the word's weight again
    assert [match.score for match in matches] == pytest.approx([expected[0] + 0.5 * idf, expected[1]], rel=1e-5)


def test_shares_are_weighted_by_how_rare_words_are(snapshot: Snapshot) -> None:
    """Of 6 items 2 have ``running``, 3 ``red``, none ``zeppelin``."""
    weights = {name: math.log(1 + (6 - n + 0.5) / (n + 0.5)) for name, n in (("running", 2), ("red", 3), ("none", 0))}
    shares = {match.id: match.share for match in found(snapshot, "red running zeppelin").matches}
    total = sum(weights.values())
    assert shares == pytest.approx(
        {
            "MS-11": (weights["running"] + weights["red"]) / total,
            "MS-10": weights["running"] / total,
            "tee": weights["red"] / total,
            "boots": weights["red"] / total,
        },
        rel=1e-5,
    )


@pytest.mark.parametrize("text", ["MS-10", "ms10", "ms 10", " Ms.10 ", "AB-100.7", "ab1007", "ab100-7"])
def test_an_identifier_is_found_however_it_is_punctuated(snapshot: Snapshot, text: str) -> None:
    first = found(snapshot, text).matches[0]
    assert (first.id, first.exact, first.share) == ("MS-10", "sku" if "b" in text.lower() else "id", 1.0)


def test_an_identifier_among_other_words_is_first(snapshot: Snapshot) -> None:
    matches = found(snapshot, "red shoes AB-101.7").matches
    assert [(match.id, match.exact) for match in matches][:1] == [("MS-11", "sku")]
    assert {match.exact for match in matches[1:]} == {None}


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("nike", "brand", ["boots", "bag"]),
        ("GINI AND JONY", "brand", ["tee"]),
        ("polka-dots handbags", "title", ["bag"]),
    ],
)
def test_the_whole_query_is_a_value(snapshot: Snapshot, text: str, field: str, expected: list[str]) -> None:
    answer = found(snapshot, text)
    assert [match.id for match in answer.matches if match.exact == field] == expected
    assert ids(answer)[: len(expected)] == expected


def test_a_brand_among_other_words_lifts_and_is_no_name(snapshot: Snapshot) -> None:
    matches = found(snapshot, "puma boots").matches
    assert {match.id for match in matches} == {"boots", "MS-10", "MS-11"}
    assert {match.exact for match in matches} == {None}


def test_an_id_goes_before_the_same_value_of_others(store: Store) -> None:
    store.commit([*(item(f"i{n}", "Lamp", year=2012) for n in range(5)), item("2012", None), item("x", "2012")])
    matches = found(store.snapshot(), "2012").matches
    assert [(match.id, match.exact) for match in matches[:1]] == [("2012", "id")]
    assert {match.id: match.exact for match in matches[1:]} == {**{f"i{n}": "year" for n in range(5)}, "x": "title"}


def test_an_id_of_signs_is_found(store: Store) -> None:
    store.commit([item("***", "Star"), item("+++", "Cross")])
    assert [(match.id, match.exact) for match in found(store.snapshot(), "+++").matches] == [("+++", "id")]


def test_words_in_one_piece_and_in_two(snapshot: Snapshot) -> None:
    for text in ("tshirt", "t-shirts", "t shirt", "T Shirts"):
        assert ids_of(snapshot, text) == ["tee"]
    for text in ("hand bag", "handbags", "hand-bag"):
        assert ids_of(snapshot, text) == ["bag"]
    assert ids_of(snapshot, "giniandjony") == ["tee"]


@pytest.mark.parametrize(
    ("text", "expected", "corrections"),
    [
        ("runing", ["MS-10", "MS-11"], {"runing": "running"}),
        ("hnadbags", ["bag"], {"hnadbags": "handbag"}),
        ("hendbogs", ["bag"], {"hendbogs": "handbag"}),
        ("hendbog", [], {}),
        ("boosts", ["boots"], {"boosts": "boot"}),
        ("pumma boots", ["boots", "MS-10", "MS-11"], {"pumma": "puma"}),
        ("rde", [], {}),
        ("ab-200.7", [], {}),
        ("bxxxs", [], {}),
        ("t-shrit", ["tee"], {"shrit": "shirt"}),
        ("t-shiort", ["tee"], {"shiort": "shirt"}),
        ("polka-dosts bag", ["bag"], {"dosts": "dot"}),
        ("plka-dosts", ["bag"], {"plka": "polka", "dosts": "dot"}),
        ("t-shi", ["tee"], {}),
        ('"t-shrit"', [], {}),
        ("t-skrat", [], {}),
    ],
)
def test_slips_of_the_finger(snapshot: Snapshot, text: str, expected: list[str], corrections: dict[str, str]) -> None:
    answer = found(snapshot, text)
    assert (ids(answer), answer.corrections) == (expected, corrections)
    assert ids_of(snapshot, text, tolerant=False) == [id for id in expected if "boots" in text and id == "boots"]


def test_the_nearest_word_is_meant_and_of_equal_ones_the_most_frequent(store: Store) -> None:
    names = ["stable", "cable", "cable", "table", "fable", "fable", "fable"]
    store.commit([item(f"{n}", f"{name} x{n}") for n, name in enumerate(names)])
    snapshot = store.snapshot()
    assert found(snapshot, "xable y").corrections == {"xable": "fable"}
    assert found(snapshot, "stabble y").corrections == {"stabble": "stable"}
    store.commit([], ["4", "5", "6"])
    assert found(store.snapshot(), "xable y").corrections == {"xable": "cable"}, "what nobody has is meant by nobody"


def test_a_word_without_its_blank(store: Store) -> None:
    store.commit([item("a", "Soft hand cream"), item("b", "Creamy hand")])
    answer = found(store.snapshot(), "handcream now")
    assert (ids(answer), answer.corrections) == (["a"], {"handcream": "hand cream"})


def test_a_slip_in_a_part_too_short_for_one_is_a_slip_in_the_whole(store: Store) -> None:
    store.commit([item("a", "V-Neck top"), item("b", "Crew neck top")])
    answer = found(store.snapshot(), "v-nek tops")
    assert (ids(answer), answer.corrections) == (["a", "b"], {"v nek": "vneck"})
    assert answer.matches[0].share == 1.0


def test_a_hoody_is_a_hoodie(store: Store) -> None:
    store.commit([item("a", "Grey hoodie"), item("b", "Two hoodies"), item("c", "A hoody with a hood")])
    snapshot = store.snapshot()
    for text in ("hoodie", "hoodies", "hoody", "hoodi"):
        answer = found(snapshot, text)
        assert (set(ids(answer)), answer.corrections) == ({"a", "b", "c"}, {})


def test_who_has_all_words_has_a_share_of_one(store: Store) -> None:
    """However many there are, and whatever they weigh."""
    words = [f"{letter}word" for letter in "abcdefghijklm"]
    store.commit([item(f"i{n:02d}", " ".join(words[n:])) for n in range(len(words))])
    for n in range(2, len(words)):
        assert max(match.share for match in found(store.snapshot(), " ".join([*words[:n], "x"][:n])).matches) == 1.0


def test_the_last_word_may_be_half_typed(snapshot: Snapshot) -> None:
    assert ids_of(snapshot, "run") == ["MS-10", "MS-11"]
    assert ids_of(snapshot, "blue han")[0] == "bag"
    assert found(snapshot, "blue han").corrections == {}
    assert ids_of(snapshot, "han blue") == ids_of(snapshot, "blue") == ["bag", "MS-10"], "only the last"


def test_phrases_are_required_whole(snapshot: Snapshot) -> None:
    assert ids_of(snapshot, "polka dots") == ["bag", "boots"]
    assert ids_of(snapshot, '"polka dots"') == ["bag"]
    assert ids_of(snapshot, 'nike "polka dots') == ["bag"]
    assert ids_of(snapshot, '"blue puma"') == [], "no phrase reaches from one field into the next"


def test_what_must_not_be_there(snapshot: Snapshot) -> None:
    assert ids_of(snapshot, "nike", negative=("polka dot",)) == ["boots"]
    assert ids_of(snapshot, "nike puma", negative=("red",)) == ["bag", "MS-10"]
    assert ids_of(snapshot, "girls", negative=("t-shirt",)) == []
    assert ids_of(snapshot, "girls", negative=("tshirts",)) == []


def test_synonyms_count_as_well(snapshot: Snapshot) -> None:
    assert ids_of(snapshot, "sneakers") == []
    synonyms = {"sneakers": ("running shoes",), "wellington boots": ("boots",)}
    assert ids_of(snapshot, "sneakers", synonyms=synonyms) == ["MS-10"]
    whole = found(snapshot, "wellington boots", synonyms=synonyms)
    assert [(match.id, match.share) for match in whole.matches] == [("boots", 1.0)]


def test_words_in_lists_and_objects_are_found_and_addresses_are_not(store: Store) -> None:
    store.commit([item("a", "Cap", tags=["winter", {"in": "Oslo"}], url="https://shop/oslo-cap", stock=True, size=7)])
    snapshot = store.snapshot()
    assert ids_of(snapshot, "winter") == ids_of(snapshot, "oslo") == ["a"]
    assert ids_of(snapshot, "https") == ids_of(snapshot, "true") == ids_of(snapshot, "7") == []


def test_filters_exclusions_and_selections_hold(snapshot: Snapshot) -> None:
    assert ids(snapshot.words(WordQuery(text="puma nike red"), 10, where=parse('brand == "Nike"'))) == ["boots", "bag"]
    assert ids(snapshot.words(WordQuery(text="puma"), 10, exclude=["MS-10"])) == ["MS-11"]
    assert ids(snapshot.words(WordQuery(text="red puma"), 10, among=["tee", "MS-10", "nobody"])) == ["MS-10", "tee"]
    assert ids(snapshot.words(WordQuery(text="nike"), 10, where=parse("price > 100"))) == []


def test_as_many_as_asked_for_ties_by_id(store: Store) -> None:
    """Two thousand equal ones: more than are looked at first, and only a few of them pass."""
    order = np.random.default_rng(0).permutation(2000).tolist()
    store.commit([item(f"id-{n:04d}", "Grey sock", number=n) for n in order])
    snapshot = store.snapshot()
    expected = [f"id-{n:04d}" for n in range(2000)]
    assert ids(found(snapshot, "sock")) == expected[:10]
    assert ids(found(snapshot, "grey sock", 700)) == expected[:700]
    few = snapshot.words(WordQuery(text="grey"), 5, where=parse("number >= 1990"))
    assert ids(few) == expected[1990:1995]
    assert ids(found(snapshot, "grey socks", 3000)) == expected


def test_fewer_than_one_cannot_be_asked_for(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="k is 0"):
        found(snapshot, "red", 0)


@pytest.mark.parametrize(
    "text",
    ["", " ", '"', '""', "*", "AND", "NOT NEAR(red blue)", "title:red", "{red} ^ - +", "the", "\ud800 red", "🙂"],
)
def test_signs_mean_nothing(snapshot: Snapshot, text: str) -> None:
    answer = found(snapshot, text)
    assert set(ids(answer)) <= {change.item.id for change in SHOP}
    if "red" in text:
        assert "tee" in ids(answer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(
        alphabet=st.one_of(st.sampled_from("\"*-^:(){}+' \u2019\ue000\ue001\x00ARDNEO red10"), st.characters())
    )
    | st.text(max_size=3).map(lambda text: text * 500),
    negative=st.lists(st.text(max_size=8), max_size=2),
    synonym=st.text(max_size=8),
)
def test_nothing_that_is_typed_raises(snapshot: Snapshot, text: str, negative: list[str], synonym: str) -> None:
    answer = snapshot.words(WordQuery(text=text, negative=tuple(negative), synonyms={synonym: (text[:20], "red")}), 3)
    assert len(answer.matches) <= 3
    assert all(match.score > 0 and 0 < match.share <= 1 for match in answer.matches)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.text(max_size=30) | st.integers() | st.floats() | st.booleans(), max_size=4))
def test_any_metadata_can_be_indexed(values: list[str | int | float | bool]) -> None:
    from shelfsight.stores.words.document import document

    made = document("id", None, {str(place): value for place, value in enumerate(values)})
    assert len(made.columns) == 4
    assert all(0 <= length <= 255 for length in made.lengths)


@given(word=st.text("abc", min_size=1, max_size=6), others=st.lists(st.text("abc", min_size=1, max_size=6), max_size=5))
def test_distances_are_those_of_optimal_string_alignment(word: str, others: list[str]) -> None:
    assert distances(word, others).tolist() == [_distance(word, other) for other in others]


def _distance(a: str, b: str) -> int:
    """By the definition, on what is left of both."""
    if not a or not b:
        return len(a) + len(b)
    least = min(_distance(a[1:], b) + 1, _distance(a, b[1:]) + 1, _distance(a[1:], b[1:]) + (a[0] != b[0]))
    if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
        least = min(least, _distance(a[2:], b[2:]) + 1)
    return least


def test_of_four_letters_another_one_among_them_is_no_slip() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE vocabulary (number INTEGER PRIMARY KEY, word TEXT)")
        connection.executemany(
            "INSERT INTO vocabulary (word) VALUES (?)", [("boot",), ("black",), ("nike",), ("lamp",)]
        )
        known = Vocabulary()
        known.follow(connection)
    assert [known.near(word, 1) for word in ("boat", "blak", "nkie", "lmps")] == [{}, {"black": 1}, {"nike": 1}, {}]
    assert known.near("blick", 1) == {"black": 1}


def test_short_words_and_words_with_digits_are_taken_as_they_are() -> None:
    assert [tolerance(word) for word in ("red", "blue", "shirts!", "jackets", "raincoat", "ms10x")] == [
        0,
        1,
        0,
        1,
        2,
        0,
    ]
