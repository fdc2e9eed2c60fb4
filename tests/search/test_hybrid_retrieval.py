"""Words and vectors in one order, on a shelf whose cosines and words can be worked out by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from shelf import change

from shelfsight.core.errors import UsageError
from shelfsight.core.protocols import Change, Snapshot, Store
from shelfsight.core.settings import SearchSettings, Settings
from shelfsight.core.types import Query, Value
from shelfsight.core.vectors import FloatArray
from shelfsight.search import Searcher
from shelfsight.search.arrange import named
from shelfsight.search.candidates import Retrieved
from shelfsight.search.hybrid import WordFusion, retrieve
from shelfsight.search.hybrid.fusion import Readings, reciprocal_ranks, standardised
from shelfsight.search.hybrid.spelling import corrected
from shelfsight.search.planning import plan_of
from shelfsight.search.rules import Ruling

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
EVEN = WordFusion(share=4.0, part=0.0, score=0.0, silent=2.0, source="for tests")


def item(id: str, vector: tuple[float, float, float], title: str | None, **metadata: Value) -> Change:
    made = change(id, [vector], **metadata)
    return replace(made, item=replace(made.item, title=title))


SHELF = (
    item("r1", (1.0, 0.1, 0.0), "Tall vase", sku="VA-77"),
    item("r2", (1.0, 0.5, 0.0), "Red lamp", brand="Umbra"),
    item("g1", (0.0, 1.0, 0.1), "Red vase, glazed", brand="Umbra"),
    item("b1", (0.0, 0.1, 1.0), "Red bowl"),
    item("b2", (0.1, 0.0, 1.0), None),
)


@pytest.fixture
def snapshot(empty_store: Store) -> Snapshot:
    empty_store.commit(SHELF)
    return empty_store.snapshot()


def search(
    snapshot: Snapshot, k: int = 5, fusion: WordFusion = EVEN, vector: tuple[float, float, float] = RED, **asked: Any
) -> Retrieved:
    query = Query(mode="hybrid", k=k, **asked)
    plan = plan_of(query, SearchSettings(), lambda _: ())
    return retrieve(snapshot, plan, np.array(vector, np.float32), k, fusion=fusion)


def ids(found: Retrieved) -> list[str]:
    return [each.match.id for each in found.candidates]


def by_vector(snapshot: Snapshot, vector: FloatArray, k: int = 5) -> list[str]:
    return [match.id for match in snapshot.search(vector[np.newaxis], k)[0]]


def test_scores_stay_cosines_and_ranks_tell_who_found_what(snapshot: Snapshot) -> None:
    found = search(snapshot, text="red vase")
    cosines = {match.id: match.score for match in snapshot.search(np.array([RED], np.float32), 5)[0]}
    assert {each.match.id: each.match.score for each in found.candidates} == cosines
    ranks = {each.match.id: dict(each.ranks) for each in found.candidates}
    assert ranks["r1"] == {"vector": 1, "words": 2}
    assert ranks["g1"]["words"] == 1
    assert "words" not in ranks["b2"]


def test_the_order_is_the_weighted_sum_of_readings(snapshot: Snapshot) -> None:
    """``red`` is in 3 titles of 5 items, ``vase`` in 2; cosines with red are standardised over all five."""
    found = search(snapshot, text="red vase")
    cosines = {match.id: match.score for match in snapshot.search(np.array([RED], np.float32), 5)[0]}
    mean, spread = np.mean(list(cosines.values())), np.std(list(cosines.values()))
    red, vase = np.log(1 + 2.5 / 3.5), np.log(1 + 3.5 / 2.5)
    shares = {"r1": vase / (red + vase), "r2": red / (red + vase), "g1": 1.0, "b1": red / (red + vase), "b2": 0.0}
    expected = {id: (cosines[id] - mean) / spread + 4.0 * share + 2.0 * (id == "b2") for id, share in shares.items()}
    assert {each.match.id: each.order for each in found.candidates} == pytest.approx(expected, abs=1e-4)
    assert ids(found) == sorted(expected, key=lambda id: -expected[id])
    assert {each.match.id: each.share for each in found.candidates} == pytest.approx(shares, abs=1e-5)


@pytest.mark.parametrize("text", ["VA-77", "va77", "r1", "blue bowl va 77"])
def test_what_is_asked_for_by_its_name_is_first(snapshot: Snapshot, text: str) -> None:
    first = search(snapshot, text=text, vector=BLUE).candidates[0]
    assert (first.match.id, first.exact) == ("r1", "id" if text == "r1" else "sku")
    assert first.reasons == (f"exact {first.exact}",)


@pytest.mark.parametrize("count", [20, 21])
def test_what_many_are_called_is_no_name(empty_store: Store, count: int) -> None:
    """One that only has the word, and stands before some of them, parts them; those before it are no names for that."""
    called = [item(f"u{n:02}", (1.0, 0.0 if n < 5 else 9.0, 0.0), "Lamp", brand="Umbra") for n in range(count)]
    empty_store.commit([*called, item("other", (1.0, 0.05, 0.0), "Umbra umbra umbra")])
    found = search(empty_store.snapshot(), k=50, fusion=replace(EVEN, share=0.0, silent=0.0), text="umbra").candidates
    assert [each.match.id for each in found].index("other") == (20 if count == 20 else 5)
    assert sum(each.exact == "brand" for each in found) == count
    assert [each.named for each in found] == [True] * 20 + [False] if count == 20 else [False] * 22
    assert named(found) == (20 if count == 20 else 0)


def test_a_word_only_hit_is_there_with_its_cosine(empty_store: Store) -> None:
    """Three hundred nearer ones fill what is looked at by vector."""
    empty_store.commit([item(f"n{n:03d}", (1.0, n / 1000, 0.0), "Plate") for n in range(300)])
    empty_store.commit([item("far", BLUE, "Porcelain gravy boat")])
    fusion = replace(EVEN, share=12.0)
    found = search(empty_store.snapshot(), k=3, fusion=fusion, text="gravy boats")
    assert ids(found)[0] == "far"
    assert found.candidates[0].match.score == pytest.approx(0.0, abs=1e-6)
    assert len(found.candidates) == 3


def test_words_of_those_found_by_vector_count_though_many_others_fit_better(empty_store: Store) -> None:
    """All 600 have the word: who has it is known of the nearest too, which are not among the best by words."""
    empty_store.commit([item(f"w{n:03d}", (0.0, 1.0, n / 1000), "Vase") for n in range(400)])
    empty_store.commit(
        [item(f"x{n:03d}", (1.0, n / 1000, 0.0), "Vase of the very tall and slender kind") for n in range(200)]
    )
    found = search(empty_store.snapshot(), k=20, text="vase")
    assert ids(found) == [f"x{n:03d}" for n in range(20)]
    assert {each.share for each in found.candidates} == {1.0}


def test_what_is_excluded_comes_last(snapshot: Snapshot) -> None:
    assert ids(search(snapshot, text="red -vase"))[-2:] in (["r1", "g1"], ["g1", "r1"])
    assert set(ids(search(snapshot, text="red things", negative=("umbra", "bowl")))[:2]) == {"r1", "b2"}
    assert ids(search(snapshot, text="red things without any lamp"))[-1] == "r2"


def test_what_is_excluded_is_no_further_behind_than_that_takes(snapshot: Snapshot) -> None:
    """Boosts, diversity and re-ranking measure by how orders spread, and one far away would make all others equal."""
    plain = {each.match.id: each.order for each in search(snapshot, text="red things").candidates}
    found = {each.match.id: each.order for each in search(snapshot, text="red things", negative=("lamp",)).candidates}
    spread = max(plain.values()) - min(plain.values())
    assert found == pytest.approx({**plain, "r2": plain["r2"] - spread - 1})
    assert min(found, key=lambda id: found[id]) == "r2"


def test_negated_words_do_not_lift(snapshot: Snapshot) -> None:
    assert ids(search(snapshot, text="I am looking for a vase that is not red", vector=GREEN))[0] == "r1"


def test_mistyped_words_are_told(snapshot: Snapshot) -> None:
    found = search(snapshot, text="umrba lamp")
    assert ids(found)[0] == "r2"
    assert found.corrections == {"umrba": "umbra"}


def test_words_are_put_right_in_the_form_that_items_have(empty_store: Store) -> None:
    """The index knows them as ``adida``, ``sunglass`` and ``running shoe``."""
    empty_store.commit([item("a", RED, "ADIDAS running shoes", brand="Adidas"), item("b", BLUE, "Men's Sunglasses")])
    found = search(empty_store.snapshot(), text="adiddas sunglases runningshoe")
    assert found.corrections == {"adiddas": "adidas", "sunglases": "sunglasses", "runningshoe": "running shoes"}


def test_chunks_are_put_right_as_items_write_them(empty_store: Store) -> None:
    empty_store.commit([item("a", RED, "V-Neck T-Shirt"), item("b", BLUE, "Crew neck")])
    found = search(empty_store.snapshot(), text="red v-nek t-shrits, v-nek")
    assert found.corrections == {"v nek": "v-neck", "shrits": "shirt"}
    assert corrected("Red V-nek T-Shrits, v-neks", found.corrections) == "Red v-neck T-shirt, v-neks"


def test_synonyms_of_rules_count(snapshot: Snapshot) -> None:
    query = Query(mode="hybrid", text="urn")
    plan = plan_of(query, SearchSettings(), lambda _: ())
    assert _with_words(retrieve(snapshot, plan, np.array(RED, np.float32), 5)) == set()
    ruled = replace(plan, ruling=Ruling(synonyms={"urn": ("vase",)}, today=date(2026, 1, 1)))
    assert _with_words(retrieve(snapshot, ruled, np.array(RED, np.float32), 5)) == {"r1", "g1"}


def _with_words(found: Retrieved) -> set[str]:
    return {each.match.id for each in found.candidates if each.share > 0}


def test_filters_and_exclusions_hold_for_both(snapshot: Snapshot) -> None:
    assert set(ids(search(snapshot, text="red vase", filter='brand == "Umbra"'))) == {"r2", "g1"}
    assert set(ids(search(snapshot, text="va77", exclude=("r1",)))) == {"r2", "g1", "b1", "b2"}


@pytest.mark.parametrize("text", ["zzz qqq", "🙂", '"', "- - -"])
def test_words_that_nobody_has_leave_the_order_of_vectors(snapshot: Snapshot, text: str) -> None:
    assert ids(search(snapshot, text=text)) == by_vector(snapshot, np.array(RED, np.float32))


def test_a_query_without_text_is_one_by_vector(snapshot: Snapshot) -> None:
    found = search(snapshot, image=b"-")
    assert ids(found) == by_vector(snapshot, np.array(RED, np.float32))
    assert {each.share for each in found.candidates} == {0.0}


def test_a_collection_without_words_is_searched_by_vector(empty_store: Store) -> None:
    empty_store.commit([item(f"i{n}", (1.0, n / 10, 0.0), None) for n in range(5)])
    assert ids(search(empty_store.snapshot(), text="red vase")) == [f"i{n}" for n in range(5)]


@pytest.mark.parametrize("k", [1, 3, 5, 300])
def test_as_many_as_there_are_and_a_longer_list_begins_as_the_shorter(snapshot: Snapshot, k: int) -> None:
    whole = ids(search(snapshot, k=5, text="red vase"))
    assert ids(search(snapshot, k=k, text="red vase")) == whole[:k]


def test_the_searcher_searches_by_both(empty_store: Store) -> None:
    empty_store.commit(SHELF)
    encoder = ColourEncoder()
    searcher = Searcher(encoder, empty_store, Settings())
    page = searcher.search(Query(text="green red vase", mode="hybrid", k=2))
    assert page.hits[0].id == "g1"
    assert page.total == 5
    paged = [searcher.search(Query(text="red vase", mode="hybrid", k=1, offset=n)).hits[0].id for n in range(5)]
    assert paged == [hit.id for hit in searcher.search(Query(text="red vase", mode="hybrid", k=5)).hits]
    assert [pairs[0][0] for pairs in searcher.rank([Query(text="va77", mode="hybrid", k=1)] * 2)] == ["r1", "r1"]


def test_a_query_that_only_excludes_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="only says what it should not show"):
        search(snapshot, text="-vase")


def test_reciprocal_ranks_by_hand() -> None:
    order = reciprocal_ranks([1, 2, None], [None, 1, 3])
    assert order.tolist() == pytest.approx([1 / 61, 1 / 62 + 1 / 61, 1 / 63])


def test_readings_by_hand() -> None:
    assert standardised(np.array([0.3, 0.1]), [0.3, 0.1]).tolist() == pytest.approx([1.0, -1.0])
    assert standardised(np.array([-1.0]), [0.31, 0.3]).tolist() == [-6.0]
    assert standardised(np.array([0.5]), []).tolist() == [0.5]
    of = Readings(
        cosines=np.array([1.0, 0.0]),
        shares=np.array([0.25, 0.5]),
        scores=np.array([1.0, 0.5]),
        silent=np.array([0.0, 1.0]),
    )
    fusion = WordFusion(share=2.0, part=3.0, score=4.0, silent=5.0, source="")
    assert fusion.order(of).tolist() == pytest.approx([1 + 0.5 + 1.5 + 4, 0 + 1 + 3 + 2 + 5])
