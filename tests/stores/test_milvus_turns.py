"""Milvus Lite asked by several at once, in the moments in which it would lose something. Only Lite itself is slowed."""

import importlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from milvus_samples import Opener, milvus
from store_child import BATCH, batch
from store_processes import Child
from store_samples import DIMENSION, axis, change

from shelfsight.stores.files import locked
from shelfsight.stores.milvus.store import MilvusStore
from shelfsight.stores.milvus.turns import Turns

__all__ = ["milvus"]

StartChild = Callable[..., Child]
Collection: Any = importlib.import_module("milvus_lite.engine.collection").Collection
MemTable: Any = importlib.import_module("milvus_lite.storage.memtable").MemTable
_ENOUGH = 0.4  # seconds to do what must not be done


@pytest.fixture
def child() -> Any:
    started: list[Child] = []

    def start(command: str, collection: Path, *arguments: object) -> Child:
        started.append(Child(command, collection, *arguments))
        return started[-1]

    yield start
    for process in started:
        process.close()


class Pause:
    """Stops whoever comes first at a point of Lite, while something else is tried."""

    def __init__(self) -> None:
        self.armed = False
        self.there = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> None:
        if self.armed:
            self.armed = False
            self.there.set()
            self.go_on.wait(_ENOUGH)

    def during(self, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
        """What ``first`` gives, where ``second`` is tried in the middle of it."""
        self.armed = True
        with ThreadPoolExecutor(2) as pool:
            answer = pool.submit(first)
            assert self.there.wait(20)
            done = pool.submit(second)
            done.add_done_callback(lambda _: self.go_on.set())
            done.result(timeout=20)
            return answer.result(timeout=20)


def rows_of(store: MilvusStore, count: int) -> np.ndarray[Any, Any]:
    """Whether each of the first rows has its vector in Milvus."""
    return ~np.isnan(store._remote.vectors(np.arange(1, count + 1), DIMENSION)[:, 0])


def seal(store: MilvusStore) -> None:
    store._milvus.seal(store._remote.name)


def test_a_row_is_found_while_it_goes_into_a_file(milvus: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lite lists its files, and then its log: what goes from the log into a file between the two is in neither."""
    store, pause = milvus(), Pause()
    store.commit([change(f"i{n}", [axis(n % DIMENSION)]) for n in range(5)])
    listed = Collection._read_snapshot

    def slow(self: Any) -> Any:
        found = listed(self)
        pause()
        return found

    monkeypatch.setattr(Collection, "_read_snapshot", slow)
    assert pause.during(lambda: rows_of(store, 5), lambda: seal(store)).all()


def test_a_row_is_not_lost_with_the_log(milvus: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lite writes a row into its log, and then into what becomes the next file: a file made in between is without it,
    and the log is gone."""
    store, other, pause = milvus(), milvus(), Pause()
    store.commit([change("before", [axis(0)])])
    kept = MemTable.apply_insert

    def slow(self: Any, rows: Any) -> None:
        pause()
        kept(self, rows)

    monkeypatch.setattr(MemTable, "apply_insert", slow)
    pause.during(lambda: store.commit([change("meanwhile", [axis(1)])]), lambda: seal(other))
    assert rows_of(store, 2).all()
    store.close()
    other.close()
    anew = milvus()
    assert rows_of(anew, 2).all()
    assert anew.snapshot().contains(["before", "meanwhile"]) == {"before", "meanwhile"}


@pytest.mark.parametrize("index", ["auto", "HNSW"])
def test_a_file_is_opened_once_by_whoever_takes_it_over(
    index: str, milvus: Opener, tmp_path: Path, child: StartChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is killed; threads that notice at once do not open a collection each, which Lite lets them."""
    milvus(index=index).close()
    serving = child("batches", tmp_path / "shop", 1, 10_000)
    assert serving.line() == "committed 0"
    stores = [milvus() for _ in range(3)]
    opened: Counter[str] = Counter()
    begin = Collection.__init__

    def slow(self: Any, name: str, *arguments: Any, **named: Any) -> None:
        opened[name] += 1
        time.sleep(0.2)
        begin(self, name, *arguments, **named)

    monkeypatch.setattr(Collection, "__init__", slow)
    said = 1 + len([line for line in serving.kill() if line.startswith("committed")])

    def work(number: int) -> int:
        stores[number].commit([change(f"by {number}", [axis(number)])])
        return stores[number].snapshot().count()

    with ThreadPoolExecutor(3) as pool:
        counts = [*pool.map(work, range(3))]
    assert max(counts) in (said * BATCH + 4, (said + 1) * BATCH + 4)
    assert set(opened.values()) == {1}
    snapshot = stores[0].snapshot()
    assert len(snapshot.search(np.ones((1, DIMENSION), np.float32), 10_000)[0]) == snapshot.count() == max(counts)


def test_closing_waits_for_the_requests_of_others(milvus: Opener, tmp_path: Path, child: StartChild) -> None:
    """The process that has the file open lets go while another one commits: that goes on, and all is in."""
    serving = milvus()
    writer = child("batches", tmp_path / "shop", 1, 8)
    assert writer.line() == "committed 0"
    serving.close()
    assert writer.rest()[-1] == "done"
    store = milvus()
    snapshot = store.snapshot()
    assert snapshot.count() == 8 * BATCH + 1
    assert snapshot.items(["last-1"])["last-1"].metadata == {"batch": 7}
    assert [*store.ids()] == sorted({each.item.id for number in range(8) for each in batch(1, number)})
    assert len(snapshot.search(np.ones((1, DIMENSION), np.float32), 10_000)[0]) == snapshot.count()


def test_two_directories_commit_to_one_file_at_once(milvus: Opener, tmp_path: Path) -> None:
    """No commit takes the number of another."""
    place = {"uri": str(tmp_path / "shared.db"), "collection": "shop", "follow_seconds": 0.0}
    stores = [milvus("one", **place), milvus("two", **place)]

    def work(number: int) -> None:
        for turn in range(4):
            stores[number].commit(batch(number, turn))

    with ThreadPoolExecutor(2) as pool:
        [*pool.map(work, range(2))]
    expected = sorted({each.item.id for number in range(2) for turn in range(4) for each in batch(number, turn)})
    for store in stores:
        assert [*store.ids()] == expected
        assert len(store.snapshot().search(np.ones((1, DIMENSION), np.float32), 10_000)[0]) == len(expected)


def test_turns(tmp_path: Path) -> None:
    """Readers overlap; a writer waits for those before it, and those after it wait."""
    turns, order = Turns(tmp_path / "file"), []
    inside = threading.Barrier(4)
    leave = threading.Event()

    def read() -> None:
        with turns.beside():
            inside.wait(10)
            leave.wait(10)
            order.append("read")

    def write() -> None:
        with turns.alone():
            order.append("write")
            order.append("written")

    def read_later() -> None:
        with turns.beside():
            order.append("later")

    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(read) for _ in range(3)]
        inside.wait(10)
        asked.append(pool.submit(write))
        while not is_held(turns._gate):
            """Until the writer waits."""
        asked.append(pool.submit(read_later))
        leave.set()
        for each in asked:
            each.result(timeout=20)
    assert order == ["read"] * 3 + ["write", "written", "later"]


def is_held(lock: Path) -> bool:
    with locked(lock, wait=False) as file:
        return file is None
