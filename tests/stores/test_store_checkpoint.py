"""Opening from a checkpoint: the same answers as from the ledger, whatever became of the file."""

import random
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from store_oracle import Oracle
from store_samples import DIMENSION, SPEC, axis, change, random_changes, update

from shelfsight.core.errors import CorruptCollection, UnknownField
from shelfsight.core.filters import parse
from shelfsight.core.listing import SortKey
from shelfsight.core.protocols import Change, Snapshot
from shelfsight.core.types import Value
from shelfsight.stores import create_store, open_store
from shelfsight.stores.local import LocalStore

MIXED: tuple[Value, ...] = (
    *(None, "", "a", "B", "ab", "é", "\udcff", 0, -1, 2.5, 7, 2**60 + 1, True, False),
    *([], ["a", "a", 1, True], ["B", 2.5], {"k": 1}, {"k": "x"}),
)
WHERES = ["price < 50", 'brand == "Acme" and price is not null', 'mixed == "a" or mixed > 5', 'mixed["k"] == 1']
ASKED = np.random.default_rng(0).standard_normal((2, DIMENSION)).astype(np.float32)


def opened(path: Path) -> LocalStore:
    store = open_store(path, encoder=SPEC)
    assert isinstance(store, LocalStore)
    return store


def number(store: LocalStore) -> int | None:
    """Of the checkpoint that a store began with."""
    store.snapshot()
    return store._opened.number


def agrees(snapshot: Snapshot, oracle: Oracle) -> None:
    ids = sorted(oracle.items)
    assert snapshot.items([*ids, "absent"]) == {id: oracle.items[id][0] for id in ids}
    assert snapshot.contains([*ids, "absent", "\udcff"]) == set(ids)
    for text in WHERES:
        where = parse(text)
        assert snapshot.count(where) == len(oracle.passing(where)), text
        for query, found in zip(ASKED, snapshot.search(ASKED, 20, where=where), strict=True):
            oracle.check(found, query, 20, where=where)
    for field in ("mixed", "brand", "price", "title"):
        assert [*snapshot.facets([field], limit=None)[field].items()] == oracle.facet(field)
        for descending in (False, True):
            keys = [SortKey(field, descending)]
            assert snapshot.select(40, sort=keys) == oracle.select(keys)[:40]
    some = ids[::3]
    assert [*snapshot.facets(["mixed"], among=some)["mixed"].items()] == oracle.facet("mixed", among=some)


def entries(count: int, *, seed: int, start: int = 0) -> list[Change]:
    """Random ones with a field of every type."""
    changes = []
    for i, each in enumerate(random_changes(count, seed=seed, start=start)):
        assert each.vectors is not None
        metadata = {**each.item.metadata, "mixed": MIXED[(i + seed) % len(MIXED)]}
        changes.append(change(each.item.id, each.vectors, metadata, title=f"T{i % 7}"))
    return changes


@pytest.fixture
def shop(collection: Path) -> tuple[Path, Oracle]:
    """A collection of 200 items with a checkpoint, and a few commits since."""
    oracle = Oracle()
    store = create_store(collection, kind="exact", encoder=SPEC)
    history: list[tuple[list[Change], list[str]]] = [
        (entries(200, seed=0)[::-1], []),
        (entries(20, seed=1, start=50), ["item-00003", "item-00190"]),
    ]
    for changes, deletes in history:
        store.commit(changes, deletes)
        oracle.commit(changes, deletes)
    store.maintain()
    later = [*entries(5, seed=2, start=100), update("item-00001", {"price": 7.5, "brand": "New"})]
    later += entries(5, seed=3, start=300)
    store.commit(later, ["item-00010", "item-00011"])
    oracle.commit(later, ["item-00010", "item-00011"])
    store.close()
    return collection, oracle


def checkpoint(path: Path) -> Path:
    (file,) = (path / "cache").iterdir()
    return file


def test_answers_from_a_checkpoint_are_the_oracles(shop: tuple[Path, Oracle]) -> None:
    path, oracle = shop
    store = opened(path)
    assert number(store)
    agrees(store.snapshot(), oracle)
    changes = [*entries(10, seed=4, start=20), update("item-00002", {"price": None, "mixed": ["z", "a"]})]
    for turn in range(3):
        part, gone = changes[turn::3], [f"item-{60 + turn:05d}"]
        held, before = store.snapshot(), Oracle(dict(oracle.items))
        store.commit(part, gone)
        oracle.commit(part, gone)
        agrees(store.snapshot(), oracle)
        agrees(held, before)
    store.maintain()
    agrees(store.snapshot(), oracle)
    store.close()
    again = opened(path)
    assert number(again)
    agrees(again.snapshot(), oracle)
    again.close()


def test_a_checkpoint_that_is_missing_or_cut_short_is_passed_over(shop: tuple[Path, Oracle]) -> None:
    path, oracle = shop
    whole = checkpoint(path).read_bytes()
    for content in (None, b"", whole[:10], whole[:100], whole[: len(whole) // 2], whole[:-1], whole + b"x"):
        file = path / "cache" / checkpoint(path).name
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        store = opened(path)
        assert number(store) is None
        agrees(store.snapshot(), oracle)
        store.close()
        file.write_bytes(whole)
    store = opened(path)
    assert number(store)
    store.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_checkpoint_with_a_wrong_byte_anywhere_gives_no_wrong_answer(shop: tuple[Path, Oracle], seed: int) -> None:
    """A record is proven when it is read: then the question fails, once, and the next is answered from the ledger."""
    path, oracle = shop
    file, rng = checkpoint(path), random.Random(seed)
    whole = file.read_bytes()
    for _ in range(12):
        place = rng.randrange(len(whole))
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << rng.randrange(8)]) + whole[place + 1 :])
        store = opened(path)
        try:
            agrees(store.snapshot(), oracle)
        except CorruptCollection:
            assert store.snapshot() is not None
            assert number(store) is None
            agrees(store.snapshot(), oracle)
        store.close()


def test_a_damaged_record_fails_one_question(shop: tuple[Path, Oracle]) -> None:
    path, oracle = shop
    file = checkpoint(path)
    whole = file.read_bytes()
    place = whole.index(b'"item-00150-0.jpg"')
    file.write_bytes(whole[:place] + b'"item-00150-1' + whole[place + 13 :])
    store = opened(path)
    assert number(store)
    with pytest.raises(CorruptCollection, match="item-00150"):
        store.snapshot().items(["item-00150"])
    agrees(store.snapshot(), oracle)
    store.maintain()
    store.close()


def test_the_checkpoint_of_another_collection_is_none_of_this(shop: tuple[Path, Oracle], tmp_path: Path) -> None:
    path, oracle = shop
    other = create_store(tmp_path / "other", kind="exact", encoder=SPEC)
    for turn in range(2):
        other.commit(random_changes(120, seed=turn + 7))
    other.maintain()
    other.close()
    shutil.copy(checkpoint(tmp_path / "other"), checkpoint(path))
    store = opened(path)
    assert number(store) is None
    agrees(store.snapshot(), oracle)
    store.close()


def test_a_ledger_put_back_does_not_take_a_later_checkpoint(shop: tuple[Path, Oracle], tmp_path: Path) -> None:
    """The history went another way since; the generations are the same."""
    path, oracle = shop
    shutil.copytree(path, tmp_path / "kept")
    store = opened(path)
    store.commit([update(f"item-{i:05d}", {"price": 1, "mixed": "lost"}) for i in range(20, 100)])
    store.maintain()
    store.close()
    shutil.copytree(path / "cache", tmp_path / "kept/cache", dirs_exist_ok=True)
    store = opened(tmp_path / "kept")
    for price in (3, 4):
        changes = [update("item-00020", {"price": price})]
        store.commit(changes)
        oracle.commit(changes)
    store.close()
    store = opened(tmp_path / "kept")
    agrees(store.snapshot(), oracle)
    store.close()


def test_a_checkpoint_far_behind_is_passed_over(shop: tuple[Path, Oracle]) -> None:
    path, oracle = shop
    store = opened(path)
    changes = [update(f"item-{i:05d}", {"price": i, "brand": "Acme", "mixed": "m"}) for i in range(20, 100)]
    store.commit(changes)
    oracle.commit(changes)
    store.close()
    store = opened(path)
    assert number(store) is None
    agrees(store.snapshot(), oracle)
    store.maintain()
    store.close()
    store = opened(path)
    assert number(store)
    agrees(store.snapshot(), oracle)
    store.close()


def test_a_checkpoint_from_before_forgotten_deletions(shop: tuple[Path, Oracle]) -> None:
    path, oracle = shop
    store = opened(path)
    gone = sorted(oracle.items)[:8]
    store.commit([], gone)
    oracle.commit([], gone)
    with sqlite3.connect(path / "items.sqlite") as connection:  # as maintenance does once there are many
        connection.execute("DELETE FROM deleted")
        connection.execute(
            "UPDATE counters SET value = (SELECT value FROM counters WHERE name = 'generation')"
            " WHERE name = 'forgotten'"
        )
    connection.close()
    store.close()
    store = opened(path)
    assert number(store) is None
    agrees(store.snapshot(), oracle)
    store.close()


def test_a_snapshot_outlives_the_files_it_was_made_from(shop: tuple[Path, Oracle]) -> None:
    path, oracle = shop
    store, other = opened(path), opened(path)
    assert number(store)
    held, before = store.snapshot(), Oracle(dict(oracle.items))
    old = checkpoint(path)
    changes = entries(150, seed=5)
    other.commit(changes, ["item-00160"])
    oracle.commit(changes, ["item-00160"])
    other.maintain()
    assert not old.exists()
    assert checkpoint(path) != old
    assert len([*(path / "segments").iterdir()]) == 1
    agrees(held, before)
    agrees(store.snapshot(), oracle)
    agrees(held, before)
    for each in (store, other):
        each.close()


def test_little_news_leaves_the_checkpoint_alone(shop: tuple[Path, Oracle]) -> None:
    path, _ = shop
    store = opened(path)
    store.maintain()
    kept = checkpoint(path)
    store.commit([update("item-00020", {"price": 1})])
    store.maintain()
    assert checkpoint(path) == kept
    store.commit([update(f"item-{i:05d}", {"price": 2}) for i in range(20, 60)])
    store.maintain()
    assert checkpoint(path) != kept
    store.close()


def test_an_empty_collection_has_a_checkpoint_too(collection: Path) -> None:
    store = create_store(collection, kind="exact", encoder=SPEC)
    store.commit([change("a", [axis(0)], {"x": 1})])
    store.commit([], ["a"])
    store.maintain()
    store.close()
    store = opened(collection)
    assert store.snapshot().count() == 0
    with pytest.raises(UnknownField):
        store.snapshot().count(parse("x == 1"))
    store.commit([change("b", [axis(0)], {"x": 2})])
    assert store.snapshot().select(5, where=parse("x == 2")) == ["b"]
    store.close()


def test_counts_are_kept_by_writers_and_made_anew_for_others(collection: Path) -> None:
    store = create_store(collection, kind="exact", encoder=SPEC)

    def counts() -> tuple[int, int]:
        return store.manifest.items, store.manifest.pictures

    assert counts() == (0, 0)
    store.commit([change("a", [axis(0), axis(1)]), change("b", [axis(2)])])
    assert counts() == (2, 3)
    store.commit([change("a", [axis(0)]), change("c", [axis(2)] * 3), update("b", {"x": 1})], ["b", "absent"])
    assert counts() == (2, 4)
    with sqlite3.connect(collection / "items.sqlite") as connection:  # a writer that knows nothing of counts
        connection.execute("DELETE FROM items WHERE id = 'c'")
        connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'generation'")
    connection.close()
    assert counts() == (1, 1)
    store.commit([change("d", [axis(0), axis(3)])])
    assert counts() == (2, 3)
    store.close()
