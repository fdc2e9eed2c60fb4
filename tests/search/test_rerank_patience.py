"""Calls that may hang."""

import time
from threading import Event, current_thread

import pytest
from looking import until

from shelfsight.core.errors import ModelError
from shelfsight.search.patience import Budget, Patience, TimeUp


def test_what_returns_in_time_returns_and_what_raises_raises() -> None:
    patience = Patience()
    assert patience.call(lambda: 7, 5.0) == 7
    assert patience.call(current_thread, None) is current_thread()
    with pytest.raises(ZeroDivisionError):
        patience.call(lambda: 1 / 0, 5.0)

    def late() -> None:
        raise TimeoutError("a time limit of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        patience.call(late, 5.0)


def test_no_time_is_no_call() -> None:
    called = Event()
    with pytest.raises(TimeUp, match="no time was left"):
        Patience().call(called.set, 0.0)
    assert not called.is_set()


def test_a_call_waits_for_one_that_is_a_little_late() -> None:
    patience, release = Patience(), Event()
    with pytest.raises(TimeUp):
        patience.call(lambda: release.wait(10), 0.05)
    with pytest.raises(TimeUp, match="still busy"):
        patience.call(lambda: 1, 0.05)
    release.set()
    assert patience.call(lambda: 2, 5.0) == 2
    assert patience.call(lambda: 3, None) == 3


def test_one_that_is_stuck_is_not_waited_for() -> None:
    patience, release, calls = Patience(), Event(), []
    try:
        with pytest.raises(TimeUp):
            patience.call(lambda: release.wait(30), 0.05)
        time.sleep(1.1)
        start = time.monotonic()
        for _ in range(20):
            with pytest.raises(TimeUp, match="still busy"):
                patience.call(lambda: calls.append(1), 10.0)
        assert time.monotonic() - start < 2.0
        assert calls == []
    finally:
        release.set()
    assert until(lambda: _answers(patience))


def _answers(patience: Patience) -> bool:
    try:
        return patience.call(lambda: True, 1.0)
    except ModelError:
        return False


def test_a_budget_runs_from_when_it_is_made() -> None:
    assert Budget(None).left is None
    assert not Budget(None).spent
    budget = Budget(30)
    assert 0 < (budget.left or 0) <= 0.03
    time.sleep(0.04)
    assert budget.left == 0.0
    assert budget.spent


def test_a_part_of_a_budget_leaves_the_rest() -> None:
    assert Budget(None).part(0.5).left is None
    budget = Budget(1000)
    part = budget.part(0.5)
    assert 0.4 < (part.left or 0) <= 0.5
    assert (budget.left or 0) > 0.9
