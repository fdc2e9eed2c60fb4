"""Expressions that Milvus filters by: they miss nothing that passes, and let little else through."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_oracle import truth
from store_samples import SPEC, axis, change
from test_store_filters import _TREES, _TYPES, _VALUES, FILTERS, SHELF

from shelfsight.core.filters import Comparison, Expr, FieldPath, In, IsNull, Like, Not, parse
from shelfsight.core.protocols import Change
from shelfsight.core.types import Value
from shelfsight.stores import create_store
from shelfsight.stores.milvus.blocks import RemoteBlocks
from shelfsight.stores.milvus.expressions import expression, quoted
from shelfsight.stores.milvus.scalars import CUT, key_of, scalars
from shelfsight.stores.milvus.store import MilvusStore

WEAK = {  # text -> what Milvus lets through besides
    "price is null": "abdf",
    "not price > 10": "",
    "brand is null": "abdef",
    "new is null": "ab",
    'specs["size"] is null': "ab",
    'brand like "%\\\\_1"': "abdf",
    'brand like "Ö__1"': "",
    'brand like "%50\\%"': "",
    "mixed != 5 or brand is null": "abdef",
    'not brand like "A%"': "af",
    "ean == 1152921504606846976": "h",
    "ean > 1152921504606846976": "g",
}


def passing(store: MilvusStore, tree: Expr) -> set[str]:
    """Ids that Milvus lets through; all where it is not asked."""
    where = expression(tree)
    rows = store._milvus.query(store._remote.name, where or "row >= 0", ["id"])
    return {row["id"] for row in rows}


def filled(store: MilvusStore, changes: list[Change]) -> None:
    """With these items alone, and nothing that was replaced."""
    store.commit(changes, [id for id in store.ids() if id not in {each.item.id for each in changes}])
    state = store.snapshot().state
    assert isinstance(state.blocks, RemoteBlocks)
    living = set(state.blocks.numbers[state.row_slot >= 0].tolist())
    dead = [row for row, _ in store._remote.names(state.last_vector + 1) if row not in living]
    store._remote.forget(np.array(dead, np.int64))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    with closing(create_store(tmp_path_factory.mktemp("shelf") / "c", kind="milvus", encoder=SPEC)) as store:
        assert isinstance(store, MilvusStore)
        filled(store, [change(id, [axis(i)], m, title=f"Item {id}") for i, (id, m) in enumerate(SHELF.items())])
        yield store


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    with closing(create_store(tmp_path_factory.mktemp("scratch") / "c", kind="milvus", encoder=SPEC)) as store:
        assert isinstance(store, MilvusStore)
        yield store


@pytest.mark.parametrize("text", FILTERS)
def test_milvus_lets_through_what_passes_and_little_else(shelf: MilvusStore, text: str) -> None:
    found = passing(shelf, parse(text))
    assert found >= set(FILTERS[text])
    assert found - set(FILTERS[text]) <= set(WEAK.get(text, "")), text


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries({"x": _VALUES, "y": _VALUES}), min_size=6, max_size=12),
    trees=st.lists(_TREES, min_size=8, max_size=12),
)
def test_milvus_misses_nothing(scratch: MilvusStore, rows: list[dict[str, Value]], trees: list[Expr]) -> None:
    base: list[dict[str, Value]] = [{"x": value, "y": value} for value in _TYPES]
    changes = [change(f"{i}", [axis(0)], row) for i, row in enumerate([*base, *rows])]
    filled(scratch, changes)
    for tree in trees:
        expected = {each.item.id for each in changes if truth(tree, each.item) is True}
        assert passing(scratch, tree) >= expected, expression(tree)


def test_expressions_word_by_word() -> None:
    price, brand = FieldPath("price"), FieldPath("brand")
    n, s = '$meta["n:price"]', '$meta["s:brand"]'
    whole = "whole == false or "
    for tree, text in {
        Comparison(price, "<", 5): f"{n} < 5",
        Not(Comparison(price, "<", 5)): f"{n} >= 5",
        Comparison(price, "!=", -2.5): f"({n} < -2.5 or {n} > -2.5)",
        Comparison(price, "==", 2**70): f"{n} == {float(2**70)!r}",
        Comparison(price, ">", 10**400): f"{n} >= 1.7976931348623157e+308",
        Comparison(FieldPath("new"), "!=", True): '$meta["b:new"] == false',
        Comparison(brand, ">", 'a"\\\n'): f'{s} > "a\\"\\\\\\n"',
        Comparison(brand, "==", "x" * 300): f'{s} == "{"x" * CUT}"',
        Comparison(brand, "<", "x" * 300): f'{s} <= "{"x" * CUT}"',
        In(brand, ("a", "b")): f'({s} == "a" or {s} == "b")',
        In(price, ()): "row < 0",
        Like(brand, "a%"): f'({s} like "a%" or $meta["l:brand"] == true)',
        Like(brand, "ab"): f'{s} == "ab"',
        Not(Like(brand, "a%")): f'{s} >= ""',
        Comparison(FieldPath("id"), "==", "x"): 'id == "x"',
    }.items():
        assert expression(tree) == f"({whole}{text})", tree
    assert expression(IsNull(price)) is None
    assert expression(Comparison(brand, "==", "\x00")) is None
    assert expression(In(brand, tuple("x" * 90 + str(i) for i in range(2000)))) is None


def test_keys_are_plain_whatever_fields_are_called() -> None:
    assert key_of("n", ("a.b", 'c"]\\')) == "n:a%2Eb:c%22%5D%5C"
    assert key_of("n", ("a", "b")) != key_of("n", ("a:b",)) != key_of("n", ("a%3Ab",))
    assert key_of("s", ("größe",)) == "s:gr%C3%B6%C3%9Fe"


def test_scalars_of_an_item() -> None:
    metadata: dict[str, Value] = {"a": 1, "b": {"c": "x", "d": [1]}, "e": None, "f": "", "g": True, "h": 2**60, "id": 7}
    assert scalars("T", metadata | {"title": "lost"}) == {
        "n:a": 1,
        "j:b": True,
        "s:b:c": "x",
        "j:b:d": True,
        "b:g": True,
        "n:h": float(2**60),
        "s:title": "T",
    }
    assert scalars(None, {"long": "x" * 1000}) == {"s:long": "x" * CUT, "l:long": True}
    assert scalars(None, {f"field {i}": "x" * 200 for i in range(500)}) is None


def test_an_item_with_more_fields_than_milvus_takes_is_found_all_the_same(scratch: MilvusStore) -> None:
    many: dict[str, Value] = {f"field {i}": "x" * 200 for i in range(500)}
    filled(scratch, [change("many", [axis(0)], many | {"price": 3}), change("few", [axis(1)], {"price": 4})])
    assert passing(scratch, parse("price == 3")) == {"many"}
    assert passing(scratch, parse("price == 4")) == {"many", "few"}
    assert scratch.snapshot().count(parse('`field 499` == "' + "x" * 200 + '"')) == 1


@pytest.mark.parametrize("text", ["plain", "q\"uo'te", "back\\slash", "tab\tline\nend", "ünï", "日本"])
def test_constants_come_back_as_they_were(scratch: MilvusStore, text: str) -> None:
    filled(scratch, [change("a", [axis(0)], {"t": text}), change("b", [axis(0)], {"t": text + "x"})])
    assert quoted(text) is not None
    assert passing(scratch, Comparison(FieldPath("t"), "==", text)) == {"a"}
