"""Who may ask the server what, over a real socket."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conforming import conforming
from served import serving

from shelfsight import Engine, open_engine
from shelfsight.api.service.keys import KeyRing, Order
from shelfsight.api.service.service import Service
from shelfsight.core.settings import ServerSettings, Settings


@pytest.fixture(scope="module")
def engine(demo_collection: Path) -> Iterator[Engine]:
    with open_engine(demo_collection) as opened:
        yield opened


@pytest.fixture
def service(engine: Engine, tmp_path: Path) -> Service:
    """A service with a state of its own, that asks for no key yet."""
    return Service.of(engine, Settings(server=ServerSettings(state=tmp_path / "state")))


@pytest.fixture
def ring(service: Service) -> KeyRing:
    return KeyRing(service.state)


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with serving(service) as url, conforming(url) as found:
        yield found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_no_operation_answers_without_a_key(client: httpx.Client, ring: KeyRing) -> None:
    ring.create(Order(name="page"))
    operations = list(_operations(client))
    assert ("POST", "/v1/search") in operations
    answers = {
        (method, path): client.request(method, re.sub("{.*?}", "1", path)).status_code for method, path in operations
    }
    assert {operation: status for operation, status in answers.items() if status != 401} == {}


def test_the_reference_says_how_keys_are_sent(client: httpx.Client, ring: KeyRing) -> None:
    ring.create(Order(name="page"))
    document = client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert {(each["type"], each.get("scheme"), each.get("name")) for each in schemes.values()} == {
        ("http", "bearer", None),
        ("apiKey", None, "X-API-Key"),
    }
    for method, path in _operations(client):
        assert document["paths"][path][method.lower()]["security"] == [{"bearer": []}, {"key": []}], path


def test_keys_are_needed_once_one_was_made(client: httpx.Client, ring: KeyRing) -> None:
    assert client.get("/v1/items").status_code == 200, "loopback, and no key was made"
    _, token = ring.create(Order(name="page"))
    refused = client.get("/v1/items")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.json()["code"] == "unauthenticated"
    assert client.get("/v1/items", headers=bearer(token)).status_code == 200
    assert client.get("/v1/items", headers={"X-API-Key": token}).status_code == 200
    ring.revoke("page")
    assert client.get("/v1/items", headers=bearer(token)).status_code == 401
    assert client.get("/v1/items").status_code == 401, "a server that had keys does not open again"


def _operations(client: httpx.Client) -> Iterator[tuple[str, str]]:
    """(method, path) of every operation under /v1."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        if path.startswith("/v1"):
            yield from ((method.upper(), path) for method in methods)
