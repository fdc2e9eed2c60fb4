"""The small parts of the write path, each alone."""

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfsight.core.errors import StoreFull, UsageError
from shelfsight.core.protocols import Fingerprints
from shelfsight.core.settings import IndexSettings
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.indexer.ahead import Ahead
from shelfsight.indexer.batches import batch_size, batches
from shelfsight.indexer.commits import Committer
from shelfsight.indexer.fingerprints import (
    Known,
    metadata_hash,
    picture_hash,
    pictures_hash,
    places_hash,
    to_fingerprints,
)
from shelfsight.indexer.intake import in_chunks
from shelfsight.indexer.ordered import Done, ordered
from shelfsight.indexer.report import FailureLog, Tally
from shelfsight.indexer.seen import SeenIds
from shelfsight.indexer.work import Decision, Entry, Row, Work


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as made:
        yield made


def test_ordered_keeps_the_order_whatever_takes_longest(pool):
    def slow_first(number: int) -> int:
        time.sleep(0.02 if number % 4 == 0 else 0)
        return number * number

    assert list(ordered(pool, slow_first, range(20), window=6)) == [number * number for number in range(20)]


def test_ordered_runs_ahead_no_further_than_its_window(pool):
    drawn = []

    def source():
        for number in range(30):
            drawn.append(number)
            yield number

    results = ordered(pool, lambda number: number, source(), window=5)
    for taken in range(1, 10):
        next(results)
        assert len(drawn) == taken + 4


def test_ordered_works_on_several_at_once(pool):
    together = threading.Barrier(3, timeout=20)
    assert len(list(ordered(pool, lambda _: together.wait(), range(3), window=3))) == 3


def test_ordered_raises_where_the_result_would_have_come(pool):
    results = ordered(pool, lambda number: 1 // (3 - number), range(10), window=4)
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 9))
def test_what_is_done_keeps_its_place_and_needs_no_thread(done, window):
    inputs = [Done((number, "done")) if each else number for number, each in enumerate(done)]
    with ThreadPoolExecutor(2) as pool:
        found = list(ordered(pool, lambda number: (number, threading.current_thread().name), inputs, window=window))
    assert [number for number, _ in found] == list(range(len(done)))
    assert [name == "done" for _, name in found] == done


def test_what_is_done_does_not_wait_for_the_window(pool):
    drawn = []

    def source():
        for number in range(5):
            drawn.append(number)
            yield Done(number)

    assert next(ordered(pool, abs, source(), window=4)) == 0
    assert drawn == [0]


def row(*sizes: int) -> Row:
    """An item with pictures of so many bytes in the catalogue itself; no size, a failure."""
    if not sizes:
        return Row(failure=Failure(reason="bad_row", place="1", message="", id=None))
    pictures = tuple(Picture(name=str(size), data=bytes(size)) for size in sizes)
    return Row(item=Item(id="x", pictures=pictures, title=None, metadata={}, place="1"))


def test_chunks_end_at_so_many_rows_or_bytes():
    rows = [row(1), row(), row(1), row(60, 60), row(1), row(200), row(), row()]
    chunks = list(in_chunks(rows, rows=3, size=100))
    assert chunks == [rows[:3], rows[3:4], rows[4:6], rows[6:]]


@given(st.integers(1, 64), st.integers(1, 1024))
def test_decoding_runs_two_batches_ahead_and_feeds_every_thread(threads, batch):
    ahead = Ahead.of(IndexSettings(decode_threads=threads), batch)
    assert ahead.chunks >= 2 * threads
    assert 1 <= ahead.chunk_rows <= 8
    rows = ahead.chunks * ahead.chunk_rows
    assert 2 * batch - 8 < rows <= max(2 * batch, 2 * threads * ahead.chunk_rows)
    assert ahead.chunks * ahead.chunk_bytes <= 128_000_000
    assert rows * ahead.keep_bytes <= 128_000_000


class Wishing:
    batch_size = 256


def test_the_batch_is_what_was_said_else_what_the_encoder_wishes():
    assert batch_size(Wishing(), IndexSettings()) == 256
    assert batch_size(Wishing(), IndexSettings(batch_size=32)) == 32
    assert batch_size(object(), IndexSettings()) == 32


class SlowStore:
    """Commits when it is told to; full at commit number ``full``."""

    def __init__(self, full: int = 99) -> None:
        self.go = threading.Semaphore(0)
        self.full = full
        self.commits: list[list[str]] = []

    def commit(self, changes, *, since):
        assert since == "0"
        assert self.go.acquire(timeout=20)
        if len(self.commits) == self.full:
            raise StoreFull("no space")
        self.commits.append([change.item.id for change in changes])
        return 0


@pytest.fixture
def writer():
    with ThreadPoolExecutor(1) as made:
        yield made


def update(number: int) -> Work:
    return Work(decision=Decision.UPDATE, id=str(number), pictures_hash="p", metadata_hash="m", places_hash="l")


def test_one_commit_is_written_while_the_next_is_collected(writer):
    store, tally = SlowStore(), Tally(FailureLog(None))
    committer = Committer(store, IndexSettings(commit_items=2, commit_seconds=600), tally, writer, "0")
    for number in range(3):
        committer.take(update(number))
    assert (tally.rows, tally.updated) == (3, 0)  # read, and not durable yet
    store.go.release()
    committer.take(update(3))  # waits for the first commit
    assert tally.updated == 2
    store.go.release(2)
    committer.take(update(4))
    committer.flush()
    assert store.commits == [["0", "1"], ["2", "3"], ["4"]]
    assert tally.updated == 5


def test_a_commit_that_fails_is_told_before_the_next_begins_and_counts_nothing(writer):
    store, tally = SlowStore(full=1), Tally(FailureLog(None))
    committer = Committer(store, IndexSettings(commit_items=1, commit_seconds=600), tally, writer, "0")
    store.go.release(3)
    committer.take(update(0))
    committer.take(update(1))
    with pytest.raises(StoreFull):
        committer.take(update(2))
    assert (store.commits, tally.updated) == ([["0"]], 1)


def test_a_commit_that_no_store_takes_is_told_once_and_the_rest_is_kept(writer):
    class Picky(SlowStore):
        def commit(self, changes, *, since):
            if changes and changes[0].item.id == "1":
                raise UsageError("a vector that is not of length 1")
            return super().commit(changes, since=since)

    store, tally = Picky(), Tally(FailureLog(None))
    committer = Committer(store, IndexSettings(commit_items=1, commit_seconds=600), tally, writer, "0")
    store.go.release(9)
    committer.take(update(0))
    committer.take(update(1))
    with pytest.raises(UsageError):
        committer.take(update(2))
    committer.flush()
    assert store.commits == [["0"], ["2"]]
    assert tally.updated == 2


def test_settling_counts_what_got_in_and_keeps_quiet_about_what_did_not(writer):
    store, tally = SlowStore(full=1), Tally(FailureLog(None))
    committer = Committer(store, IndexSettings(commit_items=1, commit_seconds=600), tally, writer, "0")
    store.go.release(2)
    committer.take(update(0))
    committer.settle()
    assert tally.updated == 1
    committer.take(update(1))
    committer.settle()
    assert tally.updated == 1


def entry(pixels: object, last: bool = True) -> Entry:
    return Entry(work=Work(decision=Decision.ENCODE), index=0, last=last, pixels=pixels)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.booleans(), max_size=120), st.integers(1, 9))
def test_batches_are_full_and_lose_nothing(has_pixels, size):
    entries = [entry(object() if each else None) for each in has_pixels]
    made = list(batches(entries, size))
    assert [each for batch in made for each in batch.entries] == entries
    for batch in made[:-1]:
        assert batch.pictures == size or len(batch.entries) == 4 * size
    assert all(batch.pictures <= size and len(batch.entries) <= 4 * size for batch in made)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), max_size=30))
def test_seen_ids_is_a_set(ids):
    with SeenIds() as seen:
        for start in range(0, len(ids), 7):
            part = ids[start : start + 7]
            assert seen.add(part) == [id not in ids[: start + place] for place, id in enumerate(part)]
        assert seen.missing([*ids, "absent"]) == ["absent"]


def test_seen_ids_takes_as_many_as_there_are():
    ids = [str(number % 700) for number in range(1000)]
    with SeenIds() as seen:
        assert seen.add([]) == []
        assert seen.add(ids) == [True] * 700 + [False] * 300


def test_seen_ids_tells_case_and_accents_apart():
    with SeenIds() as seen:
        assert all(seen.add(["a", "A", "\u00e1", "a\u0301", "a ", "a\0", "a\0b"]))


def test_hashes_are_what_their_documentation_says():
    """Written out: a collection must be found unchanged by every later version of this program."""
    assert picture_hash(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert pictures_hash(["abc"]) == _sha('["abc"]')
    assert metadata_hash("T", {"b": 1, "a": None, "c": "é"}) == _sha('["T", {"b": 1, "c": "\\u00e9"}]')
    assert places_hash([Picture(name="n", data=b"x")]) == _sha('[["n", null]]')


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_metadata_hash_ignores_order_and_not_types():
    assert metadata_hash("t", {"a": 1, "b": 2}) == metadata_hash("t", {"b": 2, "a": 1})
    different = [{"a": 1}, {"a": "1"}, {"a": True}, {"a": 1.5}, {"a": [1]}, {"b": 1}, {}]
    assert len({metadata_hash("t", each) for each in different}) == len(different)
    assert metadata_hash(None, {}) != metadata_hash("", {})


def test_fingerprints_come_apart_as_they_were_put_together():
    assert Known.of(to_fingerprints("aa", [1, 30], "bb", "cc")) == Known("aa", (1, 30), "bb", "cc")
    assert Known.of(to_fingerprints("aa", [], "bb", "cc")) == Known("aa", (), "bb", "cc")
    assert Known.of(to_fingerprints("aa", [2], "bb", "cc", [0, 11])) == Known("aa", (2,), "bb", "cc", (0, 11))
    assert to_fingerprints("aa", [], "bb", "cc") == Fingerprints(pictures="aa", metadata="bb:cc")
    assert Known.of(Fingerprints(pictures="p", metadata="m")) == Known("p", (), "m", "")
