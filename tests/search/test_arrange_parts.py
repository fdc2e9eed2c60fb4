"""Each part of an arrangement by itself, against answers in plain Python."""

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.listing import Match, SortKey
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.arrange import diversify, fold, in_order, parted
from shelfsight.search.arrange.grouping import scalar
from shelfsight.search.arrange.pins import put_back
from shelfsight.search.candidates import Candidate
from shelfsight.search.ladder import Ladder

VALUES: tuple[Value, ...] = (None, "", "a", "B", "é", 0, 0.0, -2, 1, 1.5, 10**17, True, False, [1], [], {"a": 1})


def candidates(count: int, **changes: Any) -> list[Candidate]:
    return [Candidate(match=Match(f"{n:03}", 1 - n / 100, 0), order=1 - n / 100, **changes) for n in range(count)]


def ids(found: Sequence[Candidate]) -> list[str]:
    return [each.match.id for each in found]


def angles(*degrees: float) -> FloatArray:
    """Unit vectors in a plane: their cosines are those of the differences of the angles."""
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


# --- order by fields -------------------------------------------------------------------------------------------------


def test_kinds_of_values_stand_in_their_order() -> None:
    found = {f"{n:02}": (value,) for n, value in enumerate(VALUES)}
    up = [VALUES[int(id)] for id in in_order(found, found, [SortKey("x")])]
    assert up == [-2, 0, 0.0, 1, 1.5, 10**17, "B", "a", "é", False, True, None, "", [1], [], {"a": 1}]
    down = [VALUES[int(id)] for id in in_order(found, found, [SortKey("x", descending=True)])]
    assert down == [True, False, "é", "a", "B", 10**17, 1.5, 1, 0, 0.0, -2, None, "", [1], [], {"a": 1}]


@given(st.lists(st.tuples(*[st.sampled_from(VALUES)] * 2), max_size=20), st.booleans(), st.booleans(), st.randoms())
def test_keys_count_in_their_order_and_ties_go_by_id(
    rows: list[tuple[Value, Value]], first: bool, second: bool, dice: random.Random
) -> None:
    values = {f"{n:02}": row for n, row in enumerate(rows)}
    shuffled = [*values]
    dice.shuffle(shuffled)
    ordered = in_order(shuffled, values, [SortKey("x", first), SortKey("y", second)])
    assert sorted(ordered) == sorted(values)
    for before, after in pairwise(ordered):
        steps = [_compared(values[before][n], values[after][n], down) for n, down in ((0, first), (1, second))]
        assert next((step for step in steps if step), "<") == "<"
        assert any(steps) or before < after


def _compared(one: Value, two: Value, down: bool) -> str:
    """``<`` where ``one`` stands before ``two``, ``>`` behind, nothing where neither does."""
    last = [value is None or value == "" or isinstance(value, list | dict) for value in (one, two)]
    if any(last):
        return "" if all(last) else (">" if last[0] else "<")
    kinds = [2 if isinstance(value, bool) else 1 if isinstance(value, str) else 0 for value in (one, two)]
    left, right = ((kinds[0], one), (kinds[1], two)) if kinds[0] == kinds[1] else (kinds[0], kinds[1])
    if left == right:
        return ""
    return "<" if (left < right) != down else ">"  # type: ignore[operator]


def test_sort_keys_are_read() -> None:
    assert SortKey.read("price") == SortKey("price")
    assert SortKey.read("-price") == SortKey("price", descending=True)


# --- the same value -------------------------------------------------------------------------------------------------


def test_what_makes_two_values_one_group() -> None:
    assert scalar(1) == scalar(1.0) != scalar(True)
    assert scalar("1") != scalar(1)
    assert scalar(False) != scalar(0)
    assert [scalar(value) for value in (None, "", [], ["a"], {})] == [None] * 5


# --- folding ---------------------------------------------------------------------------------------------------------


def test_a_hit_goes_into_the_best_that_shows_the_same() -> None:
    done = fold(candidates(6), [], angles(0, 50, 20, 29, 51, 0), np.cos(np.radians(25)))
    # 20 is like 0; 29 is like 20, which is gone, and 50, and not like 0; 51 is like 50
    assert ids(done.kept) == ["000", "001"]
    assert done.into == {"000": ("002", "005"), "001": ("003", "004")}
    assert done.gone == ("002", "005", "003", "004")


def test_what_is_fixed_stays_and_takes_in_others() -> None:
    fixed = [Candidate(match=Match("pin", 0.1, 0), order=0.1, pinned=True)]
    done = fold(candidates(2), fixed, angles(10, 0, 90), np.cos(np.radians(15)))
    assert (ids(done.kept), done.into) == (["001"], {"pin": ("000",)})


def test_the_same_picture_twice_is_a_cosine_of_one() -> None:
    dice = np.random.default_rng(1)
    vectors = normalise(dice.normal(size=(50, 512)))
    done = fold(candidates(100), [], np.repeat(vectors, 2, axis=0), 1.0)
    assert ids(done.kept) == [f"{n:03}" for n in range(0, 100, 2)]


def test_at_minus_one_everything_is_the_same() -> None:
    assert ids(fold(candidates(4), [], angles(0, 180, 90, 45), -1.0).kept) == ["000"]


# --- variety ---------------------------------------------------------------------------------------------------------


def test_variety_brings_up_what_is_different() -> None:
    # orders 1, .99, .98, .97 spread to 1, 2/3, 1/3, 0; likeness to the first: 1, cos 90 = 0, cos 180 = -1
    vectors = angles(0, 0, 90, 180)
    assert ids(diversify(candidates(4), [], vectors, 0.0)) == ["000", "001", "002", "003"]
    # at 1/2: 1/3 - 1/2 < 1/6 < 1/2 for the second place, then 1/6 against -1/6
    assert ids(diversify(candidates(4), [], vectors, 0.5)) == ["000", "003", "002", "001"]
    # at 1/4: 1/4 each but for the last, 1/4: the first of equals, up to rounding; at 0.3: 0.167, 0.233, 0.3
    assert ids(diversify(candidates(4), [], vectors, 0.3))[1] == "003"
    assert ids(diversify(candidates(4), [], vectors, 0.2))[1] == "001"


def test_what_is_fixed_counts_as_shown_and_exact_hits_stay_in_front() -> None:
    fixed = [Candidate(match=Match("pin", 0.1, 0), order=0.1, pinned=True)]
    assert ids(diversify(candidates(2), fixed, angles(0, 0, 90), 0.6)) == ["001", "000"]
    exact = Candidate(match=Match("sku", 0.1, 0), order=9.0, exact="sku", named=True)
    found = diversify([exact, *candidates(2)], [], angles(0, 0, 90), 0.6)
    assert ids(found) == ["sku", "001", "000"]


def test_equals_stay_in_their_order() -> None:
    same = [Candidate(match=Match(f"{n}", 0.5, 0), order=0.5) for n in range(4)]
    assert ids(diversify(same, [], angles(0, 0, 0, 0), 0.9)) == ["0", "1", "2", "3"]
    assert diversify([], [], np.zeros((0, 2), np.float32), 0.5) == []


# --- places given away -----------------------------------------------------------------------------------------------


@given(st.lists(st.booleans(), max_size=12), st.randoms())
def test_pins_keep_their_places_whatever_happens_to_others(pinned: list[bool], dice: random.Random) -> None:
    line = [Candidate(match=Match(f"{n}", 0, 0), order=0.0, pinned=pin) for n, pin in enumerate(pinned)]
    pins, free = parted(line)
    assert put_back(free, pins) == line
    dice.shuffle(free)
    again = put_back(free, pins)
    assert [place for place, each in enumerate(again) if each.pinned] == [n for n, pin in enumerate(pinned) if pin]
    fewer = put_back(free[:1], pins)
    assert ids([each for each in fewer if each.pinned]) == ids([each for each in line if each.pinned])


# --- the first stage's list ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [0, 1, 5, 6, 23, 24, 25, 100])
@pytest.mark.parametrize("first", [1, 5, 24])
def test_a_list_grows_without_changing_though_each_answer_is_another_order(total: int, first: int) -> None:
    def fetch(count: int) -> list[Candidate]:
        shuffled = candidates(total)
        random.Random(count).shuffle(shuffled)
        return shuffled[:count]

    def fresh() -> Ladder:
        return Ladder(fetch, first)

    whole = fresh().upto(1000)
    assert sorted(ids(whole)) == ids(candidates(total))
    assert [each.ranks["retrieval"] for each in whole] == list(range(1, total + 1))
    for count in range(0, total + 2, 3):
        assert fresh().upto(count) == whole[:count]
        assert list(fresh().below(count)) == whole[count:]
    ladder = fresh()
    assert ladder.upto(total) == whole
    assert (ladder.upto(total + 1), ladder.exhausted) == (whole, True)
