"""Another encoder for a collection that stays open."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from front_door import Cli
from migrate_child import COLOURS, fill, item
from square_vlms import SquareVlm
from tiny_encoder import TintEncoder

from shelfsight import (
    Conflict,
    Engine,
    HitExplained,
    HitsFound,
    Item,
    LeaseHeld,
    NotFound,
    SearchDone,
    Settings,
)
from shelfsight.api.following import Following
from shelfsight.api.migrating import discard, migration
from shelfsight.core.errors import StoreError
from shelfsight.core.protocols import Change, Fingerprints, StoredItem, StoredPicture
from shelfsight.core.settings import VectorSettings
from shelfsight.core.types import Suggestion
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import create_store, open_store
from shelfsight.stores.versions import SupersededError, active

ITEMS = len(COLOURS) + 1
OLD, NEW = TintEncoder("tints"), TintEncoder("turned", turn=2)


@pytest.fixture(params=["faiss", "exact", "milvus"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return fill(tmp_path, request.param)


def _ids(path: Path) -> set[str]:
    with closing(open_store(path)) as store:
        return set(store.ids())


def test_a_migration_embeds_compares_and_switches(path: Path) -> None:
    with closing(open_store(path)) as store:
        prints = store.fingerprints(["red"])
        said = {"red": {"material": Suggestion(value="wool", probability=0.5, model="m")}}
        store.notes.keep_suggestions(said, {"red": prints["red"].pictures})
    with migration(path, NEW, now=OLD) as work:
        work.catch_up()
        assert open_store(path).manifest.encoder == OLD.spec  # searched as before meanwhile
        compared = work.compare(sample=50)
        work.switch()
        report = work.report()
    assert (report.active, report.standby, report.items) == ("turned", "tints", ITEMS)
    assert (report.carried, report.encoded, report.missing, report.failures) == (ITEMS, ITEMS, 0, ())
    assert (compared.queries, compared.overlap, compared.same_first) == (len(COLOURS), 1.0, 1.0)
    with closing(open_store(path)) as store:
        assert store.manifest.encoder == NEW.spec
        assert store.fingerprints(["red"]) == prints
        np.testing.assert_allclose(store.snapshot().vectors("red"), [[0, 0, 1, 0, 0]], atol=1e-4)
        assert store.snapshot().items(["red"])["red"].metadata == {"price": 0}
        assert store.preview("bytes", 0) is not None
        assert store.notes.suggestions(["red"]) == said


def test_an_interrupted_migration_goes_on(path: Path) -> None:
    class Weary(TintEncoder):
        def encode_pixels(self, pixels_bchw: object) -> object:  # type: ignore[override]
            if self.encoded >= 3:
                raise KeyboardInterrupt
            return super().encode_pixels(pixels_bchw)

    settings = Settings.model_validate({"index": {"batch_size": 1}})
    with pytest.raises(KeyboardInterrupt), migration(path, Weary("turned", turn=2), settings=settings) as work:
        work.catch_up()
    assert _ids(path) == set(COLOURS) | {"bytes"}
    with migration(path, TintEncoder("turned", turn=2)) as work:
        work.catch_up()
        work.switch()
    assert open_store(path).manifest.encoder == NEW.spec
    assert _ids(path) == set(COLOURS) | {"bytes"}


def test_what_is_written_meanwhile_is_carried_over(path: Path) -> None:
    with closing(open_store(path)) as store, Engine(store, path=path, settings=Settings(), encoder=OLD) as engine:
        with migration(path, NEW) as work:
            work.catch_up()
            engine.upsert([item(path.parent, "lime"), item(path.parent, "red", colour="navy")])
            engine.update({"green": {"price": 99}})
            engine.delete(["blue"])
            encoded = work.encoded
            work.switch()
            assert work.encoded == encoded + 2  # nothing else is looked at again
        assert engine.manifest.encoder == NEW.spec  # an open engine follows at its next call
        assert set(engine.ids()) == (set(COLOURS) | {"bytes", "lime"}) - {"blue"}
        assert engine.get("green").metadata == {"price": 99}
        engine.update({"green": {"price": 98}})
    with closing(open_store(path)) as store:
        np.testing.assert_allclose(store.snapshot().vectors("red"), NEW.encode_texts(["navy"]), atol=1e-2)
        assert store.snapshot().items(["green"])["green"].metadata == {"price": 98}


def test_a_store_left_behind_is_not_written_to(path: Path) -> None:
    with closing(open_store(path)) as left:
        with migration(path, NEW) as work:
            work.catch_up()
            work.switch()
        assert left.snapshot().count() == ITEMS  # who reads goes on
        with pytest.raises(SupersededError):
            left.commit((), ["red"])
        with pytest.raises(SupersededError):
            left.patch({"red": {"price": 1}})
        with pytest.raises(SupersededError), left.lease("job"):
            pass
    assert "red" in _ids(path)


def test_the_next_version_is_opened_as_the_last_one_was(path: Path) -> None:
    vectors = VectorSettings(kind="ivf", flat_below=0)
    left = open_store(path, vectors=vectors)
    following = Following(path, left, vectors=vectors, grace=0.0)
    assert following.store() is left
    with following.held():
        with migration(path, NEW, now=OLD) as work:
            work.catch_up()
            work.switch()
        store = following.store()
        assert following.store() is store is not left
        assert left.snapshot().count() == ITEMS
    assert store.manifest.encoder == NEW.spec
    if store.manifest.store == "faiss":
        units = normalise(np.random.default_rng(0).standard_normal((2000, NEW.spec.dimension)))
        picture, prints = StoredPicture(name="p", path=None), Fingerprints(pictures="p", metadata="m")
        items = [
            StoredItem(id=f"{n}", title=None, metadata={}, pictures=(picture,), fingerprints=prints)
            for n in range(2000)
        ]
        store.commit([Change(item=each, vectors=unit[None]) for each, unit in zip(items, units, strict=True)])
        store.maintain()
        assert store.manifest.index is not None
        assert store.manifest.index.kind.startswith("ivf")
    assert following.store() is store
    with pytest.raises(StoreError):  # nothing has it in hand any more
        left.snapshot()
    following.close()


def test_a_search_that_takes_long_keeps_the_store_it_began_with(path: Path) -> None:
    """The last hit's picture lies in the store that was left."""
    engine = Engine(open_store(path), path=path, settings=Settings(), encoder=OLD, vlm=SquareVlm())
    engine._following.grace = 0.0
    with engine, engine.search_events("red", k=ITEMS, explain=ITEMS) as events:
        assert isinstance(next(events), HitsFound)
        with migration(path, NEW, now=OLD) as work:
            work.catch_up()
            work.switch()
        assert engine.count() == engine.count() == ITEMS  # by the new one; the second call would close the old one
        *explained, done = events
        assert {each.id for each in explained if isinstance(each, HitExplained)} == {*COLOURS, "bytes"}
        assert isinstance(done, SearchDone)
        assert (done.page.warnings, done.page.stages[0].ended) == ((), "complete")


class Rolled(TintEncoder):
    """Takes every colour's name for that of another one."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return np.roll(super().encode_texts(texts), 1, axis=1)


def test_comparing_after_a_switch_says_the_same_and_rules_are_those_of_both(path: Path) -> None:
    (path / "rules.toml").write_text('[[pin]]\ncontaining = "green"\nids = ["blue"]\n')
    with migration(path, Rolled("rolled"), now=OLD) as work:
        work.catch_up()
        before = work.compare()
        work.switch()
    with migration(path, OLD, now=Rolled("rolled")) as work:
        assert work.compare() == before
    assert before.same_first == round(1 / len(COLOURS), 4)  # what is pinned; else another colour each


def test_titles_that_ask_for_nothing_are_not_compared_by(path: Path) -> None:
    with closing(open_store(path)) as store:
        store.patch({"red": {"title": "-red"}, "green": {"title": "  "}})
    with migration(path, NEW, now=OLD) as work:
        work.catch_up()
        compared = work.compare()
    assert (compared.queries, compared.overlap) == (len(COLOURS) - 2, 1.0)


def test_rollback_keeps_what_was_written_since(path: Path) -> None:
    with migration(path, NEW) as work:
        work.catch_up()
        work.switch()
    with closing(open_store(path)) as store, Engine(store, path=path, settings=Settings(), encoder=NEW) as engine:
        engine.upsert([item(path.parent, "lime")])
        engine.update({"red": {"price": 5}})
        engine.delete(["blue"])
    old = TintEncoder("tints")
    with migration(path, old) as work:
        assert work.counted_before
        work.catch_up()
        work.switch()
    assert old.encoded == 1
    with closing(open_store(path)) as store:
        assert store.manifest.encoder == OLD.spec
        assert set(store.ids()) == (set(COLOURS) | {"bytes", "lime"}) - {"blue"}
        assert store.snapshot().items(["red"])["red"].metadata == {"price": 5}
        np.testing.assert_allclose(store.snapshot().vectors("lime"), OLD.encode_texts(["lime"]), atol=1e-2)


def test_pictures_that_are_gone_are_told_and_not_lost_silently(path: Path) -> None:
    (path.parent / "red.png").rename(path.parent / "away.png")
    with migration(path, NEW) as work:
        work.catch_up()
        report = work.report()
        assert report.missing == 1
        assert [(each.id, str(each.reason)) for each in report.failures] == [("red", "missing_file")]
        with pytest.raises(Conflict, match="'red'"):
            work.switch()
    assert active(path) == path
    (path.parent / "away.png").rename(path.parent / "red.png")
    with migration(path, NEW) as work:
        work.catch_up()
        assert (work.report().missing, work.encoded) == (0, 1)
        (path.parent / "red.png").unlink()
        work.switch()
    assert "red" in _ids(path)


def test_leave_out(path: Path) -> None:
    (path.parent / "red.png").unlink()
    with migration(path, NEW) as work:
        work.catch_up()
        work.switch(leave_out=True)
    assert _ids(path) == (set(COLOURS) | {"bytes"}) - {"red"}


def test_an_item_with_one_of_two_pictures_is_looked_at_again(path: Path) -> None:
    with closing(open_store(path)) as store, Engine(store, path=path, settings=Settings(), encoder=OLD) as engine:
        two = (*item(path.parent, "red").pictures, *item(path.parent, "blue").pictures)
        engine.upsert([Item(id="two", pictures=two)])
        before = store.fingerprints(["two"])["two"].pictures
    (path.parent / "red.png").rename(path.parent / "away.png")
    with migration(path, NEW) as work:
        work.catch_up()
        work.switch(leave_out=True)
    with closing(open_store(path)) as store:
        assert [each.name for each in store.snapshot().items(["two"])["two"].pictures] == ["blue.png"]
        assert store.fingerprints(["two"])["two"].pictures != before


def test_a_job_is_not_switched_away_from(path: Path) -> None:
    with closing(open_store(path)) as store, migration(path, NEW) as work:
        work.catch_up()
        with store.lease("nightly"), pytest.raises(LeaseHeld):
            work.switch()
        work.switch()


def test_discard_and_refusals(path: Path) -> None:
    with pytest.raises(NotFound), migration(path):
        pass
    with pytest.raises(NotFound):
        discard(path)
    with pytest.raises(Conflict), migration(path, TintEncoder("tints")):
        pass
    with migration(path, NEW) as work, pytest.raises(Conflict), migration(path, NEW):
        work.catch_up()
    with pytest.raises(Conflict, match="turned"), migration(path, TintEncoder("third", turn=1)):
        pass
    assert discard(path) == "turned"
    with migration(path, TintEncoder("third", turn=1)) as work:
        work.catch_up()
        work.switch()
    assert discard(path) == "tints"  # the first version, in the collection's own directory
    assert not (path / "manifest.json").exists()
    assert not (path / "items.sqlite").exists()
    assert _ids(path) == set(COLOURS) | {"bytes"}
    with pytest.raises(Conflict):
        create_store(path, encoder=OLD.spec)
    with migration(path, TintEncoder("fourth", turn=4)) as work:
        work.catch_up()
        work.switch()
    assert _ids(path) == set(COLOURS) | {"bytes"}


@pytest.mark.parametrize("path", ["exact"], indirect=True)
def test_writers_meanwhile_lose_nothing(path: Path) -> None:
    """Two engines write while the collection is switched to and fro; every write that returned is there."""
    done: dict[str, int] = {}
    stop = threading.Event()

    def write(name: str) -> None:
        with closing(open_store(path)) as store, Engine(store, path=path, settings=Settings(), encoder=OLD) as engine:
            count = 0
            while not stop.is_set():
                engine.update({name: {f"n{count}": count}})
                count += 1
                done[name] = count

    threads = [threading.Thread(target=write, args=(name,)) for name in ("red", "green")]
    for thread in threads:
        thread.start()
    for number in range(4):
        with migration(path, (NEW, OLD)[number % 2]) as work:
            work.catch_up()
            work.switch()
    stop.set()
    for thread in threads:
        thread.join()
    with closing(open_store(path)) as store:
        for name, count in done.items():
            metadata = store.snapshot().items([name])[name].metadata
            assert [metadata.get(f"n{each}") for each in range(count)] == list(range(count))


@pytest.mark.parametrize("path", ["faiss"], indirect=True)
def test_killed_at_any_instant_one_version_or_the_other_counts(path: Path) -> None:
    draw = random.Random(3)
    child = Path(__file__).with_name("migrate_child.py")
    for _ in range(10):
        with subprocess.Popen([sys.executable, child, path], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
            time.sleep(draw.uniform(0, 0.4))
            process.kill()
            acknowledged = process.stdout.read().split()
        last = max(map(int, acknowledged), default=-1)
        with closing(open_store(path)) as store:
            assert store.manifest.encoder in (OLD.spec, NEW.spec)
            assert set(store.ids()) == set(COLOURS) | {"bytes"}
            items = store.snapshot().items(list(COLOURS))
            encoder = OLD if store.manifest.encoder == OLD.spec else NEW
            for colour in COLOURS:
                np.testing.assert_allclose(store.snapshot().vectors(colour), encoder.encode_texts([colour]), atol=1e-2)
            assert int(items["red"].metadata["price"]) >= last  # type: ignore[arg-type]


def test_migrate_command_on_what_there_is(path: Path, cli: Cli) -> None:
    assert cli("migrate", "-c", path).code == 2
    assert cli("migrate", "-c", path, "--discard").code == 2
    assert cli("migrate", "-c", path, "--encoder", "x", "--discard").code == 2
    assert cli("migrate", "-c", path, "--switch", "--rollback").code == 2
    assert cli("migrate", "-c", path.parent / "absent", "--discard").code == 2
    result = cli("migrate", "-c", path, "--encoder", "embedded", "--queries", path.parent / "absent.jsonl")
    assert (result.code, "absent.jsonl" in result.err, active(path)) == (2, True, path)
    with migration(path, NEW) as work:
        work.catch_up()
    result = cli("migrate", "-c", path, "--rollback")
    assert (result.code, "not switched" in result.err) == (1, True)
    result = cli("migrate", "-c", path, "--sample", 0, "--json")
    assert result.code == 0
    assert result.document == {
        "active": "tints",
        "standby": "turned",
        "items": ITEMS,
        "carried": 0,
        "encoded": 0,
        "missing": 0,
        "switched": False,
        "failures": [],
    }
    result = cli("migrate", "-c", path, "--sample", 0, "--switch", "--json")
    assert (result.code, result.document["active"], result.document["switched"]) == (0, "turned", True)
    result = cli("migrate", "-c", path, "--rollback", "--json")
    assert (result.code, result.document["active"], result.document["switched"]) == (0, "tints", True)
    assert cli("migrate", "-c", path, "--discard", "--json").document == {"discarded": "turned"}
    assert active(path) == path
