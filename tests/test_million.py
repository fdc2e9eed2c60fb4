"""The benchmark of a million items, on two thousand: its own arithmetic, and that every part runs and tells."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.million.catalogue import SHARES, Catalogue
from benchmarks.million.data import Data, prepare
from benchmarks.million.exact import nearest, recall
from benchmarks.million.mixture import Mixture
from benchmarks.million.parity import differences
from benchmarks.million.searching import Point, at_recall
from benchmarks.million.subjects import Rate
from shelfsight.core.listing import Match

ITEMS, DIMENSION = 2000, 16
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("million")


@pytest.fixture(scope="module")
def data(work: Path) -> Data:
    return prepare(work, items=ITEMS, dimension=DIMENSION)


def test_vectors_are_seeded_and_the_first_of_many_are_the_few() -> None:
    few = np.concatenate([rows for rows, _ in Mixture(dimension=16).items(300)])
    many = np.concatenate([rows for rows, _ in Mixture(dimension=16).items(20_000)])
    other = np.concatenate([rows for rows, _ in Mixture(dimension=16, seed=1).items(300)])
    assert np.allclose(few, many[:300], atol=1e-6)  # products of other sizes round otherwise
    assert not np.any(np.all(few == other, axis=1))
    assert np.allclose(np.linalg.norm(many, axis=1), 1, atol=1e-6)


def test_clusters_are_what_neighbours_have_in_common() -> None:
    ((rows, clusters),) = Mixture(dimension=64).items(5000)
    nearest_rows, _ = nearest(rows, rows[:500], 2)
    alike = np.mean(clusters[nearest_rows[:, 1]] == clusters[:500])
    by_chance = np.mean(clusters[np.random.default_rng(0).integers(0, 5000, 500)] == clusters[:500])
    assert alike > 0.4 > 0.05 > by_chance


def test_queries_are_no_items(data: Data) -> None:
    _, scores = data.truth
    assert scores.max() < 0.9999
    assert not np.isin(data.queries[:, 0], data.throughput_queries[:, 0]).any()


def test_exact_answers_are_those_of_a_full_sort(data: Data) -> None:
    rows, scores = data.truth
    cosines = data.queries @ data.vectors.T
    assert np.array_equal(rows, np.argsort(-cosines, axis=1, kind="stable")[:, :100])
    assert np.allclose(scores, -np.sort(-cosines, axis=1)[:, :100], atol=1e-6)
    keep = np.arange(ITEMS) % 400 == 7
    few, least = nearest(data.vectors, data.queries[:3], 10, keep=keep)
    assert [sorted(each[:5]) for each in few.tolist()] == [[7, 407, 807, 1207, 1607]] * 3
    assert np.all(few[:, 5:] == -1)
    assert np.all(least[:, 5:] == -2)


def test_recall_by_hand() -> None:
    truth = np.array([[1, 2, 3], [4, 5, -1]])
    scores = np.array([[0.9, 0.8, 0.7], [0.9, 0.8, -2]], np.float32)
    assert recall([[1, 2, 9], [5, -1, -1]], truth, scores) == 3 / 5
    tied = np.array([[0.9, 0.8, 0.7], [0.8, -2, -2]], np.float32)
    assert recall([[1, 2, 9], [5, -1, -1]], truth, scores, tied) == 4 / 5


def test_rates_at_a_recall_by_hand() -> None:
    """Half way between missing 10 % and missing 1 %, in orders of magnitude, lies 1 - 10 ** -1.5."""
    curve = [Point({}, 0.90, Rate([400.0])), Point({}, 0.99, Rate([100.0])), Point({}, 0.999, Rate([50.0]))]
    assert at_recall(curve, 1 - 10**-1.5) == pytest.approx(200.0)
    assert at_recall(curve, 0.5) == 400.0
    assert at_recall(curve, 0.9995) is None


def test_differences_know_a_tie_from_another_hit() -> None:
    mine = [[Match("a", 0.9, 0), Match("b", 0.5, 0)]]
    assert differences(mine, [[Match("a", 0.9, 0), Match("c", 0.5, 0)]]) == (0, 0.0)
    assert differences(mine, [[Match("a", 0.9, 0)]])[0] == 1
    others, worst = differences(mine, [[Match("a", 0.9, 0), Match("c", 0.3, 0)]])
    assert others == 1
    assert worst == pytest.approx(0.2)


def test_filters_pass_what_they_say(data: Data) -> None:
    catalogue = Catalogue(data)
    for share, bound in SHARES.items():
        passing = catalogue.passing("shelf", bound)
        assert np.count_nonzero(passing) == ITEMS * float(share.split()[0]) / 100
        assert abs(np.count_nonzero(catalogue.passing("lot", bound)) - passing.sum()) < 4 * np.sqrt(passing.sum() + 1)
    tenth = catalogue.category[catalogue.passing("shelf", 100)]
    assert len(set(tenth.tolist())) < 10


def test_own_vectors_in_place_of_the_mixture(work: Path) -> None:
    vectors = np.random.default_rng(0).standard_normal((900, 12)).astype(np.float16)
    np.save(work / "mine.npy", vectors)
    own = prepare(work, items=10_000, data=work / "mine.npy")
    assert own.vectors.shape == (810, 12)
    assert len(own.queries) + len(own.throughput_queries) == 90
    assert own.truth[1].max() < 0.9999


@pytest.mark.slow
def test_every_part_tells(work: Path, data: Data) -> None:
    command = [sys.executable, "-m", "benchmarks.million", "--work", str(work), "--items", str(ITEMS)]
    sized = ["--dimension", str(DIMENSION), "--rounds", "1", "--seconds", "0.02", "--peers", "hnswlib-16"]
    parts = ["search", "build", "filters", "facets", "parity", "data"]
    ran = subprocess.run(
        [*command, *sized, "--only", ",".join(parts)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    rows = {}
    for part in parts:
        found = json.loads((work / "results" / f"{data.folder.name}-{ITEMS}" / f"{part}.json").read_text())
        rows[part] = {row["what"]: row for row in found["rows"]}
        assert all(row["what"] in ran.stdout for row in found["rows"])
    (asked,) = (row for what, row in rows["search"].items() if what.startswith("recall@10"))
    assert asked["measured"].startswith("1.0000 at ")
    assert len(rows["filters"]) == 12
    assert all("recall@10 1.0000" in row["measured"] for row in rows["filters"].values())
    assert all(row["measured"].startswith("exact") for what, row in rows["facets"].items() if "pass" in what)
    others = [row["measured"] for what, row in rows["parity"].items() if "against exact" in what]
    assert others
    assert all(measured.startswith("0 of ") for measured in others)
    assert rows["build"]["reopening to the first hits, files in the page cache"]["met"]
