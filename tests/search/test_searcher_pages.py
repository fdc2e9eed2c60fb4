"""Pages are parts of one order, however large they are, and that order is the one worked out in plain Python."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import arrange_oracle as oracle
import numpy as np
import pytest
from colour_encoder import ColourEncoder
from looking import ScriptedVlm, numbered
from shelf import change

from shelfsight.core.calibration import Calibration, Fusion
from shelfsight.core.errors import SnapshotGone, UnknownField, UsageError
from shelfsight.core.listing import Histogram, SortKey
from shelfsight.core.protocols import Store
from shelfsight.core.settings import SearchSettings, Settings
from shelfsight.core.types import Hit, Page, Query
from shelfsight.search import Searcher
from shelfsight.search.look import Look
from shelfsight.search.planning import DIVERSE, HEAD
from shelfsight.search.rules import read_rules
from shelfsight.search.snapshots import Snapshots
from shelfsight.stores import create_store, open_store

ASKED = oracle.unit((0.3, 0.8, -0.5))
SETTINGS = Settings(search=SearchSettings(max_k=2000, max_window=5000))
THINGS = oracle.things()
LINE = oracle.by_cosine(THINGS, ASKED)
MODEL = Calibration(fusion=Fusion(model=1.0, negation=1.0, retrieval=0.2, floor=20.0, dead_zone=0.0))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Not to be changed."""
    store = create_store(tmp_path_factory.mktemp("big") / "c", kind="exact", encoder=ColourEncoder().spec)
    store.commit(oracle.changes(THINGS))
    yield store
    store.close()


@pytest.fixture(scope="module")
def searcher(big: Store) -> Searcher:
    vlm = ScriptedVlm(lambda number, _: (number * 7919 % 101 + 1) / 103, calibration=MODEL)
    look = Look(vlm=vlm, picture=lambda id, _: numbered(int(id[1:])))
    return Searcher(ColourEncoder(), big, SETTINGS, look=lambda _seconds: look, scale=oracle.scale())


def query(**asked: Any) -> Query:
    return Query(**{"vector": np.array(ASKED, np.float32), "k": 10, **asked})


def ids(hits: Page | tuple[Hit, ...]) -> list[str]:
    return [hit.id for hit in (hits.hits if isinstance(hits, Page) else hits)]


def names(things: list[oracle.Thing]) -> list[str]:
    return [thing.id for thing in things]


PRICE, STOCK_DOWN, MIXED = SortKey("price"), SortKey("stock", descending=True), SortKey("mixed", descending=True)

ARRANGEMENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "filter": {"filter": "price > 7"},
    "sort": {"sort": (PRICE, STOCK_DOWN)},
    "sort all": {"sort": (MIXED, PRICE), "min_relevance": 0.0},
    "group": {"group_by": "family"},
    "few groups": {"group_by": "rare"},
    "mixed groups": {"group_by": "mixed"},
    "sorted groups": {"group_by": "family", "sort": (PRICE,)},
    "duplicates": {"duplicates": 0.9999},
    "diversity": {"diversity": 0.4},
    "relevant": {"min_relevance": 0.3},
    "relevant groups": {"min_relevance": 0.3, "group_by": "family", "duplicates": 0.9999},
    "all": {"group_by": "family", "duplicates": 0.9999, "diversity": 0.3, "filter": "stock < 900"},
    "sorted, folded": {"sort": (STOCK_DOWN,), "duplicates": 0.9999, "min_relevance": 0.0},
    "words": {"text": "red one i0042", "mode": "hybrid"},
    "words, all": {
        "text": "red",
        "mode": "hybrid",
        "group_by": "family",
        "duplicates": 0.9999,
        "diversity": 0.3,
    },
    "words, groups": {"text": "red", "mode": "hybrid", "group_by": "rare"},
    "words, relevant": {"text": "red", "mode": "hybrid", "min_relevance": 0.3},
    "words, sorted": {"text": "red", "mode": "hybrid", "sort": (PRICE,)},
    "words, looked at": {"text": "red not green", "mode": "hybrid", "rerank": True, "depth": 40},
    "looked at": {"text": "red", "rerank": True, "depth": 40},
    "looked at, all": {
        "text": "red",
        "rerank": True,
        "depth": 40,
        "group_by": "family",
        "duplicates": 0.9999,
        "diversity": 0.3,
    },
    "looked at, relevant": {"text": "red", "rerank": True, "depth": 40, "min_relevance": 0.4},
    "looked at, sorted": {"text": "red", "rerank": True, "depth": 40, "sort": (PRICE,)},
}


@pytest.mark.parametrize("asked", ARRANGEMENTS.values(), ids=[*ARRANGEMENTS])
def test_small_pages_together_are_one_large_page(searcher: Searcher, asked: dict[str, Any]) -> None:
    whole = searcher.search(query(k=30, **asked))
    pages = [searcher.search(query(k=5, offset=offset, **asked)) for offset in range(0, 30, 5)]
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert {(page.total, page.groups) for page in pages} == {(whole.total, whole.groups)}
    assert len(whole.hits) == min(30, whole.total if whole.groups is None else whole.groups)


@pytest.mark.parametrize("name", ["plain", "duplicates", "diversity", "all", "group", "sort all"])
def test_pages_join_where_the_arranged_head_ends(searcher: Searcher, name: str) -> None:
    asked = ARRANGEMENTS[name]
    everything = ids(searcher.search(query(k=1500, **asked)))
    assert len(set(everything)) == len(everything)
    for seam in (DIVERSE, HEAD):
        start = min(seam, len(everything)) - 15
        pages = [ids(searcher.search(query(k=10, offset=offset, **asked))) for offset in range(start, start + 30, 10)]
        assert [*chain(*pages)] == everything[start : start + 30]
    beyond = searcher.search(query(k=10, offset=len(everything) - 4, **asked))
    assert ids(beyond) == everything[-4:]


def test_pages_join_where_the_second_look_ends(searcher: Searcher) -> None:
    asked = {"text": "red", "vector": None, "rerank": True, "depth": 40}
    whole = searcher.search(query(k=40, offset=20, **asked))
    pages = [searcher.search(query(k=10, offset=offset, **asked)) for offset in (20, 30, 40, 50)]
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert [hit.ranks["rerank"] for hit in whole.hits] == list(range(21, 61))


def test_the_order_is_that_of_the_oracle(searcher: Searcher) -> None:
    assert ids(searcher.search(query(k=1500))) == names(LINE)
    kept, into = oracle.folded(LINE, 0.9999, HEAD)
    page = searcher.search(query(k=1500, duplicates=0.9999))
    assert len(kept) < len(LINE) - 100
    assert ids(page) == names(kept)
    assert {hit.id: list(hit.duplicates) for hit in page.hits if hit.duplicates} == into
    assert page.total == 1500
    different = oracle.varied(LINE, lambda thing: thing.cosine(ASKED), 0.4, DIVERSE)
    assert ids(searcher.search(query(k=1500, diversity=0.4))) == names(different)
    assert different[:20] != LINE[:20]
    both = oracle.varied(kept, lambda thing: thing.cosine(ASKED), 0.4, DIVERSE)
    assert ids(searcher.search(query(k=1500, diversity=0.4, duplicates=0.9999))) == names(both)


@pytest.mark.parametrize("field", ["family", "rare", "mixed"])
def test_a_group_takes_one_place_with_its_others_inside(searcher: Searcher, field: str) -> None:
    groups = oracle.grouped(LINE, field)
    page = searcher.search(query(k=1500, group_by=field))
    assert ids(page) == names([lead for lead, _ in groups])
    assert (page.groups, page.total) == (len(groups), 1500)
    first = searcher.search(query(k=20, group_by=field))
    for hit, (lead, others) in zip(first.hits, groups, strict=False):
        assert hit.group == (lead.fields[field] or None)
        assert ids(hit.variants) == names(others)[:100]
        assert {variant.rank for variant in hit.variants} <= {hit.rank}
        assert [variant.group for variant in hit.variants] == [hit.group] * len(hit.variants)


def test_never_fewer_than_k_groups_when_there_are_k(empty_store: Store, encoder: ColourEncoder) -> None:
    """Two groups of thousands stand before all others."""
    crowd = [change(f"a{n:04}", [(1, 0.0001 * n, 0)], brand="ab"[n % 2]) for n in range(6000)]
    others = [change(f"z{n}", [(0, 1, 0.1 * n)], brand=f"z{n // 2}") for n in range(10)]
    lonely = [change("y", [(0, 1, -0.05)], price=3)]
    empty_store.commit([*crowd, *others, *lonely])
    searcher = Searcher(encoder, empty_store, SETTINGS)
    page = searcher.search(Query(text="red", k=10, group_by="brand"))
    assert [(hit.id, hit.group) for hit in page.hits] == [
        ("a0000", "a"),
        ("a0001", "b"),
        ("y", None),
        ("z0", "z0"),
        ("z2", "z1"),
        ("z4", "z2"),
        ("z6", "z3"),
        ("z8", "z4"),
    ]
    assert (page.groups, page.total) == (8, 6011)
    assert [len(hit.variants) for hit in page.hits] == [100, 100, 0, 1, 1, 1, 1, 1]
    assert ids(page.hits[0].variants)[:3] == ["a0002", "a0004", "a0006"]
    assert ids(searcher.search(Query(text="red", k=2, offset=2, group_by="brand"))) == ["y", "z0"]


def test_a_sorted_search_is_of_what_is_relevant(searcher: Searcher, big: Store) -> None:
    relevant = [thing for thing in LINE if thing.cosine(ASKED) >= 0.5]  # log-odds 0 are even chances
    expected = oracle.by_fields(relevant, "price", "-stock")
    page = searcher.search(query(k=1500, sort=(PRICE, STOCK_DOWN), facets=("rare",)))
    assert ids(page) == names(expected)
    assert page.total == len(expected)
    assert sum(page.facets["rare"].values()) == len(expected)
    everything = oracle.by_fields(THINGS, "-mixed", "price")
    assert ids(searcher.search(query(k=1500, sort=(MIXED, PRICE), min_relevance=0.0))) == names(everything)
    unjudged = Searcher(ColourEncoder(), big, SETTINGS)
    page = unjudged.search(query(k=1500, sort=(MIXED, PRICE)))
    assert (ids(page), page.total, page.warnings) == (names(everything), 1500, ())
    scores = {thing.id: thing.cosine(ASKED) for thing in THINGS}
    assert {hit.id: hit.score for hit in page.hits} == pytest.approx(scores, abs=1e-5)


def test_too_many_to_sort_are_the_best_of_them(big: Store) -> None:
    few = Searcher(ColourEncoder(), big, Settings(search=SearchSettings(max_k=200, max_window=200)))
    page = few.search(query(k=200, sort=(STOCK_DOWN,)))
    assert ids(page) == names(oracle.by_fields(LINE[:200], "-stock"))
    assert page.total == 200
    assert page.warnings == ("sorted are the 200 best hits; a filter or a cutoff makes them fewer",)
    page = few.search(query(k=200, sort=(STOCK_DOWN,), filter="stock < 100"))
    assert ids(page) == names(oracle.by_fields([each for each in THINGS if each.fields["stock"] < 100], "-stock"))
    assert page.warnings == ()


@pytest.mark.parametrize("least", [0.05, 0.5, 0.9, 0.992])
def test_what_is_less_relevant_is_left_out_and_not_counted(searcher: Searcher, least: float) -> None:
    bound = 0.5 + np.log(least / (1 - least)) / 10
    relevant = [thing for thing in LINE if thing.cosine(ASKED) >= bound]
    page = searcher.search(
        query(k=1500, min_relevance=least, facets=("rare", "price"), histograms=("stock",), group_by="family")
    )
    groups = oracle.grouped(relevant, "family")
    assert ids(page) == names([lead for lead, _ in groups])
    assert [ids(hit.variants) for hit in page.hits] == [names(others) for _, others in groups]
    assert (page.total, page.groups) == (len(relevant), len(groups))
    for field in ("rare", "price"):
        values = [each.fields[field] for each in relevant if each.fields[field] is not None]
        assert sum(page.facets[field].values()) == len(values)
    assert sum(page.histograms["stock"].counts) == len(relevant)
    assert all(hit.relevance is not None and hit.relevance >= least - 1e-6 for hit in page.hits)


def test_nothing_matches_is_said_and_hits_are_shown_all_the_same(searcher: Searcher) -> None:
    near = searcher.search(query())
    assert (near.nothing_matches, near.warnings) == (False, ())
    far = searcher.search(query(filter="stock == 3"))
    best = max(thing.cosine(ASKED) for thing in THINGS if thing.fields["stock"] == 3)
    assert best < 0.9
    assert far.nothing_matches
    assert len(far.hits) == far.total > 0
    assert "what is nearest is shown" in far.warnings[0]
    assert not searcher.search(query(sort=(PRICE,), min_relevance=0.0, offset=700)).nothing_matches
    gone = searcher.search(query(filter="stock == 3", min_relevance=0.99))
    assert (gone.hits, gone.total, gone.nothing_matches) == ((), 0, True)


def test_a_page_of_nothing_says_that_nothing_matches(searcher: Searcher, big: Store) -> None:
    """Whatever made it empty: a bound that the best hit does not reach though it fits, or a filter."""
    best = max(thing.cosine(ASKED) for thing in THINGS)
    least = 1 / (1 + np.exp(-10 * (best + 0.01 - 0.5)))
    strict = searcher.search(query(min_relevance=float(least)))
    assert (strict.total, strict.nothing_matches) == (0, True)
    assert "as likely to be what was asked for as it has to be" in strict.warnings[0]
    for page in (
        searcher.search(query(filter="stock < 0")),
        searcher.browse(Query(filter="stock < 0")),
        Searcher(ColourEncoder(), big, SETTINGS).search(query(filter="stock < 0")),
    ):
        assert (page.total, page.nothing_matches, page.warnings) == (0, True, ())
    assert not searcher.browse(Query()).nothing_matches


def test_min_relevance_needs_somebody_to_judge(big: Store) -> None:
    with pytest.raises(UsageError, match="calibrated"):
        Searcher(ColourEncoder(), big, SETTINGS).search(query(min_relevance=0.5))


def test_the_model_decides_what_is_relevant_of_what_it_looks_at(searcher: Searcher) -> None:
    asked = {"text": "red", "vector": None, "rerank": True, "depth": 40, "min_relevance": 0.4, "k": 1500}
    every = searcher.search(query(**{**asked, "min_relevance": None}))
    looked = {hit.id: hit.relevance for hit in every.hits[:40]}
    page = searcher.search(query(**asked))
    expected = [id for id, relevance in looked.items() if relevance is not None and relevance >= 0.4]
    expected += [hit.id for hit in every.hits[40:] if hit.relevance is not None and hit.relevance >= 0.4]
    assert ids(page) == expected
    assert page.total == len(expected)


# --- words too -----------------------------------------------------------------------------------------------------


def test_who_is_asked_for_by_name_is_first_whatever_comes_behind(searcher: Searcher) -> None:
    asked = query(text="i0042", mode="hybrid", vector=None, k=50)
    plain = searcher.search(asked)
    assert (plain.hits[0].id, plain.hits[0].reasons, plain.nothing_matches) == ("i0042", ("exact id",), False)
    assert plain.hits[0].ranks["words"] == 1
    for more in ({"rerank": True, "depth": 40}, {"diversity": 0.8}, {"duplicates": 0.9999}):
        assert ids(searcher.search(replace(asked, **more)))[0] == "i0042"  # type: ignore[arg-type]


def test_what_was_read_in_place_of_what_was_typed_is_told(searcher: Searcher) -> None:
    page = searcher.search(query(text="greeen", mode="hybrid", vector=None))
    assert page.corrections == {"greeen": "green"}
    assert {dict(hit.metadata)["rare"] for hit in page.hits} == {"green"}
    assert searcher.search(query(text="greeen", vector=None)).corrections == {}


def test_a_slip_changes_neither_scores_nor_how_relevant_hits_are(searcher: Searcher) -> None:
    """The encoder reads what the words were taken for: ``greeen`` alone it would take for white."""
    right = searcher.search(query(text="green one", mode="hybrid", vector=None))
    slip = searcher.search(query(text="Greeen one", mode="hybrid", vector=None))
    assert [(hit.id, hit.score) for hit in slip.hits[:3]] == [(hit.id, hit.score) for hit in right.hits[:3]]
    by_vector = searcher.search(query(text="green one", vector=None, k=1000)).hits
    assert {hit.id: hit.score for hit in slip.hits}.items() <= {hit.id: hit.score for hit in by_vector}.items()
    asked = Query(text="Greeen one", mode="hybrid", k=3)
    assert searcher.rank([asked]) == [[(hit.id, hit.score) for hit in slip.hits[:3]]]


def test_relevance_by_words_decides_what_counts(searcher: Searcher) -> None:
    asked = {"text": "green", "mode": "hybrid", "vector": None, "k": 1500}
    every = searcher.search(query(**asked))
    assert sorted(ids(every)) == sorted(names(THINGS))
    relevant = {hit.id for hit in every.hits if hit.relevance is not None and hit.relevance >= 0.5}
    page = searcher.search(query(**asked, min_relevance=0.5))
    assert set(ids(page)) == relevant
    assert page.total == len(relevant)
    by_vector = searcher.search(query(**{**asked, "mode": "vector"}, min_relevance=0.5))
    assert set(ids(by_vector)) < relevant


def test_what_a_fusion_puts_far_down_is_counted_too(empty_store: Store, encoder: ColourEncoder) -> None:
    """More items than a fusion is gone down at first have the word and are unlikely; the likely ones have it not."""
    crowd = [change(f"c{n:04}", [(0.25, 0.9682, 0)], price=n % 7, note="a red one") for n in range(1100)]
    likely = [change(f"x{n}", [(0.9, 0.4359, 0.01 * n)], price=100 + n) for n in range(5)]
    empty_store.commit([*crowd[:600], *likely, *crowd[600:]])
    searcher = Searcher(encoder, empty_store, SETTINGS, scale=oracle.scale())
    asked = Query(text="red", mode="hybrid", k=3, min_relevance=0.5, facets=("price",), histograms=("price",))
    every = searcher.search(replace(asked, k=1200, min_relevance=None)).hits
    assert sorted(hit.id for hit in every if (hit.relevance or 0) >= 0.5) == ["x0", "x1", "x2", "x3", "x4"]
    page = searcher.search(asked)
    assert (page.total, sum(page.facets["price"].values()), sum(page.histograms["price"].counts)) == (5, 5, 5)
    assert ids(page) + ids(searcher.search(replace(asked, offset=3))) == ["x0", "x1", "x2", "x3", "x4"]
    dearest = searcher.search(replace(asked, min_relevance=None, sort=(SortKey("price", descending=True),)))
    assert (ids(dearest), dearest.total) == (["x4", "x3", "x2"], 5)


# --- rules ----------------------------------------------------------------------------------------------------------

RULES = """
[[pin]]
query = "red"
ids = ["i0700", "i0701"]
position = 2

[[pin]]
query = "red"
ids = ["i0011"]
position = 7

[[boost]]
filter = 'rare == "blue"'
factor = 2

[[last]]
filter = 'price == 5'

[[hide]]
filter = 'stock < 50'
"""
PINS = {1: "i0700", 2: "i0701", 6: "i0011"}
RULED = {
    name: {**asked, "text": "red", "vector": None}
    for name, asked in ARRANGEMENTS.items()
    if name in ("plain", "sort", "group", "diversity", "relevant groups", "words, all", "looked at, all")
    or name in ("duplicates", "looked at", "looked at, relevant")
}


@pytest.fixture(scope="module")
def ruled(big: Store) -> Searcher:
    vlm = ScriptedVlm(lambda number, _: (number * 7919 % 101 + 1) / 103, calibration=MODEL)
    look = Look(vlm=vlm, picture=lambda id, _: numbered(int(id[1:])))
    rules = read_rules(RULES)
    options: dict[str, Any] = {"look": lambda _seconds: look, "scale": oracle.scale(), "rules": lambda: rules}
    return Searcher(ColourEncoder(), big, SETTINGS, **options)


@pytest.mark.parametrize("name", RULED)
def test_pages_under_rules_follow_one_another_and_pins_stay(ruled: Searcher, name: str) -> None:
    asked = RULED[name]
    whole = ruled.search(query(k=24, **asked))
    pages = [ruled.search(query(k=8, offset=offset, **asked)) for offset in range(0, 24, 8)]
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert all(hit.metadata["stock"] >= 50 for hit in whole.hits)  # type: ignore[operator]
    pinned = {place: hit.id for place, hit in enumerate(whole.hits) if "pinned" in hit.reasons}
    assert pinned == ({} if "sort" in asked else PINS)
    assert whole.total == ruled.search(query(k=1, **asked)).total
    if not {"sort", "min_relevance"} & {*asked}:
        assert whole.total == sum(thing.fields["stock"] >= 50 for thing in THINGS)  # type: ignore[operator]


def test_what_is_last_stays_last_of_the_head(ruled: Searcher) -> None:
    for name in ("plain", "diversity", "duplicates", "looked at"):
        head = ruled.search(query(k=HEAD, **RULED[name])).hits
        last = [hit.metadata["price"] == 5 for hit in head if "pinned" not in hit.reasons]
        assert last.index(True) > 40
        if name != "duplicates":  # which makes room in the head
            assert last == sorted(last)


# --- browsing, more like this --------------------------------------------------------------------------------------


def test_browsing_follows_fields_and_ids(searcher: Searcher) -> None:
    plain = searcher.browse(Query(k=20, offset=7))
    assert ids(plain) == sorted(names(THINGS))[7:27]
    assert {(hit.score, hit.relevance) for hit in plain.hits} == {(0.0, None)}
    assert [hit.rank for hit in plain.hits] == list(range(8, 28))
    asked = Query(k=1500, filter="stock < 500", sort=(PRICE, STOCK_DOWN), facets=("rare",), histograms=("stock",))
    expected = oracle.by_fields([each for each in THINGS if each.fields["stock"] < 500], "price", "-stock")
    page = searcher.browse(asked)
    assert ids(page) == names(expected)
    assert (page.total, sum(page.facets["rare"].values())) == (len(expected), len(expected))
    assert sum(page.histograms["stock"].counts) == len(expected)
    parts = [ids(searcher.browse(replace(asked, k=7, offset=offset))) for offset in range(0, 70, 7)]
    assert [*chain(*parts)] == names(expected)[:70]
    groups = oracle.grouped(expected, "family")
    page = searcher.browse(replace(asked, group_by="family"))
    assert ids(page) == names([lead for lead, _ in groups])
    assert page.groups == len(groups)
    assert ids(page.hits[3].variants) == names(groups[3][1])


def test_browsing_refuses_what_search_refuses(searcher: Searcher) -> None:
    with pytest.raises(UsageError, match="k is 0"):
        searcher.browse(Query(k=0))
    for asked in ({"sort": (SortKey("size"),)}, {"group_by": "size"}, {"facets": ("size",)}, {"histograms": ("size",)}):
        with pytest.raises(UnknownField, match="size"):
            searcher.browse(Query(**asked))  # type: ignore[arg-type]
        with pytest.raises(UnknownField, match="size"):
            searcher.search(query(**asked))


def test_more_like_this_is_arranged_too(searcher: Searcher) -> None:
    shown = THINGS[17]
    others = oracle.by_cosine([each for each in THINGS if each is not shown], shown.vector)
    groups = oracle.grouped(others, "family")
    page = searcher.similar(shown.id, k=30, group_by="family")
    assert ids(page) == names([lead for lead, _ in groups])[:30]
    assert (page.total, page.groups) == (1499, len(groups))


def test_rank_gives_what_search_gives(searcher: Searcher) -> None:
    queries = [query(k=30, offset=5, **asked) for asked in ARRANGEMENTS.values()]
    ranked = searcher.rank(queries)
    assert ranked == [[(hit.id, hit.score) for hit in searcher.search(each).hits] for each in queries]


def test_an_empty_collection_is_browsed(empty_store: Store, encoder: ColourEncoder) -> None:
    asked = Query(sort=(PRICE,), facets=("price",), histograms=("price",), group_by="price")
    page = Searcher(encoder, empty_store, SETTINGS).browse(asked)
    assert (page.hits, page.total, page.groups, page.facets) == ((), 0, 0, {"price": {}})
    assert page.histograms == {"price": Histogram()}
    assert page.warnings == ("the collection is empty; index a catalogue into it first",)


# --- states ----------------------------------------------------------------------------------------------------------


Open = Callable[..., tuple[Store, Searcher]]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    stores: list[Store] = []

    def make(**settings: Any) -> tuple[Store, Searcher]:
        store = create_store(tmp_path / f"c{len(stores)}", kind="exact", encoder=ColourEncoder().spec)
        store.commit([change(f"i{n}", [(1, 0.1 * n, 0)], price=n) for n in range(10)])
        stores.append(store)
        return store, Searcher(ColourEncoder(), store, Settings(search=SearchSettings(**settings)))

    yield make
    for store in stores:
        store.close()


def test_the_next_page_is_of_the_same_state(opened: Open) -> None:
    store, searcher = opened()
    first = searcher.search(Query(text="red", k=3))
    store.commit([change("new", [(1, 0.15, 0)], price=0)], deletes=["i4"])
    second = searcher.search(Query(text="red", k=3, offset=3, snapshot=first.snapshot, facets=("price",)))
    assert ids(second) == ["i3", "i4", "i5"]
    assert (second.total, second.snapshot, len(second.facets["price"])) == (10, first.snapshot, 10)
    assert ids(searcher.browse(Query(k=20, snapshot=first.snapshot))) == [f"i{n}" for n in range(10)]
    assert "i4" in ids(searcher.similar("i3", snapshot=first.snapshot))
    now = searcher.search(Query(text="red", k=3))
    assert ids(now) == ["i0", "i1", "new"]
    assert now.snapshot != first.snapshot


def test_a_state_nobody_knows_is_gone(opened: Open) -> None:
    store, searcher = opened()
    with pytest.raises(SnapshotGone, match="kept no longer") as caught:
        searcher.search(Query(text="red", snapshot="nonsense"))
    assert caught.value.hint == "start again from the first page"
    token = searcher.search(Query(text="red")).snapshot
    again = Searcher(ColourEncoder(), store, SETTINGS)
    assert again.search(Query(text="red", snapshot=token)).total == 10  # nothing was written since


def test_a_state_of_another_encoder_is_another(opened: Open, tmp_path: Path) -> None:
    _, searcher = opened()
    spec = replace(ColourEncoder().spec, revision="2")
    store = create_store(tmp_path / "moved", kind="exact", encoder=spec)
    store.commit([change(f"i{n}", [(1, 0.1 * n, 0)], price=n) for n in range(10)])
    with pytest.raises(SnapshotGone):
        Searcher(ColourEncoder(), store, SETTINGS).browse(Query(snapshot=searcher.browse(Query()).snapshot))
    store.close()


def test_only_so_many_states_are_kept(opened: Open) -> None:
    store, searcher = opened(snapshots=2)
    tokens = []
    for n in range(3):
        tokens.append(searcher.search(Query(text="red")).snapshot)
        if n == 1:  # the first was read again, and the second is the one that goes
            searcher.search(Query(text="red", snapshot=tokens[0]))
        store.commit([change("i0", [(1, 0, 0)], price=100 + n)])
    assert searcher.search(Query(text="red", snapshot=tokens[0])).snapshot == tokens[0]
    with pytest.raises(SnapshotGone):
        searcher.search(Query(text="red", snapshot=tokens[1]))


def test_a_state_is_kept_for_so_long(opened: Open) -> None:
    store, _ = opened()
    now = 100.0
    snapshots = Snapshots(store, SearchSettings(snapshot_seconds=60), clock=lambda: now)
    first = snapshots.get(None)
    token = snapshots.name(first)
    store.commit([change("i0", [(1, 0, 0)], price=100)])
    now += 59
    assert snapshots.get(token) is first
    now += 59  # since it was read last
    assert snapshots.get(token) is first
    now += 61
    with pytest.raises(SnapshotGone):
        snapshots.get(token)


def test_no_state_is_kept_behind_an_erasure(opened: Open) -> None:
    """Whoever erases: here as another process would."""
    store, searcher = opened()
    token = searcher.search(Query(text="red")).snapshot
    store.commit([change("i0", [(1, 0, 0)], price=100)])
    with closing(open_store(store.folder)) as other:  # type: ignore[attr-defined]
        other.commit([], ["i5"])
        assert "i5" in ids(searcher.search(Query(text="red", snapshot=token)))
        assert other.erase(["i4"]).verified
    with pytest.raises(SnapshotGone):
        searcher.search(Query(text="red", snapshot=token))
    page = searcher.search(Query(text="red", k=3))
    assert ids(searcher.search(Query(text="red", k=3, offset=3, snapshot=page.snapshot))) == ["i3", "i6", "i7"]
