"""What a snapshot lists and counts besides the k best: compared with the oracle on every store."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_oracle import Oracle, value_of
from store_samples import DIMENSION, axis, change, random_changes, update

from shelfsight.core.errors import NotFound, UnknownField, UsageError
from shelfsight.core.filters import FieldPath, parse
from shelfsight.core.listing import Histogram, SortKey
from shelfsight.core.protocols import Store
from shelfsight.core.types import Value
from shelfsight.stores.histograms import histogram, round_edges

MIXED: tuple[Value, ...] = (
    *(None, "", "a", "B", "ab", "é", "日本", 0, -1, 2.5, 7, 7.0, 10**6, True, False),
    *([], ["a", "a", 1, True, None, ""], ["B", 2.5], {"k": 1}),
)
"""One of everything a field can hold; several tie."""


@pytest.fixture
def oracle(store: Store) -> Oracle:
    """Items with mixed types, nulls and ties, in several commits, some changed and deleted since."""
    oracle = Oracle()
    rng = np.random.default_rng(0)
    changes = []
    for i in rng.permutation(120).tolist():
        metadata: dict[str, Value] = {
            "mixed": MIXED[i % len(MIXED)],
            "price": [5, 9.99, 20, None, 35.5, 20.0, 100][i % 7],
            "brand": ["Acme", "Umbra", "", "öko"][i % 4],
            "new": [True, False, None][i % 3],
        }
        vectors = rng.choice([-1.0, 0.0, 1.0], (1 + i % 3, DIMENSION)) + np.eye(DIMENSION)[0] / 2
        changes.append(change(f"i-{i:03d}", vectors, metadata, title=f"Title {i % 5}"))
    batches = [
        (changes[:50], []),
        (changes[50:], ["i-007", "i-100"]),
        ([update(f"i-{i:03d}", {"price": i, "mixed": "late"}) for i in (3, 30, 90)], ["i-050"]),
    ]
    for upserts, deletes in batches:
        store.commit(upserts, deletes)
        oracle.commit(upserts, deletes)
    return oracle


WHERES = [None, "price > 15", 'brand == "Acme" or new == true', "price > 1000"]
SORTS = [
    (),
    (SortKey("price"),),
    (SortKey("price", descending=True),),
    (SortKey("mixed"),),
    (SortKey("mixed", descending=True),),
    (SortKey("brand"), SortKey("price", descending=True)),
    (SortKey("new", descending=True), SortKey("brand", descending=True), SortKey("title")),
    (SortKey("id", descending=True),),
]


@pytest.mark.parametrize("where", WHERES)
def test_select_is_the_oracles_order(store: Store, oracle: Oracle, where: str | None) -> None:
    snapshot, tree = store.snapshot(), parse(where) if where else None
    exclude = ["i-001", "i-064", "absent"]
    for sort in SORTS:
        expected = oracle.select(sort, where=tree, exclude=exclude)
        assert snapshot.select(1000, sort=sort, where=tree, exclude=exclude) == expected, sort
        for offset, k in [(0, 1), (0, 7), (3, 10), (40, 30), (116, 5), (500, 3)]:
            page = snapshot.select(k, sort=sort, offset=offset, where=tree, exclude=exclude)
            assert page == expected[offset : offset + k], (sort, offset, k)


def test_select_worked_out_by_hand(store: Store) -> None:
    rows: dict[str, Value] = {
        "a": 2,
        "b": "x",
        "c": None,
        "d": True,
        "e": 10,
        "f": ["x"],
        "g": "X",
        "h": 2.0,
        "i": False,
    }
    store.commit([change(id, [axis(0)], {"f": value}) for id, value in rows.items()])
    snapshot = store.snapshot()
    assert snapshot.select(20, sort=[SortKey("f")]) == [*"ahegbid", "c", "f"]
    assert snapshot.select(20, sort=[SortKey("f", descending=True)]) == [*"dibgeah", "c", "f"]


def test_select_tells_large_integers_apart(store: Store) -> None:
    store.commit([change(f"{i}", [axis(0)], {"ean": 2**60 + i}) for i in (3, 1, 2, 0)])
    assert store.snapshot().select(3, sort=[SortKey("ean", descending=True)]) == ["3", "2", "1"]


def test_select_follows_commits(store: Store) -> None:
    """Texts and numbers that come later fall between the earlier ones."""
    oracle = Oracle()
    for turn in range(6):
        changes = random_changes(20, seed=turn, start=15 * turn)
        changes.append(change(f"late-{9 - turn}", [axis(turn)], {"brand": f"{'MAZ'[turn % 3]}{turn}", "price": 50.5}))
        store.commit(changes)
        oracle.commit(changes)
        for sort in ([SortKey("brand")], [SortKey("price", descending=True), SortKey("brand")], []):
            assert store.snapshot().select(25, sort=sort) == oracle.select(sort)[:25]


@pytest.mark.usefixtures("oracle")
def test_wrong_selections_are_refused(store: Store) -> None:
    snapshot = store.snapshot()
    with pytest.raises(UnknownField, match="prize"):
        snapshot.select(3, sort=[SortKey("prize")])
    for k, offset in [(0, 0), (1, -1)]:
        with pytest.raises(UsageError):
            snapshot.select(k, offset=offset)


def test_values_are_those_of_the_items(store: Store, oracle: Oracle) -> None:
    fields = ["mixed", "title", "price", "id", "new"]
    ids = [*sorted(oracle.items)[::-1], "absent", "i-007"]
    found = store.snapshot().values(ids, fields)
    expected = {
        id: tuple(value_of(FieldPath(name), oracle.items[id][0]) for name in fields) for id in ids if id in oracle.items
    }
    assert found == expected
    assert all([*map(type, found[id])] == [type(_whole(value)) for value in values] for id, values in expected.items())
    assert store.snapshot().values(ids[:2], []) == {ids[0]: (), ids[1]: ()}
    with pytest.raises(UnknownField):
        store.snapshot().values(ids, ["prize"])


def _whole(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize("where", WHERES)
def test_facets_count_as_the_oracle(store: Store, oracle: Oracle, where: str | None) -> None:
    snapshot, tree = store.snapshot(), parse(where) if where else None
    among = [*sorted(oracle.items)[::3], "absent", "i-007"]
    fields = ["mixed", "price", "brand", "new", "title"]
    for chosen in (None, among, set(among), []):
        found = snapshot.facets(fields, tree, limit=None, among=chosen)
        assert {name: [*counts.items()] for name, counts in found.items()} == {
            name: oracle.facet(name, tree, chosen) for name in fields
        }
        assert [*snapshot.facets(["mixed"], tree, limit=3, among=chosen)["mixed"].items()] == oracle.facet(
            "mixed", tree, chosen
        )[:3]


@pytest.mark.parametrize("where", WHERES)
def test_histograms_count_as_the_oracle(store: Store, oracle: Oracle, where: str | None) -> None:
    snapshot, tree = store.snapshot(), parse(where) if where else None
    among = [*sorted(oracle.items)[::3], "absent"]
    for field in ("price", "mixed", "brand"):
        for chosen in (None, among, []):
            for bins in (1, 3, 20):
                found = snapshot.histogram(field, tree, bins=bins, among=chosen)
                oracle.check_histogram(found, field, bins, tree, chosen)


def test_a_histogram_worked_out_by_hand(store: Store) -> None:
    prices: list[Value] = [3, 12.5, 19.99, 20, 47, 50, None, "on request", 2**400]
    store.commit([change(f"{i}", [axis(0)], {"price": price}) for i, price in enumerate(prices[:-1])])
    assert store.snapshot().histogram("price", bins=5) == Histogram(
        edges=(0, 10, 20, 30, 40, 50), counts=(1, 2, 1, 0, 2), least=3, most=50, others=2
    )
    assert store.snapshot().histogram("price", parse("price == 47")) == Histogram(
        edges=(47, 48), counts=(1,), least=47, most=47
    )
    for bins in (0, 1001):
        with pytest.raises(UsageError, match="bins"):
            store.snapshot().histogram("price", bins=bins)
    with pytest.raises(UnknownField, match="prise"):
        store.snapshot().histogram("prise")


_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000).map(float)


@settings(max_examples=200, deadline=None)
@given(numbers=st.lists(_NUMBERS, min_size=1, max_size=20), bins=st.integers(1, 40))
def test_edges_are_round_and_hold_every_number(numbers: list[float], bins: int) -> None:
    least, most = min(numbers), max(numbers)
    edges = round_edges(least, most, bins)
    assert edges[0] <= least <= most <= edges[-1]
    assert 2 <= len(edges) <= bins + 1
    assert all(before < after for before, after in pairwise(edges))
    found = histogram(np.array(numbers), bins, others=0)
    assert found.edges == edges
    for i, (low, high) in enumerate(pairwise(edges)):
        last = i == len(edges) - 2
        assert found.counts[i] == sum(low <= n < high or (last and n == high) for n in numbers)


@pytest.mark.parametrize(
    ("least", "most", "bins", "width", "first", "count"),
    [
        (0, 100, 10, 10, 0, 10),
        (0, 100, 20, 5, 0, 20),
        (0, 101, 20, 10, 0, 11),
        (-3, 17, 8, 5, -5, 5),
        (0.07, 0.31, 13, Fraction(2, 100), Fraction(6, 100), 13),
        (999.5, 1001.5, 2, 2, 998, 2),
        (-5, 5, 1, 10, -5, 1),
        (-0.3, 700, 1, 2000, -1000, 1),
    ],
)
def test_edges_worked_out_by_hand(
    least: float, most: float, bins: int, width: Fraction, first: Fraction, count: int
) -> None:
    assert round_edges(least, most, bins) == tuple(float(first + i * width) for i in range(count + 1))


def test_edges_at_the_ends_of_what_a_float_holds() -> None:
    largest = float(np.finfo(np.float64).max)
    for least, most in [(-largest, largest), (1e300, 1e300), (5e-324, 1e-323), (largest, largest), (2.0**60, 2.0**60)]:
        edges = round_edges(least, most, 10)
        assert edges[0] <= least <= most <= edges[-1]
        assert all(map(math.isfinite, edges))


@pytest.mark.parametrize("where", WHERES)
def test_above_finds_every_item_that_scores_so(store: Store, oracle: Oracle, where: str | None) -> None:
    snapshot, tree = store.snapshot(), parse(where) if where else None
    query = np.random.default_rng(5).standard_normal(DIMENSION).astype(np.float32)
    exclude = ["i-002", "i-003"]
    scores = oracle.best(query, oracle.passing(tree) - set(exclude))
    for bound in (-1.0, -0.3, 0.0, 0.25, 0.6, 0.999):
        found = snapshot.above(query, bound, where=tree, exclude=exclude)
        assert {match.id for match in found} == {id for id, (score, _) in scores.items() if score >= bound}
        assert found == sorted(found, key=lambda match: (-match.score, match.id))
        for match in found:
            assert match.score == pytest.approx(scores[match.id][0], abs=1e-6)
            assert match.picture_index == scores[match.id][1]


def test_above_includes_the_very_score(store: Store) -> None:
    store.commit([change("a", [[3, 4, 0, 0, 0, 0, 0, 0], axis(1)]), change("b", [axis(0)]), change("c", [axis(2)])])
    query = np.array(axis(0), np.float32)
    score = store.snapshot().search(query[None], 3)[0][1].score
    assert [(m.id, m.picture_index) for m in store.snapshot().above(query, score)] == [("b", 0), ("a", 0)]
    assert [m.id for m in store.snapshot().above(query, 1.0)] == ["b"]
    assert store.snapshot().above(query, 1.5) == []


def test_scored_gives_those_that_were_asked_for(store: Store, oracle: Oracle) -> None:
    snapshot = store.snapshot()
    query = np.random.default_rng(6).standard_normal(DIMENSION).astype(np.float32)
    ids = [*sorted(oracle.items)[5:40], "absent", "i-007", "i-010", "i-010"]
    found = snapshot.scored(query * 30, ids)
    expected = oracle.best(query, set(ids) & oracle.items.keys())
    assert found.keys() == expected.keys()
    for id, match in found.items():
        assert (match.id, match.picture_index) == (id, expected[id][1])
        assert match.score == pytest.approx(expected[id][0], abs=1e-6)
    searched = {m.id: m for m in snapshot.search(query[None], 1000)[0]}
    assert found == {id: searched[id] for id in found}
    assert snapshot.scored(query, []) == {}
    with pytest.raises(UsageError, match="shape"):
        snapshot.scored(np.ones(3, np.float32), ids)


def test_vectors_of_single_pictures(store: Store, oracle: Oracle) -> None:
    keys = [(id, i) for id, (_, vectors) in oracle.items.items() for i in range(len(vectors))][::-2]
    expected = np.array([oracle.items[id][1][i] for id, i in keys])
    found = store.snapshot().picture_vectors(keys)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)
    assert store.snapshot().picture_vectors([]).shape == (0, DIMENSION)
    for key, message in [(("i-000", 1), "no picture 1"), (("i-001", -1), "no picture -1"), (("absent", 0), "no item")]:
        with pytest.raises(NotFound, match=message):
            store.snapshot().picture_vectors([key])


def test_a_token_names_a_state(store: Store) -> None:
    store.commit([change("a", [axis(0)])])
    first = store.snapshot()
    assert first.token == store.snapshot().token
    store.maintain()
    assert store.snapshot().token == first.token
    store.commit([change("b", [axis(0)])])
    assert store.snapshot().token != first.token


def test_an_empty_store_lists_nothing(store: Store) -> None:
    snapshot = store.snapshot()
    query = np.ones(DIMENSION, np.float32)
    assert snapshot.select(5) == []
    assert snapshot.above(query, -1.0) == []
    assert snapshot.scored(query, ["a"]) == {}
    assert snapshot.values(["a"], []) == {}
    with pytest.raises(UnknownField):
        snapshot.select(5, sort=[SortKey("price")])
