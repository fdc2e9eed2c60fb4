"""The filter language: golden trees, and errors that say where and what to do."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.errors import FilterError
from shelfsight.core.filters import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Or, parse
from shelfsight.core.filters.parser import MAX_DEPTH, MAX_LENGTH


def f(name: str, position: int = 0, *keys: str) -> FieldPath:
    return FieldPath(name, keys, position)


A, B, C = (Comparison(f(name, at), "==", 1) for name, at in (("a", 0), ("b", 10), ("c", 20)))

GOLDEN: dict[str, Expr] = {
    "price < 80": Comparison(f("price"), "<", 80),
    "price<=80.5": Comparison(f("price"), "<=", 80.5),
    "price > -1.5e3": Comparison(f("price"), ">", -1500.0),
    "price >= +.5": Comparison(f("price"), ">=", 0.5),
    "price != 007": Comparison(f("price"), "!=", 7),
    'brand == "Acme"': Comparison(f("brand"), "==", "Acme"),
    "brand == 'it\\'s \"x\" \\u00e9\\n'": Comparison(f("brand"), "==", 'it\'s "x" é\n'),
    "new == TRUE": Comparison(f("new"), "==", True),
    "new != false": Comparison(f("new"), "!=", False),
    "farbe_größe == 1": Comparison(f("farbe_größe"), "==", 1),
    "80 > price": Comparison(f("price", 5), "<", 80),
    "80 <= price": Comparison(f("price", 6), ">=", 80),
    '"x" != a': Comparison(f("a", 7), "!=", "x"),
    "10 < price <= 20": And((Comparison(f("price", 5), ">", 10), Comparison(f("price", 5), "<=", 20))),
    "20 >= price > 10": And((Comparison(f("price", 6), "<=", 20), Comparison(f("price", 6), ">", 10))),
    "-1 < x < 1": And((Comparison(f("x", 5), ">", -1), Comparison(f("x", 5), "<", 1))),
    'a in ["x", 2, true]': In(f("a"), ("x", 2, True)),
    "a in []": In(f("a"), ()),
    "a NOT IN [1]": Not(In(f("a"), (1,))),
    'a like "50\\%%"': Like(f("a"), "50\\%%"),
    "a not like '_x'": Not(Like(f("a"), "_x")),
    "a is null": IsNull(f("a")),
    "a IS NOT NULL": IsNull(f("a"), negated=True),
    'specs["size"]["eu"] == 42': Comparison(f("specs", 0, "size", "eu"), "==", 42),
    '$meta["odd-name"] == 1': Comparison(f("odd-name"), "==", 1),
    '$meta["a"]["b"] == 1': Comparison(f("a", 0, "b"), "==", 1),
    "`odd name` == 1": Comparison(f("odd name"), "==", 1),
    "`in` == 1": Comparison(f("in"), "==", 1),
    "a == 1 or b == 1 and c == 1": Or((A, And((Comparison(f("b", 10), "==", 1), Comparison(f("c", 21), "==", 1))))),
    "a == 1 or b == 1 or c == 1": Or((A, B, Comparison(f("c", 20), "==", 1))),
    "a == 1 || b == 1 && c == 1": Or((A, And((B, C)))),
    "not a == 1 and b == 2": And((Not(Comparison(f("a", 4), "==", 1)), Comparison(f("b", 15), "==", 2))),
    "not (a == 1 and b == 2)": Not(And((Comparison(f("a", 5), "==", 1), Comparison(f("b", 16), "==", 2)))),
    "!!a == 1": Not(Not(Comparison(f("a", 2), "==", 1))),
    "((a == 1))": Comparison(f("a", 2), "==", 1),
    " \n a\t== 1 ": Comparison(f("a", 3), "==", 1),
}
GOLDEN["a == 1 || b == 1 && c == 1"] = Or((A, And((B, Comparison(f("c", 20), "==", 1)))))


@pytest.mark.parametrize("text", GOLDEN)
def test_trees(text: str) -> None:
    assert parse(text) == GOLDEN[text]


def test_an_integer_stays_one() -> None:
    tree = parse("ean == 9223372036854775809")
    assert isinstance(tree, Comparison)
    assert tree.value == 9223372036854775809
    assert isinstance(tree.value, int)


BAD: dict[str, tuple[int, str]] = {
    "": (0, "price < 80"),
    "   ": (3, "price < 80"),
    "price = 3": (6, "did you mean =="),
    "price <> 3": (6, "did you mean !="),
    "price < ": (8, ""),
    "price": (5, "price == true"),
    "price and b == 1": (6, "price == true"),
    'brand == "Acme': (9, "close it"),
    "brand == 'Acme": (9, "close it"),
    "`brand == 1": (0, "close it"),
    "brand == Acme": (9, '"Acme"'),
    "a == b": (5, "two fields"),
    'a == ""': (5, "is null"),
    'a in ["x", ""]': (11, "is null"),
    "a == null": (5, "is null"),
    "null == a": (0, "is null"),
    "a is 3": (5, "=="),
    "a is not 3": (9, "=="),
    "(a == 1": (7, ""),
    "a == 1)": (6, "too many"),
    "a == 1 b == 2": (7, "join"),
    "a == 1 = 2": (7, "=="),
    "5 < 6": (4, "quotes"),
    '"a" == "b"': (7, "quotes"),
    "10 < a > 3": (7, "10 < a"),
    "10 == a == 3": (8, "10 < a"),
    "a > 10 < 20": (7, "10 < a"),
    "a in 3": (5, "["),
    "a in [1 2]": (8, ""),
    "a in [1,]": (8, ""),
    "a in [1": (7, ""),
    "a like 3": (7, "%word%"),
    "a like true": (7, "%word%"),
    "a < true": (2, "=="),
    "12ab == 3": (0, "quotes"),
    "a == 1.2.3": (5, "quotes"),
    "a == 1e999": (5, ""),
    "a == " + "9" * 200: (5, ""),
    "a & b": (2, "and"),
    "a | b": (2, "or"),
    "a == $x": (5, "$meta"),
    "$meta == 1": (0, "$meta["),
    "a[1] == 2": (2, 'a["key"]'),
    'a["x" == 2': (6, ""),
    "not": (3, ""),
    "and a == 1": (0, ""),
    "a == - b": (5, ""),
    "a ~ 1": (2, ""),
    "a not 1": (6, "use =="),
    "a == 1 and": (10, ""),
}


@pytest.mark.parametrize("text", BAD)
def test_errors_say_where_and_what_to_do(text: str) -> None:
    position, hint = BAD[text]
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert caught.value.position == position
    assert hint in (caught.value.hint or "")
    assert str(position) in str(caught.value)


def test_nesting_is_limited() -> None:
    assert parse("(" * MAX_DEPTH + "a == 1" + ")" * MAX_DEPTH) == Comparison(f("a", MAX_DEPTH), "==", 1)
    for text in ("(" * (MAX_DEPTH + 1) + "a == 1", "not " * (MAX_DEPTH + 1) + "a == 1", "(" * MAX_LENGTH):
        with pytest.raises(FilterError, match="deep"):
            parse(text)


def test_length_is_limited() -> None:
    many = " or ".join(["a == 1"] * (MAX_LENGTH // 10))
    tree = parse(many)
    assert isinstance(tree, Or)
    assert len(tree.operands) == MAX_LENGTH // 10
    with pytest.raises(FilterError, match="10,000"):
        parse("a == 1" + " " * MAX_LENGTH)


_PIECES = st.sampled_from(
    ["a", "b", "price", "==", "!=", "<", "<=", "=", "in", "not", "like", "is", "null", "and", "or", "(", ")", "[", "]",
     ",", "1", "-2.5", '"x"', "'y'", "true", "$meta", "`q`", "&&", "!", "\\", '"', " ", "é", "\x00"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=25).map(" ".join)))
def test_any_text_gives_a_tree_or_a_filter_error(text: str) -> None:
    with suppress(FilterError):
        parse(text)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(_TEXT)
def test_any_text_can_be_written_as_a_constant(text: str) -> None:
    assert parse(f"a == {_quoted(text)}") == Comparison(f("a"), "==", text)


@given(_TEXT, _TEXT)
def test_any_field_can_be_named(name: str, key: str) -> None:
    assert parse(f"$meta[{_quoted(name)}][{_quoted(key)}] is null") == IsNull(f(name, 0, key))


@given(st.one_of(st.integers(-(10**90), 10**90), st.floats(allow_nan=False, allow_infinity=False)))
def test_any_number_can_be_written(number: float) -> None:
    tree = parse(f"a == {number!r}")
    assert isinstance(tree, Comparison)
    assert tree.value == number
    assert type(tree.value) is type(number)
