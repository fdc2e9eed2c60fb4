"""The contract of the command line: options, JSON fields, exit codes, and nothing but JSON on stdout."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from front_door import Cli
from PIL import Image

from shelfsight import __version__

COLOURS = {"red": (200, 20, 20), "green": (20, 160, 40), "blue": (30, 40, 200), "white": (245, 245, 245)}
REPORT_FIELDS = {
    "items", "pictures", "indexed", "unchanged", "updated", "failed", "deleted", "encoded", "seconds", "failures",
}  # fmt: skip
HIT_FIELDS = {"id", "rank", "score", "title", "picture", "metadata"}


def write_catalogue(folder: Path, prices: dict[str, str] | None = None) -> Path:
    """One plain picture a colour, and a CSV that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 64), colour).save(folder / f"{name}.png")
    rows = [(name, f"{name}.png", f"A {name} square", (prices or {}).get(name, "10"), name) for name in COLOURS]
    return write_rows(folder / "catalog.csv", rows)


def write_rows(path: Path, rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        header = ("id", "image", "title", "price", "colour")
        csv.writer(file).writerows([header[: len(rows[0])] if rows else header, *rows])
    return path


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(catalogue, collection), indexed once; not to be changed."""
    from shelfsight import open_engine

    catalogue = write_catalogue(tmp_path_factory.mktemp("catalogue"))
    collection = tmp_path_factory.mktemp("indexed") / "four.collection"
    with open_engine(collection, create=True) as engine:
        engine.index(catalogue)
    return catalogue, collection


def test_index_counts_what_each_run_did(cli: Cli, tmp_path: Path) -> None:
    catalogue, collection = write_catalogue(tmp_path / "shop"), tmp_path / "shop.collection"

    def counts(*arguments: object) -> dict[str, int]:
        result = cli("index", catalogue, "-c", collection, "--json", *arguments)
        assert result.code == 0, result.err
        assert set(result.document) == REPORT_FIELDS
        assert result.document["failures"] == []
        return {name: value for name, value in result.document.items() if isinstance(value, int) and value}

    assert counts() == {"items": 4, "pictures": 4, "indexed": 4, "encoded": 4}
    assert counts() == {"items": 4, "pictures": 4, "unchanged": 4}
    write_catalogue(tmp_path / "shop", {"red": "12"})
    assert counts() == {"items": 4, "pictures": 4, "unchanged": 3, "updated": 1}
    Image.new("RGB", (64, 64), (1, 2, 3)).save(tmp_path / "shop" / "blue.png")
    assert counts() == {"items": 4, "pictures": 4, "unchanged": 3, "indexed": 1, "encoded": 1}
    write_rows(catalogue, [("red", "red.png", "A red square", "12", "red")])
    assert counts() == {"items": 4, "pictures": 4, "unchanged": 1}
    assert counts("--prune") == {"items": 1, "pictures": 1, "unchanged": 1, "deleted": 3}


def test_index_goes_on_after_failures_and_says_so(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    write_catalogue(folder)
    (folder / "torn.png").write_bytes((folder / "red.png").read_bytes()[:40])
    rows = [
        ("red", "red.png", "", "1"),
        ("gone", "gone.png", "", "2"),
        ("torn", "torn.png", "", "3"),
        ("red", "blue.png", "", ""),
    ]
    catalogue = write_rows(folder / "catalog.csv", rows)
    result = cli("index", catalogue, "-c", tmp_path / "c", "--json")
    assert result.code == 3
    assert (result.document["items"], result.document["indexed"], result.document["failed"]) == (1, 1, 3)
    reasons = {(failure["id"], failure["reason"]) for failure in result.document["failures"]}
    assert reasons == {("gone", "missing_file"), ("torn", "truncated"), ("red", "duplicate_id")}
    listed = [json.loads(line) for line in (tmp_path / "c" / "failures.jsonl").read_text().splitlines()]
    assert listed == result.document["failures"]
    assert str(tmp_path / "c" / "failures.jsonl") in result.err


def test_index_takes_columns_by_name(cli: Cli, tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    catalogue = tmp_path / "odd.jsonl"
    row = {"key": "r1", "front": "red.png", "back": "blue.png", "headline": "Two sides"}
    catalogue.write_text(json.dumps(row) + "\n")
    columns = ("--id-column", "key", "--image-column", "front", "--image-column", "back", "--title-column", "headline")
    result = cli("index", catalogue, "-c", tmp_path / "c", "--store", "exact", "--json", *columns)
    assert (result.code, result.document["indexed"], result.document["encoded"]) == (0, 1, 2), result.err
    hit = cli("search", "anything", "-c", tmp_path / "c", "--json").document["hits"][0]
    assert (hit["id"], hit["title"], hit["metadata"]) == ("r1", "Two sides", {})
    assert cli("info", "-c", tmp_path / "c", "--json").document["store"] == "exact"


def test_index_refuses_another_encoder_and_another_store(cli: Cli, indexed: tuple[Path, Path]) -> None:
    catalogue, collection = indexed
    other = cli("index", catalogue, "-c", collection, "--encoder", "ViT-B-32/laion2b_s34b_b79k")
    assert other.code == 1
    assert "'embedded'" in other.err
    assert "'ViT-B-32/laion2b_s34b_b79k'" in other.err
    assert cli("index", catalogue, "-c", collection, "--encoder", "embedded").code == 0
    store = cli("index", catalogue, "-c", collection, "--store", "exact")
    assert store.code == 1
    assert "'faiss'" in store.err


def test_index_makes_no_collection_when_it_cannot_run(cli: Cli, tmp_path: Path) -> None:
    result = cli("index", tmp_path / "nowhere.csv", "-c", tmp_path / "c", "--json")
    assert (result.code, result.out) == (2, "")
    assert "nowhere.csv" in result.err
    assert not (tmp_path / "c").exists()
    write_catalogue(tmp_path)
    assert cli("index", tmp_path / "catalog.csv", "-c", tmp_path / "c", "--encoder", "no-such-encoder").code == 1
    assert not (tmp_path / "c").exists()


def test_index_leaves_a_foreign_folder_alone(cli: Cli, tmp_path: Path) -> None:
    catalogue = write_catalogue(tmp_path / "shop")
    result = cli("index", catalogue, "-c", tmp_path / "shop")
    assert result.code == 1
    assert "error:" in result.err


def test_search_document(cli: Cli, indexed: tuple[Path, Path]) -> None:
    result = cli("search", "a blue square", "-c", indexed[1], "-k", 3, "--facet", "price", "--json")
    assert result.code == 0
    said = set(result.document) - {"nothing_matches", "warnings"}  # a plain square may be nothing that a shop has
    assert said == {"hits", "total", "facets", "trace", "snapshot"}
    hits = result.document["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert all(set(hit) >= HIT_FIELDS for hit in hits)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert result.document["total"] == 4
    assert sum(result.document["facets"]["price"].values()) == 4
    assert result.document["trace"]["total"] > 0
    assert hits[0]["metadata"] == {"price": 10, "colour": hits[0]["id"]}


def test_search_by_picture_finds_that_picture(cli: Cli, indexed: tuple[Path, Path]) -> None:
    catalogue, collection = indexed
    for name in COLOURS:
        result = cli("search", "-c", collection, "--image", catalogue.parent / f"{name}.png", "-k", 1, "--json")
        hit = result.document["hits"][0]
        assert hit["id"] == name
        assert hit["picture"] == f"{name}.png"
        assert hit["score"] == pytest.approx(1.0, abs=1e-3)


def test_search_pages_and_filters(cli: Cli, indexed: tuple[Path, Path]) -> None:
    def ids(*arguments: object) -> list[str]:
        found = cli("search", "square", "-c", indexed[1], "--json", *arguments).document
        return [hit["id"] for hit in found["hits"]]

    everything = ids("-k", 100)
    assert sorted(everything) == sorted(COLOURS)
    assert ids("-k", 2, "--offset", 2) == everything[2:]
    assert ids("--filter", 'price > 10 or title == "A red square"') == ["red"]


def test_search_table(cli: Cli, indexed: tuple[Path, Path]) -> None:
    result = cli("search", "square", "-c", indexed[1], "-k", 2)
    header, *rows = result.out.splitlines()
    assert header.split() == ["#", "score", "relevance", "title", "price", "id", "picture"]
    assert len(rows) == 2
    assert "2 of 4 items" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--filter", "price <"], "position 7"),
        (["--filter", "size == 'red'"], "size"),
        (["-k", "0"], "k is 0"),
        (["--offset", "-1"], "offset"),
        (["--image-weight", "2"], "image_weight"),
        (["--rerank", "--depth", "0"], "depth"),
        (["--explain=some"], "some"),
        (["--sort", "size"], "size"),
        (["--group-by", "size"], "size"),
        (["--histogram", "size"], "size"),
        (["--diversity", "1"], "diversity is 1"),
        (["--collapse=2"], "duplicates is 2"),
        (["--collapse=near"], "'near'"),
        (["--min-relevance", "1.5"], "min_relevance is 1.5"),
        (["--mode", "guess"], "guess"),
        (["--image", "nowhere.png"], "nowhere.png"),
        (["--facet", "nowhere"], "nowhere"),
    ],
)
def test_wrong_usage_is_exit_2(cli: Cli, indexed: tuple[Path, Path], arguments: list[str], said: str) -> None:
    result = cli("search", "square", "-c", indexed[1], "--json", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("query", [[], [""], ["   "], ["--", "-floral"]])
def test_empty_query_is_exit_2(cli: Cli, indexed: tuple[Path, Path], query: list[str]) -> None:
    result = cli("search", "-c", indexed[1], "--json", *query)
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize("command", [["search", "x"], ["info"], ["serve"], ["evaluate", "--classify", "title"]])
def test_missing_collection_is_exit_2(cli: Cli, tmp_path: Path, command: list[str]) -> None:
    result = cli(*command, "-c", tmp_path / "nowhere")
    assert (result.code, result.out) == (2, "")
    assert "nowhere" in result.err


def test_empty_collection_answers(cli: Cli, tmp_path: Path) -> None:
    catalogue = write_rows(tmp_path / "catalog.csv", [])
    assert cli("index", catalogue, "-c", tmp_path / "c", "--json").document["items"] == 0
    found = cli("search", "square", "-c", tmp_path / "c", "--json")
    assert (found.code, found.document["hits"], found.document["total"]) == (0, [], 0)


def test_collection_of_another_encoder_is_refused(cli: Cli, indexed: tuple[Path, Path], tmp_path: Path) -> None:
    """What opens under the encoder's name is not what the collection was built with."""
    copy = tmp_path / "c"
    shutil.copytree(indexed[1], copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["encoder"]["revision"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest))
    result = cli("search", "square", "-c", copy)
    assert result.code == 1
    assert "000000000000" in result.err
    assert cli("info", "-c", copy).code == 0


def test_evaluate_documents(cli: Cli, indexed: tuple[Path, Path], tmp_path: Path) -> None:
    queries = tmp_path / "q.jsonl"
    asked = [{"query": f"a {name} square", "relevant": {name: 1}} for name in COLOURS]
    asked.append({"query": "a purple square", "relevant": {"purple": 1}})
    queries.write_text("".join(json.dumps(row) + "\n" for row in asked))
    result = cli("evaluate", "-c", indexed[1], "--queries", queries, "--k", "1,10", "--json")
    document = result.document
    assert (result.code, document["queries"], document["absent"]) == (0, 5, 1)
    assert set(document["metrics"]) >= {f"{m}@{k}" for m in ("recall", "precision", "mrr", "ndcg") for k in (1, 10)}
    assert document["metrics"]["recall@10"] == pytest.approx(4 / 5)  # ten of four items are all; the fifth is absent
    assert document["metrics"]["precision@10"] == pytest.approx(4 / 5 / 10)
    told = cli("evaluate", "-c", indexed[1], "--classify", "colour", "--json").document
    assert (told["field"], told["classes"], told["items"], told["skipped"]) == ("colour", 4, 4, 0)
    assert told["top1"] == sum(each["top1"] for each in told["per_class"].values()) / 4


def test_evaluate_wrong_usage(cli: Cli, indexed: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"query": "x"}\n')
    for arguments, said in (
        ([], "--queries or --classify"),
        (["--queries", tmp_path / "nowhere.jsonl"], "nowhere.jsonl"),
        (["--queries", tmp_path / "bad.jsonl"], "bad.jsonl:1"),
        (["--classify", "nowhere"], "nowhere"),
        (["--queries", tmp_path / "bad.jsonl", "--k", "0"], "at least 1"),
        (["--classify", "colour", "--rerank"], "--queries"),
    ):
        result = cli("evaluate", "-c", indexed[1], "--json", *arguments)
        assert (result.code, result.out) == (2, ""), arguments
        assert said in result.err


def test_version_and_unknown_commands(cli: Cli) -> None:
    assert cli("version", "--json").document == {"version": __version__}
    assert cli("version").out == f"shelfsight {__version__}\n"
    assert cli("--help").code == 0
    assert cli("nonsense").code == 2
    assert cli("search", "x").code == 2


def test_odd_names_cannot_command_the_terminal(cli: Cli, tmp_path: Path) -> None:
    title = "\x1b]0;owned\x07\x1b[31mred\u202egnp.exe"
    write_catalogue(tmp_path)
    write_rows(tmp_path / "catalog.csv", [("i\x1bd", "red.png", title, "1"), ("b\x1bad", "no\x1b.png", "", "1")])
    indexed = cli("index", tmp_path / "catalog.csv", "-c", tmp_path / "c")
    found = cli("search", "square", "-c", tmp_path / "c")
    for text in (indexed.err, found.out, found.err):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "\\x1b[31mred" in found.out
    assert cli("search", "square", "-c", tmp_path / "c", "--json").document["hits"][0]["title"] == title


def test_a_file_that_is_in_the_way_is_named_and_no_traceback(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "state" / "keys.lock").mkdir(parents=True)
    result = cli("keys", "create", "--state", tmp_path / "state", "--name", "shop")
    assert (result.code, result.out) == (1, "")
    assert "keys.lock" in result.err
