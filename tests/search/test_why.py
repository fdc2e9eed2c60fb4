"""Why an item stands where it does: against the pages of the very search, and against what was worked out by hand.

The shelf of 1,500 is that of ``arrange_oracle``, the small one that of ``shelf``.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import arrange_oracle as oracle
import numpy as np
import pytest
from colour_encoder import ColourEncoder
from looking import ScriptedVlm, numbered
from shelf import change

from shelfsight.core.calibration import Calibration, Fusion
from shelfsight.core.errors import FilterError, NotFound, UnknownField, UsageError
from shelfsight.core.listing import SortKey
from shelfsight.core.protocols import Store
from shelfsight.core.settings import SearchSettings, Settings
from shelfsight.core.types import Example, Hit, Query
from shelfsight.core.why import Standing, Why
from shelfsight.search import Searcher
from shelfsight.search.look import Look
from shelfsight.search.rules import read_rules
from shelfsight.stores import create_store

ASKED = oracle.unit((0.3, 0.8, -0.5))
SETTINGS = Settings(search=SearchSettings(max_k=2000, max_window=5000))
THINGS = oracle.things()
LINE = oracle.by_cosine(THINGS, ASKED)
MODEL = Calibration(fusion=Fusion(model=1.0, negation=1.0, retrieval=0.2, floor=20.0, dead_zone=0.0))
NO_TEXT: dict[str, Any] = {"vector": np.array(ASKED, np.float32)}


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Not to be changed."""
    store = create_store(tmp_path_factory.mktemp("big") / "c", kind="exact", encoder=ColourEncoder().spec)
    store.commit(oracle.changes(THINGS))
    yield store
    store.close()


Open = Callable[[str], Searcher]


@pytest.fixture(scope="module")
def under(big: Store) -> Open:
    """A searcher of the big shelf under rules."""
    vlm = ScriptedVlm(lambda number, _: (number * 7919 % 101 + 1) / 103, calibration=MODEL)
    look = Look(vlm=vlm, picture=lambda id, _: numbered(int(id[1:])))

    def made(rules: str) -> Searcher:
        read = read_rules(rules)
        return Searcher(ColourEncoder(), big, SETTINGS, look=lambda _s: look, scale=oracle.scale(), rules=lambda: read)

    return made


def rank_of(stage: str, why: Why) -> int | None:
    (found,) = (each.rank for each in why.stages if each.stage == stage)
    return found


def changes_of(why: Why) -> dict[str, Any]:
    return {each.kind: each for each in why.changes}


# --- against the pages of the search --------------------------------------------------------------------------------

RULES = """
[[pin]]
query = "green"
ids = ["i0007", "i0400"]
position = 3
[[boost]]
filter = "stock > 600"
factor = 3
[[last]]
filter = "stock < 50"
[[hide]]
ids = ["i0011"]
"""


def pages(searcher: Searcher, query: Query) -> list[Hit]:
    """All hits, page by page."""
    found: list[Hit] = []
    while hits := searcher.search(replace(query, offset=len(found))).hits:
        found += hits
        if len(found) + query.k > SETTINGS.search.max_window:
            break
    return found


PLAIN: list[dict[str, Any]] = [
    {},
    {"filter": "stock < 700"},
    {"duplicates": 0.999},
    {"group_by": "family"},
    {"group_by": "family", "duplicates": 0.999, "diversity": 0.3},
    {"min_relevance": 0.6},
    {"sort": (SortKey("price", True),)},
    {"sort": (SortKey("price"),), "min_relevance": 0},
    {"diversity": 0.4},
    {"rerank": True, "depth": 60},
    {"mode": "hybrid", "rerank": True, "min_relevance": 0.3},
]


@pytest.mark.parametrize("rules", ["", RULES], ids=["no rules", "rules"])
@pytest.mark.parametrize("asked", PLAIN, ids=str)
def test_every_item_is_where_the_pages_have_it(under: Open, rules: str, asked: dict[str, Any]) -> None:
    searcher = under(rules)
    query = Query(text="green", k=750, **asked)
    hits = pages(searcher, query)
    ranks = {hit.id: hit.rank for hit in hits}
    assert len(ranks) == len(hits)
    variants = {each.id: hit for hit in hits for each in hit.variants}
    folded = {id: each for hit in hits for each in (hit, *hit.variants) for id in each.duplicates}
    scores = {hit.id: (hit.score, hit.relevance, hit.picture) for hit in hits}
    total = searcher.search(query).total
    for thing in [*THINGS[::400], *THINGS[8:12]]:
        why = searcher.why(thing.id, query)
        assert why.total == total
        assert why.rank == ranks.get(thing.id)
        if why.rank is not None:
            assert why.outcome == ("shown" if why.rank <= 750 else "further")
            assert (why.score, why.relevance, why.picture) == scores[thing.id]
            assert [each.rank for each in why.above] == [why.rank - n for n in (1, 2, 3) if why.rank > n]
            assert [each.id for each in why.above] == [hits[each.rank - 1].id for each in why.above]
            assert all(passed.passes for passed in why.conditions)
        elif thing.id in folded:
            assert why.outcome == "folded"
            assert why.into is not None
            assert (why.into.id, why.into.rank) == (folded[thing.id].id, folded[thing.id].rank)
        elif thing.id in variants:
            assert why.outcome == "grouped"
            assert why.into is not None
            assert (why.into.id, why.into.rank) == (variants[thing.id].id, variants[thing.id].rank)
        else:
            assert why.outcome in ("filtered", "hidden", "cut", "grouped", "folded")


def test_an_item_far_down_is_met(under: Open) -> None:
    last = LINE[-1]
    why = under("").why(last.id, Query(**NO_TEXT))
    assert (why.rank, why.total, why.outcome) == (1500, 1500, "further")
    assert why.stages == (
        Standing(stage="vector", rank=1500, of=1500, value=why.score),
        Standing(stage="final", rank=1500, of=1500),
    )
    assert [each.id for each in why.above] == [thing.id for thing in LINE[-2:-5:-1]]
    for neighbour, thing in zip(why.above, LINE[-2:-5:-1], strict=True):
        assert neighbour.more["score"] == pytest.approx(thing.cosine(ASKED) - last.cosine(ASKED), abs=1e-6)
    assert "no boost reaches it" in changes_of(why)["boost"].text
    assert changes_of(why)["score"].score == pytest.approx(LINE[9].cosine(ASKED), abs=1e-6)
    assert why.sentence == "It stands at place 1500 of 1500: number 1500 by its picture."


def test_by_vector_the_place_is_exact_for_what_is_not_found(under: Open) -> None:
    def stock(thing: oracle.Thing) -> int:
        return int(str(thing.fields["stock"]))

    passing = [thing for thing in LINE if stock(thing) >= 500]
    other = next(thing for thing in LINE[300:] if stock(thing) < 500)
    better = sum(thing.cosine(ASKED) > other.cosine(ASKED) for thing in passing)
    why = under("").why(other.id, Query(**NO_TEXT, filter="stock >= 500"))
    assert why.outcome == "filtered"
    assert rank_of("vector", why) == better + 1
    assert why.conditions[0].fields == {"stock": stock(other)}


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ({"filter": "kind == 'plain'"}, "filtered"),
        ({"exclude": ("yellow",)}, "excluded"),
        ({"min_relevance": 0.9}, "cut"),
        ({}, "hidden"),
    ],
)
def test_what_is_no_hit_is_no_variant_of_one(store: Store, asked: dict[str, Any], outcome: str) -> None:
    """Though another of its group is a hit."""
    store.commit([change("other", [(1, 0.1, 0)], price=40, kind="plain")])
    read = read_rules('[[hide]]\nids = ["yellow"]' if outcome == "hidden" else "")
    searcher = Searcher(ColourEncoder(), store, SETTINGS, rules=lambda: read, scale=oracle.scale())
    query = Query(text="red", group_by="price", **asked)
    (hit,) = (each for each in searcher.search(query).hits if each.group == 40)
    assert (hit.id, hit.variants) == ("other", ())
    why = searcher.why("yellow", query)
    assert (why.outcome, why.rank, why.into) == (outcome, None, None)
    assert why.sentence.startswith("It is not found, because ")
    assert "group" not in changes_of(why)


# --- what would have to change, tried -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rules", ["", '[[boost]]\nfilter = "stock > 600"\nfactor = 2\n[[pin]]\nquery = "green"\nids = ["i0400"]\n']
)
@pytest.mark.parametrize("place", [12, 900])
@pytest.mark.parametrize("text", [None, "green"])
def test_the_boost_that_it_names_is_the_least_that_does_it(
    under: Open, rules: str, place: int, text: str | None
) -> None:
    query = Query(text=text, k=10) if text else Query(**NO_TEXT, k=10)
    id = pages(under(rules), replace(query, k=1000))[place - 1].id
    change = changes_of(under(rules).why(id, query))["boost"]

    def boosted(factor: float) -> int | None:
        return under(f'{rules}\n[[boost]]\nfilter = "id == \\"{id}\\""\nfactor = {factor}').why(id, query).rank

    if change.factor is None:
        reached = boosted(10.0)
        assert reached is not None
        assert reached > 10
        return
    assert change.place == 10
    raised, short = boosted(change.factor), boosted(max(change.factor - 0.004, 0.1))
    assert raised is not None
    assert raised <= 10
    assert short is not None
    assert short >= 10


def test_duplicates_and_cutoffs_that_it_names_let_the_item_in(under: Open) -> None:
    searcher = under("")
    folded = next(
        hit.duplicates[0] for hit in searcher.search(Query(**NO_TEXT, k=200, duplicates=0.99)).hits if hit.duplicates
    )
    why = searcher.why(folded, Query(**NO_TEXT, duplicates=0.99))
    assert why.into is not None
    assert why.into.cosine is not None
    assert why.into.cosine >= 0.99 - 1e-5
    alone = searcher.why(folded, Query(**NO_TEXT, duplicates=min(1.0, why.into.cosine + 1e-4)))
    assert alone.into is None or alone.into.id != why.into.id
    cut = searcher.why(LINE[1200].id, Query(**NO_TEXT, min_relevance=0.9))
    assert cut.outcome == "cut"
    assert (cut.cutoff, cut.rank) == (0.9, None)
    assert cut.relevance is not None
    assert cut.relevance < 0.9
    least = float(changes_of(cut)["cutoff"].text.split()[2])
    assert searcher.why(LINE[1200].id, Query(**NO_TEXT, min_relevance=least)).rank is not None


# --- by hand, on the small shelf ------------------------------------------------------------------------------------


def small(store: Store, rules: str = "") -> Searcher:
    read = read_rules(rules)
    return Searcher(ColourEncoder(), store, SETTINGS, rules=lambda: read)


def test_which_part_of_the_filter_fails(store: Store) -> None:
    query = Query(text="red", filter='price < 35 and (kind == "plain" or price > 99) and not (price in [20])')
    why = small(store).why("yellow", query)
    assert [(each.text, each.passes, each.fields) for each in why.conditions] == [
        ("price < 35", False, {"price": 40}),
        ('kind == "plain" or price > 99', False, {"kind": "mixed", "price": 40}),
        ("price not in [20]", True, {"price": 40}),
    ]
    assert (why.outcome, why.rank, why.above) == ("filtered", None, ())
    assert why.sentence == (
        "It is not found, because it does not pass price < 35 (price is 40) and it does not pass "
        "kind == \"plain\" or price > 99 (kind is 'mixed', price is 40); by its picture it would be number 2 of those "
        "that do."
    )
    assert [change.kind for change in why.changes] == ["filter", "filter"]


def test_limits_in_the_text_count_where_it_is_taken_apart(store: Store) -> None:
    look = Look(vlm=ScriptedVlm(lambda *_: 0.5), picture=lambda *_: numbered(1))
    searcher = Searcher(ColourEncoder(), store, SETTINGS, look=lambda _s: look)
    why = searcher.why("pair", Query(text="red under 45", rerank=True))
    assert [(each.source, each.text, each.passes) for each in why.conditions] == [("limit", "price < 45", False)]


def test_rules_that_hide_pin_boost_and_bury(store: Store) -> None:
    searcher = small(
        store,
        '[[hide]]\nname = "recall"\nids = ["red"]\n[[pin]]\nquery = "red"\nids = ["pair"]\nposition = 2\n'
        '[[boost]]\nname = "mixed"\nfilter = "kind == \\"mixed\\""\nfactor = 2\n[[last]]\nfilter = "price == 20"',
    )
    query = Query(text="red")
    hidden = searcher.why("red", query)
    assert (hidden.outcome, hidden.rank) == ("hidden", None)
    assert [(rule.kind, rule.rule, rule.line) for rule in hidden.rules] == [("hide", "recall", 1)]
    assert changes_of(hidden)["rule"].text == "take it out of what the rule 'recall' hides"
    pinned = searcher.why("pair", query)
    assert (pinned.rank, pinned.outcome) == (2, "shown")
    assert [(rule.kind, rule.place, rule.factor) for rule in pinned.rules] == [("pin", 2, None), ("boost", None, 2.0)]
    buried = searcher.why("green", query)
    assert buried.rank == 4
    assert [rule.kind for rule in buried.rules] == ["bury"]
    assert changes_of(buried).keys() == {"rule", "pin"}
    boosted = searcher.why("yellow", query)
    assert [(rule.kind, rule.rule) for rule in boosted.rules] == [("boost", "mixed")]
    assert rank_of("rules", boosted) == boosted.rank == 1


def test_words_that_it_has_and_ranks_by_both(store: Store) -> None:
    why = small(store).why("yellow", Query(text="the mixed green one", mode="hybrid"))
    assert why.words == {"mixed": True, "green": False}
    assert why.share is not None
    assert 0 < why.share < 1
    assert [each.stage for each in why.stages] == ["vector", "words", "retrieval", "final"]
    hits = small(store).search(Query(text="the mixed green one", mode="hybrid")).hits
    (hit,) = (hit for hit in hits if hit.id == "yellow")
    stages = ("vector", "words", "retrieval")
    assert {stage: rank_of(stage, why) for stage in stages} == {stage: hit.ranks.get(stage) for stage in stages}
    assert small(store).why("yellow", Query(text="green")).words is None


def test_the_best_picture_is_told(store: Store) -> None:
    assert small(store).why("pair", Query(text="green")).picture == "pair-1.jpg"
    assert small(store).why("pair", Query(text="blue")).picture_index == 0


def test_examples_and_left_out_ids_are_no_hits(store: Store) -> None:
    example = small(store).why("red", Query(text="white", like=(Example("red"),)))
    assert (example.outcome, example.conditions[0].text) == ("excluded", "it is an example of the query")
    left_out = small(store).why("red", Query(text="white", exclude=("red",)))
    assert (left_out.outcome, left_out.conditions[0].source) == ("excluded", "excluded")


def test_the_first_hit_needs_nothing(store: Store) -> None:
    why = small(store).why("red", Query(text="red"))
    assert (why.rank, why.changes, why.above) == (1, (), ())


def test_what_cannot_be_asked(store: Store, empty_store: Store) -> None:
    for searcher in (small(store), small(empty_store)):
        with pytest.raises(NotFound, match="nobody"):
            searcher.why("nobody", Query(text="red"))
    with pytest.raises(UsageError):
        small(store).why("red", Query())
    with pytest.raises(FilterError):
        small(store).why("red", Query(text="red", filter="price <"))
    with pytest.raises(UnknownField):
        small(store).why("red", Query(text="red", filter="nothing < 1"))


def test_an_item_behind_the_last_place_is_unreached(big: Store) -> None:
    few = Searcher(ColourEncoder(), big, Settings(search=SearchSettings(max_k=50, max_window=100)))
    why = few.why(LINE[700].id, Query(**NO_TEXT))
    assert (why.outcome, why.rank, rank_of("vector", why)) == ("unreached", None, 701)
    assert few.why(LINE[99].id, Query(**NO_TEXT)).rank == 100
