"""Collections of older formats: the first one opens for ever, and steps lead from each format to the next."""

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from store_samples import SPEC, axis, change

from shelfsight.core.errors import LeaseHeld, NotFound, StoreError
from shelfsight.core.filters import parse
from shelfsight.stores import open_store, read_manifest
from shelfsight.stores.backup import back_up, restore
from shelfsight.stores.manifest import FORMAT
from shelfsight.stores.upgrade import STEPS, upgrade

KINDS = ("exact", "faiss")


@pytest.fixture(params=KINDS)
def old(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A collection as the first release of format 1 wrote it: sealed and unsealed vectors, a deletion, an update, a
    preview, notes."""
    with tarfile.open(Path(__file__).with_name("old_format_1.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / str(request.param)


def _check(path: Path) -> None:
    with closing(open_store(path, encoder=SPEC)) as store:
        assert (store.manifest.items, store.manifest.pictures) == (6, 7)
        snapshot = store.snapshot()
        items = snapshot.items("abcdef")
        assert list(store.ids()) == list("abcdef")
        assert items["a"].title == "Red shoe, reduced"
        assert items["a"].metadata == {"price": 12, "brand": "Acme"}
        assert items["e"].title == "Grün"
        assert [each.name for each in items["b"].pictures] == ["b-0.jpg", "b-1.jpg"]
        assert items["b"].fingerprints.pictures == "pictures-1"
        assert store.preview("d", 0) == b"\xff\xd8\xffpreview of d"
        found = snapshot.search(np.asarray([axis(2), axis(6)], np.float32), 1)
        assert [(each[0].id, each[0].picture_index) for each in found] == [("b", 1), ("f", 0)]
        assert [each[0].score for each in found] == pytest.approx([1, 1], abs=1e-6)
        assert snapshot.count(parse("price >= 20")) == 3
        assert snapshot.facets(["brand"]) == {"brand": {"Acme": 2, "Umbra": 1}}
        assert store.notes.suggestions(["c"])["c"]["colour"].value == "red"
        np.testing.assert_array_equal(store.notes.features("v1", [("a", 0)])[("a", 0)], np.ones((2, 4), np.float16))


def test_the_first_format_opens(old: Path) -> None:
    assert read_manifest(old).encoder == SPEC
    _check(old)
    _check(old)


def test_the_first_format_is_written_to(old: Path) -> None:
    with closing(open_store(old)) as store:
        store.commit([change("g", [axis(7)], {"price": 70})], ["a"])
        store.patch({"b": {"price": 21}})
        store.maintain()
        assert store.snapshot().count(parse("price >= 21")) == 4
    with closing(open_store(old)) as store:
        assert list(store.ids()) == list("bcdefg")
        assert store.snapshot().search(np.asarray([axis(7)], np.float32), 1)[0][0].id == "g"
        np.testing.assert_allclose(store.snapshot().vectors("b"), [axis(1), axis(2)], atol=1e-6)


def test_the_first_format_is_backed_up_and_restored(old: Path, tmp_path: Path) -> None:
    back_up(old, tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "again")
    _check(tmp_path / "again")


def test_steps_lead_from_every_format_to_this_one(old: Path) -> None:
    assert sorted(STEPS) == list(range(1, FORMAT))
    assert (upgrade(old).before, upgrade(old).after) == (1, FORMAT)
    _check(old)


def _to_2(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "items.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS steps (n INTEGER)")
        connection.execute("INSERT INTO steps VALUES (2)")


def _to_3(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "items.sqlite")) as connection, connection:
        assert connection.execute("SELECT count(*) FROM steps").fetchone() != (0,)
        connection.execute("INSERT INTO steps VALUES (3)")


def _format(path: Path) -> int:
    return int(json.loads((path / "manifest.json").read_text())["format"])


def _steps(path: Path) -> list[int]:
    with closing(sqlite3.connect(path / "items.sqlite")) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM steps ORDER BY rowid")]


def test_an_upgrade_walks_the_steps_and_goes_on_where_it_was_killed(old: Path) -> None:
    class Killed(BaseException):
        pass

    def killed(folder: Path) -> None:
        _to_3(folder)
        raise Killed

    with pytest.raises(Killed):
        upgrade(old, steps={1: _to_2, 2: killed}, to=3)
    assert _format(old) == 2
    with pytest.raises(StoreError, match="format 2"):
        open_store(old)
    done = upgrade(old, steps={1: _to_2, 2: _to_3}, to=3)
    assert (done.before, done.after) == (2, 3)
    assert (_format(old), _steps(old)) == (3, [2, 3, 3])
    with pytest.raises(StoreError, match="format 3") as caught:
        open_store(old)
    assert "upgrade shelfsight" in str(caught.value.hint)


def test_refusals(old: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        upgrade(tmp_path / "absent")
    with pytest.raises(StoreError, match="nothing leads on"):
        upgrade(old, steps={}, to=2)
    with closing(open_store(old)) as store, store.lease("job"), pytest.raises(LeaseHeld):
        upgrade(old, steps={1: _to_2}, to=2)
    manifest = old / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 0'))
    with pytest.raises(StoreError, match="format 0") as caught:
        open_store(old)
    assert "shelfsight upgrade" in str(caught.value.hint)
