"""Where a collection may lie in Milvus, who is let in, and what is said when nobody answers."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from milvus_samples import Opener, milvus
from store_samples import DIMENSION, SPEC, axis, change, random_changes

from shelfsight.core.errors import Conflict, CorruptCollection, EncoderMismatch, StoreError, UsageError
from shelfsight.core.filters import parse
from shelfsight.stores import create_store, open_store, read_manifest
from shelfsight.stores.milvus import MilvusPlace, read_place
from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.connection import library
from shelfsight.stores.milvus.place import TOKEN, name_of
from shelfsight.stores.milvus.schema import create_rows

__all__ = ["milvus"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (MilvusPlace(uri="ftp://host"), "no Milvus URI"),
        (MilvusPlace(uri="somewhere"), "no Milvus URI"),
        (MilvusPlace(uri="http://root:secret@host:19530"), "no password"),
        (MilvusPlace(uri="http://host:19530", rest="http://root:secret@host:9091"), "no password"),
        (MilvusPlace(uri="http://[::1:19530"), "no address"),
        (MilvusPlace(collection="1st"), "no name"),
        (MilvusPlace(database='x" or 1'), "no name"),
        (MilvusPlace(tenant='a" or tenant != "'), "no tenant"),
        (MilvusPlace(consistency="whatever"), "no consistency level"),
        (MilvusPlace(index="MAGIC"), "no index type"),
        (MilvusPlace(index="SCANN"), "takes the index type SCANN and builds none"),
        (MilvusPlace(index="DISKANN"), "takes the index type DISKANN and builds none"),
        (MilvusPlace(uri="http://h:1", index="MAGIC"), "no index type"),
    ],
)
def test_places_that_cannot_be(place: MilvusPlace, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        create_store(tmp_path / "c", kind="milvus", encoder=SPEC, place=place)
    assert caught.value.hint
    assert not (tmp_path / "c").exists()


def test_lite_takes_index_types_that_it_does_not_build(tmp_path: Path) -> None:
    """Why they are refused. Should this fail, Lite has learned them or refuses them itself."""
    client = Milvus(tmp_path, MilvusPlace())
    create_rows(client, "plain", replace(MilvusPlace(), index="DISKANN"), DIMENSION)
    assert client.indexes("plain") == {"vector": "DISKANN"}
    client.close()
    assert not list((tmp_path / "milvus.db").rglob("*diskann*"))


@pytest.mark.parametrize("index", ["HNSW_SQ", "IVF_SQ8"])
def test_the_indexes_that_lite_builds(milvus: Opener, index: str) -> None:
    """Near the exact answer, rescored exactly, and never fewer than there are."""
    changes = random_changes(400, seed=1)
    approximate, exact = milvus("a", index=index), milvus("e")
    for store in (approximate, exact):
        store.commit(changes)
    approximate.close()
    approximate = milvus("a")  # Lite builds what it has written out
    assert approximate._milvus.indexes(approximate._remote.name) == {"vector": index}
    asked = np.random.default_rng(0).standard_normal((10, DIMENSION)).astype(np.float32)
    where = parse("price < 60")
    found, wanted = (store.snapshot().search(asked, 10, where=where) for store in (approximate, exact))
    shared = [len({m.id for m in a} & {m.id for m in b}) for a, b in zip(found, wanted, strict=True)]
    assert np.mean(shared) > 9
    scores = {(i, m.id): m for i, matches in enumerate(wanted) for m in matches}
    assert all(scores.get((i, m.id), m) == m for i, matches in enumerate(found) for m in matches)
    assert len(approximate.snapshot().search(asked[:1], 1000)[0]) == 400
    assert approximate.snapshot().above(asked[0], 0.3) == exact.snapshot().above(asked[0], 0.3)


def test_what_is_written_down_and_what_is_not(milvus: Opener, tmp_path: Path) -> None:
    os.environ[TOKEN] = "root:very-secret"
    try:
        store = milvus("my shop.collection", tenant="anna", index="HNSW")
    finally:
        del os.environ[TOKEN]
    assert read_place(tmp_path / "my shop.collection") == MilvusPlace(
        collection="my_shop_collection", tenant="anna", index="HNSW"
    )
    assert store.place == read_place(tmp_path / "my shop.collection")
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and b"very-secret" in f.read_bytes()]
    store.commit([change("a", [axis(0)])])
    store.close()
    manifest = read_manifest(tmp_path / "my shop.collection")
    assert (manifest.store, manifest.items) == ("milvus", 1)


@pytest.mark.parametrize(
    ("directory", "name"), [("shop.collection", "shop_collection"), ("2024", "collection_2024"), ("日本", "collection")]
)
def test_names_in_milvus_come_from_the_directory(directory: str, name: str) -> None:
    assert name_of(Path("/x") / directory) == name


def test_a_damaged_place_is_named(milvus: Opener, tmp_path: Path) -> None:
    milvus().close()
    for text in ("", "{", '{"uri": 3}', '{"uri": "x"}', '{"more": 1}'):
        (tmp_path / "shop/milvus.json").write_text(text)
        with pytest.raises(CorruptCollection, match=r"milvus\.json"):
            open_store(tmp_path / "shop")


def test_a_milvus_without_the_collection_is_named(milvus: Opener, tmp_path: Path) -> None:
    milvus().close()
    (tmp_path / "shop/milvus.db").rename(tmp_path / "elsewhere")
    with pytest.raises(CorruptCollection, match="no collection 'shop'"):
        open_store(tmp_path / "shop")


def test_a_collection_that_is_there_is_joined_only_by_its_name(milvus: Opener, tmp_path: Path) -> None:
    file = str(tmp_path / "shared.db")
    first = milvus("one/shop", uri=file)
    first.commit([change("a", [axis(0)])])
    with pytest.raises(Conflict, match="'shop' with something in it") as caught:
        milvus("two/shop", uri=file)
    assert "--milvus-collection shop" in str(caught.value.hint)
    assert milvus("three", uri=file, collection="shop").snapshot().contains(["a"]) == {"a"}
    with pytest.raises(EncoderMismatch, match="'embedded'"):
        milvus("four", replace(SPEC, revision="other"), uri=file, collection="shop")
    with pytest.raises(Conflict, match="dimension 8, not 9"):
        milvus("five", replace(SPEC, dimension=9), uri=file, collection="shop", tenant="other")
    milvus("six", replace(SPEC, dimension=9), uri=file, collection="shop9")


@contextmanager
def silent(answer: bool | None) -> Iterator[int]:
    """A port where nobody listens (``None``), somebody hangs up (``False``), or takes the call and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        kept: list[socket.socket] = []
        if answer is None:
            server.close()
        else:
            server.listen(16)

            def serve() -> None:
                while True:
                    try:
                        caller, _ = server.accept()
                    except OSError:
                        return
                    kept.append(caller) if answer else caller.close()

            threading.Thread(target=serve, daemon=True).start()
        yield port
        if answer is not None:
            server.shutdown(socket.SHUT_RDWR)
        for caller in kept:
            caller.close()


@pytest.mark.parametrize("answer", [None, False, True], ids=["nobody", "hangs up", "says nothing"])
def test_a_server_that_does_not_answer(answer: bool | None, tmp_path: Path) -> None:
    with silent(answer) as port:
        place = MilvusPlace(uri=f"http://127.0.0.1:{port}", timeout_seconds=1.0)
        started = time.monotonic()
        with pytest.raises(StoreError, match=f"Milvus at http://127.0.0.1:{port}") as caught:
            create_store(tmp_path / "new", kind="milvus", encoder=SPEC, place=place)
        assert time.monotonic() - started < 8
        assert TOKEN in str(caught.value.hint)
        assert not (tmp_path / "new/manifest.json").exists()


def test_a_missing_pymilvus_names_the_extra(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['pymilvus'] = None\n"
        "from pathlib import Path\n"
        "from shelfsight.core.errors import MissingExtra\n"
        "from shelfsight.core.protocols import EncoderSpec\n"
        "from shelfsight.stores import create_store\n"
        "spec = EncoderSpec(name='e', revision='r', fingerprint='f', dimension=2, image_size=8)\n"
        "try:\n"
        "    create_store(Path(sys.argv[1]), kind='milvus', encoder=spec)\n"
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
    assert said.stdout.strip() == "pymilvus is not installed pip install 'shelfsight[milvus]'"


def test_pymilvus_is_loaded_by_opening_alone() -> None:
    script = (
        "import sys, shelfsight.stores.milvus; print(sorted({'pymilvus', 'milvus_lite', 'grpc'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert said.stdout.strip() == "[]"
    assert library().__name__ == "pymilvus"
