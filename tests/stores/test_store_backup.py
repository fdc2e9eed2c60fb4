"""Backups: of one commit, whole, checked, and made while others write."""

import gzip
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from store_samples import SPEC, axis, change, random_changes

from shelfsight.core.errors import Conflict, CorruptCollection, NotFound, ShelfsightError, UsageError
from shelfsight.core.protocols import Store
from shelfsight.core.types import Suggestion
from shelfsight.stores import create_store, open_store
from shelfsight.stores.backup import back_up, restore


@pytest.fixture(params=["exact", "faiss"])
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    with closing(create_store(tmp_path / "shop", kind=request.param, encoder=SPEC)) as store:
        store.commit(random_changes(60, seed=1))
        store.maintain()
        store.commit([*random_changes(10, seed=2, start=100), change("kept", [axis(3)], {"price": 1}, title="Kept")])
        store.commit((), ["item-00003"])
        prints = store.fingerprints(["kept"])
        said = {"kept": {"colour": Suggestion(value="red", probability=0.5, model="m")}}
        store.notes.keep_suggestions(said, {"kept": prints["kept"].pictures})
        yield store


def _content(store: Store) -> dict[str, tuple[object, list[list[float]]]]:
    snapshot = store.snapshot()
    ids = list(store.ids())
    items = snapshot.items(ids)
    return {id: (items[id], np.round(snapshot.vectors(id), 6).tolist()) for id in ids}


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_a_backup_restores_to_the_same(shop: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / "shop" / "rules.toml").write_text("# nothing is pinned\n")
    made = back_up(tmp_path / "shop", tmp_path / name)
    assert (made.items, made.store) == (70, shop.manifest.store)
    expected = _content(shop)
    shop.commit((), ["kept"])  # the backup is of before
    fetched = restore(tmp_path / name, tmp_path / "again")
    assert (fetched.items, fetched.pictures, fetched.bytes) == (made.items, made.pictures, made.bytes)
    with closing(open_store(tmp_path / "again", encoder=SPEC)) as again:
        assert _content(again) == expected
        assert again.notes.suggestions(["kept"])["kept"]["colour"].value == "red"
        again.commit([change("new", [axis(1)])])
        again.maintain()
        assert again.snapshot().search(np.asarray([axis(1)], np.float32), 1)[0][0].score == pytest.approx(1)
    assert (tmp_path / "again" / "rules.toml").read_text() == "# nothing is pinned\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["shop", "again", name])


def test_a_backup_does_not_change_with_the_collection(shop: Store, tmp_path: Path) -> None:
    back_up(tmp_path / "shop", tmp_path / "copy")
    expected = _content(shop)
    for start in range(200, 1200, 100):
        shop.commit(random_changes(100, seed=start, start=start))
    shop.commit((), [f"item-{n:05d}" for n in range(60)])
    shop.maintain()
    shop.maintain()
    restore(tmp_path / "copy", tmp_path / "again")
    with closing(open_store(tmp_path / "again")) as again:
        assert _content(again) == expected


@pytest.mark.parametrize("shop", ["faiss"], indirect=True)
def test_a_backup_while_others_write_is_of_one_commit(shop: Store, tmp_path: Path) -> None:
    """Every commit writes one number to two items: a copy that holds two numbers would be of no commit."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shop.commit([change(f"pair-{each}", [axis(number % 8)], {"n": number}) for each in "ab"])
            if number % 20 == 0:
                shop.maintain()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            back_up(tmp_path / "shop", tmp_path / f"copy{number}")
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        restore(tmp_path / f"copy{number}", tmp_path / f"again{number}")
        with closing(open_store(tmp_path / f"again{number}")) as again:
            pair = again.snapshot().items(["pair-a", "pair-b"])
            assert len({each.metadata["n"] for each in pair.values()}) <= 1
            for id, item in pair.items():
                expected = axis(int(item.metadata["n"]) % 8)  # type: ignore[arg-type]
                np.testing.assert_allclose(again.snapshot().vectors(id)[0], expected, atol=1e-6)


@pytest.mark.usefixtures("shop")
def test_what_is_no_whole_tar_file_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    back_up(tmp_path / "shop", tmp_path / "copy.tar")
    whole = (tmp_path / "copy.tar").read_bytes()
    middle, place = len(whole) // 2, whole.index(b"SQLite format 3") + 60
    broken = {
        "short.tar": whole[:middle],
        "short.tar.gz": gzip.compress(whole)[:2000],
        "text.tar": b"no tar at all",
        "empty.tar": b"",
        "flipped.tar": whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CorruptCollection) as caught:
            restore(tmp_path / name, tmp_path / "again")
        assert str(tmp_path / name) in caught.value.message
        assert "\n" not in caught.value.message
        assert not list(tmp_path.glob("again*"))


def test_refusals(shop: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        back_up(tmp_path / "absent", tmp_path / "copy")
    with pytest.raises(UsageError):
        back_up(tmp_path / "shop", tmp_path / "shop" / "copy")
    with pytest.raises(NotFound):
        restore(tmp_path / "absent", tmp_path / "again")
    with pytest.raises(NotFound, match="no backup"):
        restore(tmp_path / "shop", tmp_path / "again")
    back_up(tmp_path / "shop", tmp_path / "copy")
    with pytest.raises(Conflict):
        back_up(tmp_path / "shop", tmp_path / "copy")
    before = _content(shop)
    with pytest.raises(Conflict):
        restore(tmp_path / "copy", tmp_path / "shop")
    assert _content(shop) == before


@pytest.mark.parametrize("damage", ["flip", "cut", "missing", "list", "entry", "about", "outside"])
@pytest.mark.usefixtures("shop")
def test_a_damaged_backup_is_refused(tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "copy"
    back_up(tmp_path / "shop", copy)
    vectors = next((copy / "segments").iterdir())
    data = vectors.read_bytes()
    vectors.unlink()  # the collection has a link to it
    match damage:
        case "flip":
            vectors.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "cut":
            vectors.write_bytes(data[:-4])
        case "list":
            (copy / "backup.json").write_text("[1]")
        case "entry":
            vectors.write_bytes(data)
            content = json.loads((copy / "backup.json").read_text())
            content["files"] = [{"name": each["name"]} for each in content["files"]]
            (copy / "backup.json").write_text(json.dumps(content))
        case "about":
            vectors.write_bytes(data)
            content = json.loads((copy / "backup.json").read_text())
            (copy / "backup.json").write_text(json.dumps({**content, "items": 1, "whose": 2}))
        case "outside":
            text = (copy / "backup.json").read_text().replace("segments/", "../../segments/")
            (copy / "backup.json").write_text(text)
    with pytest.raises(CorruptCollection):
        restore(copy, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_what_is_no_tar_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "copy.tar").write_bytes(b"no tar" * 1000)
    with pytest.raises(CorruptCollection):
        restore(tmp_path / "copy.tar", tmp_path / "again")
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    with pytest.raises(ShelfsightError):
        restore(tmp_path / "empty.tar", tmp_path / "again")


_CHILD = """
import os
import sys
from pathlib import Path
from shelfsight.stores.backup import back_up
number = 0
while True:
    back_up(Path(sys.argv[1]), Path(sys.argv[2]) / f"copy{number}{('', '.tar')[number % 2]}")
    os.write(1, f"{number}\\n".encode())
    number += 1
"""


@pytest.mark.parametrize("shop", ["exact"], indirect=True)
def test_killed_at_any_instant_a_backup_is_whole_or_not_there(shop: Store, tmp_path: Path) -> None:
    expected = _content(shop)
    draw = np.random.default_rng(5)
    for kill in range(10):
        place = tmp_path / f"kill{kill}"
        place.mkdir()
        command = [sys.executable, "-c", _CHILD, tmp_path / "shop", place]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # the first is there, and all is loaded
            time.sleep(draw.uniform(0, 0.2))
            os.kill(process.pid, signal.SIGKILL)
            said = process.stdout.read().split()
        copies = [each for each in place.iterdir() if ".partial" not in each.name]
        assert len(copies) >= 1 + len(said)
        for copy in copies[-2:]:
            restore(copy, place / f"again-{copy.name}")
            with closing(open_store(place / f"again-{copy.name}")) as again:
                assert _content(again) == expected
