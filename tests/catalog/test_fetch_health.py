"""Hosts are given up and taken up again, on a clock of the test's own."""

import pytest

from shelfsight.catalog.fetching.health import Health
from shelfsight.core.errors import PictureError, Reason


class Host:
    """One whose every request is counted."""

    def __init__(self, name: str, health: Health) -> None:
        self.name = name
        self.asked = 0
        self._health = health

    def ask(self, *, answers: bool) -> None:
        with self._health.asking(self.name, 80, lambda error: isinstance(error, OSError)):
            self.asked += 1
            if not answers:
                raise OSError("silence")

    def fails(self, count: int) -> None:
        for _ in range(count):
            with pytest.raises((OSError, PictureError)):
                self.ask(answers=False)


def test_a_host_that_stays_silent_is_asked_twice_a_minute() -> None:
    now = 0.0
    health = Health(lambda: now)
    dead, well = Host("dead.example", health), Host("well.example", health)
    dead.fails(20)
    assert dead.asked == 20  # a moment's trouble: every picture gets its chance
    now = 59.0
    dead.fails(1)
    now = 61.0
    with pytest.raises(PictureError) as caught:
        dead.ask(answers=True)
    assert (caught.value.reason, dead.asked) == (Reason.FETCH_FAILED, 21)
    well.ask(answers=True)
    now = 90.0
    dead.fails(5)
    assert dead.asked == 22
    now = 121.0
    dead.ask(answers=True)  # well again, and at once
    dead.ask(answers=True)
    dead.fails(3)
    assert dead.asked == 27


def test_few_failures_or_answers_between_them_give_up_nobody() -> None:
    now = 0.0
    host = Host("slow.example", Health(lambda: now))
    for _ in range(10):
        host.fails(7)
        now += 100.0
        host.ask(answers=True)
    host.fails(7)
    now += 100.0
    host.fails(1)
    assert host.asked == 88


def test_what_the_host_itself_says_is_an_answer() -> None:
    now = 0.0
    health = Health(lambda: now)
    for _ in range(20):
        with pytest.raises(ValueError, match="404"), health.asking("a.example", 80, lambda _: False):
            raise ValueError("404")
        now += 10.0
