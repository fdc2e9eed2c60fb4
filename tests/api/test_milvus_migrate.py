"""Another encoder for a collection in Milvus: seen by the alias, by other directories, and after a kill."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from migrate_child import COLOURS, fill, item
from tiny_encoder import TintEncoder

from shelfsight import Engine, NotFound, Settings
from shelfsight.api.backup import backup, restore
from shelfsight.api.migrating import discard, migration
from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores import create_store, open_store
from shelfsight.stores.milvus import MilvusPlace, read_place
from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.creation import pointed
from shelfsight.stores.milvus.standby import renumbered, supersede
from shelfsight.stores.shadow import find_standby, left, migrating
from shelfsight.stores.versions import SupersededError, active, folder_of

OLD, NEW = TintEncoder("tints"), TintEncoder("turned", turn=2)
ALL = set(COLOURS) | {"bytes"}


def switch(path: Path, encoder: TintEncoder) -> None:
    with migration(path, encoder) as work:
        work.catch_up()
        work.switch()


@contextmanager
def engine(path: Path, encoder: TintEncoder) -> Iterator[Engine]:
    with closing(open_store(path)) as store, Engine(store, path=path, settings=Settings(), encoder=encoder) as opened:
        yield opened


@contextmanager
def asked(path: Path) -> Iterator[Milvus]:
    """Milvus as another program sees it."""
    milvus = Milvus(path, MilvusPlace(uri=str(read_place(active(path)).file(active(path)))))
    try:
        yield milvus
    finally:
        milvus.close()


def join(path: Path, place: MilvusPlace, spec: EncoderSpec = OLD.spec) -> Path:
    """A directory of another machine."""
    create_store(path, kind="milvus", encoder=spec, place=place).close()
    return path


def test_the_alias_follows_and_what_is_discarded_is_dropped(tmp_path: Path) -> None:
    path = fill(tmp_path, "milvus")
    with asked(path) as milvus:
        old = pointed(milvus, "c")
        switch(path, NEW)
        new = read_place(active(path)).rows
        assert pointed(milvus, "c") == milvus.target("c") == new != old
        assert len(milvus.query("c", "picture == 0", ["id"])) == len(ALL)
        assert [len(row["vector"]) for row in milvus.query("c", 'id == "red"', ["vector"])] == [NEW.spec.dimension]
        switch(path, OLD)
        assert pointed(milvus, "c") == milvus.target("c") == old
        assert discard(path) == "turned"
        assert (milvus.has(str(old)), milvus.has(new), milvus.has(f"{new}_journal")) == (True, False, False)
        switch(path, NEW)
        assert discard(path) == "tints"
        assert not milvus.has(str(old))
    assert not (path / "milvus.json").exists()
    with closing(open_store(path)) as store:
        assert (set(store.ids()), store.manifest.encoder) == (ALL, NEW.spec)


def test_a_backup_of_a_migrated_collection(tmp_path: Path) -> None:
    path = fill(tmp_path, "milvus")
    switch(path, NEW)
    backup(path, tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "again")
    place = read_place(tmp_path / "again")
    assert (place.uri, place.collection, place.rows) == ("milvus.db", "again", "")
    with closing(open_store(tmp_path / "again", encoder=NEW.spec)) as store:
        assert set(store.ids()) == ALL
        np.testing.assert_allclose(store.snapshot().vectors("red"), NEW.encode_texts(["red"]), atol=1e-2)
        assert store.preview("bytes", 0) is not None


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Path, MilvusPlace]:
    """A collection in a directory of this machine, and the place that one of another machine is about as well."""
    place = MilvusPlace(uri=str(tmp_path / "shared.db"), collection="c", follow_seconds=0.0)
    path = join(tmp_path / "c", place)
    with engine(path, OLD) as opened:
        opened.upsert([item(tmp_path, colour) for colour in COLOURS])
    return path, place


def test_other_directories_follow(shared: tuple[Path, MilvusPlace], tmp_path: Path) -> None:
    """One is open and reads, one is open and writes, one is closed."""
    path, place = shared
    reads, writes, closed = (join(tmp_path / name, place) for name in ("reads", "writes", "closed"))
    with engine(path, OLD) as here, engine(reads, OLD) as reader, engine(writes, OLD) as writer:
        assert set(reader.ids()) == set(writer.ids()) == set(COLOURS)
        writer.delete(["cyan"])  # known to the migration, which is made elsewhere
        switch(path, NEW)
        assert here.manifest.encoder == NEW.spec
        writer.update({"red": {"price": 77}})
        assert here.get("red").metadata == {"price": 77}
        reader.get("red")  # hears of it
        assert reader.manifest.encoder == writer.manifest.encoder == NEW.spec
        assert reader.get("red").metadata == {"price": 77}
        here.delete(["blue"])
        assert set(reader.ids()) == set(writer.ids()) == set(COLOURS) - {"blue", "cyan"}
        with closing(open_store(closed)) as late:
            assert (late.manifest.encoder, set(late.ids())) == (NEW.spec, set(COLOURS) - {"blue", "cyan"})
        switch(path, OLD)
        writer.update({"red": {"price": 78}})
        reader.get("red")
        for each in (here, reader, writer):
            assert (each.manifest.encoder, set(each.ids())) == (OLD.spec, set(COLOURS) - {"blue", "cyan"})
            assert each.get("red").metadata == {"price": 78}
    assert sorted(each.name for each in (writes / "versions").iterdir() if each.is_dir()) == ["v2"]
    with closing(open_store(closed)) as late:
        assert late.manifest.encoder == OLD.spec


def test_going_back_from_another_machine(shared: tuple[Path, MilvusPlace], tmp_path: Path) -> None:
    path, place = shared
    other = join(tmp_path / "other", place)
    with engine(path, OLD) as here, engine(other, OLD) as there:
        switch(path, NEW)
        there.update({"green": {"price": 5}})
        with migration(other, TintEncoder("tints")) as work:
            assert work.counted_before
            work.catch_up()
            work.switch()
            assert work.encoded == 0
        here.update({"red": {"price": 6}})
        for each in (here, there):
            assert each.manifest.encoder == OLD.spec
            assert each.get("green").metadata == {"price": 5}
            assert each.get("red").metadata == {"price": 6}


def test_a_directory_that_slept_through_a_switch_and_a_removal(
    shared: tuple[Path, MilvusPlace], tmp_path: Path
) -> None:
    """One was about what was dropped, and another one knew of the first switch only."""
    path, place = shared
    slept, knew = join(tmp_path / "slept", place), join(tmp_path / "knew", place)
    switch(path, NEW)
    open_store(knew).close()
    discard(path)
    third = TintEncoder("third", turn=1)
    switch(path, third)
    discard(path)
    for folder in (slept, knew):
        with closing(open_store(folder)) as store:
            assert (store.manifest.encoder, set(store.ids())) == (third.spec, set(COLOURS))
            np.testing.assert_allclose(store.snapshot().vectors("red"), third.encode_texts(["red"]), atol=1e-2)
            store.patch({"red": {"price": 3}})
    with closing(open_store(path)) as store:
        assert store.snapshot().items(["red"])["red"].metadata == {"price": 3}


def test_a_creation_that_was_interrupted_is_swept_up(tmp_path: Path) -> None:
    path = fill(tmp_path, "milvus")
    with migration(path, NEW) as work:
        folder = folder_of(path, work.standby.name)
    rows = read_place(folder).rows
    (folder / "manifest.json").unlink()
    with asked(path) as milvus:
        assert milvus.has(rows)
        with pytest.raises(NotFound):
            discard(path)
        assert not milvus.has(rows)
        assert not milvus.has(f"{rows}_journal")
    assert not folder.exists()


def test_two_machines_do_not_switch_at_once(shared: tuple[Path, MilvusPlace], tmp_path: Path) -> None:
    path, place = shared
    other = join(tmp_path / "other", place)
    with migration(other, TintEncoder("third", turn=1)) as late:
        late.catch_up()
        switch(path, NEW)
        with pytest.raises(SupersededError):
            late.switch()
    with closing(open_store(other)) as store:
        assert store.manifest.encoder == NEW.spec
    assert discard(other) == "tints"
    assert discard(other) == "third"


def test_tenants_that_share_a_collection_keep_their_alias(tmp_path: Path) -> None:
    place = MilvusPlace(uri=str(tmp_path / "shared.db"), collection="shops", tenant="anna", follow_seconds=0.0)
    path, again = join(tmp_path / "anna", place), join(tmp_path / "again", place)
    ben = join(tmp_path / "ben", MilvusPlace(uri=place.uri, collection="shops", tenant="ben"))
    for folder in (path, ben):
        with engine(folder, OLD) as opened:
            opened.upsert([item(tmp_path, "red"), item(tmp_path, "blue")])
    with asked(path) as milvus:
        before = pointed(milvus, "shops")
        switch(path, NEW)
        assert pointed(milvus, "shops") == before
        with closing(open_store(again)) as store:
            assert (store.manifest.encoder, set(store.ids())) == (NEW.spec, {"red", "blue"})
        assert discard(path) == "tints"
        assert milvus.has(str(before))
        assert {row["tenant"] for row in milvus.query(str(before), "row >= 0", ["tenant"])} == {"ben"}
    with closing(open_store(ben)) as store:
        assert (store.manifest.encoder, set(store.ids())) == (OLD.spec, {"red", "blue"})
    third = join(tmp_path / "third", place)
    with closing(open_store(third)) as store:
        assert (store.manifest.encoder, set(store.ids())) == (NEW.spec, {"red", "blue"})


def test_killed_between_the_journal_and_the_pointer(tmp_path: Path) -> None:
    """What the journal says is done then, by whoever opens the collection."""
    path = fill(tmp_path, "milvus")
    with migration(path, NEW) as work:
        work.catch_up()
    with migrating(path):
        standby = find_standby(path)
        assert standby is not None
        folder = folder_of(path, standby.name)
        with closing(open_store(path)) as before:
            generation = renumbered(folder, 9)
            left(path, "main", standby.name, generation)
            supersede(path, folder, generation)
            assert before.snapshot().count() == len(ALL)
    with closing(open_store(path)) as store:
        assert (store.manifest.encoder, active(path)) == (NEW.spec, folder)
        assert set(store.ids()) == ALL
        store.patch({"red": {"price": 4}})
    switch(path, OLD)
    with closing(open_store(path)) as store, asked(path) as milvus:
        assert store.snapshot().items(["red"])["red"].metadata == {"price": 4}
        assert pointed(milvus, "c") == read_place(path).rows


@pytest.mark.parametrize("pause", [0.3, 0.9])
def test_killed_at_any_instant_one_version_or_the_other_counts(tmp_path: Path, pause: float) -> None:
    path = fill(tmp_path, "milvus")
    child = Path(__file__).with_name("migrate_child.py")
    with subprocess.Popen([sys.executable, child, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        time.sleep(pause)
        process.kill()
        last = max(map(int, process.stdout.read().split()), default=-1)
    with closing(open_store(path)) as store:
        encoder = OLD if store.manifest.encoder == OLD.spec else NEW
        assert set(store.ids()) == ALL
        snapshot = store.snapshot()
        for colour in COLOURS:
            np.testing.assert_allclose(snapshot.vectors(colour), encoder.encode_texts([colour]), atol=1e-2)
        assert int(snapshot.items(["red"])["red"].metadata["price"]) >= last  # type: ignore[arg-type]
    switch(path, NEW if encoder is OLD else OLD)
    discard(path)
    with closing(open_store(path)) as store, asked(path) as milvus:
        assert set(store.ids()) == ALL
        assert pointed(milvus, "c") == read_place(active(path)).rows
