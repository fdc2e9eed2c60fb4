"""Filters written as text: read back they are the same tree."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.filters import (
    And,
    Comparison,
    Expr,
    FieldPath,
    In,
    IsNull,
    Like,
    Not,
    Or,
    parse,
    parts,
    written,
)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_FIELDS = st.builds(
    FieldPath, st.one_of(_TEXT, st.sampled_from(["price", "not", "$meta"])), st.lists(_TEXT, max_size=2).map(tuple)
)
_NUMBERS = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False))
_LEAVES: st.SearchStrategy[Expr] = st.one_of(
    st.builds(Comparison, _FIELDS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.one_of(_TEXT, _NUMBERS)),
    st.builds(Comparison, _FIELDS, st.sampled_from(["==", "!="]), st.booleans()),
    st.builds(In, _FIELDS, st.lists(st.one_of(_TEXT, _NUMBERS, st.booleans()), max_size=3).map(tuple)),
    st.builds(Like, _FIELDS, _TEXT),
    st.builds(IsNull, _FIELDS, st.booleans()),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def placeless(tree: Expr) -> Expr:
    """``tree`` without the positions of its fields."""
    match tree:
        case Not(operand):
            return Not(placeless(operand))
        case And(operands):
            return And(tuple(placeless(each) for each in operands))
        case Or(operands):
            return Or(tuple(placeless(each) for each in operands))
        case Comparison() | In() | Like() | IsNull():
            return replace(tree, field=replace(tree.field, position=None))


@given(_TREES)
def test_what_is_written_reads_the_same(tree: Expr) -> None:
    assert placeless(parse(written(tree))) == tree


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("price<80", ["price < 80"]),
        ("10 < price <= 20 and new == TRUE", ["price > 10", "price <= 20", "new == true"]),
        ("a == 1 and (b == 2 and c == 'x\"y')", ["a == 1", "b == 2", 'c == "x\\"y"']),
        ("(a == 1 or b in [1, 2]) and not c like '%x'", ["a == 1 or b in [1, 2]", 'c not like "%x"']),
        ("not (a == 1 and b is null)", ["not (a == 1 and b is null)"]),
        ("`in` is not null and s['k'] != 2.5", ['$meta["in"] is not null', 's["k"] != 2.5']),
    ],
)
def test_a_filter_in_its_parts(text: str, split: list[str]) -> None:
    assert [written(part) for part in parts(parse(text))] == split
