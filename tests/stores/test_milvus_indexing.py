"""Which index Milvus is asked for, and another one when a collection has grown."""

import threading
from pathlib import Path

import numpy as np
import pytest
from milvus_samples import Opener, milvus
from milvus_served import served
from store_samples import DIMENSION, random_changes

from shelfsight.core.errors import LeaseHeld, UsageError
from shelfsight.stores.milvus.indexing import (
    Choice,
    Index,
    Sizes,
    build_parameters,
    chosen,
    described,
    outgrown,
    search_parameters,
)
from shelfsight.stores.milvus.locks import held
from shelfsight.stores.milvus.store import MilvusStore

__all__ = ["milvus", "served"]

SMALL = Sizes(flat=200, graph=160 * 1500)  # at 8 dimensions a vector and its links take 160 bytes


@pytest.mark.parametrize(
    ("vectors", "dimension", "kind"),
    [
        (0, 512, "FLAT"),
        (50_000, 512, "FLAT"),
        (50_001, 512, "HNSW"),
        (1_000_000, 512, "HNSW"),
        (7_800_000, 512, "HNSW"),  # 2,176 bytes each: 15.8 GiB
        (7_900_000, 512, "IVF_RABITQ"),  # 16.01 GiB
        (100_000_000, 512, "IVF_RABITQ"),  # 592 bytes each: 55 GiB
        (120_000_000, 512, "DISKANN"),  # 66 GiB
        (120_000_000, 24, "IVF_RABITQ"),  # DISKANN takes 32 dimensions and more
        (4_000_000, 1024, "HNSW"),
        (4_200_000, 1024, "IVF_RABITQ"),
    ],
)
def test_the_index_by_size(vectors: int, dimension: int, kind: str) -> None:
    assert chosen(vectors, dimension).kind == kind
    assert chosen(vectors, dimension, lite=True).kind == "FLAT"
    assert chosen(vectors, dimension, asked="SCANN").kind == "SCANN"


@pytest.mark.parametrize(
    ("index", "vectors", "better"),
    [
        ("FLAT", 50_000, None),
        ("FLAT", 60_000, None),  # a little more is nothing to build an index for
        ("FLAT", 63_000, "HNSW"),
        ("FLAT", 9_900_000, "IVF_RABITQ"),
        ("HNSW", 9_000_000, None),
        ("HNSW", 9_900_000, "IVF_RABITQ"),
        ("HNSW", 10, None),  # it serves fewer as well
        ("IVF_RABITQ", 200_000_000, "DISKANN"),
        ("DISKANN", 10, None),
        ("IVF_SQ8", 9_900_000, None),  # somebody wanted it
        ("SCANN", 60_000_000, None),
    ],
)
def test_what_is_outgrown(index: str, vectors: int, better: str | None) -> None:
    found = outgrown(Index(index), vectors, 512)
    assert (None if found is None else found.kind) == better


@pytest.mark.parametrize(
    ("kind", "vectors", "expected"),
    [
        ("FLAT", 1000, {}),
        ("DISKANN", 1000, {}),
        ("HNSW", 1000, {"M": 16, "efConstruction": 200}),
        ("IVF_FLAT", 0, {"nlist": 1024}),  # not known yet: 4 √65,536
        ("IVF_FLAT", 10_000, {"nlist": 400}),
        ("IVF_SQ8", 100, {"nlist": 64}),
        ("IVF_FLAT", 100_000_000, {"nlist": 2896}),  # 524,288 of 512 dimensions fill a segment: 4 · 724.1
        ("IVF_RABITQ", 10_000_000, {"nlist": 2896, "refine": True, "refine_type": "SQ8"}),
        ("IVF_PQ", 10_000, {"nlist": 400, "nbits": 8, "m": 32}),
    ],
)
def test_what_an_index_is_built_with(kind: str, vectors: int, expected: dict[str, object]) -> None:
    assert build_parameters(kind, vectors, 512) == expected


@pytest.mark.parametrize(
    ("index", "limit", "expected"),
    [
        (Index("FLAT"), 10, {}),
        (Index("HNSW"), 10, {"ef": 128}),
        (Index("HNSW"), 300, {"ef": 600}),
        (Index("IVF_SQ8", {"nlist": 2048}), 10, {"nprobe": 128}),
        (Index("IVF_FLAT", {"nlist": "128"}), 10, {"nprobe": 32}),
        (Index("IVF_RABITQ", {"nlist": 2048}), 10, {"nprobe": 128, "refine_k": 4}),
        (Index("DISKANN"), 16_384, {"search_list": 32_768}),
    ],
)
def test_how_far_an_index_looks(index: Index, limit: int, expected: dict[str, object]) -> None:
    assert search_parameters(index, limit) == {"metric_type": "IP", "params": expected}


@pytest.mark.parametrize(
    ("answer", "index"),
    [
        (
            {"index_type": "HNSW", "M": "16", "efConstruction": "200"},
            Index("HNSW", {"M": "16", "efConstruction": "200"}),
        ),
        ({"index_type": "IVF_FLAT", "params": {"nlist": 128}, "state": "Finished"}, Index("IVF_FLAT", {"nlist": 128})),
        ({"index_type": "FLAT", "metric_type": "IP", "total_rows": 5}, Index("FLAT")),
    ],
)
def test_what_milvus_says_of_an_index(answer: dict[str, object], index: Index) -> None:
    assert described(answer) == index


def index_of(store: MilvusStore) -> str:
    return store._milvus.indexes(store._remote.name).get("vector", "none")


def test_a_collection_that_grew_gets_another_index(milvus: Opener, served: str) -> None:
    store = milvus(uri=served)
    store._sizes = SMALL
    store.commit(random_changes(100, seed=1))
    store.maintain()
    assert index_of(store) == "FLAT"
    assert store.manifest.index is not None
    assert (store.manifest.index.kind, store.manifest.index.recall) == ("milvus flat", 1.0)
    store.commit(random_changes(300, seed=2))
    store.maintain()
    assert index_of(store) == "HNSW"
    assert store.manifest.index.kind == "milvus hnsw"
    assert store.manifest.index.recall is None
    store.commit(random_changes(1500, seed=3))
    store.maintain()
    assert index_of(store) == "IVF_RABITQ"


def test_whoever_searches_meanwhile_waits_and_finds_the_same(milvus: Opener, served: str) -> None:
    store = milvus("a", uri=served)
    store.commit(random_changes(300, seed=4))
    other = milvus("b", uri=served, collection="a")
    query = np.random.default_rng(0).standard_normal((1, DIMENSION)).astype(np.float32)
    before = other.snapshot().search(query, 10)
    found, done = [], threading.Event()

    def search() -> None:
        while not done.is_set():
            found.append(other.snapshot().search(query, 10))

    searching = threading.Thread(target=search)
    searching.start()
    try:
        kinds = [store.reindex(kind) for kind in ("HNSW", "IVF_SQ8", "auto")]
    finally:
        done.set()
        searching.join()
    assert kinds == ["HNSW", "IVF_SQ8", "FLAT"]
    assert len(found) > 3
    assert all(matches == before for matches in found)
    assert store.snapshot().search(query, 10) == before


def test_a_state_that_was_read_before_knows_that_another_machine_built_an_index(milvus: Opener, served: str) -> None:
    """Whether what Milvus finds is all there is, it has to know when it searches."""
    store = milvus("a", uri=served)
    store.commit(random_changes(50, seed=4))
    other = milvus("b", uri=served, collection="a")
    snapshot = other.snapshot()
    assert snapshot._finder(None, ()).exact  # type: ignore[attr-defined]
    store.reindex("HNSW")
    other._remote.index(anew=True)
    assert other.snapshot() is snapshot
    assert not snapshot._finder(None, ()).exact  # type: ignore[attr-defined]


def test_large_ones_are_not_made_to_wait_unasked(milvus: Opener, served: str, caplog: pytest.LogCaptureFixture) -> None:
    store = milvus(uri=served)
    store._sizes = Sizes(flat=100, graph=SMALL.graph, pause=200)
    store.commit(random_changes(300, seed=5))
    with caplog.at_level("WARNING", "shelfsight.stores"):
        store.maintain()
    assert "an index HNSW would be better" in caplog.text
    assert index_of(store) == "FLAT"
    assert store.reindex() == "HNSW"
    assert index_of(store) == "HNSW"


def test_one_machine_at_a_time(milvus: Opener, served: str) -> None:
    store = milvus(uri=served)
    store.commit(random_changes(10, seed=6))
    with (
        held(store._journal.of_all(), "index", "another machine", wait=False),
        pytest.raises(LeaseHeld, match="another machine"),
    ):
        store.reindex("HNSW")
    assert store.reindex("HNSW") == "HNSW"


def test_an_index_that_was_dropped_and_not_made_again_is_made_by_whoever_opens(milvus: Opener, served: str) -> None:
    store = milvus(uri=served)
    store.commit(random_changes(50, seed=7))
    expected = store.snapshot().search(np.eye(1, DIMENSION, dtype=np.float32), 5)
    client, name = store._milvus._connection.client, store._remote.name
    client.release_collection(name)
    client.drop_index(name, "vector")
    store.close()
    again = milvus(uri=served)
    assert index_of(again) == "FLAT"
    assert again.snapshot().search(np.eye(1, DIMENSION, dtype=np.float32), 5) == expected


def test_lite_stays_exact_unless_asked_and_refuses_what_it_does_not_build(milvus: Opener, tmp_path: Path) -> None:
    store = milvus()
    store._sizes = SMALL
    store.commit(random_changes(300, seed=8))
    store.maintain()
    assert index_of(store) == "none"
    assert store.reindex("HNSW") == "HNSW"
    assert index_of(store) == "HNSW"
    with pytest.raises(UsageError, match="builds none"):
        store.reindex("DISKANN")
    assert tmp_path.is_dir()


def test_why_is_said() -> None:
    assert chosen(10, 512) == Choice("FLAT", "up to 50,000 vectors all are compared")
    assert "15.8 GiB" in chosen(7_800_000, 512).reason
    assert chosen(10, 512, asked="SCANN").reason == "it was asked for"
