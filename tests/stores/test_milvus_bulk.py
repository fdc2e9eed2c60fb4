"""Bulk inserts: what is in the files, how a job goes, and that nothing counts before the journal says so."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from milvus_rest import Importer, importing, object_store
from milvus_samples import Opener, milvus, rows_in_milvus
from milvus_served import served
from store_samples import DIMENSION, SPEC, axis, change, random_changes

from shelfsight.core.errors import StoreError, StoreFull, UsageError
from shelfsight.core.types import Item
from shelfsight.indexer.taking_in import Ready, take_in
from shelfsight.stores import create_store, open_store
from shelfsight.stores.local import LocalStore
from shelfsight.stores.milvus import MilvusPlace, bulk
from shelfsight.stores.milvus.bulk_files import Files, shelf
from shelfsight.stores.milvus.bulk_jobs import Jobs, RefusedError
from shelfsight.stores.milvus.importing import fill
from shelfsight.stores.milvus.journal import now
from shelfsight.stores.milvus.place import BULK_KEY
from shelfsight.stores.milvus.rows import Rows
from shelfsight.stores.milvus.store import MilvusStore

__all__ = ["milvus", "served"]

Loaded = tuple[MilvusStore, Importer]


@pytest.fixture
def importer(served: str, tmp_path: Path) -> Iterator[Importer]:
    with importing(served, tmp_path / "files") as running:
        yield running


@pytest.fixture
def store(milvus: Opener, importer: Importer, tmp_path: Path) -> MilvusStore:
    """A collection on a server, of which every commit is large."""
    return milvus(uri=importer.uri, rest=importer.url, bulk=str(tmp_path / "files"), bulk_rows=1, words="server")


def left_in(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_large_commit_is_imported_and_reads_as_any_other(
    store: MilvusStore, milvus: Opener, importer: Importer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = milvus("plain")
    changes = random_changes(60, seed=1)
    with caplog.at_level(logging.INFO, "shelfsight.stores"):
        store.commit(changes)
    plain.commit(changes)
    query = np.random.default_rng(0).standard_normal((3, DIMENSION)).astype(np.float32)
    assert store.snapshot().search(query, 20) == plain.snapshot().search(query, 20)
    assert store.manifest.items == plain.manifest.items
    assert [each.message.rsplit(": ", 1)[1] for each in caplog.records] == [
        "Pending, 0 %",
        "Importing, 40 %",
        "Importing, 80 %",
        "Completed, 100 %",
    ]
    (path, asked, key), *_ = importer.asked
    assert (path, key) == ("/v2/vectordb/jobs/import/create", "Bearer ")
    assert asked["collectionName"] == store._remote.name
    assert left_in(tmp_path / "files") == [], "what was imported is not kept"
    assert not [*(tmp_path / "shop").glob("milvus.bulk-*")]
    assert store._journal.note("bulk") is None


def test_few_rows_are_inserted(milvus: Opener, importer: Importer, tmp_path: Path) -> None:
    store = milvus(uri=importer.uri, rest=importer.url, bulk=str(tmp_path / "files"))
    store.commit(random_changes(20, seed=2))
    assert importer.asked == []
    assert store.manifest.items == 20


def test_files_hold_exactly_the_rows(milvus: Opener, tmp_path: Path) -> None:
    store = milvus(words="server")
    rows: list[dict[str, Any]] = [
        {
            "row": n,
            "tenant": "default",
            "id": f"id-{n}",
            "picture": 0,
            "pictures": 1,
            "whole": n % 2 == 0,
            "title": "Zoë's “hat”\n",
            "preview": "",
            "record": json.dumps({"n": n}),
            "overflow": "",
            "words": "kkk2",
            "vector": np.random.default_rng(n).standard_normal(DIMENSION).astype(np.float32),
            "n:price": n * 0.1,
            "s:brand": "H&M",
            "b:new": True,
            "n:specs:size": 2**60,
        }
        for n in range(7)
    ]
    files = Files(store._remote.schema(), tmp_path / "out")
    files.add(rows[:4])
    files.add(rows[4:5])
    first = files.end()
    files.add(rows[5:])
    second = files.end()
    read = [row for file in (first, second) for row in pyarrow.parquet.read_table(file).to_pylist()]
    assert [len(pyarrow.parquet.read_table(file)) for file in (first, second)] == [5, 2]
    declared = {
        "row",
        "tenant",
        "id",
        "picture",
        "pictures",
        "whole",
        "title",
        "preview",
        "record",
        "overflow",
        "words",
    }
    for wrote, found in zip(rows, read, strict=True):
        assert found.keys() == {*declared, "vector", "$meta"}, "Milvus makes what comes out of functions"
        assert {name: found[name] for name in declared} == {name: wrote[name] for name in declared}
        assert np.array_equal(np.array(found["vector"], np.float32), wrote["vector"])
        dynamic = {name: value for name, value in wrote.items() if name not in declared and name != "vector"}
        assert json.loads(found["$meta"]) == dynamic


def test_a_row_that_is_not_of_the_schema_is_named(milvus: Opener, tmp_path: Path) -> None:
    files = Files(milvus()._remote.schema(), tmp_path / "out")
    with pytest.raises(StoreError, match="'tenant' is not nullable"):
        files.add([{"row": 1}])


def test_a_job_that_fails_leaves_nothing(store: MilvusStore, importer: Importer, tmp_path: Path) -> None:
    store.commit([change("a", [axis(0)])])
    importer.fails = "the file is not there"
    with pytest.raises(StoreError, match="failed: the file is not there") as caught:
        store.commit([change("b", [axis(1)])])
    assert "--milvus-bulk" in str(caught.value.hint)
    assert store.snapshot().contains(["a", "b"]) == {"a"}
    assert left_in(tmp_path / "files") == []
    importer.fails = ""
    store.commit([change("b", [axis(1)])])
    assert store.snapshot().contains(["a", "b"]) == {"a", "b"}
    assert rows_in_milvus(store) == 2


def test_a_job_that_is_refused(store: MilvusStore, importer: Importer, tmp_path: Path) -> None:
    importer.refuses = "the number of jobs has reached the limit"
    with pytest.raises(RefusedError, match="has reached the limit"):
        store.commit([change("a", [axis(0)])])
    assert store._journal.note("bulk") is None
    assert left_in(tmp_path / "files") == []
    importer.refuses = ""
    store.commit([change("a", [axis(0)])])
    assert store.manifest.items == 1


def test_a_server_that_hangs_up_now_and_then(store: MilvusStore, importer: Importer) -> None:
    importer.dies = 3
    store.commit([change("a", [axis(0)])])
    assert store.manifest.items == 1


def test_whoever_is_killed_while_a_job_runs_has_not_committed_and_the_next_one_waits(
    store: MilvusStore, milvus: Opener, importer: Importer, tmp_path: Path
) -> None:
    store.commit([change("a", [axis(0)])])
    importer.kills = True
    with pytest.raises(KeyboardInterrupt):
        store.commit([change("b", [axis(1)]), change("c", [axis(2)])])
    importer.kills = False
    store.close()
    assert len(left_in(tmp_path / "files")) == 1
    again = milvus()
    assert again.snapshot().contains(["a", "b", "c"]) == {"a"}
    assert importer.jobs["450001"].steps, "it is not over"
    again.commit([change("d", [axis(3)])])
    assert not importer.jobs["450001"].steps, "it was waited for, and what it imported dropped"
    assert again.snapshot().contains(["a", "b", "c", "d"]) == {"a", "d"}
    assert rows_in_milvus(again) == 2
    assert left_in(tmp_path / "files") == []


def test_files_of_a_writer_that_died_before_it_began_a_job_are_cleared_away(
    store: MilvusStore, milvus: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_FILE", 1)  # a file a row

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(bulk._Load, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            store.commit([change("a", [axis(0)]), change("b", [axis(1)])])
    (tmp_path / "shop" / "milvus.bulk-left").mkdir()
    (tmp_path / "shop" / "milvus.bulk-left" / "1.parquet").write_bytes(b"rows")
    store.close()
    assert len(left_in(tmp_path / "files")) == 2
    again = milvus()
    again.commit([change("c", [axis(2)])])
    assert left_in(tmp_path / "files") == []
    assert not [*(tmp_path / "shop").glob("milvus.bulk-*")]
    assert again.snapshot().contains(["a", "b", "c"]) == {"c"}


def test_a_job_that_nobody_lived_to_note_is_looked_for(store: MilvusStore, tmp_path: Path) -> None:
    """Row 1 is imported by a writer that was killed before it heard the job's name."""
    jobs, rows = Jobs(store.place), store._remote
    first = change("lost", [axis(0)])
    files = Files(rows.schema(), tmp_path / "out")
    common = {"title": "", "preview": "", "record": "", "overflow": "", "words": "kkk2", "whole": True, "pictures": 1}
    files.add([rows.placed({"row": 1, "id": first.item.id, "picture": 0, **common, "vector": first.vectors[0]})])  # type: ignore[index]
    name = shelf(store.place.bulk).put(files.end(), "under/1.parquet")
    store._journal.write_note("bulk", {"job": "", "time": now(), "shelf": store.place.bulk, "under": "under"})
    jobs.start(rows.name, [[name]])
    store.commit([change("a", [axis(0)])])
    assert store.snapshot().contains(["a", "lost"]) == {"a"}
    assert rows_in_milvus(store) == 1
    assert left_in(tmp_path / "files") == []


def test_a_job_that_stands_still_is_given_up(importer: Importer, tmp_path: Path) -> None:
    importer.held = True
    jobs = Jobs(MilvusPlace(uri=importer.uri, rest=importer.url), stuck=0.3)
    (tmp_path / "files").mkdir()
    name = jobs.start("c", [])
    with pytest.raises(StoreError, match=r"stands at 80 % \(Importing\)"):
        jobs.wait(name)
    assert jobs.running("c") == [name]


def test_a_server_that_is_away_for_long(importer: Importer) -> None:
    jobs = Jobs(MilvusPlace(uri=importer.uri, rest=importer.url, timeout_seconds=1.0), away=0.3)
    name = jobs.start("c", [])
    importer.dies = 10_000
    with pytest.raises(StoreError, match="Failed to post url"):
        jobs.wait(name)


def test_imported_rows_that_do_not_show(store: MilvusStore) -> None:
    rows: Rows = store._remote
    with pytest.raises(StoreError, match="shows 0 of 3 imported rows"):
        rows.show(1, 3, expected=3, patience=0.0)


def test_a_file_of_vectors_comes_in_commits_that_are_worth_a_job(
    milvus: Opener, importer: Importer, tmp_path: Path
) -> None:
    store = milvus(uri=importer.uri, rest=importer.url, bulk=str(tmp_path / "files"), bulk_rows=100)
    vectors = np.random.default_rng(5).standard_normal((450, DIMENSION)).astype(np.float32)
    ready = [Ready(Item(id=f"i{n:03}", pictures=()), vector) for n, vector in enumerate(vectors)]
    assert take_in(ready, name="vectors.npy", store=store).report.indexed == 450
    assert [len(job.rows) for job in importer.jobs.values()] == [400], "and the last fifty are inserted"
    assert store.snapshot().contains(["i000", "i399", "i449"]) == {"i000", "i399", "i449"}
    assert milvus("lite").commit_items == 1000


def test_more_files_than_a_job_takes(store: MilvusStore, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_FILE", 20_000)  # bytes: some rows
    monkeypatch.setattr(bulk, "_FILES", 2)
    store.commit(random_changes(60, seed=6))
    assert [len(job.files) for job in importer.jobs.values()][:-1] == [2] * (len(importer.jobs) - 1)
    assert len(importer.jobs) > 2
    assert sum(len(job.rows) for job in importer.jobs.values()) == rows_in_milvus(store) == store.manifest.pictures


@pytest.fixture
def key() -> Iterator[None]:
    os.environ[BULK_KEY] = "access:secret-of-the-store"
    yield
    del os.environ[BULK_KEY]


@pytest.mark.usefixtures("key")
def test_an_object_store(milvus: Opener, served: str, tmp_path: Path) -> None:
    with object_store(tmp_path / "s3") as address, importing(served, tmp_path / "s3/bucket") as importer:
        store = milvus(uri=served, rest=importer.url, bulk=f"{address}/bucket/imports", bulk_rows=1)
        store.commit(random_changes(30, seed=3))
        assert store.manifest.items == 30
        (file,) = importer.jobs["450000"].files
        assert file.startswith("imports/shelfsight-")
        assert left_in(tmp_path / "s3") == []
    assert not [f for f in (tmp_path / "shop").rglob("*") if f.is_file() and b"secret-of" in f.read_bytes()]


@pytest.mark.usefixtures("key")
def test_an_object_store_that_is_full(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"rows")
    with object_store(tmp_path / "s3", full=True) as address, pytest.raises(StoreFull, match="no space left at http"):
        shelf(f"{address}/bucket").put(tmp_path / "file", "x/1.parquet")


def test_an_object_store_needs_keys() -> None:
    with pytest.raises(UsageError, match="needs keys") as caught:
        shelf("http://127.0.0.1:1/bucket/imports")
    assert BULK_KEY in str(caught.value.hint)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (MilvusPlace(bulk="/files"), "Milvus Lite imports no files"),
        (MilvusPlace(uri="http://h:1", bulk="s3://bucket/x"), "no place for files"),
        (MilvusPlace(uri="http://h:1", bulk="files/here"), "no place for files"),
        (MilvusPlace(uri="http://h:1", bulk="http://host:9000"), "no place for files"),
        (MilvusPlace(uri="http://h:1", bulk="http://key:secret@host:9000/bucket"), "no keys in it"),
        (MilvusPlace(uri="http://h:1", bulk="http://[host/bucket"), "is no address"),
    ],
)
def test_places_for_files_that_cannot_be(place: MilvusPlace, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        place.checked()


def test_a_collection_that_is_moved_here_is_one_import(served: str, importer: Importer, tmp_path: Path) -> None:
    place = MilvusPlace(uri=served, rest=importer.url, bulk=str(tmp_path / "files"), bulk_rows=400, collection="c")
    query = np.random.default_rng(1).standard_normal((3, DIMENSION)).astype(np.float32)
    with closing(create_store(tmp_path / "exact", kind="exact", encoder=SPEC)) as source:
        source.commit(random_changes(300, seed=4))
        assert isinstance(source, LocalStore)
        assert source.manifest.pictures > 400
        fill(tmp_path / "moved", source, place, home=tmp_path / "moved")
        expected = source.snapshot().search(query, 50)
    assert len(importer.jobs) == 1, "in however many batches its items come"
    with closing(open_store(tmp_path / "moved")) as moved:
        assert moved.snapshot().search(query, 50) == expected


@pytest.mark.parametrize(
    ("missing", "said"),
    [("minio", "what pymilvus's bulk writer needs is not installed pip install 'shelfsight[milvus-bulk]'"), ("", "[]")],
)
def test_the_library_is_had_by_an_extra_and_leaves_logging_alone(missing: str, said: str) -> None:
    script = (
        "import logging, sys\n"
        "from shelfsight.core.errors import MissingExtra\n"
        "from shelfsight.stores.milvus.connection import bulk_library\n"
        "if sys.argv[1]: sys.modules[sys.argv[1]] = None\n"
        "try:\n"
        "    bulk_library()\n"
        "    print(logging.getLogger().handlers)\n"
        "except MissingExtra as error:\n"
        "    print(error, error.hint)\n"
    )
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    answer = subprocess.run(
        [sys.executable, "-c", script, missing], capture_output=True, text=True, check=True, env=environment
    )
    assert answer.stdout.strip() == said
