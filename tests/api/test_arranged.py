"""Sorted, grouped, folded and cut pages through the front doors: the same document from Python, HTTP and a terminal."""

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from front_door import Cli

from shelfsight import Engine, Page
from shelfsight.api.commands.hits import print_page
from shelfsight.api.documents import page_document
from shelfsight.core.listing import Histogram, SortKey
from shelfsight.core.types import Hit

Shop = tuple[Engine, httpx.Client]

ASKED: dict[str, dict[str, Any]] = {
    "sort": {"sort": ["colour", "-price"], "min_relevance": 0.0},
    "groups": {"group_by": "colour", "k": 4},
    "alike": {"duplicates": 0.9, "diversity": 0.5},
    "words": {"mode": "hybrid", "group_by": "kind", "histograms": ["price"], "facets": ["colour"]},
    "relevant": {"min_relevance": 0.2, "histograms": ["price"], "rules": False},
}


def documents(page: Page) -> dict[str, Any]:
    return {name: value for name, value in page_document(page).items() if name != "trace"}


@pytest.mark.parametrize("asked", ASKED.values(), ids=[*ASKED])
def test_every_door_gives_the_same_document(shop: Shop, asked: dict[str, Any]) -> None:
    engine, client = shop
    expected = documents(engine.search("a red dress", **asked))
    response = client.post("/v1/search", json={"query": "a red dress", **asked})
    assert response.status_code == 200, response.text
    assert {name: value for name, value in response.json().items() if name != "trace"} == expected


def test_a_form_repeats_what_is_a_list(shop: Shop, demo_folder: Path) -> None:
    engine, client = shop
    picture = (demo_folder / "images" / "demo-00007.jpg").read_bytes()
    fields = {"sort": ["colour", "-price"], "histograms": ["price"], "min_relevance": "0", "k": "5"}
    answer = client.post("/v1/search", data=fields, files={"image": ("any.jpg", picture)}).json()
    page = engine.search(image=picture, sort=["colour", "-price"], histograms=["price"], min_relevance=0.0, k=5)
    assert [hit["id"] for hit in answer["hits"]] == [hit.id for hit in page.hits]
    assert answer["histograms"] == documents(page)["histograms"]


def test_one_text_is_a_list_of_one(shop: Shop) -> None:
    engine, _ = shop
    one = engine.search("a red dress", negative="mug", facets="colour", histograms="price", sort="price")
    same = engine.search("a red dress", negative=["mug"], facets=["colour"], histograms=["price"], sort=["price"])
    assert documents(one) == documents(same)
    assert documents(one) != documents(engine.search("a red dress", sort="price"))


def test_browsing_is_sorted_and_grouped(shop: Shop) -> None:
    engine, client = shop
    everything = engine.browse(k=1000).hits
    expected = sorted(everything, key=lambda hit: (-hit.metadata["price"], hit.id))  # type: ignore[operator]
    answer = client.get("/v1/items", params={"sort": "-price", "k": 7, "offset": 3, "histograms": "price"}).json()
    assert [hit["id"] for hit in answer["hits"]] == [hit.id for hit in expected[3:10]]
    assert "score" not in answer["hits"][0]
    prices = np.array([hit.metadata["price"] for hit in everything])
    spread = answer["histograms"]["price"]
    assert (spread["least"], spread["most"], spread["others"]) == (prices.min(), prices.max(), 0)
    assert spread["counts"] == np.histogram(prices, spread["edges"])[0].tolist()
    kinds = Counter(hit.metadata["kind"] for hit in everything)  # type: ignore[misc]
    answer = client.get("/v1/items", params={"group_by": "kind", "k": 500}).json()
    assert answer["groups"] == len(kinds)
    assert {hit["group"]: 1 + len(hit["variants"]) for hit in answer["hits"]} == kinds
    assert not any("score" in variant for hit in answer["hits"] for variant in hit["variants"])
    pages = [engine.browse(sort=[SortKey("kind"), "price"], k=5, offset=offset).hits for offset in (0, 5, 10)]
    assert [*chain(*pages)] == list(engine.browse(sort=["kind", "price"], k=15).hits)


def test_more_like_this_is_grouped(shop: Shop) -> None:
    engine, client = shop
    answer = client.get("/v1/items/demo-00003/similar", params={"group_by": "colour", "sort": "price", "k": 3}).json()
    page = engine.similar("demo-00003", group_by="colour", sort="price", k=3)
    assert {name: value for name, value in answer.items() if name != "trace"} == documents(page)


def test_a_state_that_is_gone_is_409(shop: Shop) -> None:
    engine, client = shop
    first = client.post("/v1/search", json={"query": "shoes", "k": 3}).json()
    rest = client.post("/v1/search", json={"query": "shoes", "k": 3, "offset": 3, "snapshot": first["snapshot"]}).json()
    both = [hit["id"] for hit in (*first["hits"], *rest["hits"])]
    assert both == [hit.id for hit in engine.search("shoes", k=6).hits]
    for response in (
        client.post("/v1/search", json={"query": "shoes", "snapshot": "long ago"}),
        client.get("/v1/items", params={"snapshot": "long ago"}),
        client.get("/v1/items/demo-00003/similar", params={"snapshot": "long ago"}),
    ):
        problem = response.json()
        assert (response.status_code, problem["code"]) == (409, "snapshot_gone")
        assert problem["hint"] == "start again from the first page"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sort": ["nowhere"]}, "nowhere"),
        ({"group_by": "nowhere"}, "nowhere"),
        ({"histograms": ["nowhere"]}, "nowhere"),
        ({"sort": "price"}, "sort"),
        ({"duplicates": 1.5}, "duplicates is 1.5"),
        ({"diversity": 1}, "diversity is 1"),
        ({"min_relevance": -1}, "min_relevance is -1"),
        ({"rules": "perhaps"}, "rules"),
        ({"mode": "fuzzy"}, "mode"),
    ],
)
def test_what_cannot_be_arranged_is_422(shop: Shop, asked: dict[str, Any], said: str) -> None:
    response = shop[1].post("/v1/search", json={"query": "shoes", **asked})
    assert response.status_code == 422
    assert said in response.json()["detail"]


def test_the_schema_says_what_there_is(shop: Shop) -> None:
    document = shop[1].get("/openapi.json").json()
    paths = document["paths"]
    body = document["components"]["schemas"]["SearchRequest"]["properties"]
    named = {"sort", "group_by", "duplicates", "diversity", "min_relevance", "histograms", "snapshot", "rules", "mode"}
    assert named <= set(body)
    assert all(body[name]["description"] for name in named)
    assert "409" in paths["/v1/search"]["post"]["responses"]
    browsing = {each["name"] for each in paths["/v1/items"]["get"]["parameters"]}
    assert {"sort", "group_by", "histograms", "snapshot"} <= browsing


# --- the command line ------------------------------------------------------------------------------------------------


def test_the_command_line_gives_the_same_document(cli: Cli, shop: Shop, demo_collection: Path) -> None:
    arguments = ("--group-by", "kind", "--collapse=0.9", "--diversity", "0.3", "--sort=-price", "--sort", "colour")
    more = ("--histogram", "price", "--min-relevance", "0", "--no-rules", "--json")
    result = cli("search", "a red dress", "-c", demo_collection, "-k", 4, *arguments, *more)
    assert result.code == 0, result.err
    page = shop[0].search(
        "a red dress",
        k=4,
        group_by="kind",
        duplicates=0.9,
        diversity=0.3,
        sort=["-price", "colour"],
        histograms=["price"],
        min_relevance=0.0,
        rules=False,
    )
    expected = documents(page)
    assert {name: value for name, value in result.document.items() if name != "trace"} == expected
    assert set(expected) >= {"groups", "snapshot", "histograms"}


def test_collapse_alone_is_a_cosine_of_95_hundredths(cli: Cli, shop: Shop, demo_collection: Path) -> None:
    result = cli("search", "--collapse", "a red dress", "-c", demo_collection, "--json")
    page = shop[0].search("a red dress", duplicates=0.95)
    assert [hit["id"] for hit in result.document["hits"]] == [hit.id for hit in page.hits]


def test_a_state_that_is_gone_is_exit_1(cli: Cli, demo_collection: Path) -> None:
    first = cli("search", "shoes", "-c", demo_collection, "-k", 2, "--json").document
    again = cli("search", "shoes", "-c", demo_collection, "-k", 2, "--snapshot", first["snapshot"], "--json")
    assert again.document["hits"] == first["hits"]  # nothing was written since
    result = cli("search", "shoes", "-c", demo_collection, "--snapshot", "long ago", "--json")
    assert (result.code, result.out) == (1, "")
    assert "start again from the first page" in result.err


def hit(id: str, **changes: Any) -> Hit:
    fields: dict[str, Any] = {"rank": 1, "score": 0.3, "title": f"The {id}", "picture": f"{id}.jpg", "picture_index": 0}
    return Hit(**{"id": id, "metadata": {"price": 5}, **fields, **changes})


def test_a_terminal_shows_groups_reasons_and_what_was_taken_for_what(capsys: pytest.CaptureFixture[str]) -> None:
    page = Page(
        hits=(
            hit("a", group="red", variants=(hit("b"), hit("c")), reasons=("exact sku", "pinned"), relevance=0.75),
            hit("d", rank=2, duplicates=("e",)),
        ),
        total=7,
        groups=3,
        histograms={"price": Histogram(edges=(0.0, 5.0, 10.0), counts=(3, 2), least=1.0, most=9.0, others=1)},
        corrections={"trowsers": "trousers"},
        snapshot="1",
    )
    print_page(page)
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines()]
    columns = "# score relevance title price group others alike why id picture"
    assert lines[0] == columns.split()
    assert lines[1] == [
        "1",
        "0.300",
        "0.750",
        "The",
        "a",
        "5",
        "red",
        "2",
        "0",
        "exact",
        "sku,",
        "pinned",
        "a",
        "a.jpg",
    ]
    assert lines[2] == ["2", "0.300", "The", "d", "5", "0", "1", "d", "d.jpg"]
    assert lines[3:] == [["price", "items"], ["0", "to", "5", "3"], ["5", "to", "10", "2"], ["no", "number", "1"]]
    assert "showing results for 'trousers' in place of 'trowsers'" in shown.err
    assert "2 of 3 groups of 7 items" in shown.err


def test_the_document_says_what_there_is_and_nothing_else() -> None:
    bare = page_document(Page(hits=(hit("a"),), total=1, snapshot="s"))
    assert set(bare) == {"hits", "total", "facets", "trace", "snapshot"}
    assert set(bare["hits"][0]) == {"id", "rank", "score", "title", "picture", "picture_index", "metadata", "ranks"}
    full = page_document(
        Page(
            hits=(hit("a", duplicates=("b",), reasons=("pinned",), variants=(hit("c"),)),),
            total=1,
            groups=1,
            nothing_matches=True,
            corrections={"a": "b"},
            histograms={"price": Histogram()},
        )
    )
    assert full["hits"][0]["duplicates"] == ["b"]
    assert full["hits"][0]["reasons"] == ["pinned"]
    assert full["hits"][0]["group"] is None
    assert [variant["id"] for variant in full["hits"][0]["variants"]] == ["c"]
    assert (full["groups"], full["nothing_matches"], full["corrections"]) == (1, True, {"a": "b"})
    assert full["histograms"] == {"price": {"edges": [], "counts": [], "least": None, "most": None, "others": 0}}
