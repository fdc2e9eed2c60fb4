"""Plans, masks, notes and measurements on their own."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from ann_samples import EAGER, clustered

from shelfsight.core.settings import VectorSettings
from shelfsight.stores.allowed import Allowed
from shelfsight.stores.ann.block import ApproximateBlock
from shelfsight.stores.ann.building import Indexer, worth_indexing
from shelfsight.stores.ann.finding import EVERYTHING
from shelfsight.stores.ann.plans import TUNED_K, Plan, Plans
from shelfsight.stores.ann.sidecar import Indexes, index_of, index_report, read_note, whole
from shelfsight.stores.ann.tuning import held_out, tune
from shelfsight.stores.blocks import ExactBlock, best_by_product
from shelfsight.stores.faiss_finders import FaissBlocks, FaissBuilder
from shelfsight.stores.faiss_gpu import GpuBlock, gpu_ready
from shelfsight.stores.ranking import SPARE
from shelfsight.stores.segments import map_segment, segment_of, write_segment

PLANS = Plans((Plan(1.0, 0.1, 50), Plan(0.5, 0.2, 60), Plan(0.1, 0.3, 70)))


def test_plans_are_tuned_for_what_a_search_for_ten_asks() -> None:
    assert TUNED_K == 10 + SPARE


@pytest.mark.parametrize(
    ("k", "share", "effort"),
    [
        (42, 1.0, 0.1),
        (33, 1.0, 0.1),
        (42, 0.9, 0.1),
        (42, 0.6, 0.2),
        (42, 0.5, 0.2),
        (42, 0.2, 0.3),
        (42, 0.01, EVERYTHING),
        (SPARE + 20, 1.0, 0.2),
        (SPARE + 100, 1.0, 0.3),
        (SPARE + 100, 0.5, EVERYTHING),
    ],
)
def test_the_plan_of_the_next_greater_reach_is_taken(k: int, share: float, effort: float) -> None:
    assert PLANS.chosen(k, share).effort == effort


def test_more_items_take_more_candidates() -> None:
    depths = [PLANS.chosen(SPARE + k, 1.0).depth for k in (1, 10, 100, 1000)]
    assert depths[0] == depths[1] == 50
    assert depths[1] < depths[2] < depths[3]


def test_plans_go_through_json() -> None:
    assert Plans.from_json(json.loads(json.dumps(PLANS.as_json()))) == PLANS
    with pytest.raises(ValueError, match="no plans"):
        Plans.from_json([])


def test_a_mask_and_its_parts() -> None:
    mask = np.random.default_rng(0).random(1000) < 0.3
    allowed = Allowed(mask)
    part = allowed.part(100, 333)
    assert part is allowed.part(100, 333)
    assert allowed.part(0, 1000) is allowed
    assert part.count == int(mask[100:333].sum())
    assert part.rows.tolist() == np.flatnonzero(mask[100:333]).tolist()
    assert np.array_equal(np.unpackbits(part.bitmap, bitorder="little")[:233].astype(bool), mask[100:333])


@pytest.mark.parametrize(
    ("settings", "rows", "total", "worth"),
    [
        (VectorSettings(), 60_000, 60_000, True),
        (VectorSettings(), 50_000, 50_000, False),
        (VectorSettings(), 10_000, 1_000_000, False),
        (VectorSettings(kind="flat"), 60_000, 60_000, False),
        (VectorSettings(recall=1.0), 60_000, 60_000, False),
        (VectorSettings(flat_below=0), 1999, 1999, False),
        (VectorSettings(flat_below=0), 2000, 2000, True),
    ],
)
def test_what_is_worth_an_index(settings: VectorSettings, rows: int, total: int, worth: bool) -> None:
    assert worth_indexing(settings, rows, total) is worth


def test_what_is_measured_is_what_is_found() -> None:
    """The recall of the judging half, worked out again from nothing but the block's answers and all products."""
    vectors = clustered(4000, seed=3)
    queries = held_out(4000)
    assert len(queries) == 400
    assert len(np.unique(queries)) == 400
    finder = FaissBuilder().learned(vectors, queries, EAGER)
    measured = tune(finder, vectors, queries, 0.95)
    judging = np.array_split(np.random.default_rng(len(queries)).permutation(queries), 2)[1]
    block = ApproximateBlock(vectors, finder, measured.plans)
    hits = 0
    for row in judging.tolist():
        products = vectors @ vectors[row]
        products[row] = -np.inf
        truth = set(np.argsort(-products)[:10].tolist())
        found = block.planned(vectors[row : row + 1], TUNED_K + 1, None, measured.plans.plans[0])[1][0]
        hits += len(truth & set(found.tolist()))
    assert measured.queries == len(judging)
    assert measured.recall == pytest.approx(hits / (10 * len(judging)), abs=0.002)


def test_what_a_finder_cannot_reach_is_said_and_not_promised() -> None:
    vectors = np.random.default_rng(0).standard_normal((4000, 32)).astype(np.float32)  # no clusters at all
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = held_out(4000)
    finder = FaissBuilder().learned(vectors, queries, EAGER)
    easy, hard = (tune(finder, vectors, queries, target) for target in (0.5, 0.999))
    assert easy.plans.plans[0].effort < hard.plans.plans[0].effort
    assert easy.recall < hard.recall


def test_sidecars_report_and_are_watched(tmp_path: Path) -> None:
    folder = tmp_path / "segments"
    folder.mkdir()
    assert index_report(tmp_path) is None
    watch = Indexes(tmp_path, watched=True)
    indexer: Indexer = FaissBlocks(EAGER).indexer
    for name, rows in (("a", 3000), ("b", 2000)):
        vectors = clustered(rows, seed=rows)
        with (folder / f"{name}.npy").open("wb") as file:
            write_segment(file, rows, vectors.shape[1], [vectors])
        os.utime(folder, ns=(0, rows))
        assert not watch.outdated()
        assert indexer.missing(folder / f"{name}.npy")
        indexer.build(folder / f"{name}.npy", vectors)
        assert watch.outdated()
        assert not watch.outdated()
    report = index_report(tmp_path)
    note = read_note(folder / "a.npy")
    assert report is not None
    assert note is not None
    assert report.vectors == 5000
    assert report.recall == note.report.recall
    assert whole(folder / "a.npy", note)
    assert index_of(folder / "a.npy").stat().st_size == note.size
    assert not Indexes(tmp_path, watched=False).outdated()


def test_blocks_of_mapped_segments_know_their_file_and_parts_do_not(tmp_path: Path) -> None:
    vectors = clustered(50, seed=0)
    path = tmp_path / "a.npy"
    with path.open("wb") as file:
        write_segment(file, 50, vectors.shape[1], [vectors])
    mapped = map_segment(path, 50, vectors.shape[1])
    assert segment_of(mapped) == path
    assert segment_of(mapped[np.arange(50) > 3]) is None
    assert segment_of(vectors) is None


def test_few_of_many_are_found_as_all_are() -> None:
    vectors, queries = clustered(500, seed=1), clustered(5, seed=2)
    for share in (0.05, 0.5):
        mask = np.random.default_rng(1).random(500) < share
        scores, rows = best_by_product(vectors, queries, 7, Allowed(mask))
        for found, values, query in zip(rows, scores, queries, strict=True):
            wanted = np.flatnonzero(mask)[np.argsort(-(vectors[mask] @ query))[:7]]
            assert set(found.tolist()) == set(wanted.tolist())
            assert np.allclose(values, vectors[found] @ query, atol=1e-6)


@pytest.mark.skipif(not gpu_ready(), reason="FAISS has no GPU here")
def test_a_gpu_finds_what_the_cpu_finds() -> None:
    vectors, queries = clustered(5000, seed=1), clustered(20, seed=2)
    ours, theirs = GpuBlock(vectors).top(queries, 10, None), ExactBlock(vectors).top(queries, 10, None)
    assert np.array_equal(np.sort(ours[1], axis=1), np.sort(theirs[1], axis=1))
    assert np.allclose(np.sort(ours[0], axis=1), np.sort(theirs[0], axis=1), atol=1e-5)
