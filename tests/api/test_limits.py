"""Limits of API keys: buckets over processes, pictures a day, and what guessing meets."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shelfsight.api.service.access import Access, Caller
from shelfsight.api.service.buckets import Buckets
from shelfsight.api.service.keys import Order
from shelfsight.api.service.spending import Spending
from shelfsight.core.errors import LimitReached, ModelError, StoreError, Unauthenticated, UsageError
from shelfsight.core.settings import AccessSettings

SLOW = 1e-3
"""A rate that gives nothing back while a test runs."""


def test_a_bucket_holds_what_it_holds_and_fills_at_its_rate(tmp_path: Path) -> None:
    hour = [1000.0]
    buckets = Buckets(tmp_path / "rates.bin", places=64, clock=lambda: hour[0])
    assert [buckets.take("key", rate=20, burst=5) for _ in range(5)] == [0.0] * 5
    assert buckets.take("key", rate=20, burst=5) == pytest.approx(1 / 20)
    assert buckets.take("other", rate=20, burst=5) == 0.0
    hour[0] += 0.75 / 20
    assert buckets.take("key", rate=20, burst=5) == pytest.approx(0.25 / 20)
    hour[0] += 0.25 / 20
    assert buckets.take("key", rate=20, burst=5) == 0.0
    assert buckets.take("key", rate=20, burst=5) == pytest.approx(1 / 20)
    hour[0] += 60
    assert [buckets.take("key", rate=20, burst=5) > 0 for _ in range(6)] == [False] * 5 + [True]


def test_looking_at_a_bucket_takes_nothing(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "rates.bin", places=64)
    assert [buckets.wait("key", rate=SLOW, burst=1) for _ in range(3)] == [0.0] * 3
    assert buckets.take("key", rate=SLOW, burst=1) == 0.0
    assert buckets.wait("key", rate=SLOW, burst=1) == pytest.approx(1 / SLOW, abs=5)


def test_an_earlier_clock_is_not_believed(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "rates.bin", places=64)
    buckets.mark("key", 1e9)
    assert buckets.take("key", rate=1, burst=1) == 0.0


def test_marks_end(tmp_path: Path) -> None:
    hour = [1000.0]
    buckets = Buckets(tmp_path / "rates.bin", places=64, clock=lambda: hour[0])
    assert not buckets.marked("here")
    buckets.mark("here", 0.5)
    assert buckets.marked("here")
    hour[0] += 0.5
    assert not buckets.marked("here")


def test_many_names_in_few_places_forget_but_never_fail(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "rates.bin", places=16)
    assert all(buckets.take(f"address {number}", rate=SLOW, burst=1) == 0.0 for number in range(500))
    assert (tmp_path / "rates.bin").stat().st_size == 16 * 16


def test_processes_and_threads_count_together(tmp_path: Path) -> None:
    file = tmp_path / "rates.bin"
    code = (
        "import sys\nfrom pathlib import Path\nfrom shelfsight.api.service.buckets import Buckets\n"
        "b = Buckets(Path(sys.argv[1]), places=64)\n"
        f"print(sum(b.take('key', rate={SLOW}, burst=1000) == 0 for _ in range(600)))"
    )
    others = [subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE) for _ in range(2)]
    buckets = Buckets(file, places=64)
    with ThreadPoolExecutor(4) as pool:
        here = sum(pool.map(lambda _: buckets.take("key", rate=SLOW, burst=1000) == 0, range(600)))
    assert here + sum(int(each.communicate()[0]) for each in others) == 1000


def test_limits_hold_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    buckets = Buckets(tmp_path / "file" / "rates.bin", places=64)
    assert buckets.take("key", rate=SLOW, burst=1) == 0.0
    assert buckets.take("key", rate=SLOW, burst=1) > 0


def test_looks_are_reserved_and_settled(tmp_path: Path) -> None:
    spending, today = Spending(tmp_path), datetime.now(UTC).date()
    with spending.looking("key", 60, 100) as looks:
        with pytest.raises(LimitReached, match="40 of 100 left") as refused, Spending(tmp_path).looking("key", 41, 100):
            pytest.fail("more than are left")
        assert 0 < refused.value.retry_after <= 86_400
        looks.made = 25
    assert spending.made_on("key", today) == 25
    with pytest.raises(UsageError), spending.looking("key", 75, 100):
        raise UsageError("a search that was wrong")
    assert spending.made_on("key", today) == 25
    with spending.looking("other", 100, 100):
        pass
    assert Spending(tmp_path).made_on("other", today) == 100
    assert spending.made_on("other", today - timedelta(days=1)) == 0


def test_what_is_sure_counts_whatever_becomes_of_the_request(tmp_path: Path) -> None:
    spending, today = Spending(tmp_path), datetime.now(UTC).date()

    def look() -> None:
        with spending.looking("key", 60, 100) as looks:
            looks.sure = 7
            raise ModelError("the rest cannot be looked at")

    with pytest.raises(ModelError):
        look()
    assert spending.made_on("key", today) == 7


def test_looks_of_many_at_once_stay_within_the_limit(tmp_path: Path) -> None:
    def look(_number: int) -> bool:
        try:
            with Spending(tmp_path).looking("key", 10, 95):
                return True
        except LimitReached:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(look, range(20))) == {True: 9, False: 11}


def test_a_damaged_count_is_an_error_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "looks.sqlite").write_bytes(b"nothing of the sort" * 100)
    with pytest.raises(StoreError, match=r"looks\.sqlite"), Spending(tmp_path).looking("key", 1, 1):
        pytest.fail("not counted")


def test_the_rate_of_a_key_goes_before_that_of_the_settings(tmp_path: Path) -> None:
    access = Access(AccessSettings(searches=SLOW), tmp_path)
    _, fast = access.keys.create(Order(name="fast", rate=1000))
    _, slow = access.keys.create(Order(name="slow"))
    for _ in range(20):
        access.identify(fast, address="192.0.2.1", local=True)
    access.identify(slow, address="192.0.2.1", local=True)
    with pytest.raises(LimitReached, match="not ask so often") as refused:
        access.identify(slow, address="192.0.2.2", local=True)
    assert refused.value.retry_after > 60


def test_a_public_key_is_limited_for_each_address(tmp_path: Path) -> None:
    access = Access(AccessSettings(visitor=0.2), tmp_path)
    _, page = access.keys.create(Order(name="page", origins=("https://shop.example",)))
    _, own = access.keys.create(Order(name="own"))
    access.identify(page, address="2001:db8::1", local=True)
    with pytest.raises(LimitReached):
        access.identify(page, address="2001:db8::2", local=True)  # the same network: one visitor
    access.identify(page, address="2001:db8:0:1::1", local=True)
    for _ in range(20):
        access.identify(own, address="2001:db8::1", local=True)


def test_guessing_ends_in_silence_and_harms_nobody_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    access = Access(AccessSettings(), tmp_path)
    _, known = access.keys.create(Order(name="known"))
    key, unseen = access.keys.create(Order(name="unseen"))
    access.identify(known, address="192.0.2.1", local=False)
    guess = f"ss_s_{key.id}_{'a' * 32}"
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            access.identify(guess, address="192.0.2.1", local=False)
    for token in (guess, unseen):  # right or wrong: the answer is the same
        with pytest.raises(LimitReached, match="wrong API keys"):
            access.identify(token, address="192.0.2.1", local=False)
    assert access.identify(known, address="192.0.2.1", local=False).key is not None
    assert access.identify(unseen, address="192.0.2.2", local=False).key == key
    assert sum("192.0.2.1" in record.message for record in caplog.records) == 10
    assert guess not in caplog.text


def test_no_key_no_limit_on_looking(tmp_path: Path) -> None:
    access = Access(AccessSettings(looks=1), tmp_path / "state")
    with access.looking(Caller(key=None, address=""), 1000):
        pass
    key, _ = access.keys.create(Order(name="none of its own"))
    with access.looking(Caller(key=key, address=""), 1):
        pass
    with pytest.raises(LimitReached), access.looking(Caller(key=key, address=""), 1):
        pytest.fail("none is left")
    own, _ = access.keys.create(Order(name="its own", looks_per_day=2))
    with access.looking(Caller(key=own, address=""), 2):
        pass
