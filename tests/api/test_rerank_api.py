"""Re-ranking and explaining at the front doors: arguments, documents, tables, and models that fail mid-request."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conforming import conforming
from front_door import Cli
from PIL import Image
from served import served
from square_vlms import COLOURS, FailingVlm, NonsenseVlm, SquareVlm, StuckVlm, WrongShapeVlm

from shelfsight import Engine, FilterError, ModelError, UsageError, open_engine
from shelfsight.api.atoms import atoms_of, parse_atoms
from shelfsight.api.commands.hits import print_page
from shelfsight.api.documents import answer_document, atom_document, page_document, public_model, public_text
from shelfsight.core.atoms import Atom
from shelfsight.core.dialogue import Answer, Stop
from shelfsight.core.types import Claim, Evidence, Explanation, Hit, Page, StageReport, Suggestion
from shelfsight.core.vision import VisionLanguageModel
from shelfsight.evaluation import JudgedQuery

PNG = b"\x89PNG\r\n\x1a\nnot really"
RED = Atom(kind="attribute", term="red", subject="attribute", start=2, end=5)


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of four plain squares; not to be changed."""
    folder = tmp_path_factory.mktemp("squares")
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 64), colour).save(folder / f"{name}.png")
    rows = [{"id": name, "image": f"{name}.png", "price": 10 * n} for n, name in enumerate(COLOURS)]
    (folder / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_engine(folder / "c", create=True) as engine:
        assert engine.index(folder / "catalog.jsonl").failed == 0
    return folder / "c"


Opened = Callable[[str | VisionLanguageModel], Engine]


@pytest.fixture(scope="module")
def opened(squares: Path) -> Iterator[Opened]:
    """Opens the squares with a vision-language model."""
    engines: list[Engine] = []

    def open_with(vlm: str | VisionLanguageModel) -> Engine:
        engines.append(open_engine(squares, vlm=vlm))
        return engines[-1]

    yield open_with
    for engine in engines:
        engine.close()


def ids(page: Page | dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in (page if isinstance(page, dict) else page_document(page))["hits"]]


def test_a_model_that_sees_otherwise_changes_the_order(opened: Opened) -> None:
    engine = opened(SquareVlm(sees={"blue": "green", "green": "blue"}))
    before = engine.search("a blue square")
    after = engine.search("a blue square", rerank=True)
    assert ids(before)[0] == "blue"
    assert ids(after)[0] == "green"
    by_score = sorted(after.hits, key=lambda hit: -hit.score)
    assert [hit.ranks["retrieval"] for hit in by_score] == [1, 2, 3, 4]
    assert by_score[0].id == "blue"
    assert [hit.ranks["rerank"] for hit in after.hits] == [1, 2, 3, 4]
    relevance = [hit.relevance for hit in after.hits if hit.relevance is not None]
    assert len(relevance) == 4
    assert relevance == sorted(relevance, reverse=True)
    assert [(stage.name, stage.model, stage.scored, stage.ended) for stage in after.stages] == [
        ("rerank", "squares", 4, "complete")
    ]
    assert after.atoms is not None
    assert (before.atoms, before.stages) == (None, ())


def test_without_rerank_no_model_is_opened(opened: Opened) -> None:
    page = opened("/nowhere/model").search("a blue square")
    assert not any("model" in warning for warning in page.warnings)


def test_depth_bounds_what_is_looked_at(opened: Opened) -> None:
    vlm = SquareVlm()
    page = opened(vlm).search("a blue square", rerank=True, depth=2, k=2)
    assert page.stages[0].candidates == 2
    assert len(page.hits) == 2


def test_atoms_are_read_edited_and_sent_back(opened: Opened) -> None:
    engine = opened(SquareVlm())
    read = engine.parse("a square that is not blue")
    assert [(atom.term, atom.negated) for atom in read if atom.term == "blue"] == [("blue", True)]
    documents = [atom_document(atom) for atom in read]
    assert atoms_of(documents) == read
    assert parse_atoms(json.dumps(documents)) == parse_atoms(json.dumps({"atoms": documents})) == read
    page = engine.search("a square that is not blue", rerank=True)
    assert page.atoms == read
    assert ids(page)[-1] == "blue"
    turned = engine.search(
        "a square that is not blue", rerank=True, atoms=[{"kind": "attribute", "term": "white", "negated": True}]
    )
    assert turned.atoms == (Atom(kind="attribute", term="white", negated=True, subject="attribute"),)
    assert ids(turned)[-1] == "white"


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (UsageError, {"atoms": [{"kind": "colour", "term": "red"}]}),
        (UsageError, {"atoms": [{"kind": "attribute"}]}),
        (UsageError, {"atoms": [{"kind": "attribute", "term": " "}]}),
        (UsageError, {"atoms": [{"kind": "attribute", "term": "red", "unknown": 1}]}),
        (UsageError, {"atoms": ["red"]}),
        (UsageError, {"atoms": "red"}),
        (UsageError, {"atoms": {"kind": "attribute", "term": "red"}}),
        (UsageError, {"atoms": [{"kind": "attribute", "term": "red"}] * 1000}),
        (FilterError, {"atoms": [{"kind": "limit", "term": "under 50", "filter": "price <"}]}),
        (UsageError, {"depth": 0}),
        (UsageError, {"depth": 10**6}),
        (UsageError, {"budget_ms": 0}),
        (UsageError, {"budget_ms": float("nan")}),
        (UsageError, {"explain": -1}),
    ],
)
def test_what_cannot_be_asked(opened: Opened, kind: type[Exception], arguments: dict[str, Any]) -> None:
    with pytest.raises(kind):
        opened(SquareVlm()).search("a red square", rerank=True, **arguments)


def test_many_queries_at_once_are_re_ranked_as_one(opened: Opened) -> None:
    engine = opened(SquareVlm(sees={"blue": "green", "green": "blue"}))
    judged = [JudgedQuery(text=f"a {name} square", relevant={name: 1}) for name in ("blue", "green", "red")]
    ranked = engine.rank([query.ask(2) for query in judged], rerank=True)
    assert [[id for id, _ in hits] for hits in ranked] == [
        ids(engine.search(query.text, k=2, rerank=True)) for query in judged
    ]
    assert engine.evaluate(judged, ks=(1,)).metrics["recall@1"] == 1.0
    assert engine.evaluate(judged, ks=(1,), rerank=True).metrics["recall@1"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("vlm", ["/nowhere/model", FailingVlm()])
def test_an_evaluation_does_not_measure_a_model_that_fails(opened: Opened, vlm: str | VisionLanguageModel) -> None:
    with pytest.raises(ModelError):
        opened(vlm).evaluate([JudgedQuery(text="a red square", relevant={"red": 1})], rerank=True)


@pytest.mark.parametrize(
    "vlm",
    [
        FailingVlm(),
        FailingVlm(RuntimeError("CUDA error")),
        FailingVlm(MemoryError()),
        NonsenseVlm(),
        WrongShapeVlm(),
        "no-such-model",
        "/nowhere/secret/model",
        "openai:gpt@http://127.0.0.1:9/secret/v1",
    ],
)
def test_over_http_a_model_that_fails_leaves_the_first_stage(opened: Opened, vlm: str | VisionLanguageModel) -> None:
    engine = opened(vlm)
    expected = ids(engine.search("a blue square"))
    with served(engine) as url:
        for body in ({"rerank": True}, {"explain": 2}, {"rerank": True, "explain": True, "budget_ms": 500}):
            response = httpx.post(f"{url}/v1/search", json={"query": "a blue square", **body}, timeout=90)
            assert response.status_code == 200, response.text
            assert ids(response.json()) == expected
            assert response.json()["warnings"]
            assert "secret" not in response.text
            assert "Traceback" not in response.text


def test_over_http_a_model_that_is_stuck_costs_no_more_than_the_budget(opened: Opened) -> None:
    stuck = StuckVlm()
    engine = opened(stuck)
    expected = ids(engine.search("a blue square"))
    with served(engine) as url:
        begun = time.monotonic()
        for _ in range(3):
            body = {"query": "a blue square", "rerank": True, "explain": True, "budget_ms": 200}
            response = httpx.post(f"{url}/v1/search", json=body, timeout=60)
            assert response.status_code == 200
            assert ids(response.json()) == expected
            assert response.json()["warnings"] or response.json()["stages"][0]["ended"] == "budget"
        assert time.monotonic() - begun < 10
        assert httpx.post(f"{url}/v1/search", json={"query": "a blue square"}, timeout=60).status_code == 200
    stuck.released.set()


@pytest.fixture(scope="module")
def client(opened: Opened) -> Iterator[httpx.Client]:
    """A client of a server of the squares, with a model that takes blue and green for one another."""
    engine = opened(SquareVlm(sees={"blue": "green", "green": "blue"}))
    with served(engine) as url, conforming(url, timeout=60) as client:
        yield client


def test_over_http_json_and_forms_say_the_same(client: httpx.Client) -> None:
    atoms = [{"kind": "attribute", "term": "white", "negated": True}]
    body = {"query": "a square", "k": 2, "rerank": True, "depth": 3, "budget_ms": 5000.0, "atoms": atoms}
    sent = client.post("/v1/search", json=body).json()
    fields = {"query": "a square", "k": "2", "rerank": "true", "depth": "3", "budget_ms": "5000"}
    parts = {name: (None, value) for name, value in {**fields, "atoms": json.dumps(atoms)}.items()}
    form = client.post("/v1/search", files=parts).json()
    assert ids(sent) == ids(form)
    assert sent["atoms"] == form["atoms"]
    assert sent["atoms"][0]["text"] == "not white"
    assert sent["stages"][0]["candidates"] == form["stages"][0]["candidates"] == 3
    again = client.post("/v1/search", json={**body, "atoms": sent["atoms"]}).json()
    assert again["atoms"] == sent["atoms"]


def test_over_http_the_order_changes_and_says_so(client: httpx.Client) -> None:
    plain = client.post("/v1/search", json={"query": "a blue square"}).json()
    looked = client.post("/v1/search", json={"query": "a blue square", "rerank": True}).json()
    assert (ids(plain)[0], ids(looked)[0]) == ("blue", "green")
    assert looked["hits"][0]["ranks"] == {"retrieval": ids(plain).index("green") + 1, "rerank": 1}
    assert 0.5 < looked["hits"][0]["relevance"] <= 1
    assert plain["hits"][0]["relevance"] < 0.5 < looked["hits"][0]["relevance"]
    assert set(plain) - {"nothing_matches", "warnings"} == {"hits", "total", "facets", "trace", "snapshot"}
    stage = looked["stages"][0]
    assert set(stage) == {"name", "model", "candidates", "scored", "moved", "ended", "milliseconds"}
    assert stage["moved"] >= 2


def test_over_http_what_a_query_asks_for(client: httpx.Client) -> None:
    atoms = client.get("/v1/parse", params={"query": "a square that is not blue"}).json()["atoms"]
    assert [(atom["text"], atom["start"], atom["end"]) for atom in atoms][-1] == ("not blue", 21, 25)
    assert client.get("/v1/parse").status_code == 422
    assert client.get("/v1/parse", params={"query": "x" * 10_001}).status_code == 422


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"explain": -1}, "explain"),
        ({"explain": "often"}, "explain"),
        ({"depth": 0}, "depth"),
        ({"depth": 10**6}, "depth"),
        ({"budget_ms": 0}, "budget_ms"),
        ({"budget_ms": -3}, "budget_ms"),
        ({"budget_ms": "soon"}, "budget_ms"),
        ({"atoms": [{"kind": "attribute"}]}, "atoms.0.term"),
        ({"atoms": [{"kind": "x", "term": "x"}]}, "atoms.0.kind"),
        ({"atoms": "red"}, "atoms"),
        ({"atoms": [{"kind": "attribute", "term": ""}]}, "atom 0"),
        ({"atoms": [{"kind": "attribute", "term": "x"}] * 500}, "atoms: List should have at most 200"),
        ({"vlm": "embedded"}, "vlm"),
    ],
)
def test_over_http_bad_requests_are_422(client: httpx.Client, body: dict[str, Any], said: str) -> None:
    response = client.post("/v1/search", json={"query": "a red square", "rerank": True, **body})
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]


def test_over_http_an_atoms_filter_says_where_it_breaks(client: httpx.Client) -> None:
    atoms = [{"kind": "limit", "term": "under 50", "filter": "price <"}]
    found = client.post("/v1/search", json={"query": "x", "rerank": True, "atoms": atoms})
    assert (found.status_code, found.json()["code"], found.json()["position"]) == (422, "bad_filter", 7)
    form = client.post("/v1/search", files=[("query", (None, "x")), ("atoms", (None, "[{"))])
    assert form.status_code == 422
    assert "atoms" in form.json()["detail"]


def test_over_http_the_reference_is_in_one_piece(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    text = json.dumps(document)
    assert "#/$defs/" not in text
    schemas = document["components"]["schemas"]
    assert {"rerank", "explain", "depth", "budget_ms", "atoms"} <= set(schemas["SearchRequest"]["properties"])
    ask = document["paths"]["/v1/items/{id}/ask"]["post"]
    assert set(ask["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert ask["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/AskRequest"}
    assert set(schemas["AskRequest"]["properties"]) == {"question", "turns", "picture", "max_tokens"}


def explained_page() -> Page:
    """A page with everything that a page can have."""
    claims = (
        Claim(
            atom="red",
            kind="attribute",
            verdict="yes",
            probability=0.98765432,
            evidence=Evidence(picture_index=1, box=(0.1, 0.2, 0.123456, 1.0), heat_map=PNG),
        ),
        Claim(
            atom="under 50",
            kind="limit",
            verdict="yes",
            probability=1.0,
            evidence=Evidence(field="price", value=40),
            source="catalogue",
        ),
        Claim(atom="not leather", verdict="no", probability=0.25, evidence=Evidence(), graded=True),
        Claim(atom="two", kind="count", verdict="cannot tell", probability=0.5, evidence=Evidence(), source="none"),
    )
    hit = Hit(
        id="a",
        rank=1,
        score=0.25,
        title="A shoe",
        picture="/home/me/a.png",
        picture_index=1,
        metadata={"price": 40},
        ranks={"retrieval": 7, "rerank": 1},
        relevance=0.87654321,
        graded=True,
        suggestions={"caption": Suggestion(value="a red shoe", probability=None, model="embedded@1")},
        explanation=Explanation(claims=claims, sentence="It is red and under 50."),
    )
    stages = (
        StageReport(
            name="rerank", model="m", candidates=50, scored=20, moved=7, ended="budget", milliseconds=199.98765
        ),
        StageReport(name="explain", model="m", candidates=1, scored=1, moved=0, ended="complete", milliseconds=12.0),
    )
    return Page(hits=(hit,), total=90, atoms=(RED,), stages=stages, warnings=("slow",))


def test_the_document_of_an_explained_page() -> None:
    document = page_document(explained_page())
    assert document["atoms"] == [
        {
            "kind": "attribute", "term": "red", "text": "red", "negated": False, "field": None, "value": None,
            "filter": None, "subject": "attribute", "start": 2, "end": 5,
        }
    ]  # fmt: skip
    assert document["stages"][0] == {
        "name": "rerank", "model": "m", "candidates": 50, "scored": 20, "moved": 7, "ended": "budget",
        "milliseconds": 199.988,
    }  # fmt: skip
    hit = document["hits"][0]
    assert (hit["relevance"], hit["graded"]) == (0.876543, True)
    assert hit["suggestions"] == {"caption": {"value": "a red shoe", "probability": None, "model": "embedded@1"}}
    assert hit["explanation"]["sentence"] == "It is red and under 50."
    seen, told, graded, unseen = hit["explanation"]["claims"]
    assert (seen["probability"], seen["source"], "graded" in seen) == (0.987654, "picture", False)
    assert seen["evidence"].pop("heat_map") == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert seen["evidence"] == {"picture_index": 1, "box": [0.1, 0.2, 0.1235, 1.0]}
    assert (told["source"], told["evidence"]) == ("catalogue", {"field": "price", "value": 40})
    assert (graded["verdict"], graded["graded"], graded["evidence"]) == ("no", True, {})
    assert (unseen["verdict"], unseen["source"]) == ("cannot tell", "none")
    json.dumps(document, allow_nan=False)


def test_the_table_of_an_explained_page(capfd: pytest.CaptureFixture[str]) -> None:
    print_page(explained_page())
    shown = capfd.readouterr()
    header, row, *why = shown.out.splitlines()
    assert header.split() == ["#", "was", "score", "relevance", "title", "price", "id", "picture"]
    assert row.split()[:4] == ["1", "7", "0.250", "0.877"]
    assert [line.strip() for line in why if line] == [
        "1. A shoe",
        "It is red and under 50.",
        "✓ red 0.99",
        "✓ under 50 (catalogue: price is 40)",
        "✗ not leather 0.25 (graded)",
        "? two (nobody could look)",
    ]
    assert shown.err.splitlines()[:4] == [
        "looked for: red",
        "warning: slow",
        "rerank: 20 of 50 looked at in 200 ms, 7 moved, time was up",
        "explain: 1 of 1 looked at in 12 ms",
    ]


def test_an_answer_as_a_document() -> None:
    document = answer_document(Answer("Red.", Stop.TIME), model="m", milliseconds=1.23456)
    assert document == {"answer": "Red.", "stop": "time", "model": "m", "milliseconds": 1.235}


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("no model at /home/me/models/tiny: gone", "no model at tiny: gone"),
        ("'/srv/x/y.png' is gone", "'y.png' is gone"),
        (r"no C:\Users\me\model here", "no model here"),
        ("http://10.0.0.5:8000/v1 does not answer", "(address) does not answer"),
        ("/docs says what, and 3/4 of it; org/model too", "/docs says what, and 3/4 of it; org/model too"),
    ],
)
def test_sentences_give_no_places_away(text: str, public: str) -> None:
    assert public_text(text) == public


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("embedded", "embedded"),
        ("org/model", "org/model"),
        ("/home/me/model", "model"),
        ("openai:gpt-4o@http://10.0.0.5/v1", "openai:gpt-4o"),
    ],
)
def test_names_of_models_give_no_places_away(name: str, public: str) -> None:
    assert public_model(name) == public


def test_a_named_model_must_be_there_on_the_command_line(cli: Cli, squares: Path) -> None:
    for arguments in (["--rerank"], ["--explain"], ["--explain=3"]):
        result = cli("search", "a red square", "-c", squares, "--json", *arguments, "--vlm", "no-such-model")
        assert (result.code, result.out) == (1, "")
        assert "no-such-model" in result.err
    assert cli("search", "a red square", "-c", squares, "--json", "--vlm", "no-such-model").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--explain=many"], "many"),
        (["--explain=-1"], "-1"),
        (["--depth", "0"], "depth"),
        (["--budget-ms", "0"], "budget_ms"),
        (["--atoms", "[{"], "not JSON"),
        (["--atoms", '[{"kind": "attribute"}]'], "atoms.0"),
    ],
)
def test_wrong_usage_on_the_command_line(cli: Cli, squares: Path, arguments: list[str], said: str) -> None:
    result = cli("search", "a red square", "-c", squares, "--json", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
