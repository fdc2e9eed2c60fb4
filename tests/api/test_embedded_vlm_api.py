"""The front doors with the embedded vision-language model over the demo shop: re-ranked, explained, asked, enriched."""

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from front_door import Cli
from PIL import Image
from served import served

from shelfsight import Engine, VisionLanguageModel, open_engine
from shelfsight.models import open_vlm

QUERY = "a red dress with a logo"


@pytest.fixture(scope="module")
def vlm() -> VisionLanguageModel:
    return open_vlm("embedded", device="cpu")


@pytest.fixture(scope="module")
def collection(demo_collection: Path, tmp_path_factory: pytest.TempPathFactory, vlm: VisionLanguageModel) -> Path:
    """The demo shop with what the model sees of each picture kept: nobody else's copy."""
    path = tmp_path_factory.mktemp("looked-at") / "demo.collection"
    shutil.copytree(demo_collection, path)
    with open_engine(path, vlm=vlm) as engine:
        assert engine.add_notes(features=True).features == engine.manifest.pictures
    return path


@pytest.fixture(scope="module")
def engine(collection: Path, vlm: VisionLanguageModel) -> Iterator[Engine]:
    with open_engine(collection, vlm=vlm) as opened:
        yield opened


def check_page(document: dict[str, Any], *, explained: int) -> None:
    """What every re-ranked and explained page keeps to."""
    stages = {stage["name"]: stage for stage in document["stages"]}
    assert stages["rerank"]["model"] == "embedded"
    assert stages["rerank"]["scored"] == stages["rerank"]["candidates"] == 50
    assert {atom["text"] for atom in document["atoms"]} >= {"red", "logo"}
    hits = document["hits"]
    assert [hit["rank"] for hit in hits] == [hit["ranks"]["rerank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert len({hit["ranks"]["retrieval"] for hit in hits}) == len(hits)
    assert all(0 <= hit["relevance"] <= 1 for hit in hits)
    assert [("explanation" in hit) for hit in hits] == [place < explained for place in range(len(hits))]
    for hit in hits[:explained]:
        claims = {claim["atom"]: claim for claim in hit["explanation"]["claims"]}
        assert claims["red"]["evidence"]["value"] == hit["metadata"]["colour"]
        assert (claims["red"]["verdict"] == "yes") == (hit["metadata"]["colour"] == "red")
        assert claims["logo"]["source"] == "picture"
        assert claims["logo"]["verdict"] in ("yes", "no", "cannot tell")
        shown = hit["explanation"]["sentence"].partition("Does not fit")[0]
        assert ("red" in shown) == (claims["red"]["verdict"] == "yes")


def test_over_http(engine: Engine) -> None:
    with served(engine) as url:
        body = {"query": QUERY, "k": 6, "rerank": True, "explain": 3}
        response = httpx.post(f"{url}/v1/search", json=body, timeout=120)
        assert response.status_code == 200, response.text
        assert "warnings" not in response.json()
        check_page(response.json(), explained=3)
        maps = [
            claim["evidence"]["heat_map"]
            for hit in response.json()["hits"][:3]
            for claim in hit["explanation"]["claims"]
            if "heat_map" in claim["evidence"]
        ]
        for uri in maps:
            head, _, data = uri.partition(",")
            assert head == "data:image/png;base64"
            with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as picture:
                assert (picture.format, picture.mode[-1]) == ("PNG", "A")
        first = response.json()["hits"][0]["id"]
        asked = httpx.post(f"{url}/v1/items/{first}/ask", json={"question": "Which colour is it?"}, timeout=120)
        assert asked.status_code == 200
        assert (asked.json()["model"], asked.json()["stop"]) == ("embedded", "end")
        assert asked.json()["answer"] == engine.ask(first, "Which colour is it?").text


def test_on_the_command_line(cli: Cli, collection: Path) -> None:
    result = cli("search", QUERY, "-c", collection, "-k", 6, "--rerank", "--explain=2", "--json")
    assert (result.code, result.err) == (0, "")
    check_page(result.document, explained=2)
    first = result.document["hits"][0]["id"]
    said = cli("ask", first, "Which colour is it?", "-c", collection)
    assert said.code == 0
    whole = cli("ask", first, "Which colour is it?", "-c", collection, "--json").document
    assert set(whole) == {"answer", "stop", "model", "milliseconds"}
    assert said.out.strip() == whole["answer"]


def test_a_budget_does_not_wait_for_the_model_to_be_loaded(collection: Path) -> None:
    with open_engine(collection, device="cpu", vlm="embedded") as engine:
        plain = engine.search(QUERY, k=3)
        early = engine.search(QUERY, k=3, rerank=True, budget_ms=1)
        assert "still being loaded" in early.warnings[0]
        assert len(early.hits) == len(plain.hits) == 3
        assert engine.vlm.name == engine.vlm_name == "embedded"
        assert engine.search(QUERY, k=3, rerank=True).warnings == ()


def test_pieces_are_the_answer(engine: Engine) -> None:
    heard: list[str] = []
    answer = engine.ask("demo-00020", on_text=heard.append)
    assert "".join(heard).strip() == answer.text
    assert len(heard) > 1


def test_it_knows_the_colours_of_the_shop(engine: Engine) -> None:
    """Every fourth item: a floor well below what its card promises, and well above guessing."""
    right = 0
    ids = [f"demo-{number:05}" for number in range(0, 96, 4)]
    for id in ids:
        colour = str(engine.get(id).metadata["colour"])
        right += colour in engine.ask(id, "Which colour is it?", max_tokens=8).text
    assert right / len(ids) >= 0.6


def test_an_evaluation_is_re_ranked(cli: Cli, engine: Engine, collection: Path, tmp_path: Path) -> None:
    colours = list(engine.facets(["colour"])["colour"])[:4]
    found = {colour: engine.browse(k=96, filter=f'colour == "{colour}"').hits for colour in colours}
    lines = [
        json.dumps({"query": f"something {colour}", "relevant": {hit.id: 1 for hit in hits}})
        for colour, hits in found.items()
    ]
    queries = tmp_path / "queries.jsonl"
    queries.write_text("\n".join(lines) + "\n")
    asked = ("evaluate", "-c", collection, "--queries", queries, "--k", "10", "--worst", "0", "--json")
    plain = cli(*asked)
    looked = cli(*asked, "--rerank", "--depth", "20")
    assert (plain.code, looked.code) == (0, 0), looked.err
    assert looked.document["queries"] == plain.document["queries"] == len(lines)
    assert set(looked.document["metrics"]) == set(plain.document["metrics"])
    assert looked.document["metrics"] != plain.document["metrics"]
    assert looked.document["worst"] == []


def test_a_catalogue_is_enriched_while_it_is_indexed(cli: Cli, demo_folder: Path, tmp_path: Path) -> None:
    rows = [{"id": f"i{n}", "image": str(demo_folder / "images" / f"demo-{n:05}.jpg"), "colour": ""} for n in range(6)]
    (tmp_path / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ("index", tmp_path / "catalog.jsonl", "-c", tmp_path / "c", "--features", "--enrich", "--json")
    first = cli(*arguments)
    assert first.code == 0, first.err
    assert (first.document["indexed"], first.document["features"]) == (6, 6)
    assert first.document["suggestions"] >= 1
    assert cli(*arguments).document["features"] == 0
    hits = cli("search", "a product", "-c", tmp_path / "c", "--json").document["hits"]
    suggested = [hit["suggestions"] for hit in hits if "suggestions" in hit]
    assert suggested
    assert all("embedded" in each["model"] for fields in suggested for each in fields.values())
    assert all(not hit["metadata"].get("colour") for hit in hits)
