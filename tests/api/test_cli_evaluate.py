"""``shelfsight evaluate``: comparisons, reports and values as files, and how each of them can fail."""

import builtins
import csv
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from front_door import Cli
from PIL import Image
from report_reader import read

from shelfsight import Engine, Settings, UsageError, open_engine
from shelfsight.api.reporting import write_report
from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.evaluation import JudgedQuery, compare
from shelfsight.stores import create_store

COLOURS = {"red": (200, 20, 20), "green": (20, 160, 40), "blue": (30, 40, 200), "white": (245, 245, 245)}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Two collections of plain squares, the second without colours and without the white one; and queries."""
    folder = tmp_path_factory.mktemp("shops")
    for name, grey in (("a", False), ("b", True)):
        (folder / name).mkdir()
        with (folder / name / "catalog.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("id", "image", "title", "colour"))
            for colour, rgb in COLOURS.items():
                if grey and colour == "white":
                    continue
                Image.new("RGB", (64, 64), (120, 120, 120) if grey else rgb).save(folder / name / f"{colour}.png")
                rows.writerow((colour, f"{colour}.png", f"{HOSTILE} {colour}", colour))
        with open_engine(folder / f"{name}.collection", create=True, store="exact" if grey else None) as engine:
            engine.index(folder / name / "catalog.csv")
    queries = [{"query": f"a {colour} square", "relevant": {colour: 1}, "family": "colour"} for colour in COLOURS]
    queries.append({"query": HOSTILE, "relevant": {"purple": 1, "red": 1}, "family": "odd"})
    (folder / "q.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    return folder / "a.collection", folder / "b.collection", folder / "q.jsonl"


def test_one_collection_tells_families_and_the_worst(cli: Cli, shops: tuple[Path, Path, Path]) -> None:
    a, _, queries = shops
    document = cli("evaluate", "-c", a, "--queries", queries, "--k", "1,3", "--worst", 2, "--json").document
    assert document["family_queries"] == {"colour": 4, "odd": 1}
    assert set(document["family_intervals"]["colour"]) == set(document["metrics"])
    assert len(document["worst"]) == 2
    assert set(document["worst"][0]) == {"query", "family", "metric", "value", "relevant", "found"}
    told = cli("evaluate", "-c", a, "--queries", queries, "--k", "1,3")
    assert told.code == 0
    assert "worst queries" in told.out
    assert HOSTILE in told.out


def test_a_long_query_without_spaces_is_cut_and_not_dropped(
    cli: Cli, shops: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    a, _, _ = shops
    (tmp_path / "q.jsonl").write_text(json.dumps({"query": "赤いスニーカー" * 20, "relevant": {"red": 1}}))
    told = cli("evaluate", "-c", a, "--queries", tmp_path / "q.jsonl")
    assert "赤いスニーカー" * 8 + "赤いス…" in told.out
    assert told.err.splitlines()[-1].startswith("1 query in ")


def test_two_collections_as_a_document(cli: Cli, shops: tuple[Path, Path, Path]) -> None:
    a, b, queries = shops
    result = cli("evaluate", "-c", a, "--against", b, "--queries", queries, "--k", "1,3", "--json")
    document = result.document
    assert result.code == 0
    alone = cli("evaluate", "-c", a, "--queries", queries, "--k", "1,3", "--json").document
    assert document["metrics"] == alone["metrics"]
    assert (document["absent"], document["against"]["absent"]) == (1, 2)  # purple; purple and white
    comparison = document["comparison"]
    assert set(comparison["metrics"]) == set(document["metrics"])
    found = comparison["metrics"]["recall@1"]
    assert found["difference"] == pytest.approx(
        document["metrics"]["recall@1"] - document["against"]["metrics"]["recall@1"]
    )
    assert found["wins"] + found["ties"] + found["losses"] == 5
    assert 0 < found["p"] <= found["p_holm"] <= 1
    assert set(comparison["families"]) == {"colour", "odd"}
    assert set(comparison["verdicts"]) == {"recall@1", "recall@3", "precision@3", "mrr@3", "ndcg@3"}


def test_two_collections_in_words(cli: Cli, shops: tuple[Path, Path, Path]) -> None:
    a, b, queries = shops
    told = cli("evaluate", "-c", a, "--against", b, "--queries", queries, "--k", "1,3")
    assert told.code == 0
    assert "no significant difference on recall@1" in told.out  # five queries are too few
    assert "Holm's correction over the 10 metrics" in told.err
    assert "A 1, B 2" in told.err
    same = cli("evaluate", "-c", a, "--against", a, "--queries", queries, "--json").document["comparison"]
    assert {(each["p"], each["ties"]) for each in same["metrics"].values()} == {(1.0, 5)}


def test_two_collections_guess_a_field(cli: Cli, shops: tuple[Path, Path, Path]) -> None:
    a, b, _ = shops
    result = cli("evaluate", "-c", a, "--against", b, "--classify", "colour", "--json")
    comparison = result.document["comparison"]
    assert (comparison["common"], comparison["only_a"], comparison["only_b"]) == (3, 1, 0)
    assert comparison["test"] == "mcnemar exact"
    told = cli("evaluate", "-c", a, "--against", b, "--classify", "colour")
    assert "top-1" in told.out
    assert "McNemar" in told.err


@pytest.mark.parametrize("what", ["queries", "classify"])
@pytest.mark.parametrize("sides", [1, 2])
def test_reports_and_values_are_written(
    cli: Cli, shops: tuple[Path, Path, Path], tmp_path: Path, what: str, sides: int
) -> None:
    a, b, queries = shops
    asked = ["--queries", queries, "--k", "1,3"] if what == "queries" else ["--classify", "colour"]
    against = ["--against", b] if sides == 2 else []
    page, values = tmp_path / "r.html", tmp_path / "v.jsonl"
    page.write_text("an older report")
    result = cli("evaluate", "-c", a, *against, *asked, "--report", page, "--per-query", values, "--json")
    assert result.code == 0, result.err
    assert str(page) in result.err
    assert result.document
    seen = read(page.read_text(encoding="utf-8"))
    assert HOSTILE in seen.text or what == "classify"
    assert len(seen.all("img")) > 0
    rows = [json.loads(line) for line in values.read_text().splitlines()]
    assert len(rows) == (5 if what == "queries" else 4)
    assert all(("against" in row) == (sides == 2) for row in rows)
    if what == "queries":
        mean = np.mean([row["metrics"]["ndcg@3"] for row in rows])
        assert mean == pytest.approx(result.document["metrics"]["ndcg@3"])
        assert sorted(rows[0]["ranking"])[0] == "blue" or len(rows[0]["ranking"]) == 3
    assert sorted(each.name for each in tmp_path.iterdir()) == ["r.html", "v.jsonl"]


def test_a_file_that_cannot_be_is_refused_before_the_work(cli: Cli, tmp_path: Path) -> None:
    """The collection is not there either, but that is looked at later."""
    (tmp_path / "folder").mkdir()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for option in ("--report", "--per-query"):
        for target, said in (
            (tmp_path / "nowhere" / "r.html", "there is no folder"),
            (tmp_path / "folder", "is a folder"),
            ("x" * 5000, "no file can be written"),
            (tmp_path / ("x" * 250), "no file can be written"),  # fits, but not while it is being written
            (pipe, "is no plain file"),
            ("/dev/null", "is no plain file"),  # would be replaced by a page
        ):
            result = cli("evaluate", "-c", tmp_path / "none", "--queries", tmp_path / "q", option, target)
            assert (result.code, result.out) == (2, "")
            assert said in result.err
    (tmp_path / "q.jsonl").write_text("judged by hand for a week")
    asked = ("--queries", tmp_path / "q.jsonl", "--per-query", tmp_path / "folder" / ".." / "q.jsonl")
    assert "would be overwritten" in cli("evaluate", "-c", tmp_path / "none", *asked).err
    twice = ("--report", tmp_path / "x", "--per-query", tmp_path / "x")
    assert "the same file" in cli("evaluate", "-c", tmp_path / "none", "--classify", "x", *twice).err


def test_without_matplotlib_nothing_is_begun(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    result = cli("evaluate", "-c", tmp_path / "none", "--classify", "x", "--report", tmp_path / "r.html")
    assert result.code == 2
    assert "matplotlib is not installed" in result.err
    assert "shelfsight[report]" in result.err


def test_wrong_usage(cli: Cli, shops: tuple[Path, Path, Path], tmp_path: Path) -> None:
    a, _, queries = shops
    (tmp_path / "empty.jsonl").write_text("\n\n")
    for arguments, said in (
        (["--queries", tmp_path / "empty.jsonl"], "holds no queries"),
        (["--queries", queries, "--against", tmp_path / "none"], "none"),
        (["--queries", queries, "--worst", "-1"], "worst"),
        (["--queries", queries, "--worst", "1000"], "worst"),
    ):
        result = cli("evaluate", "-c", a, "--json", *arguments)
        assert (result.code, result.out) == (2, ""), arguments
        assert said in result.err


def test_pictures_that_are_gone_leave_a_placeholder(cli: Cli, tmp_path: Path) -> None:
    catalogue = tmp_path / "shop"
    catalogue.mkdir()
    for name, rgb in COLOURS.items():
        Image.new("RGB", (64, 64), rgb).save(catalogue / f"{name}.png")
    assert cli("index", catalogue, "-c", tmp_path / "c").code == 0
    (catalogue / "red.png").unlink()
    (catalogue / "blue.png").write_bytes(b"no picture")
    (tmp_path / "q.jsonl").write_text('{"query": "square", "relevant": {"red.png": 1}}\n')
    result = cli("evaluate", "-c", tmp_path / "c", "--queries", tmp_path / "q.jsonl", "--report", tmp_path / "r.html")
    assert result.code == 0, result.err
    page = read((tmp_path / "r.html").read_text())
    assert page.text.count("no picture any more") == 2
    assert len(page.all("img")) == 2


def test_a_full_disk_leaves_the_old_report(shops: tuple[Path, Path, Path], tmp_path: Path) -> None:
    a, _, queries = shops
    page = tmp_path / "r.html"
    page.write_text("an older report")

    def small_disk() -> None:  # large enough for SQLite's shared memory, too small for a report
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    command = [sys.executable, "-m", "shelfsight", "evaluate", "-c", a, "--queries", queries, "--report", page]
    ended = subprocess.run(command, capture_output=True, text=True, preexec_fn=small_disk, check=False, timeout=300)
    assert ended.returncode == 1, ended.stderr
    assert f"no space left to write {page}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert page.read_text() == "an older report"
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]


class _Brightness:
    """Two dimensions: how bright, and how dark."""

    spec = EncoderSpec(name="brightness", revision="1", fingerprint="1", dimension=2, image_size=4)

    def prepare(self, picture: Image.Image) -> npt.NDArray[np.uint8]:
        return np.asarray(picture.resize((4, 4))).transpose(2, 0, 1)

    def encode_pixels(self, pixels_bchw: npt.NDArray[np.uint8]) -> FloatArray:
        bright = pixels_bchw.mean(axis=(1, 2, 3)) / 255
        return normalise(np.stack([bright, 1 - bright], axis=1))

    def encode_texts(self, texts: list[str]) -> FloatArray:
        return normalise(np.array([(1.0, 0.0) if "white" in text else (0.0, 1.0) for text in texts]))


def test_another_encoder_dimension_and_store_from_python(shops: tuple[Path, Path, Path], tmp_path: Path) -> None:
    a, _, queries = shops
    store = create_store(tmp_path / "c", kind="exact", encoder=_Brightness.spec)
    with (
        open_engine(a) as first,
        Engine(store, path=tmp_path / "c", settings=Settings(), encoder=_Brightness()) as second,
    ):
        second.index(a.parent / "a" / "catalog.csv")
        comparison = compare(first.evaluate(queries, ks=(1,)), second.evaluate(queries, ks=(1,)))
        assert comparison.a.metrics["recall@1"] >= comparison.b.metrics["recall@1"]
        write_report(tmp_path / "r.html", comparison, first, second, worst=3)
        with pytest.raises(UsageError, match="2 collections, and 1"):
            write_report(tmp_path / "r.html", comparison, first)
        asked = [
            JudgedQuery(text="white", relevant={"white": 1}).ask(1),
            JudgedQuery(text="x", relevant={"red": 1}).ask(2),
        ]
        assert [id for id, _ in second.rank(asked)[0]] == ["white"]
        assert len(second.rank(asked)[1]) == 2
    page = read((tmp_path / "r.html").read_text())
    assert "brightness" in page.text
    assert "dimension 2" in page.text
