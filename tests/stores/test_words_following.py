"""The index of words follows the ledger: whatever is committed, deleted, killed, damaged or taken back."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import SPEC, update
from words_shop import QUERIES, SHOP, answers, found, ids_found, ids_of, item, turn

from shelfsight.core.errors import StoreError
from shelfsight.core.protocols import Store
from shelfsight.stores import create_store, open_store
from shelfsight.stores.words.file import WORDS, WordsFile, about
from shelfsight.stores.words.following import Follower


@pytest.fixture
def path(collection: Path) -> Path:
    create_store(collection, kind="exact", encoder=SPEC).close()
    return collection


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(open_store(path)) as store:
        yield store


def anew(path: Path) -> list[tuple[object, object]]:
    """The answers of an index made from the ledger as it is now."""
    copy = path.with_name("copy")
    shutil.copytree(path, copy, ignore=shutil.ignore_patterns(f"{WORDS}*"))
    with closing(open_store(copy)) as store:
        made = answers(store.snapshot())
    shutil.rmtree(copy)
    return made


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path / WORDS)) as connection:
        return connection.execute(sql).fetchall()


def test_a_history_ends_where_an_index_made_anew_does(store: Store, path: Path) -> None:
    for number in range(40):
        store.commit(*turn(0, number))
        if number % 3 == 0:
            answers(store.snapshot())
        if number % 10 == 9:
            store.maintain()
            assert answers(store.snapshot()) == anew(path)
    assert any(match for match in answers(store.snapshot()))


def test_a_snapshot_stays_as_it_was(store: Store) -> None:
    store.commit(*turn(1, 0))
    snapshots = []
    for number in range(1, 12):
        store.commit(*turn(1, number))
        snapshots.append((store.snapshot(), ids_found(store.snapshot())))
    for snapshot, before in snapshots:
        assert ids_found(snapshot) == before  # what a word is worth changes with the collection


def test_a_price_that_changes_leaves_the_words_alone(store: Store, path: Path) -> None:
    store.commit(SHOP)
    assert ids_of(store.snapshot(), "boots") == ["boots"]
    store.commit([update("boots", {**SHOP[3].item.metadata, "price": 7}, title="Boots")])
    store.patch({"bag": {"price": 8}})
    assert ids_of(store.snapshot(), "boots handbag") == ["boots", "bag"]
    assert rows(path, "SELECT count(*), sum(died) FROM docs") == [(len(SHOP), 0)]
    store.patch({"bag": {"brand": "Acme"}})
    assert ids_of(store.snapshot(), "nike") == ["boots"]
    assert ids_of(store.snapshot(), "acme") == ["bag"]


def test_commits_are_followed_once_there_is_an_index(store: Store, path: Path) -> None:
    store.commit(SHOP[:2])
    assert not (path / WORDS).exists()
    assert ids_of(store.snapshot(), "boots") == []
    store.commit(SHOP[2:])
    assert rows(path, "SELECT count(*) FROM docs") == [(len(SHOP),)]
    store.commit([], ["boots"])
    assert rows(path, "SELECT id FROM docs WHERE died > 0") == [("boots",)]


def test_maintaining_makes_the_index(store: Store, path: Path) -> None:
    store.commit(SHOP)
    store.maintain()
    assert rows(path, "SELECT count(*) FROM docs") == [(len(SHOP),)]


def test_a_store_that_lags_behind_another_catches_up(store: Store, path: Path) -> None:
    with closing(open_store(path)) as other:
        store.commit(SHOP)
        early = store.snapshot()
        assert ids_of(early, "boots") == ids_of(other.snapshot(), "boots") == ["boots"]
        other.commit([item("more", "More boots")], ["boots"])
        assert ids_of(other.snapshot(), "boots") == ids_of(store.snapshot(), "boots") == ["more"]
        assert ids_of(early, "boots") == ["boots"]


@pytest.mark.parametrize("damage", ["garbage", "cut", "page", "empty", "other", "tables"])
def test_a_damaged_index_is_made_again(path: Path, damage: str) -> None:
    with closing(open_store(path)) as store:
        store.commit([*SHOP, *(item(f"more-{n}", f"sock number {n} of many") for n in range(400))])
        store.maintain()
        expected = answers(store.snapshot())
    file = path / WORDS
    whole = file.read_bytes()
    assert not (path / f"{WORDS}-wal").exists()
    match damage:
        case "garbage":
            file.write_bytes(b"no database at all" * 1000)
        case "cut":
            file.write_bytes(whole[: len(whole) // 2])
        case "page":
            middle = len(whole) // 2 // 4096 * 4096
            file.write_bytes(whole[:4096] + os.urandom(middle - 4096) + whole[middle:])
        case "empty":
            file.write_bytes(b"")
        case "other":
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("UPDATE about SET value = 99 WHERE name = 'format'")
                connection.commit()
        case "tables":
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("DROP TABLE about")
                connection.commit()
    with closing(open_store(path)) as store:
        store.commit([item("late", "Late sock")])
        assert ids_of(store.snapshot(), "late") == ["late"]
        store.commit([], ["late"])
        assert answers(store.snapshot()) == expected


def test_an_index_of_another_format_answers_nothing(path: Path) -> None:
    with closing(open_store(path)) as store:
        store.commit(SHOP)
        expected = answers(store.snapshot())
    with closing(sqlite3.connect(path / WORDS)) as connection:
        connection.execute("UPDATE about SET value = 1 WHERE name = 'format'")
        connection.execute("DELETE FROM vocabulary")
        connection.commit()
    with closing(open_store(path)) as store:
        assert answers(store.snapshot()) == expected


def test_an_index_that_is_removed_meanwhile_is_made_again(store: Store, path: Path) -> None:
    store.commit(SHOP)
    expected = answers(store.snapshot())
    for file in path.glob(f"{WORDS}*"):
        file.unlink()
    assert answers(store.snapshot()) == expected
    for file in path.glob(f"{WORDS}*"):
        file.unlink()
    store.commit([item("late", "Late sock")])
    assert ids_of(store.snapshot(), "late sock") == ["late"]


def test_a_ledger_that_was_taken_back_has_its_own_words(path: Path) -> None:
    with closing(open_store(path)) as store:
        store.commit(SHOP[:2])
    backup = path.with_name("backup")
    shutil.copytree(path, backup)
    with closing(open_store(path)) as store:
        store.commit(SHOP[2:])
        assert ids_of(store.snapshot(), "boots") == ["boots"]
    for file in backup.glob("items.sqlite*"):
        shutil.copy(file, path)
    with closing(open_store(path)) as store:
        assert ids_of(store.snapshot(), "boots running") == ["MS-10", "MS-11"]


def test_deletions_that_nobody_remembers_are_seen(store: Store, path: Path) -> None:
    store.commit(SHOP)
    assert ids_of(store.snapshot(), "boots") == ["boots"]
    file = path / WORDS
    with closing(sqlite3.connect(path / "items.sqlite")) as ledger:
        with closing(WordsFile(path)) as words, words.write():  # nobody follows meanwhile
            store.commit([], ["boots"])
        ledger.execute("DELETE FROM deleted")
        ledger.execute("UPDATE counters SET value = 2 WHERE name = 'forgotten'")
        ledger.commit()
    assert file.exists()
    assert ids_of(store.snapshot(), "boots bag handbag") == ["bag"]


def test_the_past_is_left_behind_once_it_outweighs_the_present(store: Store, path: Path) -> None:
    store.commit(SHOP)
    early = store.snapshot()
    assert ids_of(early, "boots") == ["boots"]
    for number in range(25):
        store.commit([item("boots", f"Boots number {number}")])
    late = store.snapshot()
    expected = answers(late)
    for spare, documents in ((25, len(SHOP) + 25), (20, len(SHOP))):
        with closing(WordsFile(path)) as words, words.write() as connection:
            assert connection is not None
            Follower(path, spare=spare).renew(connection)
        assert rows(path, "SELECT count(*) FROM docs") == [(documents,)]
        assert answers(late) == expected
    assert ids_of(early, "running") == ["MS-10", "MS-11"]


def test_large_commits_are_followed_in_whole_commits(store: Store, path: Path) -> None:
    for number in range(20):
        store.commit(*turn(2, number))
    store.commit([item(f"more-{n}", "Grey sock") for n in range(12)])
    with closing(WordsFile(path)) as words, words.write() as connection:
        assert connection is not None
        Follower(path, items=5).follow(connection)
        assert about(connection)["generation"] == 21
    assert answers(store.snapshot()) == anew(path)
    assert len(found(store.snapshot(), "grey", 20).matches) == 12


def test_kills_at_any_instant_leave_the_index_right(path: Path) -> None:
    chance = random.Random(3)
    script = Path(__file__).with_name("words_child.py")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    with closing(open_store(path)) as store:
        store.commit(SHOP)
        answers(store.snapshot())
    for seed in range(3):
        command = [sys.executable, str(script), str(path), str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            for _ in range(chance.randint(1, 8)):
                process.stdout.readline()
            time.sleep(chance.random() * 0.02)
            process.kill()
        with closing(open_store(path)) as store:
            assert answers(store.snapshot()) == anew(path)


def test_threads_search_while_others_commit(store: Store, path: Path) -> None:
    store.commit(*turn(5, 0))
    failures: list[BaseException] = []
    stop = threading.Event()

    def search() -> None:
        try:
            while not stop.is_set():
                snapshot = store.snapshot()
                known = snapshot.contains([f"item-{n}" for n in range(60)])
                for text in QUERIES:
                    assert {match.id for match in found(snapshot, text, 100).matches} <= known
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 25):
        store.commit(*turn(5, number))
    store.maintain()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert answers(store.snapshot()) == anew(path)


def test_a_closed_store_says_so(path: Path) -> None:
    store = open_store(path)
    store.commit(SHOP)
    snapshot = store.snapshot()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        found(snapshot, "boots")
