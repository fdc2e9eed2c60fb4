"""Erasing: nothing of an item stays in any file, others answer as before, and a kill in the middle costs nothing."""

import gc
import hashlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ann_samples import EAGER, WIDE, WIDTH, clustered, items_of
from erased_shop import (
    CAPTION,
    NOTE,
    OLD_TITLE,
    ROWS,
    SHARED,
    TITLE,
    TWIN,
    VICTIM,
    answers,
    copied,
    found_by_words,
    made,
    traces,
    victim,
)

from shelfsight.core.errors import Changed, StoreError
from shelfsight.core.filters import parse
from shelfsight.core.protocols import Change, Store
from shelfsight.core.vectors import normalise
from shelfsight.stores import create_store, maintenance, open_store, open_version, purging
from shelfsight.stores.ann.block import ApproximateBlock
from shelfsight.stores.ann.finding import Finder
from shelfsight.stores.backup import back_up, restore
from shelfsight.stores.ledger import DATABASE, connect
from shelfsight.stores.purging import empty_log
from shelfsight.stores.shadow import changing
from shelfsight.stores.words import index

locals_only = pytest.mark.parametrize("kind", ["exact", "faiss"])


@locals_only
def test_nothing_of_an_item_is_left_in_any_file(collection: Path, kind: str) -> None:
    with closing(made(collection, kind)) as store:
        version = copied(collection)
        there = {*traces(collection)}
        assert there >= {TITLE, OLD_TITLE, CAPTION, "vector 1/0", "vector 2/1", "features 2", "preview 1 at 2400"}
        before, words = answers(store), [*found_by_words(store, ["neighbour", SHARED])]
        held = store.snapshot()
        erased = store.erase([VICTIM, "nobody"])
        assert traces(collection) == {}
        assert (erased.ids, erased.absent, erased.later, erased.verified) == ((VICTIM,), ("nobody",), (), True)
        assert answers(store) == before
        assert list(found_by_words(store, ["neighbour", SHARED])) != []
        assert [id for id, _ in found_by_words(store, ["neighbour", SHARED])] == [id for id, _ in words if id != VICTIM]
        assert held.vectors(VICTIM).shape[0] == 2
        assert held.items([VICTIM])[VICTIM].metadata["note"] == NOTE
        assert store.snapshot().items([VICTIM]) == {}
        assert store.snapshot().count() == ROWS
        assert store.snapshot().count(parse(f'brand == "{SHARED}"')) == 1
        assert [*store.notes.features("v1", [(TWIN, 0)])] == [(TWIN, 0)]
    with closing(open_version(collection, version.name)) as other:
        assert other.snapshot().count() == ROWS
        assert answers(other) == before


@locals_only
def test_the_same_picture_of_another_item_stays(collection: Path, kind: str) -> None:
    with closing(made(collection, kind, rows=300)) as store:
        twin = victim(TITLE, 2)
        store.commit([Change(item=replace(twin.item, id="twin", title="Twin", metadata={}), vectors=twin.vectors)])
        store.maintain()
        erased = store.erase([VICTIM])
        places = {place.name: place for place in erased.places}
        assert (places["vectors"].shared, places["vectors"].left) == (2, 0)
        assert places["items"].shared >= 3, "two previews and the brand"
        assert erased.verified
        assert np.array_equal(store.snapshot().vectors("twin"), twin.vectors)
        assert store.preview("twin", 1) == twin.item.pictures[1].preview


@locals_only
def test_the_receipt_says_what_was_where_and_what_others_have_too(collection: Path, kind: str) -> None:
    with closing(made(collection, kind)) as store:
        erased = store.erase([VICTIM])
    assert erased.held["vector"] == 2
    assert erased.held["preview"] == 2
    assert erased.held["features"] == 1
    places = {place.name: place for place in erased.places}
    assert {"vectors", "items", "notes", "words", "cache"} <= {*places}
    assert places["vectors"].found == 2
    assert places["items"].shared == 1, "the brand, which a neighbour has"
    assert all(place.left == 0 and place.shared <= place.found for place in erased.places)
    size = sum(file.stat().st_size for file in collection.rglob("*") if file.is_file())
    assert erased.bytes == pytest.approx(size, rel=0.2)


def test_an_index_finds_the_same_without_the_rows(collection: Path) -> None:
    with closing(made(collection, "faiss")) as store:
        built = store.manifest.index
        assert built is not None
        assert built.kind.startswith("ivf")
        before = answers(store)
        store.erase([VICTIM])
        index = store.manifest.index
        assert index is not None
        assert (index.vectors, index.kind) == (ROWS, built.kind)
        assert index.parameters == built.parameters
        assert answers(store) == before
    with closing(open_store(collection)) as store:
        assert answers(store) == before


@pytest.mark.parametrize("one_by_one", [20_000, 0])
def test_words_are_found_as_by_an_index_made_anew(
    collection: Path, one_by_one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_FORGOTTEN", one_by_one)
    asked = ["neighbour", SHARED, "wanderlust sons", "zither", "roe", "zebrawod"]
    with closing(made(collection, "exact", rows=300)) as store:
        store.commit([replace(victim(TITLE, 3), item=replace(victim(TITLE, 3).item, id="another", title="zither"))])
        store.erase([VICTIM])
        found = [*found_by_words(store, asked)]
        assert {id for id, _ in found} == {TWIN, "another"}
        assert "an old word" not in traces(collection)
    for file in collection.glob("words.sqlite*"):
        file.unlink()
    with closing(open_store(collection)) as store:
        assert [*found_by_words(store, asked)] == found


def test_an_index_that_learned_the_vector_itself_is_made_anew(collection: Path) -> None:
    """Some of those that lie far from all others are the centroids of their own lists."""
    lone = np.concatenate([np.eye(WIDTH, dtype=np.float32)[:12], -np.eye(WIDTH, dtype=np.float32)[:12]])
    others = clustered(ROWS, seed=1)
    others[:, :12] = 0
    with closing(create_store(collection, kind="faiss", encoder=WIDE, vectors=EAGER)) as store:
        store.commit(items_of(np.concatenate([normalise(others), lone])))
        store.maintain()
        learned = [number for number in range(len(lone)) if _finder(store).shows(lone[[number]])]
        assert 0 < len(learned) < len(lone)
        assert store.erase([f"i{ROWS + learned[0]:07}"]).verified
        again = _finder(store)
        assert again.rows == ROWS + len(lone) - 1
        assert not again.shows(lone[learned[:1]])
        (found,) = store.snapshot().search(lone[learned[1:2]], 1)
        assert found[0].id == f"i{ROWS + learned[1]:07}"


def _finder(store: Store) -> Finder:
    (block,) = store.snapshot().state.blocks.parts  # type: ignore[attr-defined]
    assert isinstance(block, ApproximateBlock)
    return block.finder


@locals_only
def test_a_backup_keeps_what_it_has(collection: Path, tmp_path: Path, kind: str) -> None:
    with closing(made(collection, kind)) as store:
        back_up(collection, tmp_path / "backup")
        files = _digests(tmp_path / "backup")
        store.erase([VICTIM])
    assert _digests(tmp_path / "backup") == files
    restore(tmp_path / "backup", tmp_path / "again")
    with closing(open_store(tmp_path / "again")) as store:
        assert store.snapshot().items([VICTIM])[VICTIM].title == TITLE
    assert traces(collection) == {}


@locals_only
def test_whoever_has_it_open_goes_on_and_learns_of_it(collection: Path, kind: str) -> None:
    with closing(made(collection, kind)) as store, closing(open_store(collection)) as reader:
        old = reader.snapshot()
        before = answers(reader)
        store.erase([VICTIM])
        assert old.items([VICTIM])[VICTIM].title == TITLE
        assert old.vectors(VICTIM).shape[0] == 2
        assert VICTIM not in reader.snapshot().contains([VICTIM, TWIN])
        assert answers(reader) == before
        del old
        gc.collect()
        mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if str(collection) in line]
        assert not [line for line in mapped if line.endswith("(deleted)")]
        reader.commit([victim("A new zither", 3)])
        assert store.snapshot().items([VICTIM])[VICTIM].title == "A new zither"


@locals_only
def test_who_writes_meanwhile_loses_nothing(collection: Path, kind: str) -> None:
    done, stop = [], threading.Event()

    def write(store: Store) -> None:
        while not stop.is_set() and len(done) < 100:
            number = len(done)
            store.commit(items_of(clustered(20, seed=100 + number), start=10_000 + 20 * number))
            done.append(number)

    with (
        closing(made(collection, kind, rows=300)) as store,
        closing(open_store(collection)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        writing = pool.submit(write, other)
        try:
            erased = [store.erase([VICTIM]), store.erase(["i0000001", "i0000002", "i0000003"])]
        finally:
            stop.set()
        writing.result(timeout=60)
        assert [each.ids for each in erased] == [(VICTIM,), ("i0000001", "i0000002", "i0000003")]
        assert all(each.verified for each in erased)
        assert traces(collection) == {}
        for each in (store, other):
            assert each.snapshot().count() == 297 + 20 * len(done)
            vectors = np.concatenate([clustered(20, seed=100 + number) for number in done])
            found = each.snapshot().search(vectors, 1)
            assert [match[0].id for match in found] == [f"i{10_000 + i:07}" for i in range(20 * len(done))]


@locals_only
def test_what_was_deleted_before_goes_for_good(collection: Path, kind: str) -> None:
    with closing(made(collection, kind)) as store:
        store.commit((), [VICTIM])
        assert traces(collection) != {}
        erased = store.erase([VICTIM])
        assert (erased.ids, erased.absent, erased.verified) == ((), (VICTIM,), True)
        assert traces(collection) == {}
        generation = store.token()
        assert store.erase(["never heard of"]).files == 0
        assert store.token() == generation


def test_it_is_not_done_where_somebody_wrote_meanwhile(collection: Path) -> None:
    with closing(made(collection, "exact", rows=50)) as store:
        seen = store.token()
        store.patch({VICTIM: {"price": 3}})
        with pytest.raises(Changed, match=VICTIM):
            store.erase([VICTIM], since=seen)
        assert store.snapshot().items([VICTIM])[VICTIM].metadata["price"] == 3
        assert store.erase([VICTIM], since=store.token()).verified


def test_a_version_that_a_migration_writes_to_waits_for_its_end(collection: Path) -> None:
    with closing(made(collection, "exact", rows=50)) as store:
        version = copied(collection)
        with changing(collection):
            erased = store.erase([VICTIM])
        assert len(erased.later) == 1
        assert "migration" in erased.later[0]
        assert not erased.verified
        left = {file for files in traces(collection).values() for file in files}
        assert left
        assert all(file.startswith(f"versions/{version.name}/") for file in left)
        with closing(open_version(collection, version.name)) as other:
            assert other.snapshot().contains([VICTIM]) == set()
        assert traces(collection) == {}


@locals_only
def test_killed_at_once_no_version_is_forgotten_by_the_next_who_opens_the_collection(
    collection: Path, kind: str
) -> None:
    with closing(made(collection, kind, rows=300)) as store:
        version = copied(collection)
        with closing(open_version(collection, version.name)) as other:
            seen = store.token()
            store.patch({VICTIM: {"price": 3}})
            with pytest.raises(Changed):
                store.remove([VICTIM], since=seen, others=[other])  # type: ignore[attr-defined]
            assert other.snapshot().contains([VICTIM]) == {VICTIM}
            store.remove([VICTIM], others=[other])  # type: ignore[attr-defined]
            assert other.snapshot().contains([VICTIM]) == set()
    assert {file.split("/")[0] for files in traces(collection).values() for file in files} > {"versions"}
    open_store(collection).close()
    assert traces(collection) == {}


def test_what_is_not_ended_while_a_version_is_written_to_is_ended_after_it(collection: Path) -> None:
    with closing(made(collection, "exact", rows=50)) as store:
        copied(collection)
        with changing(collection):
            store.erase([VICTIM])
            store.maintain()
            assert traces(collection) != {}
        store.maintain()
        assert traces(collection) == {}


@locals_only
def test_an_item_that_came_back_keeps_the_words_it_has_now(collection: Path, kind: str) -> None:
    """Another process may write it while an erasure is under way."""
    with closing(made(collection, kind, rows=50)) as store:
        store._words.purge()  # type: ignore[attr-defined]
        assert [id for id, _ in found_by_words(store, ["zebrawood"])] == [VICTIM]
        assert "an old word" not in traces(collection)


def test_what_was_deleted_is_remembered_until_an_erasure_is_ended(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "_REMEMBERED", 0)
    with closing(made(collection, "exact", rows=3)) as store:
        store.remove([VICTIM, TWIN, "i0000001"])  # type: ignore[attr-defined]
        store.maintain()
        assert traces(collection) == {}
        assert list(store.ids()) == ["i0000002"]


def test_a_field_that_no_other_item_has_is_not_named_any_more(collection: Path) -> None:
    with closing(create_store(collection, kind="exact", encoder=WIDE)) as store:
        store.commit(items_of(clustered(20, seed=1)))
        item = replace(victim(TITLE, 1).item, metadata={"engraving for Jane Roe": "with love"})
        store.commit([replace(victim(TITLE, 1), item=item)])
        store.maintain()
        assert store.erase([VICTIM]).verified
        files = [file for file in collection.rglob("*") if file.is_file()]
        assert not [file for file in files if b"engraving" in file.read_bytes()]
        assert sorted(store.snapshot().fields()) == ["n", "tenth"]


def test_nothing_asked_for_nothing_done(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "_REMEMBERED", 0)
    with closing(made(collection, "exact", rows=3)) as store:
        store.commit((), [VICTIM, TWIN, "i0000001"])
        store.maintain()  # and now the ids of what was deleted are forgotten
        seen = store.token()
        assert store.erase([]).files == 0
        assert store.token() == seen


def test_a_copy_of_notes_that_was_interrupted_goes_too(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = Path.replace

    def die(file: Path, target: Path) -> Path:
        if target.name == "notes.sqlite":
            raise KeyboardInterrupt
        return renamed(file, target)

    with closing(made(collection, "exact", rows=50)) as store:
        with monkeypatch.context() as dying:
            dying.setattr(Path, "replace", die)
            with pytest.raises(KeyboardInterrupt):
                copied(collection)
        assert any("notes" in file for file in traces(collection)[CAPTION] if file.startswith("versions/"))
        assert store.erase([VICTIM]).verified
        assert traces(collection) == {}


def test_maintenance_goes_on_where_an_erasure_cannot(
    collection: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(purging, "_PATIENCE", 0.1)
    with closing(made(collection, "exact", rows=50)) as store:
        sql = "SELECT id FROM items"
        with closing(sqlite3.connect(collection / DATABASE)) as reader, closing(reader.execute(sql)) as reading:
            reading.fetchone()
            erased = store.erase([VICTIM])
            assert "the next maintenance or opening goes on" in erased.later[0]
            assert not erased.verified
            store.maintain()
            assert "is not ended yet" in caplog.text
        store.maintain()
        assert traces(collection) == {}


def test_a_reader_of_an_old_state_is_not_waited_for_without_end(collection: Path) -> None:
    with closing(made(collection, "exact", rows=50)) as store:
        with closing(sqlite3.connect(collection / DATABASE)) as reader, closing(connect(collection)) as writer:
            reading = reader.execute("SELECT id FROM items")
            reading.fetchone()
            store.patch({TWIN: {"price": 3}})
            with pytest.raises(StoreError, match="old state"):
                empty_log(writer, patience=0.2)
        store.maintain()


def _digests(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
