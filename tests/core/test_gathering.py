"""Calls of several threads answered as one: every answer, every error, and who waits for whom."""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep

import pytest

from shelfsight.core.gathering import Gathering


class Squares:
    """Squares numbers; fails on negative ones; waits at a gate, so that a test says when a call goes on."""

    def __init__(self) -> None:
        self.gate = Event()
        self.gate.set()
        self.began = Event()
        self.calls: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append([*numbers])
        self.began.set()
        assert self.gate.wait(20)
        if any(number < 0 for number in numbers):
            raise ValueError(f"{min(numbers)} is negative")
        return [number * number for number in numbers]


def until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 20
    while not condition():
        assert monotonic() < deadline
        sleep(0.001)


@contextmanager
def queued(asked: Sequence[Sequence[int]], *, most: int) -> Iterator[tuple[Squares, list[Future[Sequence[int]]]]]:
    """A call of [0] held at the gate, and the callers of ``asked`` waiting behind it, in that order."""
    squares = Squares()
    gathering = Gathering[int, int](squares, most=most)
    squares.gate.clear()
    with ThreadPoolExecutor(len(asked) + 1) as threads:
        first = threads.submit(gathering.ask, [0])
        assert squares.began.wait(20)
        futures = []
        for place, numbers in enumerate(asked, start=1):
            futures.append(threads.submit(gathering.ask, numbers))
            until(lambda place=place: len(gathering._waiting) == place)  # type: ignore[misc]
        squares.gate.set()
        yield squares, [first, *futures]


def test_a_caller_alone_is_answered_by_a_call_of_its_own() -> None:
    squares = Squares()
    gathering = Gathering[int, int](squares, most=4)
    assert [[*gathering.ask([2, 3])], [*gathering.ask([4])]] == [[4, 9], [16]]
    assert squares.calls == [[2, 3], [4]]
    assert (gathering.calls, gathering.answered) == (2, 3)


def test_all_who_wait_are_answered_by_the_next_call() -> None:
    with queued([[1], [2, 3], [4]], most=8) as (squares, futures):
        assert [[*future.result(20)] for future in futures] == [[0], [1], [4, 9], [16]]
    assert squares.calls == [[0], [1, 2, 3, 4]]


def test_no_call_is_larger_than_the_most_but_one_of_a_single_caller() -> None:
    with queued([[1], [2, 3], [4, 5, 6, 7, 8], [9]], most=3) as (squares, futures):
        assert [*futures[3].result(20)] == [16, 25, 36, 49, 64]
        assert [*futures[4].result(20)] == [81]
    assert squares.calls == [[0], [1, 2, 3], [4, 5, 6, 7, 8], [9]]


def test_an_error_reaches_the_caller_whose_question_made_it_and_no_other() -> None:
    with queued([[1], [-2], [3], [-4]], most=8) as (squares, futures):
        assert [*futures[1].result(20)] == [1]
        assert [*futures[3].result(20)] == [9]
        for future, message in ((futures[2], "-2 is negative"), (futures[4], "-4 is negative")):
            with pytest.raises(ValueError, match=message):
                future.result(20)
    assert squares.calls == [[0], [1, -2, 3, -4], [1], [-2], [3], [-4]]


def test_work_goes_on_after_a_leader_was_interrupted() -> None:
    calls: list[list[int]] = []
    began, gate = Event(), Event()

    def once_interrupted(numbers: Sequence[int]) -> list[int]:
        calls.append([*numbers])
        began.set()
        assert gate.wait(20)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return [*numbers]

    gathering = Gathering[int, int](once_interrupted, most=8)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(gathering.ask, [0])
        assert began.wait(20)
        others = []
        for number in (1, 2, 3):
            others.append(threads.submit(gathering.ask, [number]))
            until(lambda number=number: len(gathering._waiting) == number)  # type: ignore[misc]
        gate.set()
        assert [*first.result(20)] == [0]
        with pytest.raises(KeyboardInterrupt):
            others[0].result(20)
        assert [[*other.result(20)] for other in others[1:]] == [[2], [3]]
    assert calls == [[0], [1, 2, 3], [2, 3]]
    assert [*gathering.ask([4])] == [4]


def test_many_threads_get_their_own_answers() -> None:
    squares = Squares()
    gathering = Gathering[int, int](squares, most=16)

    def ask_many(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(200):
            numbers = [chance.randrange(-1, 1000) for _ in range(chance.randint(1, 3))]
            if min(numbers) < 0:
                with pytest.raises(ValueError, match="-1 is negative"):
                    gathering.ask(numbers)
            else:
                assert [*gathering.ask(numbers)] == [number * number for number in numbers]

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(ask_many, seed) for seed in range(8)]:
            done.result(60)
    assert gathering._waiting == type(gathering._waiting)()
    assert max(map(len, squares.calls)) <= 16
