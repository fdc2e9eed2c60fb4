"""Filtered searches of approximate blocks by queries that are far from whatever passes."""

import numpy as np
import pytest
from ann_samples import clustered

from shelfsight.core.settings import VectorSettings
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, BoolArray
from shelfsight.stores.ann.block import ApproximateBlock
from shelfsight.stores.ann.checking import dense
from shelfsight.stores.ann.plans import TUNED_K
from shelfsight.stores.ann.tuning import held_out, tune
from shelfsight.stores.faiss_finders import FaissBuilder

COUNT, DIMENSION = 16_000, 64
QUERIES = clustered(400, seed=5, dimension=DIMENSION)[:40]


@pytest.fixture(scope="module")
def block() -> ApproximateBlock:
    vectors = clustered(COUNT, seed=3, dimension=DIMENSION)
    queries = held_out(COUNT)
    finder = FaissBuilder().learned(vectors, queries, VectorSettings())
    return ApproximateBlock(vectors, finder, tune(finder, vectors, queries, 0.95).plans)


def elsewhere(vectors: FloatArray, query: FloatArray, clusters: int) -> BoolArray:
    """Rows of whole clusters, those farthest from the query."""
    centres = np.random.default_rng(0).standard_normal((60, DIMENSION))
    passing = np.argsort(centres @ query)[:clusters]
    return np.asarray(np.isin(np.argmax(vectors @ centres.T, axis=1), passing))


def share_found(block: ApproximateBlock, query: FloatArray, mask: BoolArray, *, check: bool) -> float:
    """Of the ten best that pass, worked out in float64."""
    allowed = Allowed(mask)
    exact = np.where(mask, block.vectors.astype(np.float64) @ query, -np.inf)
    if check:
        scores, rows = block.top(query[None], TUNED_K, allowed)
    else:
        plan = block.plans.chosen(TUNED_K, allowed.count / COUNT)
        scores, rows = block.planned(query[None], TUNED_K, allowed, plan)
    real = rows[0] >= 0
    assert mask[rows[0][real]].all()
    assert np.allclose(scores[0][real], exact[rows[0][real]], atol=1e-5)
    assert len(set(rows[0][real].tolist())) == np.count_nonzero(real) >= TUNED_K
    best = np.argsort(-exact)[:10]
    return float(np.isin(best, rows[0]).mean())


@pytest.mark.parametrize("clusters", [25, 40, 56])
def test_what_passes_is_found_from_far_away(block: ApproximateBlock, clusters: int) -> None:
    masks = [elsewhere(block.vectors, query, clusters) for query in QUERIES]
    found = [share_found(block, query, mask, check=True) for query, mask in zip(QUERIES, masks, strict=True)]
    unchecked = [share_found(block, query, mask, check=False) for query, mask in zip(QUERIES, masks, strict=True)]
    assert np.mean(found) >= 0.95
    assert np.mean(unchecked) < np.mean(found)


def test_a_few_near_rows_that_pass_do_not_hide_the_others(block: ApproximateBlock) -> None:
    shares = []
    for query in QUERIES:
        mask = elsewhere(block.vectors, query, 25)
        mask[np.argsort(-(block.vectors @ query))[:3]] = True
        shares.append(share_found(block, query, mask, check=True))
    assert np.mean(shares) >= 0.95


def test_a_batch_is_answered_as_each_query_alone(block: ApproximateBlock) -> None:
    allowed = Allowed(elsewhere(block.vectors, QUERIES[0], 40))  # far from some, near to others
    scores, rows = block.top(QUERIES, TUNED_K, allowed)
    for query, some, here in zip(QUERIES, scores, rows, strict=True):
        alone, there = block.top(query[None], TUNED_K, allowed)
        order, same = np.lexsort((here, -some))[:TUNED_K], np.lexsort((there[0], -alone[0]))[:TUNED_K]
        assert here[order].tolist() == there[0][same].tolist()


def test_so_many_that_everything_is_cheaper() -> None:
    assert dense(700, 5000)
    assert not dense(600, 5000)
    assert dense(30_000, 1_000_000)
