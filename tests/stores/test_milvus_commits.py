"""Commits in Milvus: killed at their worst moments, from several machines, by several tenants, and swept up after."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from milvus_samples import Opener, milvus, rows_in_milvus
from milvus_served import served
from store_oracle import Oracle
from store_samples import DIMENSION, axis, change, random_changes, stored, update

from shelfsight.core.errors import CorruptCollection, LeaseHeld, NotFound, UsageError
from shelfsight.core.filters import parse
from shelfsight.core.protocols import Change, Match
from shelfsight.stores.milvus import locks
from shelfsight.stores.milvus.creation import prepare, switch
from shelfsight.stores.milvus.locks import held
from shelfsight.stores.milvus.rows import requests
from shelfsight.stores.milvus.store import MilvusStore

__all__ = ["milvus", "served"]

ASKED = np.random.default_rng(7).standard_normal((3, DIMENSION)).astype(np.float32)


def check(store: MilvusStore, oracle: Oracle) -> None:
    snapshot = store.snapshot()
    assert list(store.ids()) == sorted(oracle.items)
    assert snapshot.items(list(oracle.items)) == {id: item for id, (item, _) in oracle.items.items()}
    for where in (None, parse("price < 50")):
        for query, found in zip(ASKED, snapshot.search(ASKED, 15, where=where), strict=True):
            oracle.check(found, query, 15, where=where)


def ledger_of(path: Path) -> list[Path]:
    return [*path.glob("items.sqlite*"), *path.glob("cache")]


def test_rows_that_a_killed_commit_left_are_nobody_s(milvus: Opener) -> None:
    """All its rows, and its list of deletions, are in Milvus; the journal's entry is not."""
    store, oracle = milvus(), Oracle()
    first = random_changes(30, seed=0)
    store.commit(first)
    oracle.commit(first)
    left = [
        {
            "row": row,
            "id": "half",
            "picture": 0,
            "pictures": 1,
            "whole": True,
            "title": "",
            "preview": "",
            "record": "[]",
        }
        | {"overflow": "", "vector": ASKED[0].tolist(), "n:price": 1, "s:odd": "left by the killed one"}
        for row in range(store.snapshot().state.last_vector + 1, store.snapshot().state.last_vector + 200)
    ]
    store._remote.write(left)
    store._journal.write_deleted(2, [c.item.id for c in first])
    check(store, oracle)
    again = milvus()
    check(again, oracle)
    second = random_changes(5, seed=1, start=28)
    again.commit(second)
    oracle.commit(second)
    check(again, oracle)
    check(milvus(), oracle)
    assert not again._milvus.query(again._remote.name, 'id == "half"', ["row"])


def test_a_commit_that_the_ledger_does_not_know_of_is_in(milvus: Opener, tmp_path: Path) -> None:
    """Killed between the journal's entry and the end of the ledger's transaction: the ledger is put back to before."""
    store, oracle = milvus(), Oracle()
    changes = random_changes(30, seed=0)
    store.commit(changes)
    oracle.commit(changes)
    store.close()
    shutil.copytree(tmp_path / "shop", tmp_path / "before", ignore=shutil.ignore_patterns("milvus.db"))
    store = milvus()
    later = [*random_changes(10, seed=1, start=25), update("item-00001", {"price": 3})]
    store.commit(later, ["item-00002", "item-00030"])
    oracle.commit(later, ["item-00002", "item-00030"])
    store.close()
    for file in ledger_of(tmp_path / "shop"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    for file in ledger_of(tmp_path / "before"):
        shutil.copytree(file, tmp_path / "shop" / file.name) if file.is_dir() else shutil.copy(file, tmp_path / "shop")
    check(milvus(), oracle)


def test_a_lost_ledger_is_made_anew(milvus: Opener, tmp_path: Path) -> None:
    store, oracle = milvus(), Oracle()
    for turn in range(4):
        changes = random_changes(20, seed=turn, start=12 * turn)
        store.commit(changes, [f"item-{turn:05d}"])
        oracle.commit(changes, [f"item-{turn:05d}"])
    picture = Change(item=stored("p", previews=[b"\x89PNG" * 40_000]), vectors=np.eye(1, DIMENSION, dtype=np.float32))
    store.commit([picture])
    oracle.commit([picture])
    store.close()
    for file in ledger_of(tmp_path / "shop"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    again = milvus()
    check(again, oracle)
    assert again.preview("p", 0) == b"\x89PNG" * 40_000


def test_two_machines_follow_each_other(milvus: Opener, tmp_path: Path) -> None:
    """Two directories, each with a ledger of its own, on one Milvus."""
    place = {"uri": str(tmp_path / "shared.db"), "collection": "shop", "follow_seconds": 0.0}
    machines, oracle = [milvus("one", **place), milvus("two", **place)], Oracle()
    held_back = None
    for turn in range(6):
        writer, reader = machines[turn % 2], machines[(turn + 1) % 2]
        changes = random_changes(12, seed=turn, start=8 * turn)
        writer.commit(changes, [f"item-{8 * turn - 3:05d}"])
        oracle.commit(changes, [f"item-{8 * turn - 3:05d}"])
        if turn == 2:
            held_back = (reader.snapshot(), Oracle(dict(oracle.items)))
        check(reader, oracle)
        assert reader.patch({"item-00001": {"price": turn}}) == {"item-00001"}
        oracle.commit([update("item-00001", {**oracle.items["item-00001"][0].metadata, "price": turn}, version="1")])
        check(writer, oracle)
        assert reader.token() == writer.token()
    assert held_back is not None
    for query, found in zip(ASKED, held_back[0].search(ASKED, 15), strict=True):
        held_back[1].check(found, query, 15)


def test_a_commit_by_another_process_of_the_machine_is_seen_at_once(milvus: Opener, served: str) -> None:
    """The two have one ledger, so that there is nothing to learn from Milvus; what is read there must be new."""
    one, other = milvus(uri=served), milvus()
    one.commit(random_changes(5, seed=0))
    other.snapshot()
    other._remote._touched -= 3600
    assert other._remote.level == "Bounded"
    one.commit([change("new", [axis(0)])])
    assert other.snapshot().search(np.array([axis(0)], np.float32), 1)[0][0].id == "new"
    assert other._remote.level == "Strong"


def test_a_request_is_no_larger_than_a_server_takes() -> None:
    row = {"vector": np.zeros(4, np.float32), "record": "", "words": "w" * 60_000, "s:text": "x" * 30_000}
    parts = [*requests([row | {"row": number} for number in range(100)])]
    assert [len(part) for part in parts] == [45, 45, 10]
    assert [each["row"] for part in parts for each in part] == [*range(100)]


def test_tenants_do_not_see_each_other(milvus: Opener, tmp_path: Path) -> None:
    place = {"uri": str(tmp_path / "shared.db"), "collection": "shop", "follow_seconds": 0.0}
    anna, ben = milvus("a", tenant="anna", **place), milvus("b", tenant="ben", **place)
    anna.commit([change("x", [axis(0)], {"of": "anna"}), change("only", [axis(1)])])
    ben.commit([change("x", [axis(0)], {"of": "ben"})])
    asked = np.array([axis(0)], np.float32)
    assert anna.snapshot().search(asked, 5)[0] == [Match("x", 1.0, 0), Match("only", 0.0, 0)]
    assert ben.snapshot().search(asked, 5)[0] == [Match("x", 1.0, 0)]
    assert (anna.snapshot().items(["x"])["x"].metadata, ben.snapshot().items(["x"])["x"].metadata) == (
        {"of": "anna"},
        {"of": "ben"},
    )
    assert anna._remote.name == ben._remote.name
    ben.commit([], ["x"])
    assert anna.snapshot().count() == 2


def test_what_was_replaced_is_dropped_after_the_grace(milvus: Opener, tmp_path: Path) -> None:
    store, oracle = milvus(grace_seconds=0.2), Oracle()
    preview = Change(item=stored("p", previews=[b"old" * 100]), vectors=np.eye(1, DIMENSION, dtype=np.float32))
    changes = [*random_changes(40, seed=0), preview]
    for each in (changes, random_changes(20, seed=1), [update("p", {"price": 2})]):
        store.commit(each)
        oracle.commit(each)
    before = store.snapshot()
    answers = before.search(ASKED, 30)
    store.commit([], ["item-00001"])
    oracle.commit([], ["item-00001"])
    pictures = store.manifest.pictures
    store.maintain()  # marks
    assert rows_in_milvus(store) > pictures
    assert before.search(ASKED, 30) == answers
    time.sleep(0.3)
    store.maintain()  # drops
    assert rows_in_milvus(store) == pictures
    check(store, oracle)
    assert store.preview("p", 0) == b"old" * 100
    assert len(store._journal.since(0)) == 1
    anew = milvus("other", uri=str(tmp_path / "shop/milvus.db"), collection="shop", follow_seconds=0.0)
    check(anew, oracle)
    store.commit([Change(item=stored("p", version="2"), vectors=np.eye(1, DIMENSION, dtype=np.float32))])
    for _ in range(2):
        store.maintain()
        time.sleep(0.3)
    store.maintain()
    assert store._journal.blob_names() == set()
    assert anew.preview("p", 0) is None


def test_who_was_away_while_the_journal_was_cut_reads_everything_anew(milvus: Opener, tmp_path: Path) -> None:
    place = {"uri": str(tmp_path / "shared.db"), "collection": "shop", "grace_seconds": 0.0, "follow_seconds": 0.0}
    here, away, oracle = milvus("one", **place), milvus("two", **place), Oracle()
    for turn in range(3):
        changes = random_changes(15, seed=turn)
        here.commit(changes)
        oracle.commit(changes)
    old = away.snapshot()
    away.maintain()  # with a checkpoint of its own
    here.commit([change("new", [axis(0)], {"price": 1})], ["item-00003", "item-00004"])
    oracle.commit([change("new", [axis(0)], {"price": 1})], ["item-00003", "item-00004"])
    for _ in range(3):
        here.maintain()
    assert old.count() == 15
    check(away, oracle)
    away.close()
    check(milvus("two"), oracle)


def test_large_metadata_and_ids(milvus: Opener) -> None:
    """Values of Milvus end at 64 kB; a catalogue's do not."""
    store = milvus()
    long = {f"text {i}": f"{i} " + "x" * 30_000 for i in range(10)} | {"price": 5}
    store.commit([change("a", [axis(0)], long), change("b", [axis(1)], {"text 1": "short", "price": 6})])
    store.commit([update("b", {"text 1": "y" * 90_000, "price": 6})])
    snapshot = store.snapshot()
    assert snapshot.items(["a"])["a"].metadata == long
    asked = np.array([axis(0)], np.float32)
    for text, expected in {
        "price == 5": ["a"],
        '`text 1` like "1 x%"': ["a"],
        '`text 1` like "%y"': ["b"],
        f'`text 1` == "{"y" * 300}"': [],
        f'`text 1` > "{"y" * 300}"': ["b"],
    }.items():
        assert [m.id for m in snapshot.search(asked, 5, where=parse(text))[0]] == expected, text
    with pytest.raises(UsageError, match="8,192 bytes"):
        store.commit([change("fine", [axis(0)]), change("é" * 5000, [axis(0)])])
    assert store.snapshot().count() == 2
    store.commit([change("é" * 4000, [axis(0)])])
    assert milvus().snapshot().contains(["é" * 4000]) == {"é" * 4000}


def test_a_patch_changes_what_milvus_filters_by(milvus: Opener) -> None:
    store = milvus()
    store.commit([change(f"{i:03}", [axis(i % 8)], {"price": 1}) for i in range(300)])
    old = store.snapshot()
    store.patch({f"{i:03}": {"price": 2} for i in range(290)})
    asked = np.array([axis(0)], np.float32)
    assert len(store.snapshot().search(asked, 300, where=parse("price == 2"))[0]) == 290
    assert len(store.snapshot().search(asked, 300, where=parse("price == 1"))[0]) == 10
    assert len(old.search(asked, 300, where=parse("price == 1"))[0]) == 300


def test_vectors_that_milvus_lost_are_named(milvus: Opener) -> None:
    store = milvus()
    store.commit([change("a", [axis(0)]), change("b", [axis(1)])])
    store._remote.forget(np.array([1]))
    with pytest.raises(CorruptCollection, match="lost the vector of row 1"):
        store.snapshot().vectors("a")
    assert np.array_equal(store.snapshot().vectors("b"), [axis(1)])


def test_a_lock_between_machines(milvus: Opener) -> None:
    journal = milvus()._journal
    with held(journal, "lease", "the nightly job", wait=False):
        with pytest.raises(LeaseHeld, match="the nightly job"), held(journal, "lease", "me", wait=False):
            pass
        with held(journal, "writer", "me", wait=False):
            pass
    with held(journal, "lease", "now me", wait=False):
        pass
    journal.write_note("lease", {"name": "dead", "holder": "a dead one", "until": time.time() + 0.3})
    with held(journal, "lease", "the next", wait=True):
        note = journal.note("lease")
        assert note is not None
        assert note["holder"] == "the next"
    assert journal.note("lease") is None


def test_a_lock_that_ran_out_is_left_to_whoever_has_it_now(milvus: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slept, and another one that did not wait for ever."""
    monkeypatch.setattr(locks, "_RENEWED", 0.02)
    journal = milvus()._journal
    other = {"name": "another", "holder": "another machine", "until": time.time() + 60}
    with held(journal, "lease", "the nightly job", wait=False):
        journal.write_note("lease", other)
        time.sleep(0.2)
        assert journal.note("lease") == other
    assert journal.note("lease") == other


def test_a_switch_of_the_alias_is_noticed(milvus: Opener) -> None:
    store = milvus()
    store.commit([change("a", [axis(0)])])
    other = milvus("other", uri=str(store._path / "milvus.db"), collection="elsewhere")
    other.commit([change("b", [axis(0)]), change("c", [axis(1)])])
    switch(store._milvus, "shop", other._remote.name)
    assert milvus().snapshot().contains(["a", "b", "c"]) == {"b", "c"}
    prepare(store._milvus, store.place, store.manifest.encoder, join=True)


def test_a_preview_of_another_item_s_picture(milvus: Opener) -> None:
    store = milvus()
    store.commit([Change(item=stored("a", previews=[b"same"]), vectors=np.eye(1, DIMENSION, dtype=np.float32))])
    store.commit([Change(item=stored("b", previews=[b"same"]), vectors=np.eye(1, DIMENSION, dtype=np.float32))])
    assert store.preview("a", 0) == store.preview("b", 0) == b"same"
    assert len(store._journal.blob_names()) == 1
    with pytest.raises(NotFound):
        store.preview("c", 0)
