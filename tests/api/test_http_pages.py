"""Looking around and more like this over HTTP take what the engine takes, and are answered as it answers."""

from typing import Any

import httpx
import pytest
from tint_shop import problem_of

from shelfsight import Engine
from shelfsight.api.documents import manifest_document, page_document

Shop = tuple[Engine, httpx.Client]
LIKE = "/v1/items/demo-00003/similar"


def answers(page: dict[str, Any]) -> dict[str, Any]:
    """All that does not depend on the clock, and on who asks."""
    told = {name: value for name, value in page.items() if name not in ("trace", "snapshot")}
    return {**told, "hits": [{name: each[name] for name in each if name != "picture"} for each in page["hits"]]}


@pytest.mark.parametrize(
    "asked",
    [
        {"min_relevance": 0.2},
        {"duplicates": 0.9, "k": 40},
        {"diversity": 0.6},
        {"rules": False},
        {"group_by": "kind", "k": 3},
        {"sort": ["-price", "brand"], "offset": 2, "k": 4, "min_relevance": 0},
        {"histograms": ["price"], "facets": ["kind", "colour"], "filter": 'price < 60 and kind != "dress"'},
    ],
)
def test_similar_takes_what_the_engine_takes(shop: Shop, asked: dict[str, Any]) -> None:
    engine, client = shop
    response = client.get(LIKE, params=asked)
    assert response.status_code == 200, response.text
    expected = page_document(engine.similar("demo-00003", **asked))
    assert answers(response.json()) == answers(expected)
    assert answers(response.json()) != answers(client.get(LIKE).json()) or asked == {"rules": False}


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": ["price"], "k": 5, "offset": 3},
        {"group_by": "kind"},
        {"histograms": ["price"], "facets": ["kind"], "rules": False, "filter": "price < 60"},
    ],
)
def test_browse_takes_what_the_engine_takes(shop: Shop, asked: dict[str, Any]) -> None:
    engine, client = shop
    expected = page_document(engine.browse(**asked))
    for hit in [hit for each in expected["hits"] for hit in (each, *each.get("variants", ()))]:
        del hit["score"]
    assert answers(client.get("/v1/items", params=asked).json()) == answers(expected)


def test_a_page_of_the_same_state(shop: Shop) -> None:
    _, client = shop
    first = client.get("/v1/items", params={"k": 2}).json()
    second = client.get("/v1/items", params={"k": 2, "offset": 2, "snapshot": first["snapshot"]}).json()
    assert [hit["rank"] for hit in first["hits"] + second["hits"]] == [1, 2, 3, 4]
    problem_of(client.get("/v1/items", params={"snapshot": "of another shop"}), 409, "snapshot_gone")


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        (LIKE, {"filters": "price < 3"}, "filters"),
        ("/v1/items", {"min_relevance": 0.5}, "min_relevance"),
        ("/v1/items", {"k": 0}, "k is 0"),
        ("/v1/items", {"k": "many"}, "k:"),
        ("/v1/items", {"rules": "perhaps"}, "rules"),
        ("/v1/items", {"sort": "nowhere"}, "nowhere"),
        (LIKE, {"diversity": 1.5}, "diversity"),
        (LIKE, {"duplicates": "x"}, "duplicates"),
        (LIKE, {"min_relevance": 7}, "min_relevance"),
        (LIKE, {"min_relevance": "nan"}, "min_relevance"),
        (LIKE, {"group_by": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_asked(shop: Shop, path: str, asked: dict[str, Any], said: str) -> None:
    assert said in problem_of(shop[1].get(path, params=asked), 422)["detail"]


def test_a_collection_says_what_finds_its_vectors(shop: Shop) -> None:
    engine, client = shop
    about = client.get("/v1/collections/demo").json()
    assert about["index"] == manifest_document(engine.manifest)["index"]
    assert (about["name"], about["default"], about["items"], about["pictures"]) == ("demo", True, 96, 96)
    assert about["encoder"]["revision"] == engine.encoder.spec.revision
    assert about["fields"] == engine.fields()
    assert str(engine.path.parent) not in client.get("/v1/collections/demo").text


def test_arguments_that_the_engine_does_not_know(shop: Shop) -> None:
    engine = shop[0]
    for ask in (engine.search, engine.browse, lambda **asked: engine.similar("demo-00003", **asked)):
        with pytest.raises(TypeError, match="'limit'"):
            ask(limit=3)  # type: ignore[operator]
    with pytest.raises(TypeError, match="'min_relevance'"):
        engine.browse(min_relevance=0.5)  # type: ignore[call-arg]
