"""The demo shop in Milvus, through the command line, beside the same shop in FAISS."""

from pathlib import Path

import httpx
import pytest
from front_door import Cli
from served import serving
from tint_shop import problem_of

from shelfsight import open_engine
from shelfsight.api.service.service import Service
from shelfsight.core.settings import JobSettings, Settings
from shelfsight.stores.milvus import read_place


@pytest.fixture(scope="module")
def milvus_shop(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from shelfsight.api.cli import run

    path = tmp_path_factory.mktemp("milvus") / "shop.collection"
    catalogue = demo_folder / "catalog.csv"
    options = ["--store", "milvus", "--tenant", "demo", "--milvus-words", "server"]
    assert run(["index", str(catalogue), "-c", str(path), *options, "--json"]) == 0
    return path


def test_indexing_again_changes_nothing(cli: Cli, milvus_shop: Path, demo_folder: Path) -> None:
    document = cli("index", demo_folder / "catalog.csv", "-c", milvus_shop, "--json").document
    assert (document["unchanged"], document["indexed"], document["encoded"]) == (document["items"], 0, 0)
    assert read_place(milvus_shop).tenant == "demo"
    shown = cli("info", "-c", milvus_shop, "--json").document
    assert (shown["store"], shown["index"]["kind"], shown["index"]["recall"]) == ("milvus", "milvus lite flat", 1.0)
    why = "Milvus Lite compares all vectors, unless another type is asked for"
    assert shown["index"]["parameters"] == {"why": why, "words": "server"}
    assert why in cli("info", "-c", milvus_shop).out


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--filter", "price < 60 and price > 20"),
        ("--filter", 'colour in ["red", "blue"] and not price >= 80', "-k", "5"),
        ("--mode", "hybrid"),
        ("--sort", "price", "-k", "20"),
        ("--histogram", "price", "--group-by", "colour"),
    ],
    ids=" ".join,
)
def test_the_same_answers_as_faiss(
    cli: Cli, milvus_shop: Path, demo_collection: Path, options: tuple[str, ...]
) -> None:
    found, wanted = (
        cli("search", "red shoes", "-c", path, *options, "--json").document for path in (milvus_shop, demo_collection)
    )
    for each in (found, wanted):
        each.pop("trace")
        each.pop("snapshot")
    assert found["hits"]
    assert found == wanted


def test_deleting_and_updating(cli: Cli, demo_folder: Path, milvus_shop: Path) -> None:
    found = cli("search", "red shoes", "-c", milvus_shop, "-k", "2", "--json").document["hits"]
    assert cli("delete", "-c", milvus_shop, found[0]["id"]).code == 0
    after = cli("search", "red shoes", "-c", milvus_shop, "-k", "1", "--json").document
    assert [hit["id"] for hit in after["hits"]] == [found[1]["id"]]
    again = cli("index", demo_folder / "catalog.csv", "-c", milvus_shop, "--json").document
    assert again["indexed"] == 1
    assert cli("search", "red shoes", "-c", milvus_shop, "-k", "2", "--json").document["hits"] == found


def test_a_server_refuses_jobs_on_what_one_process_alone_can_open(milvus_shop: Path, demo_folder: Path) -> None:
    settings = Settings(jobs=JobSettings(roots=(demo_folder,)))
    with open_engine(milvus_shop, settings=settings) as engine, serving(Service.of(engine)) as url:
        order = {"source": "catalog.csv"}
        refused = problem_of(httpx.post(f"{url}/v1/jobs", json=order, timeout=60), 409, "conflict")
        assert ("Milvus Lite" in refused["detail"], "shelfsight index" in refused["hint"]) == (True, True)
        uploaded = httpx.post(f"{url}/v1/jobs", files={"catalogue": ("a.csv", b"id,image\na,b.png\n")}, timeout=60)
        problem_of(uploaded, 409, "conflict")
        assert httpx.get(f"{url}/v1/jobs", timeout=60).json()["jobs"] == []
        assert not any((milvus_shop / "server").rglob("a.csv"))


def test_an_index_type_that_lite_ignores_is_a_usage_error(cli: Cli, demo_folder: Path, tmp_path: Path) -> None:
    said = cli(
        "index", demo_folder / "catalog.csv", "-c", tmp_path / "c", "--store", "milvus", "--milvus-index", "SCANN"
    )
    assert said.code == 2
    assert "takes the index type SCANN and builds none" in said.err


def test_a_place_without_the_store_is_a_usage_error(cli: Cli, demo_folder: Path, tmp_path: Path) -> None:
    said = cli("index", demo_folder / "catalog.csv", "-c", tmp_path / "c", "--store", "exact", "--tenant", "anna")
    assert said.code == 2
    assert "no place in Milvus" in said.err


@pytest.mark.parametrize("option", [("--milvus-uri", "other.db"), ("--tenant", "other"), ("--milvus-index", "HNSW")])
def test_a_collection_does_not_move_because_another_place_is_named(
    cli: Cli, demo_folder: Path, milvus_shop: Path, option: tuple[str, str]
) -> None:
    result = cli("index", demo_folder / "catalog.csv", "-c", milvus_shop, *option)
    assert (result.code, repr(option[1]) in result.err) == (1, True)
    assert cli("index", demo_folder / "catalog.csv", "-c", milvus_shop, "--tenant", "demo", "--json").code == 0


def test_a_collection_elsewhere_has_no_place_in_milvus(cli: Cli, demo_folder: Path, demo_collection: Path) -> None:
    result = cli("index", demo_folder / "catalog.csv", "-c", demo_collection, "--milvus-uri", "x.db")
    assert (result.code, "no place in Milvus" in result.err) == (1, True)


def test_a_server_that_is_not_there(cli: Cli, demo_folder: Path, tmp_path: Path) -> None:
    said = cli("index", demo_folder / "catalog.csv", "-c", tmp_path / "c", "--milvus-uri", "http://127.0.0.1:9")
    assert said.code == 1
    assert "Milvus at http://127.0.0.1:9" in said.err
    assert "hint:" in said.err
