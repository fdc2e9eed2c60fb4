"""Making and opening collections, the manifest, and the job lease."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from store_processes import Child
from store_samples import SPEC, axis, change

from shelfsight.core.errors import Conflict, EncoderMismatch, LeaseHeld, NotFound, StoreError, UsageError
from shelfsight.core.protocols import Manifest, Store
from shelfsight.stores import create_store, open_store, read_manifest

Factory = Callable[..., Store]
StartChild = Callable[..., Child]


def test_the_manifest_says_what_a_collection_is(store: Store, kind: str, collection: Path) -> None:
    store.commit([change("a", [axis(0), axis(1)]), change("b", [axis(2)])])
    expected = Manifest(format=1, store=kind, encoder=SPEC, metric="cosine", items=2, pictures=3)
    found, read = store.manifest, read_manifest(collection)
    assert replace(found, index=None) == replace(read, index=None) == expected
    assert (found.index and found.index.kind) == (read.index and read.index.kind)  # more of it is known by asking
    content = json.loads((collection / "manifest.json").read_text())
    assert content == {"format": 1, "store": kind, "encoder": asdict(SPEC), "metric": "cosine"}


def test_parents_are_made(tmp_path: Path, kind: str) -> None:
    create_store(tmp_path / "a/b/c", kind=kind, encoder=SPEC).close()
    assert read_manifest(tmp_path / "a/b/c").items == 0


def test_a_collection_is_not_made_twice(store: Store, collection: Path, kind: str) -> None:
    store.commit([change("a", [axis(0)])])
    with pytest.raises(Conflict, match="already"):
        create_store(collection, kind=kind, encoder=SPEC)
    assert store.snapshot().count() == 1


def test_of_two_creators_one_wins(collection: Path, kind: str) -> None:
    def make(_: int) -> bool:
        try:
            create_store(collection, kind=kind, encoder=SPEC).close()
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(make, range(4))) == 1
    assert read_manifest(collection).items == 0


def test_other_peoples_directories_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(Conflict, match=r"photo\.jpg"):
        create_store(tmp_path, encoder=SPEC)
    with pytest.raises(Conflict, match="is a file"):
        create_store(tmp_path / "photo.jpg", encoder=SPEC)
    assert [file.name for file in tmp_path.iterdir()] == ["photo.jpg"]


def test_an_interrupted_creation_is_taken_up(tmp_path: Path, kind: str) -> None:
    create_store(tmp_path / "c", kind=kind, encoder=SPEC).close()
    (tmp_path / "c/manifest.json").rename(tmp_path / "c/manifest.json.1.tmp")
    store = create_store(tmp_path / "c", kind=kind, encoder=SPEC)
    store.commit([change("a", [axis(0)])])
    assert store.snapshot().count() == 1
    store.close()


def test_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="annoy") as caught:
        create_store(tmp_path / "c", kind="annoy", encoder=SPEC)
    assert "faiss" in str(caught.value.hint)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("use", [open_store, read_manifest])
def test_no_collection_there(tmp_path: Path, use: Callable[[Path], object]) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(NotFound, match="no collection") as caught:
            use(path)
        assert "shelfsight index" in str(caught.value.hint)
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "ViT-B-32/openai"), ("revision", "r2"), ("fingerprint", "f2"), ("dimension", 16), ("image_size", 224)],
)
def test_another_encoder_is_refused(store: Store, collection: Path, field: str, value: str | int) -> None:
    changed: dict[str, Any] = {field: value}
    other = replace(SPEC, **changed)
    with pytest.raises(EncoderMismatch) as caught:
        open_store(collection, encoder=other)
    message = str(caught.value)
    assert SPEC.name in message
    assert other.name in message
    assert field in message
    assert repr(getattr(SPEC, field)) in message
    assert repr(value) in message
    assert open_store(collection, encoder=SPEC).manifest == store.manifest


@pytest.mark.parametrize(("field", "value"), [("format", 2), ("format", "x"), ("store", "cloud")])
def test_a_newer_collection_is_refused(store_factory: Factory, collection: Path, field: str, value: object) -> None:
    store_factory().close()
    content = json.loads((collection / "manifest.json").read_text())
    (collection / "manifest.json").write_text(json.dumps(content | {field: value}))
    with pytest.raises(StoreError, match=repr(value)) as caught:
        open_store(collection)
    assert "upgrade" in str(caught.value.hint)


def test_the_lease_names_its_holder(store_factory: Factory) -> None:
    first, second = store_factory(), store_factory()
    with first.lease("indexing shop.csv"):
        for other in (first, second):
            with pytest.raises(LeaseHeld, match=r"indexing shop\.csv") as caught, other.lease("me too"):
                pass
            assert caught.value.hint
    with second.lease("now me"):
        pass


def test_a_lease_leaves_the_errors_of_its_job_alone(store: Store) -> None:
    with pytest.raises(FileNotFoundError, match="picture"), store.lease("job"):
        raise FileNotFoundError("picture")
    with store.lease("job"):
        pass


def test_the_lease_dies_with_its_process(store: Store, collection: Path, child: StartChild) -> None:
    holder = child("hold", collection)
    assert holder.line() == "held"
    with pytest.raises(LeaseHeld) as caught, store.lease("me"):
        pass
    assert "nightly job" in str(caught.value)
    assert str(holder.process.pid) in str(caught.value)
    store.commit([change("a", [axis(0)])])
    holder.kill()
    with store.lease("me"):
        pass


_FORKING = """
import os, sys, time
from pathlib import Path
from typing import Any
from shelfsight.stores import open_store
with open_store(Path(sys.argv[1])).lease("parent"):
    if os.fork() == 0:
        print("forked", flush=True)  # from the child, which lets go of the lock as the fork returns
        os.close(1)
    time.sleep(60)
"""


def test_a_forked_worker_does_not_keep_the_lease(store: Store, collection: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _FORKING, str(collection)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == "forked\n"
    with pytest.raises(LeaseHeld), store.lease("me"):
        pass
    parent.kill()
    parent.wait()
    with store.lease("me"):
        pass
    os.killpg(parent.pid, signal.SIGKILL)


def test_importing_the_room_loads_no_backend() -> None:
    script = "import sys, shelfsight.stores; print(sorted({'faiss', 'sqlite3'} & set(sys.modules)))"
    said = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert said.stdout.strip() == "[]"


def test_a_missing_faiss_names_the_extra(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['faiss'] = None\n"
        "from pathlib import Path\n"
        "from shelfsight.core.errors import MissingExtra\n"
        "from shelfsight.core.protocols import EncoderSpec\n"
        "from shelfsight.stores import create_store\n"
        "spec = EncoderSpec(name='e', revision='r', fingerprint='f', dimension=2, image_size=8)\n"
        "try:\n"
        "    create_store(Path(sys.argv[1]), kind='faiss', encoder=spec)\n"
        "except MissingExtra as error:\n"
        "    print(error, error.hint)\n"
        "create_store(Path(sys.argv[1]), kind='exact', encoder=spec)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "c")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert said.stdout.strip() == "faiss is not installed pip install 'shelfsight[cpu]'"
