"""Kinds of finders, and what each promises."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ann_samples import EAGER, WIDTH, best_ids, clustered, indexed, recall

from shelfsight.core.settings import VectorSettings
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import open_store
from shelfsight.stores.allowed import Allowed
from shelfsight.stores.ann.finding import EVERYTHING, Finder
from shelfsight.stores.faiss_finders import FaissBuilder
from shelfsight.stores.faiss_graph import GraphFinder
from shelfsight.stores.faiss_ivf import IvfFinder

COUNT = 3000
QUERIES = clustered(20, seed=9)
READERS: dict[str, Callable[[Path, int], Finder]] = {"ivf": IvfFinder.read, "graph": GraphFinder.read}


@pytest.fixture(scope="module")
def vectors() -> FloatArray:
    return clustered(COUNT, seed=2)


@pytest.fixture(scope="module", params=["ivf", "graph", "turned"])
def finder(request: pytest.FixtureRequest, vectors: FloatArray) -> Finder:
    if request.param == "turned":
        return FaissBuilder().learned(_lopsided(vectors), np.arange(100), EAGER)
    return FaissBuilder().learned(vectors, np.arange(100), EAGER.model_copy(update={"kind": request.param}))


def _lopsided(vectors: FloatArray) -> FloatArray:
    """All that tells rows apart lies in six coordinates."""
    flat = vectors * np.where(np.arange(WIDTH) < 6, 1.0, 0.02).astype(np.float32)
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True), np.float32)


def test_everything_means_every_row_that_may(finder: Finder) -> None:
    mask = np.zeros(COUNT, np.bool_)
    mask[[5, 77, 2999, *range(500, 520)]] = True
    found = finder.candidates(QUERIES, 50, EVERYTHING, Allowed(mask))
    for rows in found:
        assert set(rows[rows >= 0].tolist()) == set(np.flatnonzero(mask).tolist())
    whole = finder.candidates(QUERIES[:2], COUNT, EVERYTHING, None)
    assert all(set(rows.tolist()) == set(range(COUNT)) for rows in whole)


def test_none_comes_twice_and_none_that_may_not(finder: Finder) -> None:
    mask = np.random.default_rng(0).random(COUNT) < 0.3
    for effort in (finder.efforts[0], finder.efforts[-1]):
        for rows in finder.candidates(QUERIES, 40, effort, Allowed(mask)):
            real = rows[rows >= 0]
            assert len(set(real.tolist())) == len(real)
            assert mask[real].all()


def test_estimates_fall_and_products_are_exact(finder: Finder, vectors: FloatArray) -> None:
    rows = np.array([[5, -1, 2999, 5], [-1, 0, 1, 2]])
    scores = finder.products(vectors, QUERIES[::10], rows)
    products = QUERIES[::10].astype(np.float64) @ vectors.T.astype(np.float64)
    wanted = np.where(rows < 0, -np.inf, np.take_along_axis(products, rows, axis=1))
    np.testing.assert_allclose(scores, wanted, atol=1e-6)
    found = finder.estimated(QUERIES, 40, finder.efforts[0], Allowed(np.arange(COUNT) % 3 > 0))
    if found is not None:  # graphs' estimates are not to be doubted
        estimates, places = found
        assert (estimates[:, :-1] >= estimates[:, 1:]).all()
        assert ((places < 0) == np.isneginf(estimates)).all()


def test_more_effort_finds_more(finder: Finder, vectors: FloatArray) -> None:
    data = _lopsided(vectors) if isinstance(finder, IvfFinder) and finder.turned else vectors
    queries = data[:100]
    near = np.argsort(-(queries @ data.T), axis=1)[:, :10]
    shares = []
    for effort in (finder.efforts[0], finder.efforts[-1]):
        found = finder.candidates(queries, 200, effort, None)
        shares.append(np.mean([len(set(a.tolist()) & set(b.tolist())) / 10 for a, b in zip(found, near, strict=True)]))
    assert shares[0] <= shares[1]
    assert shares[1] > 0.97


def test_what_is_written_is_read(finder: Finder, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    finder.write(buffer)
    path = tmp_path / "a.index"
    path.write_bytes(buffer.getvalue())
    again = READERS["graph" if isinstance(finder, GraphFinder) else "ivf"](path, 7)
    assert (again.kind, again.rows, again.trained, again.memory) == (finder.kind, COUNT, 7, finder.memory)
    effort = finder.efforts[3]
    assert np.array_equal(finder.candidates(QUERIES, 30, effort, None), again.candidates(QUERIES, 30, effort, None))
    other = READERS["ivf" if isinstance(finder, GraphFinder) else "graph"]
    with pytest.raises(ValueError, match="no "):
        other(path, 7)


def test_only_lopsided_vectors_are_turned(vectors: FloatArray) -> None:
    for data, turned in ((vectors, False), (_lopsided(vectors), True)):
        made = FaissBuilder().learned(data, np.arange(100), EAGER)
        assert isinstance(made, IvfFinder)
        assert made.turned is turned


def test_growing_takes_over_lists(vectors: FloatArray) -> None:
    parent = FaissBuilder().learned(vectors[:2000], np.arange(100), EAGER)
    assert isinstance(parent, IvfFinder)
    keep = np.arange(2000) % 3 > 0
    together = np.concatenate([vectors[2000:2400], vectors[:2000][keep], vectors[2400:]])
    grown = parent.grown(together, [(400, parent, keep)])
    assert grown.trained == 2000
    assert np.array_equal(grown.list_of[400 : 400 + keep.sum()], parent.list_of[keep])
    mask = np.ones(len(together), np.bool_)
    rows = grown.candidates(together[:50], 1, 0.01, Allowed(mask))
    assert np.array_equal(rows[:, 0], np.arange(50))


def test_a_graph_grows_only_behind_what_it_has(vectors: FloatArray) -> None:
    parent = FaissBuilder().learned(vectors[:1000], np.arange(100), EAGER.model_copy(update={"kind": "graph"}))
    grown = parent.grown(vectors[:1500], [(0, parent, None)])
    assert grown is not None
    assert (grown.rows, parent.rows) == (1500, 1000)
    assert parent.grown(vectors[:999], [(0, parent, np.arange(1000) > 0)]) is None
    assert parent.grown(vectors[:1500], [(500, parent, None)]) is None


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (VectorSettings(flat_below=1000, recall=0.9), "ivf"),
        (VectorSettings(flat_below=1000, recall=0.9, kind="graph"), "hnsw"),
        (VectorSettings(flat_below=1000, recall=0.9, kind="graph", bytes_per_vector=50), "ivf"),
    ],
)
def test_a_collection_gets_the_kind_it_may_have(
    vectors: FloatArray, tmp_path: Path, settings: VectorSettings, kind: str
) -> None:
    store = indexed(tmp_path / "shop", vectors, settings)
    report = store.manifest.index
    assert report is not None
    assert report.kind.startswith(kind)
    store.close()
    store = open_store(tmp_path / "shop", vectors=settings)
    wanted = [best_ids(vectors, query, 10) for query in QUERIES]
    assert recall(store.snapshot().search(QUERIES, 10), wanted) >= 0.85
    store.close()
