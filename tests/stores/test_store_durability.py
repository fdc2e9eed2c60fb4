"""Killed, out of space, damaged: nothing committed is lost, and what is wrong is named."""

import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_child import BATCH, batch
from store_oracle import Oracle
from store_processes import Child
from store_samples import DIMENSION, SPEC, axis, change, files_only, random_changes, stored

from shelfsight.core.errors import CorruptCollection, ShelfsightError, StoreError, StoreFull, UsageError
from shelfsight.core.protocols import Change, Store
from shelfsight.stores import create_store, open_store, read_manifest

Factory = Callable[..., Store]
StartChild = Callable[..., Child]


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """On a real disk, whatever the other tests do."""
    return tmp_path / "shop.collection"


def state_after(store: Store) -> int:
    """The number of batches of writer 1 that are in, each whole."""
    snapshot = store.snapshot()
    last = snapshot.items(["last-1"]).get("last-1")
    if last is None:
        assert snapshot.count() == 0
        return 0
    committed = int(str(last.metadata["batch"])) + 1
    oracle = Oracle()
    for number in range(committed):
        oracle.commit(batch(1, number))
    assert list(store.ids()) == sorted(oracle.items)
    assert snapshot.items(list(oracle.items)) == {id: item for id, (item, _) in oracle.items.items()}
    for id in oracle.items:
        assert np.array_equal(snapshot.vectors(id), oracle.items[id][1])
    query = np.random.default_rng(committed).standard_normal((1, DIMENSION)).astype(np.float32)
    oracle.check(snapshot.search(query, 30)[0], query[0], 30)
    return committed


@pytest.mark.slow
def test_kills_lose_nothing(kind: str, tmp_path: Path, child: StartChild) -> None:
    """A writer that commits and maintains is killed at random moments, after a random number of commits."""
    chance = random.Random(0)
    for turn in range(4 if kind == "milvus" else 10):
        path = tmp_path / f"c{turn}"
        create_store(path, kind=kind, encoder=SPEC).close()
        writer = child("batches", path, 1, 10_000)
        said = [writer.line() for _ in range(chance.randint(1, 12))]
        assert said[-1] == f"committed {len(said) - 1}", f"the writer ended by itself, with {writer.process.poll()}"
        time.sleep(chance.random() * 0.05)
        said += [line for line in writer.kill() if line.startswith("committed")]
        store = open_store(path, encoder=SPEC)
        committed = state_after(store)
        assert committed in (len(said), len(said) + 1)  # the last may be durable and not said yet
        store.commit(batch(1, committed))
        store.maintain()
        assert state_after(store) == committed + 1
        on_disk = {file.name for file in (path / "segments").iterdir()}
        assert on_disk == registered(path)
        store.close()
        shutil.rmtree(path)


def registered(path: Path) -> set[str]:
    connection = sqlite3.connect(path / "items.sqlite")
    names = {row[0] for row in connection.execute("SELECT name FROM segments")}
    connection.close()
    return names


@files_only
def test_files_of_a_crash_are_removed(store: Store, collection: Path) -> None:
    """A segment that was written and never registered, a half written one, a torn manifest."""
    store.commit(random_changes(30, seed=0))
    store.maintain()
    known = registered(collection)
    torn = [
        collection / "segments/0123.npy",
        collection / "segments/4567.npy.99.tmp",
        collection / "manifest.json.9.tmp",
    ]
    for file in torn:
        file.write_bytes(b"torn")
        os.utime(file, (0, 0))
    store.commit(random_changes(30, seed=1, start=30))
    assert store.snapshot().count() == 60
    store.maintain()
    assert not any(file.exists() for file in torn)
    assert known < registered(collection) == {file.name for file in (collection / "segments").iterdir()}


@files_only
def test_files_that_others_write_or_keep_stay(store: Store, collection: Path) -> None:
    """One that another process is about to publish, one of a person, a directory."""
    (collection / "manifest.json.77-88.tmp").write_bytes(b"{")
    (collection / "notes.tmp").write_bytes(b"mine")
    (collection / "drafts.1.tmp").mkdir()
    others = sorted(collection.glob("*.tmp"))
    for file in others:
        os.utime(file, (0, 0))
    os.utime(collection / "manifest.json.77-88.tmp")
    store.commit(random_changes(30, seed=0))
    store.maintain()
    assert sorted(collection.glob("*.tmp")) == others


def test_a_full_disk_loses_nothing(kind: str, small_disk: Path) -> None:
    store = create_store(small_disk / "c", kind=kind, encoder=SPEC)
    committed, refused = commit_until_full(store)
    assert committed > 3
    assert str(small_disk / "c") in str(refused)
    assert refused.hint
    for _ in range(3):
        with pytest.raises(StoreFull):
            store.commit([*batch(1, committed), with_preview(committed)])
    assert store.snapshot().count() == committed * BATCH + 2
    assert store.snapshot().items(["last-1"])["last-1"].metadata == {"batch": committed - 1}
    assert store.preview("big", 0) == preview(committed - 1)
    store.close()
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    again = open_store(small_disk / "c")
    again.commit([*batch(1, committed), with_preview(committed)])
    again.maintain()
    assert again.snapshot().count() == (committed + 1) * BATCH + 2
    again.close()


def commit_until_full(store: Store) -> tuple[int, StoreFull]:
    """How many batches went in, and the error of the first that did not."""
    for number in count():
        try:
            store.commit([*batch(1, number), with_preview(number)])
        except StoreFull as error:
            return number, error
    raise AssertionError


def with_preview(number: int) -> Change:
    """Always the same item, with a new 30 kB picture."""
    return Change(item=stored("big", previews=[preview(number)]), vectors=np.eye(1, DIMENSION, dtype=np.float32))


def preview(number: int) -> bytes:
    return random.Random(number).randbytes(30_000)


def test_no_space_to_seal_loses_nothing(kind: str, small_disk: Path) -> None:
    store = create_store(small_disk / "c", kind=kind, encoder=SPEC)
    committed = 0
    while committed < 5:
        store.commit(batch(1, committed))
        committed += 1
    room = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(bytes(room - 4096))
    with pytest.raises(StoreFull):
        store.maintain()
    assert state_after(store) == committed
    (small_disk / "ballast").unlink()
    store.maintain()
    assert state_after(store) == committed
    assert registered(small_disk / "c") == {file.name for file in (small_disk / "c/segments").iterdir()}
    store.close()


@files_only
def test_a_file_size_limit_loses_nothing(store: Store, collection: Path, child: StartChild) -> None:
    *before, last = child("fill", collection, 400_000).rest()
    assert last.split()[0] == "failed"
    assert last.split()[2] in ("store_full", "store")
    assert len(before) > 3
    assert state_after(store) == len(before)
    store.commit(batch(1, len(before)))
    assert state_after(store) == len(before) + 1


@files_only
def test_a_missing_segment_is_named(store_factory: Factory, collection: Path) -> None:
    store = store_factory()
    store.commit(random_changes(30, seed=0))
    store.maintain()
    (name,) = registered(collection)
    (collection / "segments" / name).unlink()
    with pytest.raises(CorruptCollection, match=name):
        store_factory().snapshot()


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY garbage", None])
@files_only
def test_a_damaged_segment_is_named(store_factory: Factory, collection: Path, damage: bytes | None) -> None:
    store = store_factory()
    store.commit(random_changes(30, seed=0))
    store.maintain()
    (name,) = registered(collection)
    file = collection / "segments" / name
    file.write_bytes(file.read_bytes()[:-10] if damage is None else damage)
    with pytest.raises(CorruptCollection, match=name) as caught:
        store_factory().snapshot()
    assert caught.value.hint


def test_a_damaged_database_is_named(store_factory: Factory, collection: Path) -> None:
    store = store_factory()
    store.commit(random_changes(30, seed=0))
    store.maintain()
    store.close()
    for suffix in ("-wal", "-shm"):
        (collection / f"items.sqlite{suffix}").unlink(missing_ok=True)
    (collection / "items.sqlite").write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(CorruptCollection, match=r"items\.sqlite"):
        store_factory().snapshot()


@files_only
def test_a_missing_database_is_named(store_factory: Factory, collection: Path) -> None:
    store_factory().close()
    (collection / "items.sqlite").unlink()
    with pytest.raises(CorruptCollection, match=r"items\.sqlite is missing"):
        store_factory()
    assert not (collection / "items.sqlite").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 1, "store": "exact", "encoder": {}}']
)
def test_a_damaged_manifest_is_named(store_factory: Factory, collection: Path, text: str) -> None:
    store_factory().close()
    (collection / "manifest.json").write_text(text)
    for use in (open_store, read_manifest):
        with pytest.raises(CorruptCollection, match=r"manifest\.json"):
            use(collection)


def test_a_store_that_is_closed_says_so(store_factory: Factory) -> None:
    store = store_factory()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.snapshot()


def test_no_foreign_exception_leaves_a_lost_directory(store_factory: Factory, collection: Path) -> None:
    store = store_factory()
    store.commit(random_changes(5, seed=0))
    shutil.rmtree(collection)
    for use in (store.maintain, lambda: list(store.ids()), lambda: open_store(collection)):
        with pytest.raises(ShelfsightError):
            use()


def test_a_busy_database_is_a_store_error(store: Store, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shelfsight.stores.ledger.BUSY_SECONDS", 0.1)
    hasty = open_store(collection)
    other = sqlite3.connect(collection / "items.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process"):
        hasty.commit([change("a", [axis(0)])])
    other.execute("COMMIT")
    other.close()
    hasty.commit([change("a", [axis(0)])])
    hasty.close()
    assert store.snapshot().count() == 1


def test_a_change_that_fails_half_way_leaves_nothing(store: Store) -> None:
    """The second item's metadata is no JSON, found out when the first is written already."""
    store.commit([change("a", [axis(0)], {"x": 1})])
    no_json: dict[str, Any] = {"x": {1, 2}}
    bad = stored("b", no_json)
    with pytest.raises(UsageError, match="'b'"):
        store.commit(
            [change("a", [axis(1)], {"x": 2}), Change(item=bad, vectors=np.eye(1, DIMENSION, dtype=np.float32))]
        )
    assert store.snapshot().items(["a"])["a"].metadata == {"x": 1}
    store.commit([change("c", [axis(2)])])
    assert list(store.ids()) == ["a", "c"]


def test_files_are_no_larger_than_their_vectors(store: Store, collection: Path) -> None:
    """Compaction: replaced and deleted vectors do not stay on disk for ever."""
    for turn in range(6):
        store.commit(random_changes(200, seed=turn))
        store.maintain()
    store.commit([], [f"item-{i:05d}" for i in range(150)])
    store.maintain()
    pictures = store.manifest.pictures
    size = sum(file.stat().st_size for file in (collection / "segments").iterdir())
    assert size < 2 * pictures * DIMENSION * 4 + 1024


def test_sealed_vectors_leave_the_database(store: Store, collection: Path) -> None:
    store.commit(random_changes(30, seed=0))
    store.maintain()
    connection = sqlite3.connect(collection / "items.sqlite")
    assert connection.execute("SELECT count(*) FROM delta").fetchone() == (0,)
    connection.close()


def test_replaced_previews_do_not_pile_up(store: Store, collection: Path) -> None:
    for number in range(30):
        store.commit([with_preview(number)])
    store.maintain()
    assert store.preview("big", 0) == preview(29)
    assert sum(file.stat().st_size for file in collection.glob("items.sqlite*")) < 300_000
