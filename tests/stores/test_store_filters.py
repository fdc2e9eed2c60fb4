"""Filters, counts and facets on every store, compared with the oracle item by item."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_oracle import Oracle, like, truth
from store_samples import DIMENSION, SPEC, axis, change, files_only, update

from shelfsight.core.errors import UnknownField, UsageError
from shelfsight.core.filters import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or, parse
from shelfsight.core.protocols import Change, Store
from shelfsight.core.types import Value
from shelfsight.stores import create_store
from shelfsight.stores.snapshot import LocalSnapshot

SHELF: dict[str, dict[str, Value]] = {
    "a": {"price": 10, "brand": "Acme", "new": True, "specs": {"size": 3, "deep": {"x": "y"}}, "tags": ["red", "sale"]},
    "b": {"price": 20.0, "brand": "Umbra", "new": False, "specs": {"size": "L"}, "tags": ["red"]},
    "c": {"price": None, "brand": "", "new": None, "tags": []},
    "d": {"price": 20, "brand": "acme 50%", "specs": {}, "tags": ["sale", "sale", 7]},
    "e": {"brand": "Öl_1", "mixed": 5, "specs": [1, 2]},
    "f": {"mixed": "5", "price": -3.5, "brand": "Acme"},
    "g": {"mixed": True, "ean": 2**60},
    "h": {"ean": 2**60 + 1},
}

FILTERS: dict[str, str] = {
    "price == 20": "bd",
    "price != 20": "af",
    "price < 20": "af",
    "price <= 20.0": "abdf",
    "price > 10": "bd",
    "not price > 10": "af",
    "10 <= price < 20": "a",
    "price is null": "cegh",
    "price is not null": "abdf",
    "not price is null": "abdf",
    "price in [10, -3.5]": "af",
    "price not in [10, -3.5]": "bd",
    "price in []": "",
    "price not in []": "abdf",
    'brand == "Acme"': "af",
    'brand != "Acme"': "bde",
    'brand < "Umbra"': "af",
    'brand >= "acme"': "de",
    "brand is null": "cgh",
    'brand like "Acme"': "af",
    'brand like "%c%e%"': "adf",
    'brand like "Ö__1"': "e",
    'brand like "%\\\\_1"': "e",
    'brand like "%50\\%"': "d",
    'brand like "%"': "abdef",
    'not brand like "A%"': "bde",
    'brand in ["Acme", "nobody"]': "af",
    "new == true": "a",
    "new != true": "b",
    "new is null": "cdefgh",
    'specs["size"] == 3': "a",
    'specs["size"] == "L"': "b",
    'specs["size"] is null': "cdefgh",
    'specs["deep"]["x"] == "y"': "a",
    "specs is not null": "abde",
    "mixed == 5": "e",
    'mixed == "5"': "f",
    "mixed == true": "g",
    'not mixed == "5"': "",
    'mixed in [5, "5"]': "ef",
    "ean == 1152921504606846976": "g",
    "ean > 1152921504606846976": "h",
    'id == "a"': "a",
    'id in ["a", "h", "z"]': "ah",
    'title like "Item %"': "abcdefgh",
    'title == "Item b" or price == 10': "ab",
    "price == 20 and brand is not null": "bd",
    "price > 0 or new == true": "abd",
    "not (price > 0 or mixed == 5)": "",
    "not (price > 0 and mixed == 5)": "f",
    "mixed != 5 or brand is null": "cgh",
    '$meta["price"] == 10': "a",
}


@pytest.fixture
def shelf(store: Store) -> Store:
    store.commit(
        [change(id, [axis(i)], metadata, title=f"Item {id}") for i, (id, metadata) in enumerate(SHELF.items())]
    )
    return store


def oracle_of_shelf() -> Oracle:
    oracle = Oracle()
    oracle.commit([change(id, [axis(i)], m, title=f"Item {id}") for i, (id, m) in enumerate(SHELF.items())])
    return oracle


@pytest.mark.parametrize("text", FILTERS)
def test_the_oracle_agrees_with_the_hand(text: str) -> None:
    assert oracle_of_shelf().passing(parse(text)) == set(FILTERS[text])


def test_filters_worked_out_by_hand(shelf: Store) -> None:
    snapshot = shelf.snapshot()
    query = np.ones((1, DIMENSION), np.float32)
    for text, expected in FILTERS.items():
        where = parse(text)
        assert {m.id for m in snapshot.search(query, 100, where=where)[0]} == set(expected), text
        assert snapshot.count(where) == len(expected), text


def test_facets_worked_out_by_hand(shelf: Store) -> None:
    snapshot = shelf.snapshot()
    facets = snapshot.facets(["brand", "price", "new", "tags", "mixed"])
    assert {name: list(counts.items()) for name, counts in facets.items()} == {
        "brand": [("Acme", 2), ("Umbra", 1), ("acme 50%", 1), ("Öl_1", 1)],
        "price": [("20", 2), ("-3.5", 1), ("10", 1)],
        "new": [("false", 1), ("true", 1)],
        "tags": [("red", 2), ("sale", 2), ("7", 1)],
        "mixed": [("5", 2), ("true", 1)],
    }
    assert snapshot.facets(["brand"], parse("price > 10")) == {"brand": {"Umbra": 1, "acme 50%": 1}}
    assert snapshot.facets(["brand"], parse("price > 1000")) == {"brand": {}}
    assert snapshot.facets(["price"], limit=1) == {"price": {"20": 2}}
    assert snapshot.facets(["ean"]) == {"ean": {str(2**60): 1, str(2**60 + 1): 1}}


def test_fields_and_their_types(shelf: Store) -> None:
    assert shelf.snapshot().fields() == {
        "brand": "text",
        "ean": "number",
        "mixed": "json",
        "new": "boolean",
        "price": "number",
        "specs": "json",
        "tags": "json",
    }


def test_fields_follow_the_items_that_are_there(shelf: Store) -> None:
    before = shelf.snapshot()
    shelf.commit([update("a", {"fresh": "x"}), update("b", {})], ["g", "h"])
    assert "ean" in before.fields()
    assert before.count(parse("ean > 0")) == 2
    after = shelf.snapshot()
    assert after.fields() == {"brand": "text", "fresh": "text", "mixed": "json", "price": "number"} | {
        "specs": "json",
        "tags": "json",
    }
    assert after.count(parse('fresh == "x"')) == 1
    with pytest.raises(UnknownField, match="ean"):
        after.count(parse("ean > 0"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("prize < 3", "price"),
        ("nonsense_here < 3", "brand"),
        ('specs["colour"] == "x"', "fields are"),
        ("a == 1 or prize is null", "fields are"),
    ],
)
def test_an_unknown_field_gets_near_names(shelf: Store, text: str, hint: str) -> None:
    with pytest.raises(UnknownField) as caught:
        shelf.snapshot().count(parse(text))
    assert hint in (caught.value.hint or "")
    with pytest.raises(UnknownField):
        shelf.snapshot().search(np.ones((1, DIMENSION), np.float32), 3, where=parse(text))


def test_facets_of_an_unknown_field(shelf: Store) -> None:
    with pytest.raises(UnknownField, match="brant"):
        shelf.snapshot().facets(["brant"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('price == "cheap"', "holds number, 'cheap' is text"),
        ("brand > 3", "holds text, 3 is number"),
        ("new == 1", "holds boolean, 1 is number"),
        ("price == true", "holds number, True is boolean"),
        ("tags == 3", "holds json"),
        ('price in [1, "x"]', "'x' is text"),
        ('price like "1%"', "'1%' is text"),
    ],
)
def test_a_constant_of_a_type_that_the_field_never_has(shelf: Store, text: str, message: str) -> None:
    with pytest.raises(UsageError, match="field") as caught:
        shelf.snapshot().count(parse(text))
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_filter_that_few_or_most_pass_gives_exact_hits(store: Store) -> None:
    """Crosses the sizes where the store changes from scoring few rows to searching all."""
    oracle = Oracle()
    rng = np.random.default_rng(0)
    changes = [change(f"{i:05d}", rng.standard_normal((1, DIMENSION)), {"n": i}) for i in range(4000)]
    store.commit(changes)
    oracle.commit(changes)
    query = rng.standard_normal((1, DIMENSION)).astype(np.float32)
    for bound in (0, 1, 9, 10, 900, 1023, 1024, 1025, 3000, 3999, 4000):
        where = parse(f"n < {bound}")
        oracle.check(store.snapshot().search(query, 10, where=where)[0], query[0], 10, where=where)


@files_only
def test_filters_after_changes_and_deletions(store: Store) -> None:
    """Items of one picture, whose rows have their items' numbers, but for a few; then too many."""
    oracle = Oracle()
    rng = np.random.default_rng(0)

    def several(start: int, end: int, pictures: int) -> list[Change]:
        return [
            change(f"{i:03d}", rng.standard_normal((pictures, DIMENSION)), {"n": i % 80}) for i in range(start, end)
        ]

    query = rng.standard_normal((1, DIMENSION)).astype(np.float32)
    moved = [update("003", {"n": 70}), update("064", {"n": 1}), *several(10, 12, 2)]
    for changes, deletes in ((several(0, 80, 1), []), (moved, ["020", "079"]), (several(90, 130, 3), ["011"])):
        store.commit(changes, deletes=deletes)
        oracle.commit(changes, deletes)
        for where in map(parse, ("n < 7", "n < 40", "n >= 2", "not n == 70")):
            oracle.check(store.snapshot().search(query, 100, where=where)[0], query[0], 100, where=where)


_VALUES: st.SearchStrategy[Value] = st.sampled_from(
    [None, "", "a", "ab", "B", "%", 0, 1, 2.5, -1, 10**18, 10**18 + 1, True, False, ["a"], {"k": 1}]
)
_CONSTANTS = st.sampled_from(["a", "ab", "b", 0, 1.0, 2.5, 10**18, True, False])
_FIELDS = st.sampled_from(["x", "y"]).map(FieldPath)


def _comparison(field: FieldPath, sign: str, value: str | float | bool) -> Comparison:
    ordered = sign if not isinstance(value, bool) else ("==" if sign in ("==", "<", ">=") else "!=")
    return Comparison(field, ordered, value)  # type: ignore[arg-type]


_LEAVES: st.SearchStrategy[Expr] = st.one_of(
    st.builds(_comparison, _FIELDS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _CONSTANTS),
    st.builds(In, _FIELDS, st.lists(_CONSTANTS, max_size=3).map(tuple)),
    st.builds(Like, _FIELDS, st.text("ab%_\\", min_size=1, max_size=4)),
    st.builds(IsNull, _FIELDS, st.booleans()),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
# Every type occurs in both fields, so that no constant is of a type its field never has.
_TYPES: tuple[Value, ...] = ("a", 1, True, None, ["z"])
_BASE: list[dict[str, Value]] = [{"x": value, "y": value} for value in _TYPES]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return create_store(tmp_path_factory.mktemp("scratch") / "c", kind="exact", encoder=SPEC)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries({"x": _VALUES, "y": _VALUES}), max_size=12),
    trees=st.lists(_TREES, min_size=1, max_size=8),
)
def test_masks_agree_with_evaluation_item_by_item(
    scratch: Store, rows: list[dict[str, Value]], trees: list[Expr]
) -> None:
    changes: list[Change] = [change(f"{i}", [axis(0)], row) for i, row in enumerate([*_BASE, *rows])]
    scratch.commit(changes, [id for id in scratch.ids() if int(id) >= len(changes)])
    snapshot = scratch.snapshot()
    for tree in trees:
        expected = {c.item.id for c in changes if truth(tree, c.item) is True}
        found = snapshot.search(np.ones((1, DIMENSION), np.float32), 100, where=tree)[0]
        assert {m.id for m in found} == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text("ab%_\\é\n", max_size=6), min_size=1), pattern=st.text("ab%_\\\n", min_size=1, max_size=5)
)
def test_like_agrees_with_trying_every_split(scratch: Store, texts: list[str], pattern: str) -> None:
    changes = [change(str(i), [axis(0)], {"x": text}) for i, text in enumerate(["a", *texts])]
    scratch.commit(changes, [id for id in scratch.ids() if int(id) >= len(changes)])
    expected = sum(text != "" and like(text, pattern) for text in ["a", *texts])
    assert scratch.snapshot().count(Like(FieldPath("x"), pattern)) == expected


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.sampled_from([None, "", "a", "b", "c"]), min_size=1, max_size=30))
def test_facets_agree_with_counting(scratch: Store, values: list[Value]) -> None:
    changes = [change(str(i), [axis(0)], {"x": value}) for i, value in enumerate(["a", *values])]
    scratch.commit(changes, [id for id in scratch.ids() if int(id) >= len(changes)])
    counts = Counter(str(value) for value in ["a", *values] if value)
    expected = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    assert list(scratch.snapshot().facets(["x"])["x"].items()) == expected


def test_an_item_is_judged_by_its_newest_metadata_only(store: Store) -> None:
    for price in range(30):
        entry = change("a", [axis(0)], {"price": price}) if price % 7 == 0 else update("a", {"price": price})
        store.commit([entry, change(f"other-{price}", [axis(1)], {"price": -1})])
        assert store.snapshot().count(parse(f"price == {price}")) == 1
        assert store.snapshot().count(parse("price >= 0")) == 1


def test_one_and_true_are_different_filters(store: Store) -> None:
    """They are equal in Python, so a memory of filters must not confuse them."""
    store.commit([change("a", [axis(0)], {"x": 1}), change("b", [axis(1)], {"x": True})])
    snapshot = store.snapshot()
    query = np.ones((1, DIMENSION), np.float32)
    for _ in range(2):
        assert [m.id for m in snapshot.search(query, 5, where=parse("x == 1"))[0]] == ["a"]
        assert [m.id for m in snapshot.search(query, 5, where=parse("x == true"))[0]] == ["b"]


def test_more_filters_than_are_remembered(store: Store) -> None:
    store.commit([change(f"{i:02d}", [axis(0)], {"n": i}) for i in range(40)])
    snapshot = store.snapshot()
    for _ in range(2):
        assert [snapshot.count(parse(f"n < {bound}")) for bound in range(40)] == list(range(40))


def test_types_of_values_that_are_gone_do_not_count(store_factory: Callable[[], Store]) -> None:
    """An answer depends on what is in the collection, not on what was, as opening it again shows."""
    store = store_factory()
    store.commit([change("a", [axis(0)], {"x": "old"})])
    assert store.snapshot().count(parse('x == "old"')) == 1
    store.commit([update("a", {"x": 1})])
    for opened in (store, store_factory()):
        with pytest.raises(UsageError, match="holds number"):
            opened.snapshot().count(parse('x == "old"'))


def test_a_field_asked_for_too_early_is_right_later(store: Store) -> None:
    """An old snapshot is asked for a field that only a later commit brings."""
    store.commit([change(f"a{i}", [axis(0)], {"y": {"k": 1}}) for i in range(5)])
    old = store.snapshot()
    store.commit([change(f"b{i}", [axis(0)], {"y": {"k": 1}}) for i in range(5)])
    assert store.snapshot().count(parse('y["k"] == 1')) == 10
    for text in ("x == 1", 'y["x"] == 1'):
        with pytest.raises(UnknownField):
            old.count(parse(text))
    store.commit([change("new", [axis(0)], {"x": 1, "y": {"x": 1}})])
    for text in ("x == 1", 'y["x"] == 1'):
        found = store.snapshot().search(np.ones((1, DIMENSION), np.float32), 20, where=parse(text))[0]
        assert [m.id for m in found] == ["new"]


def test_fields_that_nobody_has_are_not_remembered(store: Store) -> None:
    """Anybody may ask for them, as often and under as many names as they like."""
    store.commit([change(f"{i}", [axis(0)], {"y": {"k": 1}}) for i in range(5)])
    snapshot = store.snapshot()
    snapshot.count(parse('y["k"] == 1'))
    assert isinstance(snapshot, LocalSnapshot)
    before = len(snapshot._sieve.columns._columns)
    for i in range(20):
        for text in (f"x{i} == 1", f'y["x{i}"] == 1', f'y["k"]["x{i}"] == 1'):
            with pytest.raises(UnknownField):
                snapshot.count(parse(text))
    assert len(snapshot._sieve.columns._columns) == before


@pytest.mark.parametrize("pattern", ["%a%a%a%a%a%a%a%a%a%a%a%a%b", "a%a%a%a%a%a%a%a%a%a%a%a%b%", "%%%%%%%%%%%%%b"])
def test_like_does_not_try_every_way(pattern: str, store: Store) -> None:
    """With backtracking the first of these takes longer than anybody waits."""
    store.commit([change("a", [axis(0)], {"x": "a " * 1000}), change("b", [axis(0)], {"x": "a" * 500 + "b"})])
    assert store.snapshot().count(Like(FieldPath("x"), pattern)) == 1
