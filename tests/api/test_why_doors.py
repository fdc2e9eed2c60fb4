"""Why, and more and less like this, at the front doors of a demo shop: Python, HTTP and the command line agree."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from conforming import conforming
from front_door import Cli
from served import serving

from shelfsight import Engine, Example, NotFound, UsageError
from shelfsight.api.service.keys import KeyRing, Order, Scope
from shelfsight.api.service.service import Service
from shelfsight.api.why import why_document
from shelfsight.core.settings import ServerSettings, Settings

QUERY = "black mug"
ASKED: dict[str, Any] = {"query": QUERY, "filter": "price < 60", "mode": "hybrid"}

Shop = tuple[Engine, httpx.Client]


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "trace": {}}


def test_the_doors_say_the_same(shop: Shop, demo_collection: Path, cli: Cli) -> None:
    engine, client = shop
    hits = engine.search(QUERY, filter="price < 60", mode="hybrid", k=40).hits
    id = hits[25].id
    here = why_document(engine.why(id, QUERY, filter="price < 60", mode="hybrid"))
    assert (here["rank"], here["outcome"]) == (26, "further")
    assert [each["name"] for each in here["stages"]] == ["vector", "words", "retrieval", "final"]
    assert here["conditions"] == [
        {
            "text": "price < 60",
            "source": "filter",
            "passes": True,
            "fields": {"price": hits[25].metadata["price"]},
            "field": "price",
            "value": hits[25].metadata["price"],
        }
    ]
    assert [each["id"] for each in here["above"]] == [hits[24].id, hits[23].id, hits[22].id]
    assert [each["word"] for each in here["words"]] == ["black", "mug"]
    there = client.post(f"/v1/items/{quote(id, safe='')}/why", json=ASKED)
    assert there.status_code == 200
    assert timeless(there.json()) == timeless(here)
    told = cli("why", id, QUERY, "-c", demo_collection, "--filter", "price < 60", "--mode", "hybrid", "--json")
    assert told.code == 0
    assert timeless(json.loads(told.out)) == timeless(here)


def test_a_person_reads_a_sentence_and_tables(shop: Shop, demo_collection: Path, cli: Cli) -> None:
    engine, _ = shop
    hit = engine.search(QUERY, k=12).hits[11]
    assert hit.title is not None
    told = cli("why", hit.id, QUERY, "-c", demo_collection, "--filter", "price < 0")
    assert told.code == 0
    assert told.out.splitlines()[0] == f"{hit.title} ({hit.id})"
    assert "does not pass price < 0" in told.out.splitlines()[1]
    assert "ask without price < 0" in told.out
    further = cli("why", hit.id, QUERY, "-c", demo_collection, "-k", "10").out
    assert "It stands at place 12 of" in further
    assert "above it" in further


def test_what_goes_wrong_is_told_as_ever(shop: Shop, demo_collection: Path, cli: Cli) -> None:
    engine, client = shop
    with pytest.raises(NotFound):
        engine.why("nobody", QUERY)
    assert client.post("/v1/items/nobody/why", json=ASKED).status_code == 404
    id = engine.search(QUERY, k=1).hits[0].id
    for asked in ({}, {"query": QUERY, "filter": "price <"}, {"query": QUERY, "unheard": 1}):
        assert client.post(f"/v1/items/{id}/why", json=asked).status_code == 422
    assert cli("why", "nobody", QUERY, "-c", demo_collection).code != 0


def test_it_is_for_those_who_may_write(shop: Shop, tmp_path: Path) -> None:
    engine, _ = shop
    service = Service.of(engine, Settings(server=ServerSettings(state=tmp_path / "state")))
    ring = KeyRing(service.state)
    (_, public), (_, staff) = (ring.create(Order(name=name, scope=Scope(name))) for name in ("search", "write"))
    id = engine.search(QUERY, k=1).hits[0].id
    with serving(service) as url, conforming(url) as client:
        for token, status in ((public, 403), (staff, 200)):
            headers = {"Authorization": f"Bearer {token}"}
            assert client.post(f"/v1/items/{id}/why", json=ASKED, headers=headers).status_code == status


# --- more like this, less like this -----------------------------------------------------------------------------------


def ids(page: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in page["hits"]]


def test_examples_at_every_door(shop: Shop, demo_collection: Path, cli: Cli) -> None:
    engine, client = shop
    liked, unliked = (engine.search(text, k=1).hits[0].id for text in (QUERY, "red dress"))
    page = engine.search("mug", like=[liked], unlike={unliked: 2.0}, k=8)
    here = [hit.id for hit in page.hits]
    assert not {liked, unliked} & set(here)
    assert page.total == engine.count() - 2
    asked = {"query": "mug", "like": [liked], "unlike": [{"id": unliked, "weight": 2}], "k": 8}
    assert ids(client.post("/v1/search", json=asked).json()) == here
    form = {"query": "mug", "like": liked, "unlike": unliked, "k": "8"}
    by_form = client.post("/v1/search", files=[(name, (None, value)) for name, value in form.items()])
    with_one = engine.search("mug", like=[Example(liked)], unlike=unliked, k=8)
    assert ids(by_form.json()) == [hit.id for hit in with_one.hits]
    told = cli("search", "mug", "-c", demo_collection, "--like", liked, "--unlike", unliked, "-k", 8, "--json")
    assert ids(json.loads(told.out)) == [hit.id for hit in with_one.hits]


def test_examples_alone_and_unknown_ones(shop: Shop) -> None:
    engine, client = shop
    id = engine.search(QUERY, k=1).hits[0].id
    assert ids(client.post("/v1/search", json={"like": [id]}).json()) == [hit.id for hit in engine.similar(id).hits]
    assert client.post("/v1/search", json={"unlike": [id]}).status_code == 422
    assert client.post("/v1/search", json={"like": ["nobody"]}).status_code == 404
    assert client.post("/v1/search", json={"like": [{"id": id, "weight": 0}]}).status_code == 422
    with pytest.raises(UsageError):
        engine.search(QUERY, like={id: -1.0})


def test_less_like_this_has_fewer_of_its_kind_and_more_like_this_more(shop: Shop) -> None:
    """On pictures that were drawn: over all colours of all kinds, by the catalogue's own word."""
    engine, _ = shop
    shares: dict[str, list[float]] = {"plain": [], "like": [], "unlike": []}
    for text in engine.facets(["category"])["category"]:
        hits = engine.search(text, k=8).hits
        example = hits[2]
        for name, given in (("plain", {}), ("like", {"like": [example.id]}), ("unlike", {"unlike": [example.id]})):
            found = engine.search(text, k=9, **given).hits  # type: ignore[arg-type]
            others = [hit for hit in found if hit.id != example.id][:8]
            same = [hit.metadata["colour"] == example.metadata["colour"] for hit in others]
            shares[name].append(sum(same) / len(same))
    mean = {name: sum(each) / len(each) for name, each in shares.items()}
    assert mean["unlike"] < mean["plain"] < mean["like"]
