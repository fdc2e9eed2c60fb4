"""Snapshots stay as they are; stores follow what other threads and processes commit."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from store_child import BATCH, batch
from store_oracle import Oracle
from store_processes import Child
from store_samples import DIMENSION, axis, change, files_only, random_changes, update

from shelfsight.core.filters import parse
from shelfsight.core.protocols import Snapshot, Store
from shelfsight.stores.files import locked
from shelfsight.stores.local import LocalStore
from shelfsight.stores.maintenance import MAINTAIN_LOCK

Factory = Callable[..., Store]
StartChild = Callable[..., Child]
Answer = tuple[object, ...]


def everything(snapshot: Snapshot, ids: list[str]) -> Answer:
    """All that a snapshot can be asked."""
    asked = np.random.default_rng(0).standard_normal((3, DIMENSION)).astype(np.float32)
    known = snapshot.contains(ids)
    return (
        snapshot.search(asked, 50),
        snapshot.search(asked, 5, where=parse('price > 30 or brand == "Acme"')),
        snapshot.count(),
        snapshot.count(parse("price <= 50")),
        snapshot.facets(["brand", "price"]),
        snapshot.fields(),
        snapshot.items(ids),
        known,
        {id: snapshot.vectors(id).tolist() for id in known},
    )


def test_a_snapshot_stays_as_it_was(store: Store) -> None:
    """Asked anew after every kind of change, some of its columns for the first time then."""
    ids = [f"item-{i:05d}" for i in range(400)]
    store.commit(random_changes(200, seed=0))
    early, asked_late = store.snapshot(), store.snapshot()
    before = everything(early, ids)
    store.commit([update(id, {"price": 1000, "brand": "New", "extra": 1}) for id in ids[:150]])
    store.snapshot().count(parse("extra == 1"))
    store.commit(random_changes(50, seed=1, start=20))
    store.commit([], ids[60:120])
    store.commit(random_changes(200, seed=2, start=200))
    store.maintain()
    middle = store.snapshot()
    middle_before = everything(middle, ids)
    assert everything(early, ids) == before
    assert everything(asked_late, ids) == before
    store.commit([], ids)
    store.maintain()
    assert store.snapshot().count() == 0
    assert everything(early, ids) == before
    assert everything(middle, ids) == middle_before


def test_nothing_new_is_the_same_snapshot(store: Store) -> None:
    store.commit([change("a", [axis(0)])])
    first = store.snapshot()
    store.maintain()
    assert store.snapshot() is first


def test_a_second_store_follows(store_factory: Factory) -> None:
    """Upserts, updates, deletions, seals and compactions of one, seen by the other after each."""
    writer, reader = store_factory(), store_factory()
    oracle = Oracle()
    asked = np.random.default_rng(1).standard_normal((2, DIMENSION)).astype(np.float32)
    where = parse("price < 50")
    for turn in range(40):
        changes = [*random_changes(15, seed=turn, start=7 * turn), change("hot", [axis(turn % 8)], {"price": turn})]
        gone = [f"item-{i:05d}" for i in range(7 * turn - 3, 7 * turn)]
        writer.commit(changes, gone)
        oracle.commit(changes, gone)
        if turn % 5 == 0:
            writer.maintain()
        if turn % 3 == 0:
            continue  # several commits in one step
        snapshot = reader.snapshot()
        assert snapshot.count(where) == len(oracle.passing(where))
        assert snapshot.items(list(oracle.items)) == {id: item for id, (item, _) in oracle.items.items()}
        for query, found in zip(asked, snapshot.search(asked, 20, where=where), strict=True):
            oracle.check(found, query, 20, where=where)


def test_a_store_follows_another_process(store: Store, collection: Path, child: StartChild) -> None:
    store.commit([change("a", [axis(0)], {"price": 1})])
    held = store.snapshot()
    assert child("update", collection, "a", 77).rest() == ["done"]
    assert store.snapshot().items(["a"])["a"].metadata == {"price": 77}
    assert held.items(["a"])["a"].metadata == {"price": 1}


def test_a_price_update_goes_through_during_a_job(store: Store, collection: Path, child: StartChild) -> None:
    store.commit([change("a", [axis(0)], {"price": 1})])
    with store.lease("nightly job"):
        store.commit(batch(5, 0))
        assert child("update", collection, "a", 5).rest() == ["done"]
        store.commit(batch(5, 1))
    snapshot = store.snapshot()
    assert snapshot.items(["a"])["a"].metadata == {"price": 5}
    assert snapshot.count() == 2 + 2 * BATCH


def test_two_processes_and_a_thread_write_while_others_read(
    kind: str, store: Store, collection: Path, child: StartChild
) -> None:
    """Whole commits only: of each writer a reader sees the batches 0..b, and nothing of later ones."""
    turns = 8 if kind == "milvus" else 25
    writers = [child("batches", collection, seed, turns) for seed in (1, 2)]
    stop = threading.Event()

    def read() -> int:
        seen = 0
        while not stop.is_set():
            snapshot = store.snapshot()
            last = snapshot.items(["last-1", "last-2", "last-3"])
            whole = sum(BATCH * (int(str(item.metadata["batch"])) + 1) + 1 for item in last.values())
            assert snapshot.count() == whole >= seen
            found = snapshot.search(np.ones((1, DIMENSION), np.float32), 10_000)[0]
            assert len(found) == len({m.id for m in found}) == whole
            seen = whole
        return seen

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for number in range(turns):
                store.commit(batch(3, number))
            said = [writer.rest()[-1] for writer in writers]
        finally:
            stop.set()
        assert [reader.result() <= 3 * (turns * BATCH + 1) for reader in readers] == [True, True]
    assert said == ["done", "done"]
    oracle = Oracle()
    for seed in (1, 2, 3):
        for number in range(turns):
            oracle.commit(batch(seed, number))
    snapshot = store.snapshot()
    assert list(store.ids()) == sorted(oracle.items)
    assert snapshot.items(list(oracle.items)) == {id: item for id, (item, _) in oracle.items.items()}
    query = np.random.default_rng(2).standard_normal((1, DIMENSION)).astype(np.float32)
    oracle.check(snapshot.search(query, 40)[0], query[0], 40)


@files_only
def test_commits_go_through_while_another_maintains(store: Store, collection: Path) -> None:
    """The maintainer's lock keeps a second maintainer waiting and nobody else."""
    store.commit([change("a", [axis(0)])])
    with ThreadPoolExecutor(1) as pool:
        with locked(collection / MAINTAIN_LOCK, wait=True):
            waiting = pool.submit(store.maintain)
            store.commit([change("b", [axis(1)])])
            assert store.snapshot().count() == 2
            assert not waiting.done()
        waiting.result(timeout=30)
    assert len(list((collection / "segments").iterdir())) == 1
    assert store.snapshot().count() == 2


def test_a_slow_reader_of_ids_holds_up_nobody(store: Store) -> None:
    """It goes on to see the state it began with."""
    changes = random_changes(50, seed=0)
    store.commit(changes)
    ids = store.ids()
    seen = [next(ids)]
    started = time.monotonic()
    store.commit(random_changes(50, seed=1, start=50), [c.item.id for c in changes[10:]])
    store.maintain()
    store.commit(random_changes(5, seed=2, start=200))
    assert time.monotonic() - started < 20
    assert seen + list(ids) == [c.item.id for c in changes]


def test_opening_while_another_compacts(store_factory: Factory) -> None:
    """Files named by the state that is being read may be gone when they are opened."""
    writer = store_factory()
    writer.commit(random_changes(60, seed=0))
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            writer.commit(random_changes(60, seed=1))
            writer.maintain()

    with ThreadPoolExecutor(1) as pool:
        churning = pool.submit(churn)
        try:
            assert [store_factory().snapshot().count() for _ in range(40)] == [60] * 40
        finally:
            stop.set()
        churning.result()


@files_only
def test_a_long_job_seals_as_it_goes(store_factory: Factory, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shelfsight.stores.local._SEAL_AT", 100)
    store, reader = store_factory(), store_factory()
    oracle = Oracle()
    query = np.random.default_rng(3).standard_normal((1, DIMENSION)).astype(np.float32)
    for number in range(30):
        store.commit(batch(1, number))
        oracle.commit(batch(1, number))
        if number % 4 == 0:
            oracle.check(reader.snapshot().search(query, 30)[0], query[0], 30)
    assert len(list((collection / "segments").iterdir())) > 5
    oracle.check(store_factory().snapshot().search(query, 30)[0], query[0], 30)


def test_threads_share_one_store(store: Store) -> None:
    def work(seed: int) -> None:
        for number in range(8):
            store.commit(batch(seed, number))
            assert store.snapshot().items([f"last-{seed}"])[f"last-{seed}"].metadata == {"batch": number}
            store.fingerprints([f"last-{seed}"])
            assert store.snapshot().count(parse("batch >= 0")) >= 1
            if number == 4:
                store.maintain()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert store.snapshot().count() == 4 * (8 * BATCH + 1)


def test_deletions_no_longer_remembered_one_by_one(store_factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader from before them reads everything anew."""
    monkeypatch.setattr("shelfsight.stores.maintenance._REMEMBERED", 3)
    writer, reader = store_factory(), store_factory()
    changes = random_changes(30, seed=0)
    writer.commit(changes)
    before = reader.snapshot()
    writer.commit([], [c.item.id for c in changes[:25]])
    writer.maintain()
    writer.commit([change("new", [axis(0)])])
    after = reader.snapshot()
    assert after.contains(c.item.id for c in changes) == {c.item.id for c in changes[25:]}
    assert after.count() == 6
    assert before.count() == 30


def test_what_is_dead_is_let_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop that changes every price every night does not grow in memory for ever."""
    monkeypatch.setattr("shelfsight.stores.state._SPARE", 100)
    changes = random_changes(50, seed=0)
    store.commit(changes)
    held = store.snapshot()
    for price in range(40):
        store.commit([update(c.item.id, {"price": price}) for c in changes])
        store.snapshot()
    assert store.snapshot().count(parse("price == 39")) == 50
    assert isinstance(store, LocalStore)
    assert len(store._state.slots.ids) < 400
    assert held.count(parse("price is not null")) == sum(c.item.metadata["price"] is not None for c in changes)
