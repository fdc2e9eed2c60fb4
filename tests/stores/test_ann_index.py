"""Segments with an approximate index: found right, filtered exactly, grown, damaged, mapped."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from ann_samples import EAGER, WIDE, WIDTH, best_ids, clustered, fill, indexed, recall

from shelfsight.core.background import finish
from shelfsight.core.filters import parse
from shelfsight.core.protocols import Store
from shelfsight.core.settings import VectorSettings
from shelfsight.stores import create_store, open_store
from shelfsight.stores.ann.block import ApproximateBlock
from shelfsight.stores.ann.sidecar import read_note
from shelfsight.stores.blocks import Block
from shelfsight.stores.local import LocalStore

COUNT = 8000
QUERIES = clustered(60, seed=9)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return clustered(COUNT, seed=1)


@pytest.fixture(scope="module")
def made(vectors: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ann") / "shop.collection"
    indexed(path, vectors).close()
    return path


@pytest.fixture
def store(made: Path) -> Iterator[Store]:
    with closing(open_store(made, vectors=EAGER)) as opened:
        yield opened


def blocks(store: Store) -> list[Block]:
    assert isinstance(store, LocalStore)
    return [*store.snapshot().state.blocks.parts]


def segments(path: Path) -> list[Path]:
    return sorted((path / "segments").glob("*.npy"))


def test_it_is_used_and_finds_as_much_as_it_reports(store: Store, vectors: np.ndarray) -> None:
    assert [type(block) for block in blocks(store)] == [ApproximateBlock]
    wanted = [best_ids(vectors, query, 10) for query in QUERIES]
    found = store.snapshot().search(QUERIES, 10)
    report = store.manifest.index
    assert report is not None
    assert report.recall is not None
    assert (report.vectors, report.queries, report.target) == (COUNT, 400, 0.95)
    assert report.recall >= 0.94
    assert abs(recall(found, wanted) - report.recall) < 0.05  # other queries, of the same kind
    assert report.bytes_per_vector < 4 * WIDTH


def test_scores_are_the_exact_cosines_and_alone_as_in_a_batch(store: Store, vectors: np.ndarray) -> None:
    snapshot = store.snapshot()
    together = snapshot.search(QUERIES, 10)
    for query, matches in zip(QUERIES, together, strict=True):
        assert snapshot.search(query[None], 10) == [matches]
        rows = [int(match.id[1:]) for match in matches]
        assert np.allclose([match.score for match in matches], vectors[rows] @ query, atol=1e-6)
        assert matches == sorted(matches, key=lambda match: (-match.score, match.id))


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 0.01, 0.002])
def test_a_filter_of_any_selectivity_is_exact_and_complete(store: Store, vectors: np.ndarray, share: float) -> None:
    limit = int(COUNT * share)
    where = parse(f"n < {limit}")
    mask = np.arange(COUNT) < limit
    found = store.snapshot().search(QUERIES, 10, where=where)
    assert all(len(matches) == 10 for matches in found)
    assert all(int(match.id[1:]) < limit for matches in found for match in matches)
    assert recall(found, [best_ids(vectors, query, 10, mask) for query in QUERIES]) >= 0.93


def test_a_filter_whose_items_are_far_from_the_query_still_gives_k(store: Store, vectors: np.ndarray) -> None:
    near = np.argsort(-(vectors @ QUERIES[0]))
    far = ",".join(f'"i{row:07}"' for row in near[-25:].tolist())
    found = store.snapshot().search(QUERIES[:1], 20, where=parse(f"id in [{far}]"))
    assert len(found[0]) == 20


@pytest.mark.parametrize("k", [1, 50, 500, 5000, COUNT + 7])
def test_any_k(store: Store, vectors: np.ndarray, k: int) -> None:
    found = store.snapshot().search(QUERIES[:5], k)
    assert all(len(matches) == min(k, COUNT) for matches in found)
    assert recall(found, [best_ids(vectors, query, k) for query in QUERIES[:5]]) >= 0.9


def test_what_is_left_out_is_made_up_for(store: Store) -> None:
    first = store.snapshot().search(QUERIES[:1], 10)[0]
    gone = [match.id for match in first[:4]]
    assert [match.id for match in store.snapshot().search(QUERIES[:1], 6, exclude=gone)[0]] == [
        match.id for match in first[4:]
    ]


def test_the_dead_are_not_found_and_what_is_new_is(vectors: np.ndarray, collection: Path) -> None:
    with closing(indexed(collection, vectors)) as store:
        wanted = best_ids(vectors, QUERIES[0], 3)
        store.commit([], deletes=wanted)
        fill(store, QUERIES[:1], start=COUNT)
        found = [match.id for match in store.snapshot().search(QUERIES[:1], 10)[0]]
        assert found[0] == f"i{COUNT:07}"
        assert not set(found) & set(wanted)
        assert len(found) == 10


def test_growing_keeps_what_was_learned_until_there_is_much_more(vectors: np.ndarray, collection: Path) -> None:
    with closing(indexed(collection, vectors[:2500])) as store:
        fill(store, vectors[2500:6000], start=2500)
        store.commit([], deletes=["i0000007"])
        store.maintain()
        (segment,) = segments(collection)
        note = read_note(segment)
        assert note is not None
        assert (note.rows, note.trained) == (5999, 2500)
        alive = np.arange(6000) != 7
        wanted = [best_ids(vectors[:6000], query, 10, alive) for query in QUERIES]
        with closing(open_store(collection, vectors=EAGER)) as again:
            assert recall(again.snapshot().search(QUERIES, 10), wanted) >= 0.92
        fill(store, vectors[6000:], start=6000)
        store.maintain()
        (segment,) = segments(collection)
        note = read_note(segment)
        assert note is not None
        assert note.trained == note.rows == COUNT - 1


def test_a_little_that_is_new_leaves_the_large_segment_alone(vectors: np.ndarray, collection: Path) -> None:
    with closing(indexed(collection, vectors)) as store:
        before = segments(collection)
        fill(store, QUERIES, start=COUNT)
        store.maintain()
        assert set(before) < set(segments(collection))
        report = store.manifest.index
        assert report is not None
        assert report.vectors == COUNT


@pytest.mark.parametrize(
    "harm", ["index gone", "note gone", "index cut", "index flipped", "note nonsense", "other rows"]
)
def test_a_damaged_index_is_ignored_and_made_again(made: Path, vectors: np.ndarray, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "copy.collection"
    shutil.copytree(made, path)
    (segment,) = segments(path)
    _harm(segment, harm)
    with closing(open_store(path, vectors=EAGER)) as store:
        assert ApproximateBlock not in [type(block) for block in blocks(store)]
        found = store.snapshot().search(QUERIES[:10], 10)
        assert recall(found, [best_ids(vectors, query, 10) for query in QUERIES[:10]]) == 1.0
        store.maintain()
    with closing(open_store(path, vectors=EAGER)) as store:
        assert [type(block) for block in blocks(store)] == [ApproximateBlock]


def _harm(segment: Path, harm: str) -> None:
    index, note = segment.with_suffix(".index"), segment.with_suffix(".json")
    match harm:
        case "index gone":
            index.unlink()
        case "note gone":
            note.unlink()
        case "index cut":
            index.write_bytes(index.read_bytes()[:-100])
        case "index flipped":
            data = bytearray(index.read_bytes())
            data[len(data) // 2] ^= 1
            index.write_bytes(bytes(data))
        case "note nonsense":
            note.write_text("[]")
        case "other rows":
            found = json.loads(note.read_bytes())
            note.write_text(json.dumps(found | {"rows": found["rows"] - 1}))


def test_below_the_limit_and_where_flat_is_asked_search_is_exact(vectors: np.ndarray, tmp_path: Path) -> None:
    for name, settings in {
        "few": VectorSettings(flat_below=COUNT),
        "flat": EAGER.model_copy(update={"kind": "flat"}),
        "all": EAGER.model_copy(update={"recall": 1.0}),
    }.items():
        with closing(indexed(tmp_path / name, vectors, settings)) as store:
            assert store.manifest.index is None
            found = store.snapshot().search(QUERIES, 10)
            assert recall(found, [best_ids(vectors, query, 10) for query in QUERIES]) == 1.0


def test_the_exact_store_has_no_index(vectors: np.ndarray, tmp_path: Path) -> None:
    with closing(create_store(tmp_path / "exact", kind="exact", encoder=WIDE, vectors=EAGER)) as store:
        fill(store, vectors[:3000])
        store.maintain()
        assert store.manifest.index is None
        assert not [*(tmp_path / "exact" / "segments").glob("*.index")]


def test_maintaining_brings_the_index_to_whoever_has_the_collection_open(vectors: np.ndarray, collection: Path) -> None:
    with closing(create_store(collection, kind="faiss", encoder=WIDE, vectors=EAGER)) as writer:
        fill(writer, vectors[:4000])
        with closing(open_store(collection, vectors=EAGER)) as reader:
            before = reader.snapshot()
            writer.snapshot()
            writer.maintain()
            assert ApproximateBlock in [type(block) for block in blocks(writer)]
            reader.snapshot()
            assert finish(30.0)
            assert ApproximateBlock in [type(block) for block in blocks(reader)]
            assert before.search(QUERIES[:1], 5) == reader.snapshot().search(QUERIES[:1], 5)
            assert before.token == reader.snapshot().token


def test_what_comes_later_is_searched_with_what_was_learned(vectors: np.ndarray, collection: Path) -> None:
    with closing(indexed(collection, vectors[:3000])) as store:
        store.snapshot()
        for start in range(3000, COUNT, 1100):
            fill(store, vectors[start : start + 1100], start=start)
            store.snapshot()
        assert finish(30.0)
        found = blocks(store)
        assert [type(block) for block in found[:2]] == [ApproximateBlock, ApproximateBlock]
        assert sum(len(block.vectors) for block in found) == COUNT
        wanted = [best_ids(vectors, query, 10) for query in QUERIES]
        assert recall(store.snapshot().search(QUERIES, 10), wanted) >= 0.9


def test_an_index_that_no_commit_knows_is_swept_away(vectors: np.ndarray, collection: Path) -> None:
    with closing(indexed(collection, vectors[:3000])) as store:
        (segment,) = segments(collection)
        for suffix in (".npy", ".index", ".json"):
            shutil.copy(segment.with_suffix(suffix), segment.with_name(f"lost{suffix}"))
        store.maintain()
        assert {file.name for file in segment.parent.iterdir()} == {
            segment.with_suffix(suffix).name for suffix in (".npy", ".index", ".json")
        }
