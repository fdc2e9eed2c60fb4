"""Backups of collections in Milvus, and collections of every store made of them."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from milvus_samples import Opener, milvus, rows_in_milvus
from store_samples import DIMENSION, SPEC, axis, change, random_changes, stored, update

from shelfsight.core.errors import Conflict, CorruptCollection, StoreError, UsageError
from shelfsight.core.filters import parse
from shelfsight.core.protocols import Change, Store
from shelfsight.core.types import Suggestion
from shelfsight.stores import open_store
from shelfsight.stores.backup import back_up, restore
from shelfsight.stores.milvus import MilvusPlace, read_place

__all__ = ["milvus"]

PICTURE = b"\x89PNG" * 30_000  # more than one value of Milvus holds
ASKED = np.random.default_rng(7).standard_normal((3, DIMENSION)).astype(np.float32)


def fill(store: Store) -> Store:
    store.commit(random_changes(40, seed=1))
    kept = Change(item=stored("kept", {"price": 1}, previews=[PICTURE]), vectors=np.eye(1, DIMENSION, dtype=np.float32))
    store.commit([*random_changes(10, seed=2, start=35), kept], ["item-00003"])
    store.commit([update("item-00004", {"price": 7, "long": "x" * 90_000})])
    store.patch({"item-00005": {"price": 8}})
    said = {"kept": {"colour": Suggestion(value="red", probability=0.5, model="m")}}
    store.notes.keep_suggestions(said, {"kept": store.fingerprints(["kept"])["kept"].pictures})
    return store


def content(store: Store) -> dict[str, Any]:
    """Everything that a collection says of its items, and the answers to some searches."""
    snapshot, ids = store.snapshot(), list(store.ids())
    found = snapshot.search(ASKED, 12) + snapshot.search(ASKED, 12, where=parse("price < 50"))
    return {
        "items": snapshot.items(ids),
        "vectors": {id: snapshot.vectors(id).tolist() for id in ids},
        "prints": store.fingerprints(ids),
        "notes": store.notes.suggestions(ids),
        "hits": [[(match.id, round(match.score, 5), match.picture_index) for match in each] for each in found],
        "facets": snapshot.facets(["brand", "price"]),
    }


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_a_backup_restores_to_the_same(milvus: Opener, tmp_path: Path, name: str) -> None:
    store = fill(milvus())
    (tmp_path / "shop" / "rules.toml").write_text("# nothing is pinned\n")
    expected = content(store)
    made = back_up(tmp_path / "shop", tmp_path / name)
    assert (made.items, made.pictures, made.store) == (45, store.manifest.pictures, "milvus")
    store.commit((), ["kept"])  # the backup is of before
    fetched = restore(tmp_path / name, tmp_path / "again")
    assert (fetched.items, fetched.store, fetched.bytes) == (45, "milvus", made.bytes)
    assert read_place(tmp_path / "again") == MilvusPlace(collection="again")
    again = milvus("again")
    assert content(again) == expected
    assert again.preview("kept", 0) == PICTURE
    assert rows_in_milvus(again) == made.pictures
    assert (tmp_path / "again" / "rules.toml").read_text() == "# nothing is pinned\n"
    again.commit([change("new", [axis(1)])], ["kept"])
    again.maintain()
    assert again.snapshot().search(np.asarray([axis(1)], np.float32), 1)[0][0].id == "new"
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["shop", "again", name])


@pytest.mark.parametrize("kind", ["exact", "faiss"])
def test_any_store_of_any_backup(milvus: Opener, tmp_path: Path, kind: str) -> None:
    expected = content(fill(milvus()))
    back_up(tmp_path / "shop", tmp_path / "copy")
    assert restore(tmp_path / "copy", tmp_path / "local", kind=kind).store == kind
    with closing(open_store(tmp_path / "local", encoder=SPEC)) as local:
        assert local.manifest.store == kind
        assert content(local) == expected
        assert local.preview("kept", 0) == PICTURE
    back_up(tmp_path / "local", tmp_path / "copy2.tar")
    place = {"uri": str(tmp_path / "shared.db"), "collection": "back", "tenant": "anna"}
    restore(tmp_path / "copy2.tar", tmp_path / "back", place=place)
    assert read_place(tmp_path / "back") == MilvusPlace(**place)
    back = milvus("back")
    assert content(back) == expected
    assert back.preview("kept", 0) == PICTURE


def test_a_backup_while_others_write_is_of_one_commit(milvus: Opener, tmp_path: Path) -> None:
    """Every commit writes one number to two items, and what it replaced is dropped at once: a copy that holds two
    numbers would be of no commit."""
    store = milvus(grace_seconds=0.0)
    store.commit(random_changes(30, seed=1))
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            store.commit([change(f"pair-{each}", [axis(number % 8)], {"n": number}) for each in "ab"])
            if number % 3 == 0:
                store.maintain()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            back_up(tmp_path / "shop", tmp_path / f"copy{number}")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        restore(tmp_path / f"copy{number}", tmp_path / f"again{number}", kind="exact")
        with closing(open_store(tmp_path / f"again{number}")) as again:
            pair = again.snapshot().items(["pair-a", "pair-b"])
            assert len({each.metadata["n"] for each in pair.values()}) == (1 if pair else 0)
            for id, item in pair.items():
                np.testing.assert_allclose(again.snapshot().vectors(id)[0], axis(int(item.metadata["n"]) % 8))  # type: ignore[arg-type]


def test_what_milvus_lost_is_not_backed_up_as_whole(milvus: Opener, tmp_path: Path) -> None:
    store = milvus()
    store.commit([change("a", [axis(0)]), change("b", [axis(1)])])
    store._remote.forget(np.array([2]))
    with pytest.raises(CorruptCollection, match="lost row 2"):
        back_up(tmp_path / "shop", tmp_path / "copy")
    assert [each.name for each in tmp_path.iterdir()] == ["shop"]


def test_a_damaged_backup_is_named_and_milvus_left_as_it_was(milvus: Opener, tmp_path: Path) -> None:
    fill(milvus())
    back_up(tmp_path / "shop", tmp_path / "copy")
    vectors = next((tmp_path / "copy" / "segments").iterdir())
    data = vectors.read_bytes()
    vectors.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    place = {"uri": str(tmp_path / "shared.db"), "collection": "new"}
    with pytest.raises(CorruptCollection, match=str(vectors)):
        restore(tmp_path / "copy", tmp_path / "again", place=place)
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "shared.db").exists()


def test_what_is_in_milvus_is_never_overwritten(milvus: Opener, tmp_path: Path) -> None:
    place = {"uri": str(tmp_path / "shared.db"), "collection": "shop"}
    there = milvus("one", **place)
    there.commit([change("a", [axis(0)])])
    back_up(tmp_path / "one", tmp_path / "copy")
    with pytest.raises(Conflict, match="'shop' with something in it"):
        restore(tmp_path / "copy", tmp_path / "two", place=place)
    with pytest.raises(UsageError, match="no place in Milvus"):
        restore(tmp_path / "copy", tmp_path / "two", kind="exact", place=place)
    with pytest.raises(UsageError, match="no Milvus URI"):
        restore(tmp_path / "copy", tmp_path / "two", place={"uri": "ftp://host"})
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9"):
        restore(tmp_path / "copy", tmp_path / "two", place={"uri": "http://127.0.0.1:9"})
    assert not (tmp_path / "two").exists()
    assert there.snapshot().contains(["a"]) == {"a"}


def test_an_empty_collection(milvus: Opener, tmp_path: Path) -> None:
    milvus()
    assert back_up(tmp_path / "shop", tmp_path / "copy").items == 0
    restore(tmp_path / "copy", tmp_path / "again")
    again = milvus("again")
    assert list(again.ids()) == []
    again.commit([change("a", [axis(0)])])
    assert again.snapshot().contains(["a"]) == {"a"}


_CHILD = """
import sys
from pathlib import Path
from shelfsight.stores.backup import back_up, restore
kind, source, target, uri = sys.argv[1:]
print("begun", flush=True)
if kind == "backup":
    back_up(Path(source), Path(target))
else:
    restore(Path(source), Path(target), place={"uri": uri, "collection": "back"})
print("done", flush=True)
"""


def kill(kind: str, source: Path, target: Path, uri: Path, pause: float) -> None:
    """Kill such work ``pause`` seconds after its first rows were written."""
    log = f"{uri.name}/collections/back_{'?' * 8}/wal/*"  # of the rows, and not of the journal beside them
    rows = "copy.tar.partial/collection/items.sqlite" if kind == "backup" else log
    before = size_of(target.parent, rows)
    command = [sys.executable, "-c", _CHILD, kind, source, target, uri]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while process.poll() is None and size_of(target.parent, rows) < before + 20_000:
            time.sleep(0.005)
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        assert process.stdout is not None
        assert process.stdout.read() == b"begun\n"


def size_of(folder: Path, files: str) -> int:
    """Bytes of all that are there."""
    size = 0
    for file in folder.glob(files):
        with suppress(FileNotFoundError):
            size += file.stat().st_size
    return size


def test_killed_a_backup_or_a_restored_collection_is_whole_or_not_there(milvus: Opener, tmp_path: Path) -> None:
    store = fill(milvus())
    for number in range(2):
        store.commit(random_changes(350, seed=number, start=1000 + 350 * number))
    expected = content(store)
    store.close()
    uri = tmp_path / "shared.db"
    kill("backup", tmp_path / "shop", tmp_path / "copy.tar", uri, 0.1)
    assert not (tmp_path / "copy.tar").exists()
    back_up(tmp_path / "shop", tmp_path / "copy.tar")
    for pause in (0.0, 0.05):
        kill("restore", tmp_path / "copy.tar", tmp_path / "again", uri, pause)
        assert not (tmp_path / "again").exists()
    other = milvus("other", uri=str(uri), collection="back")
    assert list(other.ids()) == []  # rows are there, and are nobody's
    assert rows_in_milvus(other) > 0
    other.close()
    restore(tmp_path / "copy.tar", tmp_path / "again", place={"uri": str(uri), "collection": "back"})
    assert content(milvus("again")) == expected
    assert rows_in_milvus(milvus("again")) == store_pictures(expected)
    assert not [*tmp_path.glob("*.partial")]


def store_pictures(expected: dict[str, Any]) -> int:
    return sum(len(item.pictures) for item in expected["items"].values())
