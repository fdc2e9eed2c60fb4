"""Errors that nobody foresaw, clients that go away, and requests that would cost more than they are worth."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from raw_http import exchange, request
from tint_shop import document, problem_of, served_tints

from shelfsight.api.service.keys import Order
from shelfsight.api.service.service import Service
from shelfsight.core.settings import ServerSettings

PAGE = "https://shop.example"
LINES = {"content-type": "application/x-ndjson"}

Shop = tuple[Service, httpx.Client]


@contextmanager
def opened(folder: Path) -> Iterator[Shop]:
    """A collection with one item. Its encoder breaks on a text whose first word is no colour."""
    server = ServerSettings(state=folder / "state", origins=(PAGE,))
    with served_tints(folder, "shop", default="shop", server=server) as (service, client):
        assert client.put("/v1/items/one", json=document("one", "red")).is_success
        yield service, client


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One that all tests ask; it needs no keys."""
    with opened(tmp_path_factory.mktemp("shop")) as found:
        yield found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Shop]:
    """One of a test's own."""
    with opened(tmp_path) as found:
        yield found


def test_what_nobody_foresaw_is_answered_like_all_else(own: Shop, caplog: pytest.LogCaptureFixture) -> None:
    _, client = own
    broken = client.post("/v1/search", json={"query": "qwertz"}, headers={"Origin": PAGE, "X-Request-ID": "mine"})
    found = problem_of(broken, 500, "internal")
    assert "qwertz" not in broken.text
    assert found["request_id"] == broken.headers["x-request-id"] == "mine"
    assert broken.headers["access-control-allow-origin"] == PAGE
    assert broken.headers["content-security-policy"].startswith("default-src 'none'")
    assert broken.headers["x-content-type-options"] == "nosniff"
    assert "connection" not in broken.headers, "the next request comes on the same one"
    assert [record.exc_info is not None for record in caplog.records if record.levelno >= logging.ERROR] == [True]
    counted = client.get("/metrics").text
    assert 'shelfsight_http_requests_total{operation="search",status="500"} 1.0' in counted
    assert 'shelfsight_http_problems_total{code="internal"} 1.0' in counted


def test_keys_that_cannot_be_read_let_nobody_in(own: Shop) -> None:
    service, client = own
    _, token = service.access.keys.create(Order(name="page"))
    (service.state / "keys.json").write_text("{")
    for key in ({}, {"X-API-Key": token}):
        refused = client.get("/v1/items", headers=key)
        assert str(service.state) not in json.dumps(problem_of(refused, 503, "store"))
        assert refused.headers["x-content-type-options"] == "nosniff"


def test_a_client_that_goes_away_in_its_body_is_no_error_of_ours(own: Shop, caplog: pytest.LogCaptureFixture) -> None:
    service, client = own
    kinds = ("application/json", "application/x-ndjson", "multipart/form-data; boundary=b")
    for kind in kinds:
        sent = request("POST /v1/items HTTP/1.1", f"Content-Type: {kind}", "Transfer-Encoding: chunked", body=b"3\r\n")
        exchange(str(client.base_url), sent, seconds=0.05)
    deadline = monotonic() + 20
    log = service.state / "audit.jsonl"
    while (lines := log.read_text().splitlines()[1:]) == [] or len(lines) < len(kinds):
        assert monotonic() < deadline
        sleep(0.01)
    assert [json.loads(line)["outcome"] for line in lines] == ["refused"] * len(kinds)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def wide(members: int = 5000) -> dict[str, Any]:
    return {f"m{number}": 1 for number in range(members)}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("search", {"query": "red", "negative": [1] * 50_000}),
        ("search", {"query": "red", "facets": [[]] * 50_000}),
        ("search", {"query": "red", **wide()}),
        ("search", {"query": "red", "like": [{"id": "one", **wide()}]}),
        ("search", {"query": "red", "atoms": [{"kind": "kind", "term": "red", **wide()}]}),
        ("items/one/ask", {"turns": [wide()]}),
        ("items/one/why", {"query": "red", "sort": [None] * 50_000}),
        ("items/delete", {"ids": [1] * 50_000}),
        ("embed", wide()),
        ("keys", {"name": "x", "collections": [1] * 10_000}),
    ],
)
def test_a_fault_is_not_told_a_thousand_times(shop: Shop, path: str, body: dict[str, Any]) -> None:
    answer = shop[1].post(f"/v1/{path}", json=body)
    problem_of(answer, 422, "usage")
    assert len(answer.content) < 3000


def test_a_wide_item_is_its_own_failure(shop: Shop) -> None:
    _, client = shop
    fields = {f"f{number}": number for number in range(500)}
    sent = [document("a", "red", **fields), {**document("b", "red"), **wide()}, document("c", "red")]
    report = client.post("/v1/items", json={"items": sent}).json()
    assert (report["indexed"], [each["id"] for each in report["failures"]]) == (2, ["b"])
    assert client.get("/v1/items/a").json()["metadata"] == fields


@pytest.mark.parametrize("wrong", [{"k": "5"}, {"rules": "no"}, {"rules": 0}, {"image_weight": "1"}, {"explain": "1"},
                                   {"min_relevance": "0"}, {"rerank": 1}])  # fmt: skip
def test_in_json_a_text_is_no_number(shop: Shop, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    assert name in problem_of(shop[1].post("/v1/search", json={"query": "red", **wrong}), 422)["detail"]


def test_in_a_form_it_is(shop: Shop) -> None:
    fields = {"query": "red", "k": "1", "rules": "no", "image_weight": "1", "explain": "0", "diversity": "0.5"}
    form = {name: (None, value) for name, value in fields.items()}
    assert len(shop[1].post("/v1/search", files=form).json()["hits"]) == 1
    problem_of(shop[1].post("/v1/search", files={**form, "explain": (None, "9" * 5000)}), 422)


def test_lines_that_cannot_be_put_in_say_so(own: Shop) -> None:
    """An error in the first part of them, when there is no report yet."""
    service, client = own
    service.collections.engine().close()
    refused = client.post("/v1/items", content=json.dumps(document("x", "red")), headers=LINES)
    assert refused.status_code >= 500
    assert problem_of(refused, refused.status_code)["code"]


def test_an_address_is_not_mended(shop: Shop) -> None:
    """A redirect would name the server as the client did, and send the key on by whatever scheme that is."""
    for path in ("/v1/items/", "/v1/search/", "/docs/", "/healthz/", "/v1/collections/shop/"):
        problem_of(shop[1].get(path), 404)


@pytest.mark.parametrize("path", ["/v1/items/", "/v1/%69tems/", "/v1/collections/sh%6Fp/items/", "/%761/items/"])
@pytest.mark.parametrize("id", ["a%b", "a%41", "a/b?c", "shop/items/x", "thumbnail/ü"])
def test_ids_below_an_address_that_is_encoded_otherwise(shop: Shop, path: str, id: str) -> None:
    _, client = shop
    place = path + quote(id, safe="")
    assert client.put(place, json={"pictures": document("x", "red")["pictures"]}).json()["id"] == id
    assert client.get(place).json()["id"] == id


def test_where_no_key_is_needed_none_is_read(own: Shop) -> None:
    """A proxy in front may have asked for a password, and passes it on."""
    service, client = own
    assert client.get("/v1/items", auth=("name", "password")).status_code == 200
    service.access.keys.create(Order(name="page"))
    problem_of(client.get("/v1/items", auth=("name", "password")), 422)


def test_answers_are_not_for_caches_that_many_share(shop: Shop) -> None:
    _, client = shop
    for path in ("/v1/items", "/v1/items/one", "/v1/items/one/picture", "/v1/items/none", "/metrics"):
        assert client.get(path).headers["cache-control"].startswith("private")


def test_an_unknown_field_has_a_position_in_a_filter_alone(shop: Shop) -> None:
    _, client = shop
    for asked in ({"sort": ["nowhere"]}, {"facets": ["nowhere"]}, {"histograms": ["nowhere"]}, {"group_by": "nowhere"}):
        found = problem_of(client.post("/v1/search", json={"query": "red", **asked}), 422, "unknown_field")
        assert "position" not in found["detail"]
    found = problem_of(client.post("/v1/search", json={"query": "red", "filter": "nowhere == 1"}), 422)
    assert "(position 0)" in found["detail"]
