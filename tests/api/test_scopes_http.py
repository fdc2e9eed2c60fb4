"""What keys of each scope, for some collections, and with limits may do over HTTP."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from served import serving
from square_vlms import COLOURS, SquareVlm
from tint_shop import document, problem_of, served_tints

from shelfsight import open_engine
from shelfsight.api.service.keys import Order, Scope
from shelfsight.api.service.looking import planned_looks
from shelfsight.api.service.service import Service
from shelfsight.core.settings import SearchSettings, ServerSettings, Settings

Shop = tuple[Service, httpx.Client]
BODY = {"items": [document("one", "red")]}

SEARCHING: list[tuple[str, str, Any]] = [
    ("POST", "/v1/search", {"query": "red"}),
    ("GET", "/v1/items", None),
    ("GET", "/v1/collections", None),
    ("GET", "/v1/collections/shoes", None),
    ("GET", "/v1/collections/shoes/items", None),
    ("GET", "/v1/aliases", None),
    ("POST", "/v1/embed", {"texts": ["red"]}),
]
WRITING: list[tuple[str, str, Any]] = [
    ("POST", "/v1/items", BODY),
    ("PATCH", "/v1/items", {"items": [{"id": "one", "metadata": {"price": 1}}]}),
    ("PUT", "/v1/items/one", document("one", "red")),
    ("POST", "/v1/items/delete", {"ids": ["two"]}),
    ("DELETE", "/v1/items/one", None),
    ("POST", "/v1/collections/shoes/items", BODY),
]
ADMIN: list[tuple[str, str, Any]] = [
    ("PUT", "/v1/collections/new", {"store": "exact"}),
    ("PUT", "/v1/aliases/live", {"collection": "shoes"}),
    ("DELETE", "/v1/aliases/live", None),
    ("DELETE", "/v1/collections/new", None),
    ("GET", "/v1/keys", None),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served_tints(tmp_path, "shoes", "hats", default="shoes") as served:
        yield served


def key_of(service: Service, name: str, **order: Any) -> dict[str, str]:
    return {"X-API-Key": service.access.keys.create(Order(name=name, **order))[1]}


@pytest.mark.parametrize("scope", list(Scope))
def test_scopes(shop: Shop, scope: Scope) -> None:
    service, client = shop
    key = key_of(service, "any", scope=scope)
    for needed, operations in ((Scope.SEARCH, SEARCHING), (Scope.WRITE, WRITING), (Scope.ADMIN, ADMIN)):
        for method, path, body in operations:
            answer = client.request(method, path, json=body, headers=key)
            if scope.covers(needed):
                assert answer.is_success, (method, path, answer.text)
            else:
                assert needed.value in problem_of(answer, 403, "forbidden")["detail"]


def test_a_key_for_one_collection_sees_no_other(shop: Shop) -> None:
    service, client = shop
    for name, colour in (("shoes", "red"), ("hats", "blue")):
        path = f"/v1/collections/{name}/items"
        assert client.post(path, json={"items": [document(name, colour)]}).is_success
    key = key_of(service, "hats", scope="admin", collections=("hats",))
    assert client.get("/v1/collections/hats/items", headers=key).json()["total"] == 1
    for path in ("/v1/items", "/v1/collections/shoes/items", "/v1/collections/shoes", "/v1/collections/none/items"):
        refused = problem_of(client.get(path, headers=key), 403, "forbidden")
        assert "not for the collection" in refused["detail"], "the same whether or not there is one"
    assert [each["name"] for each in client.get("/v1/collections", headers=key).json()["collections"]] == ["hats"]
    for method, path in (("PUT", "/v1/collections/new"), ("DELETE", "/v1/collections/hats"), ("GET", "/v1/keys")):
        problem_of(client.request(method, path, json={}, headers=key), 403, "forbidden")


def test_a_key_for_an_alias_follows_it(shop: Shop) -> None:
    service, client = shop
    admin = key_of(service, "admin", scope="admin")
    key = key_of(service, "live", collections=("live",))
    for name, other in (("shoes", "hats"), ("hats", "shoes")):
        assert client.put("/v1/aliases/live", json={"collection": name}, headers=admin).is_success
        assert client.get("/v1/collections/live/items", headers=key).is_success
        assert client.get(f"/v1/collections/{name}/items", headers=key).is_success
        problem_of(client.get(f"/v1/collections/{other}/items", headers=key), 403)


def test_keys_over_http(shop: Shop) -> None:
    service, client = shop
    first = key_of(service, "first", scope="admin")
    order = {"name": "page", "rate": 5, "origins": ["https://shop.example/"], "expires": "2999-01-01T00:00:00Z"}
    answer = client.post("/v1/keys", json=order, headers=first)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert made["key"].startswith(f"ss_s_{made['id']}_")
    assert made["origins"] == ["https://shop.example"]
    assert "digest" not in made
    assert client.get("/v1/items", headers={"X-API-Key": made["key"]}).is_success
    listed = client.get("/v1/keys", headers=first).json()["keys"]
    assert [(each["name"], each["state"]) for each in listed] == [("first", "live"), ("page", "live")]
    assert all("key" not in each and "digest" not in each for each in listed)
    assert listed[1]["looks_today"] == 0
    gone = client.delete(f"/v1/keys/{made['id']}", headers=first)
    assert gone.json()["state"] == "revoked"
    problem_of(client.get("/v1/items", headers={"X-API-Key": made["key"]}), 401, "unauthenticated")
    problem_of(client.delete("/v1/keys/nothing", headers=first), 404, "not_found")
    problem_of(client.post("/v1/keys", json={"name": "x", "scope": "god"}, headers=first), 422)
    problem_of(client.post("/v1/keys", json={"name": "first"}, headers=first), 422, "usage")
    unzoned = {"name": "soon over", "expires": "2999-01-01T00:00:00"}
    problem_of(client.post("/v1/keys", json=unzoned, headers=first), 422, "usage")
    assert client.get("/v1/keys", headers=first).is_success


def test_rates_are_429_with_retry_after(shop: Shop) -> None:
    service, client = shop
    key = key_of(service, "slow", rate=0.4)  # two at once, then one in 2.5 s
    assert [client.get("/v1/items", headers=key).status_code for _ in range(2)] == [200, 200]
    refused = client.get("/v1/items", headers=key)
    problem_of(refused, 429, "limit_reached")
    assert 1 <= int(refused.headers["retry-after"]) <= 3
    assert client.get("/v1/items", headers=key_of(service, "other")).status_code == 200


def test_looks_are_counted_as_they_are_made(tmp_path: Path) -> None:
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.png")
    rows = [{"id": name, "image": f"{name}.png"} for name in COLOURS]
    (tmp_path / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = Settings(server=ServerSettings(state=tmp_path / "state"), search=SearchSettings(depth=6))
    with open_engine(tmp_path / "c", create=True, vlm=SquareVlm(), settings=settings) as engine:
        engine.index(tmp_path / "catalog.jsonl")
        service = Service.of(engine)
        key, token = service.access.keys.create(Order(name="page", looks_per_day=12))
        with serving(service) as url, httpx.Client(base_url=url, headers={"X-API-Key": token}) as client:
            _check_looks(client, service, key.id)


def _check_looks(client: httpx.Client, service: Service, id: str) -> None:
    def made() -> int:
        return service.access.spending.made_on(id, datetime.now(UTC).date())

    asked = {"query": "a blue square", "rerank": True, "k": 4}
    answer = client.post("/v1/search", json=asked).json()
    assert made() == sum(stage["scored"] for stage in answer["stages"]) == 4, "six were reserved, there are four"
    problem_of(client.post("/v1/search", json={**asked, "filter": "price <"}), 422)
    assert made() == 4
    streamed = client.post("/v1/search", json=asked, headers={"Accept": "text/event-stream"})
    assert "event: done" in streamed.text
    assert made() == 8
    refused = client.post("/v1/search", json=asked)
    assert "4 of 12" in problem_of(refused, 429, "limit_reached")["detail"]
    assert int(refused.headers["retry-after"]) <= 86_400
    early = client.post("/v1/search", json=asked, headers={"Accept": "text/event-stream"})
    problem_of(early, 429, "limit_reached")
    assert client.post("/v1/items/blue/ask", json={"question": "what colour?"}).is_success
    assert made() == 9
    assert client.post("/v1/search", json={"query": "a blue square"}).is_success, "without a look there is no limit"
    assert made() == 9


@pytest.mark.parametrize(
    ("asked", "looks"),
    [
        ({"k": 10}, 0),
        ({"k": 10, "explain": True}, 5),
        ({"k": 3, "explain": True}, 3),
        ({"k": 10, "explain": 7, "rerank": False}, 7),
        ({"k": 10, "rerank": True}, 50),
        ({"k": 10, "rerank": True, "depth": 20, "explain": 2}, 22),
        ({"k": 80, "rerank": True, "depth": 20}, 80),
        ({"k": 10, "rerank": True, "depth": 10_000}, 100),
        ({"k": -5, "explain": 10_000}, 0),
    ],
)
def test_looks_are_planned_as_a_search_may_make_them(asked: dict[str, Any], looks: int) -> None:
    assert planned_looks(asked, SearchSettings(depth=50, max_depth=100, explained=5)) == looks
