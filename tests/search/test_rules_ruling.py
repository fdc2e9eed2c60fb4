"""Rules at work on a small shelf: what they move, how far, and what they leave alone."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from hypothesis import given
from hypothesis import strategies as st
from shelf import SHELF, change

from shelfsight.core.filters import parse
from shelfsight.core.listing import Match
from shelfsight.core.protocols import Store
from shelfsight.core.rules import MOST_FACTOR, NO_RULES, Scope
from shelfsight.core.settings import Settings
from shelfsight.core.types import Query
from shelfsight.search import Searcher
from shelfsight.search.candidates import Candidate
from shelfsight.search.explain.truth import truth
from shelfsight.search.rules import read_rules, ruling_of
from shelfsight.search.rules.boosting import falling, merits, moved
from shelfsight.search.rules.freshness import age_in_days
from shelfsight.search.rules.hiding import fails
from shelfsight.search.rules.scoping import counts

TODAY = date(2025, 6, 15)


def ruled(store: Store, settings: Settings, text: str) -> Searcher:
    """A searcher under the rules that ``text`` writes down."""
    rules = read_rules(text)
    return Searcher(ColourEncoder(), store, settings, rules=lambda: rules)


def ids(searcher: Searcher, text: str = "red", **query: object) -> list[str]:
    return [hit.id for hit in searcher.search(Query(text=text, **query)).hits]


def test_rules_that_concern_no_hit_change_nothing(store: Store, settings: Settings, searcher: Searcher) -> None:
    other = ruled(
        store, settings, '[[pin]]\nquery = "green"\nids = ["blue"]\n[[boost]]\nfilter = "price < 0"\nfactor = 9'
    )
    plain, under = searcher.search(Query(text="red")), other.search(Query(text="red"))
    assert under.hits == plain.hits
    assert (under.total, under.warnings) == (plain.total, plain.warnings)
    assert ids(other) == ["red", "yellow", "blue", "green", "pair"]


def test_pins_stand_at_their_places_and_count_once(store: Store, settings: Settings) -> None:
    june = '[[pin]]\nquery = "Reds"\nname = "June"\nids = ["pair", "gone"]\nposition = 2\n'
    text = june + '[[pin]]\nquery = "red"\nids = ["blue"]'
    page = ruled(store, settings, text).search(Query(text="red"))
    assert [hit.id for hit in page.hits] == ["blue", "pair", "red", "yellow", "green"]
    assert [hit.rank for hit in page.hits] == [1, 2, 3, 4, 5]
    assert [hit.reasons for hit in page.hits] == [("pinned",), ("pinned: June",), (), (), ()]
    assert page.total == 5
    assert [hit.score for hit in page.hits] == pytest.approx([0, 0, 1, math.sqrt(0.5), 0])


def test_pins_are_the_same_however_the_pages_are_cut(store: Store, settings: Settings) -> None:
    searcher = ruled(store, settings, '[[pin]]\nquery = "red"\nids = ["pair", "blue"]\nposition = 2')
    whole = ids(searcher)
    assert whole == ["red", "pair", "blue", "yellow", "green"]
    assert [id for offset in range(5) for id in ids(searcher, k=1, offset=offset)] == whole
    assert ids(searcher, k=2) + ids(searcher, k=3, offset=2) == whole


def test_pins_pass_the_filter_or_are_not_there(store: Store, settings: Settings) -> None:
    searcher = ruled(store, settings, '[[pin]]\nquery = "red"\nids = ["pair", "green"]')
    assert ids(searcher, filter="price < 30") == ["green", "red"]
    assert ids(searcher, exclude=("green", "pair")) == ["red", "yellow", "blue"]
    assert ids(searcher, text="red -blue")[:2] == ["pair", "green"]
    page = searcher.search(Query(text="red", filter="price < 30"))
    assert page.total == 2


def test_two_pins_on_one_place_stand_one_behind_the_other(store: Store, settings: Settings) -> None:
    text = '[[pin]]\nquery = "red"\nids = ["pair"]\n[[pin]]\ncontaining = "red"\nids = ["green", "pair", "blue"]'
    assert ids(ruled(store, settings, text)) == ["pair", "green", "blue", "red", "yellow"]


def test_what_is_hidden_is_nowhere(store: Store, settings: Settings) -> None:
    store.commit([change("bare", [(1, 0, 0.1)])])  # has no price: not hidden by one
    searcher = ruled(store, settings, '[[hide]]\nfilter = "price >= 30"\n[[hide]]\nids = ["green"]')
    page = searcher.search(Query(text="red", facets=("kind",)))
    assert [hit.id for hit in page.hits] == ["red", "bare"]
    assert (page.total, page.facets) == (2, {"kind": {"plain": 1}})
    assert ids(searcher, rules=False, k=9) == ["red", "bare", "yellow", "blue", "green", "pair"]
    assert [hit.id for hit in searcher.browse(Query(k=9)).hits] == ["bare", "red"]
    assert [hit.id for hit in searcher.similar("red", k=9).hits] == ["bare"]


def test_what_is_hidden_cannot_be_pinned(store: Store, settings: Settings) -> None:
    text = '[[hide]]\nids = ["pair"]\n[[pin]]\nquery = "red"\nids = ["pair", "blue"]'
    assert ids(ruled(store, settings, text)) == ["blue", "red", "yellow", "green"]


def test_what_is_last_comes_behind_everything_but_stays(store: Store, settings: Settings) -> None:
    page = ruled(store, settings, '[[last]]\nname = "sold out"\nfilter = \'kind == "plain"\'').search(Query(text="red"))
    assert [hit.id for hit in page.hits] == ["yellow", "pair", "red", "blue", "green"]
    assert [hit.reasons for hit in page.hits] == [(), (), *[("last: sold out",)] * 3]
    assert page.total == 5


def test_boosts_move_no_further_than_they_say(store: Store, settings: Settings) -> None:
    # Orders 1, 0.707, 0, 0, 0: mean 0.341, standard deviation 0.430, so red stands 0.68 above yellow, yellow 1.64
    # above the others. A factor of 2 is worth 0.69, one of 5 is worth 1.61.
    def under(factor: float) -> list[str]:
        return ids(ruled(store, settings, f"[[boost]]\nfilter = 'kind == \"mixed\"'\nfactor = {factor}"))

    assert under(1.9) == ["red", "yellow", "pair", "blue", "green"]
    assert under(2) == ["yellow", "red", "pair", "blue", "green"]
    assert under(10) == ["yellow", "red", "pair", "blue", "green"]  # pair would need e^2.32
    assert under(0.5) == ["red", "yellow", "blue", "green", "pair"]
    assert under(0.1) == ["red", "blue", "green", "yellow", "pair"]


def test_hits_say_why_they_stand_where_they_do(store: Store, settings: Settings) -> None:
    ours = '[[boost]]\nname = "own brand"\nfilter = "price == 40"\nfactor = 3\n'
    text = ours + '[[boost]]\nfilter = "price > 45"\nfactor = 0.5'
    hits = {hit.id: hit.reasons for hit in ruled(store, settings, text).search(Query(text="red")).hits}
    assert hits == {
        "yellow": ("boosted: own brand",),
        "pair": ("lowered: price > 45",),
        "red": (),
        "blue": (),
        "green": (),
    }


def test_rules_that_cannot_be_asked_do_nothing_and_say_so(store: Store, settings: Settings) -> None:
    text = '[[hide]]\nname = "old"\nfilter = "season == 1"\n\n[[boost]]\nfilter = \'price == "x"\'\nfactor = 2'
    page = ruled(store, settings, text).search(Query(text="red"))
    assert [hit.id for hit in page.hits] == ["red", "yellow", "blue", "green", "pair"]
    assert len(page.warnings) == 2
    assert page.warnings[0].startswith("the rule 'old' (line 1) does nothing: no item has the field 'season'")
    assert page.warnings[1].startswith("the rule 'boost 1' (line 5) does nothing: the field 'price' holds number")


def test_the_new_is_boosted_less_the_older_it_is(empty_store: Store) -> None:
    changes = [
        change(id, [(1, 0, 0)], added=day) for id, day in (("a", None), ("b", "2025-05-16"), ("c", "2025-06-15"))
    ]
    empty_store.commit(changes)
    rules = read_rules('[[fresh]]\nfield = "added"\nhalf_life = 30\nfactor = 4')
    snapshot = empty_store.snapshot()
    vector = np.array([1, 0, 0], np.float32)
    stage = ruling_of(rules, "red", snapshot, TODAY).stage(snapshot, vector, None)
    candidates = [Candidate(match=match, order=match.score) for match in snapshot.search(vector[None], 9)[0]]
    assert [each.match.id for each in candidates] == ["a", "b", "c"]
    found = stage(candidates)
    assert [each.match.id for each in found] == ["c", "b", "a"]
    assert [each.reasons for each in found] == [("boosted: added 2025-06-15",), ("boosted: added 2025-05-16",), ()]


def test_synonyms_of_rules_that_count(store: Store) -> None:
    rules = read_rules(
        '[[synonyms]]\nwords = ["Sofa", "couch"]\n[[synonyms]]\nword = "sofa"\nmeans = ["settee"]\n'
        '[[synonyms]]\nword = "old"\nmeans = ["x"]\nuntil = 2025-06-14'
    )
    ruling = ruling_of(rules, "sofa", store.snapshot(), TODAY)
    assert ruling.synonyms == {"sofa": ("couch", "settee"), "couch": ("Sofa",)}
    assert not ruling.moves


@pytest.mark.parametrize(
    ("scope", "text", "expected"),
    [
        (Scope(), None, True),
        (Scope(queries=("Red  DRESS",)), "red dresses", True),
        (Scope(queries=("red dress",)), "a red dress", False),
        (Scope(queries=("red dress",)), None, False),
        (Scope(containing=("running shoes",)), "blue running shoe for men", True),
        (Scope(containing=("running shoes",)), "shoes for running", False),
        (Scope(queries=("café",), containing=("tea",)), "CAFE", True),
        (Scope(start=TODAY, end=TODAY), "x", True),
        (Scope(start=date(2025, 6, 16)), "x", False),
        (Scope(end=date(2025, 6, 14)), "x", False),
    ],
)
def test_when_a_rule_counts(scope: Scope, text: str | None, expected: bool) -> None:
    assert counts(scope, text, TODAY) is expected


@pytest.mark.parametrize(
    ("value", "age"),
    [
        ("2025-06-14", 1),
        ("2025-06-14T23:59:59Z", 1),
        ("2025-07-01", 0),
        (1_749_859_200, 1),  # 2025-06-14T00:00:00Z
        ("yesterday", None),
        (True, None),
        (None, None),
        (1e300, None),
    ],
)
def test_ages(value: object, age: float | None) -> None:
    assert age_in_days(value, TODAY) == age  # type: ignore[arg-type]


FILTERS = [
    "price > 25",
    'kind == "plain"',
    "price > 25 and kind == 'plain'",
    "not (price > 25 or kind like 'p%')",
    "price is null",
    "not (price is not null)",
    "price in [10, 30]",
    "not price in []",
    "kind in ['plain'] or price < 0",
]


@pytest.mark.parametrize("written", FILTERS)
def test_what_fails_a_filter_is_all_that_does_not_pass_it(written: str, empty_store: Store) -> None:
    empty_store.commit([*SHELF, change("bare", [(1, 1, 1)]), change("priced", [(1, 1, 1)], price=27)])
    snapshot = empty_store.snapshot()
    tree = parse(written)
    passing, failing = (set(snapshot.select(99, where=each)) for each in (tree, fails(tree)))
    assert passing | failing == set(snapshot.select(99))
    assert not passing & failing
    assert truth(tree, {"price": None, "kind": None}) is not True or "bare" in passing


def candidate(order: float, relevance: float | None = None) -> Candidate:
    return Candidate(match=Match(f"{order}", order, 0), order=order, relevance=relevance)


@given(st.lists(st.floats(-5, 5), max_size=12))
def test_falling_is_the_nearest_sequence_that_never_rises(values: list[float]) -> None:
    found = falling(np.array(values))
    assert np.all(np.diff(found) <= 1e-9)
    # The optimum of isotonic regression: every prefix of a block has a mean of at most the block's, and sums agree.
    assert np.isclose(found.sum(), np.sum(values))
    for at in range(1, len(values)):
        best = min(np.mean(values[first:at]) for first in range(at))
        worst = max(np.mean(values[at:last]) for last in range(at + 1, len(values) + 1))
        assert found[at - 1] >= found[at] - 1e-9
        if best >= worst:  # nothing binds the two sides together
            assert found[at - 1] >= best - 1e-9
            assert found[at] <= worst + 1e-9


@given(
    st.lists(st.tuples(st.floats(0.001, 0.999), st.sampled_from([0.1, 0.5, 1, 2, 9])), min_size=1, max_size=12),
)
def test_a_boosted_item_never_passes_one_that_is_better_by_more_than_the_bound(
    pairs: list[tuple[float, float]],
) -> None:
    pairs = sorted(pairs, key=lambda pair: -pair[0])
    candidates = [candidate(probability, probability) for probability, _ in pairs]
    boosts = np.log([factor for _, factor in pairs])
    odds = [
        probability / (1 - probability) * min(max(factor, 1 / MOST_FACTOR), MOST_FACTOR)
        for probability, factor in pairs
    ]
    order = moved(candidates, boosts)
    assert [odds[place] for place in order] == pytest.approx(sorted(odds, reverse=True))
    same = moved(candidates, np.full(len(pairs), 1.0))
    assert same == list(range(len(pairs)))


def test_boosts_of_one_item_are_bounded_together() -> None:
    candidates = [candidate(0.9, 0.9), candidate(0.4, 0.4)]  # odds 9 and 0.67: 13.5 to 1
    assert moved(candidates, np.array([0.0, 3 * math.log(9)])) == [0, 1]
    assert moved(candidates, np.array([math.log(0.5), 3 * math.log(9)])) == [1, 0]


def test_boosts_move_nothing_past_those_asked_for_by_name() -> None:
    named = [replace(candidate(order, 0.99), exact="sku", named=True) for order in (9, 8)]
    others = [candidate(0.98, 0.98), candidate(0.97, 0.97)]
    boosts = np.log([0.1, 1, 1, 10])
    assert moved([*named, *others], boosts) == [1, 0, 3, 2]


def test_merits_without_a_calibration_are_standard_deviations_of_the_order() -> None:
    found = merits([candidate(3), candidate(1), candidate(-1)])
    assert found == pytest.approx([math.sqrt(1.5), 0, -math.sqrt(1.5)])
    assert merits([candidate(1), candidate(1)]).tolist() == [0, 0]
    assert merits([]).tolist() == []


def test_no_rules_cost_nothing(store: Store, settings: Settings, searcher: Searcher) -> None:
    under = Searcher(ColourEncoder(), store, settings, rules=lambda: NO_RULES)
    assert under.search(Query(text="red")).hits == searcher.search(Query(text="red")).hits
