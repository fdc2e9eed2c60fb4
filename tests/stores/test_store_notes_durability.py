"""Notes killed, damaged, out of space, written from all sides: never an item less, never a note too many."""

import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from notes_samples import ITEMS, feature, fingerprints, note, noted_shop, orphans
from store_processes import Child
from store_samples import SPEC, axis, change

from shelfsight.core.errors import StoreError, StoreFull
from shelfsight.core.protocols import PictureKey, Store
from shelfsight.stores import create_store, open_store

Factory = Callable[..., Store]
StartChild = Callable[..., Child]


@pytest.fixture
def noted(store: Store) -> Store:
    """Items ``a`` and ``b``, both noted."""
    store.commit([change("a", [axis(0)]), change("b", [axis(1)])])
    note(store, ("a", 0), ("b", 0))
    return store


def check(store: Store) -> None:
    """What is there is right."""
    items = store.snapshot().items([*store.ids()])
    keys = [(id, index) for id, item in items.items() for index in range(len(item.pictures))]
    for key, array in store.notes.features("v1", keys).items():
        assert items[key[0]].fingerprints.pictures == "pictures-1"
        assert np.array_equal(array, feature("v1", key))
    for id, said in store.notes.suggestions([*items]).items():
        assert said["caption"].value == f"this is {id}"


def test_kills_leave_no_note_without_its_item(tmp_path: Path, child: StartChild) -> None:
    chance = random.Random(1)
    create_store(tmp_path / "c", kind="exact", encoder=SPEC).close()
    for turn in range(4):
        writer = child("notes", tmp_path / "c", turn, 1000)
        said = [writer.line() for _ in range(chance.randint(1, 6))]
        time.sleep(chance.random() * 0.02)
        said += writer.kill()
        assert orphans(tmp_path / "c") == []
        last = len(said) - 1
        with closing(open_store(tmp_path / "c")) as store:
            check(store)
            whole = [(f"{turn}-{last}-{each}", index) for each in range(ITEMS) for index in (0, 1)]
            if not store.snapshot().contains([f"{turn}-{last + 1}-0"]):  # the turn after had not begun to delete them
                assert store.notes.features("v1", whole).keys() == set(whole)


def test_processes_write_side_by_side(tmp_path: Path, child: StartChild) -> None:
    create_store(tmp_path / "c", kind="exact", encoder=SPEC).close()
    writers = [child("notes", tmp_path / "c", seed, 12) for seed in (0, 1)]
    assert [writer.rest()[-1] for writer in writers] == ["done", "done"]
    assert orphans(tmp_path / "c") == []
    with closing(open_store(tmp_path / "c")) as store:
        check(store)
        assert store.notes.summary().features == {"v1": 2 * 2 * ITEMS}
        assert store.notes.summary().suggestions == {"m@1": 2 * ITEMS}


def test_threads_read_write_and_delete(store: Store, collection: Path) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def run(work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    def write(seed: int) -> None:
        for number in range(6):
            noted_shop(store, seed, number)

    def read() -> None:
        while not stop.is_set():
            keys = [(f"{seed}-{number}-{each}", 0) for seed in (0, 1) for number in range(6) for each in range(ITEMS)]
            for key, array in store.notes.features("v1", keys).items():
                assert np.array_equal(array, feature("v1", key))

    reader = run(read)
    for writer in [run(lambda seed=seed: write(seed)) for seed in (0, 1)]:  # type: ignore[misc]
        writer.join()
    stop.set()
    reader.join()
    assert failures == []
    assert orphans(collection) == []
    assert store.notes.summary().features == {"v1": 2 * 2 * ITEMS}


def test_what_an_older_program_left_behind_is_swept(noted: Store, collection: Path) -> None:
    """One that knows of no notes deletes an item, and changes the pictures of another."""
    with closing(sqlite3.connect(collection / "items.sqlite")) as connection, connection:
        connection.execute("DELETE FROM items WHERE id = 'a'")
        connection.execute("UPDATE items SET pictures_hash = 'other' WHERE id = 'b'")
    assert noted.notes.features("v1", [("a", 0), ("b", 0)]) == {}
    assert noted.notes.suggestions(["a", "b"]) == {}
    assert sorted(orphans(collection)) == ["a", "a", "b", "b"]
    noted.maintain()
    assert orphans(collection) == []
    assert noted.notes.summary().features == {}


@pytest.mark.parametrize("write", ["delete", "keep", "lack", "maintain"])
def test_damaged_notes_are_thrown_away(noted: Store, collection: Path, store_factory: Factory, write: str) -> None:
    noted.close()
    damage(collection)
    store = store_factory()
    assert store.notes.features("v1", [("a", 0)]) == {}
    assert store.notes.suggestions(["a"]) == {}
    assert store.notes.summary().features == {}
    assert store.snapshot().count() == 2
    match write:
        case "delete":
            assert store.commit([], ["b"]) == 1
        case "keep":
            note(store, ("a", 0))
        case "lack":
            assert list(store.notes.lacking_features("v1")) == ["a", "b"]
        case "maintain":
            store.maintain()
    assert (collection / "notes.sqlite").exists() == (write in ("keep", "lack"))
    note(store, ("a", 0))
    assert np.array_equal(store.notes.features("v1", [("a", 0)])["a", 0], feature("v1", ("a", 0)))


def damage(collection: Path) -> None:
    for name in ("notes.sqlite", "notes.sqlite-wal", "notes.sqlite-shm"):
        if (collection / name).exists():
            (collection / name).write_bytes(b"no database, whatever its name says" * 200)


def test_notes_deleted_by_hand_are_begun_anew(noted: Store, store_factory: Factory, collection: Path) -> None:
    other = store_factory()
    assert other.notes.features("v1", [("a", 0)]).keys() == {("a", 0)}
    for file in collection.glob("notes.sqlite*"):
        file.unlink()
    assert noted.notes.features("v1", [("a", 0)]) == other.notes.features("v1", [("a", 0)]) == {}
    note(noted, ("b", 0))
    assert other.notes.features("v1", [("a", 0), ("b", 0)]).keys() == {("b", 0)}


def test_an_interrupted_beginning_is_taken_up(store: Store, collection: Path) -> None:
    store.commit([change("a", [axis(0)])])
    (collection / "notes.sqlite").touch()
    assert store.notes.features("v1", [("a", 0)]) == {}
    store.commit([], ["nobody"])
    store.maintain()
    note(store, ("a", 0))
    assert store.notes.features("v1", [("a", 0)]).keys() == {("a", 0)}


def test_notes_of_a_newer_program_are_left_alone(noted: Store, store_factory: Factory, collection: Path) -> None:
    noted.close()
    with closing(sqlite3.connect(collection / "notes.sqlite")) as connection, connection:
        connection.execute("PRAGMA user_version = 9")
    store = store_factory()
    assert store.notes.features("v1", [("a", 0)]) == {}
    with pytest.raises(StoreError, match=r"newer Shelfsight wrote .*notes\.sqlite"):
        note(store, ("a", 0))
    with pytest.raises(StoreError, match="newer Shelfsight"):
        store.commit([], ["a"])
    assert store.snapshot().count() == 2


def keep_until_full(store: Store, prints: dict[str, str], kept: list[PictureKey]) -> None:
    for id in prints:
        store.notes.keep_features("v1", {(id, 0): feature("v1", (id, 0), (36, 256))}, prints)
        kept.append((id, 0))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Milvus Lite leaves files open
def test_a_full_disk_loses_no_note_and_no_search(kind: str, small_disk: Path) -> None:
    path = small_disk / "c"
    with closing(create_store(path, kind=kind, encoder=SPEC)) as store:
        ids = [f"{number:03}" for number in range(200)]
        store.commit([change(id, [axis(0)]) for id in ids])
        prints = fingerprints(store, ids)
        kept: list[PictureKey] = []
        with pytest.raises(StoreFull, match=str(path)):
            keep_until_full(store, prints, kept)
        assert len(kept) > 10
        found = store.notes.features("v1", [(id, 0) for id in ids])
        assert found.keys() == set(kept)
        assert all(np.array_equal(array, feature("v1", key, (36, 256))) for key, array in found.items())
        assert len(store.snapshot().search(np.eye(1, 8, dtype=np.float32), 10)[0]) == 10
    shutil.rmtree(path)
