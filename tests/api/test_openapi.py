"""The OpenAPI document: valid, whole, without a second copy of anything; its examples are true."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import openapi_spec_validator
import pytest
from conforming import check, conforming, events_of, reference, validator
from fuzzed_shop import Fuzzed, fuzzed_shop
from zygote import Zygote

from shelfsight.api.http.schemas.document import OF_A_COLLECTION, contract_of, operations_of
from shelfsight.api.http.schemas.examples import PARAMETERS
from shelfsight.api.http.schemas.operations import CONTRACTS
from shelfsight.api.http.schemas.problems import PROBLEMS
from shelfsight.core.errors import STATUS

OPERATIONS = {each["operationId"]: (method, path, each) for method, path, each in operations_of(reference())}
SCHEMAS = reference()["components"]["schemas"]
STREAM = {"accept": "text/event-stream"}


def test_it_is_valid() -> None:
    openapi_spec_validator.validate(reference())
    assert reference()["openapi"].startswith("3.1.")


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_an_operation_answers_is_said(name: str) -> None:
    method, path, operation = OPERATIONS[name]
    contract = contract_of(operation)
    assert contract.answers, f"say in operations.py what {name} answers ({method} {path})"
    for status, answer in operation["responses"].items():
        for kind, content in answer.get("content", {}).items():
            schema = content["schema"]
            assert kind != "application/json" or "$ref" in schema or "anyOf" in schema, (name, status)
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        assert "$ref" in content["schema"] or kind in ("application/x-ndjson", "application/jsonl"), (name, kind)
    bodies = method in ("put", "patch") or (method == "post" and not path.endswith(("/cancel", "/resume")))
    assert ("requestBody" in operation) == bodies
    assert operation["summary"]


def test_what_is_said_is_of_an_operation() -> None:
    assert set(CONTRACTS) == {name.removesuffix(OF_A_COLLECTION) for name in OPERATIONS}


def test_each_thing_is_said_once_and_is_needed() -> None:
    document = reference()
    referred = Counter(_references(document))
    components = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "headers")
        for name in document["components"][kind]
    }
    assert set(referred) == components
    objects = [schema["properties"] for schema in SCHEMAS.values() if "properties" in schema]
    shapes = Counter(json.dumps(each, sort_keys=True) for each in objects)
    assert [shape for shape, number in shapes.items() if number > 1] == []
    assert "#/$defs/" not in json.dumps(document)


def test_every_error_has_a_problem_document() -> None:
    assert {status.http for status in STATUS.values()} <= set(PROBLEMS)
    for name, (_, path, operation) in OPERATIONS.items():
        statuses = set(map(int, operation["responses"]))
        assert {400, 414, 431} <= statuses, name
        if path.startswith("/v1"):
            assert {401, 403, 404, 409, 421, 422, 429, 500, 501, 503} <= statuses, name
        if "requestBody" in operation:
            assert {408, 413, 415, 507} <= statuses, name
    headers = {name: set(each["headers"]) for name, each in reference()["components"]["responses"].items()}
    assert headers["TooMuch"] >= {"Retry-After"}
    assert headers["Unauthenticated"] >= {"WWW-Authenticate"}


@pytest.mark.parametrize("name", [name for name, schema in SCHEMAS.items() if "examples" in schema])
def test_examples_are_such_as_their_schema_says(name: str) -> None:
    for example in SCHEMAS[name]["examples"]:
        assert list(validator(json.dumps({"$ref": f"#/components/schemas/{name}"}))(example)) == []


def test_every_answer_has_an_example() -> None:
    named = {
        content["schema"]["$ref"].rpartition("/")[2]
        for _, _, operation in OPERATIONS.values()
        for answer in operation["responses"].values()
        for kind, content in answer.get("content", {}).items()
        if kind == "application/json" and "$ref" in content["schema"]
    }
    assert {name for name in named if "examples" not in SCHEMAS[name]} == set()


def test_what_is_not_in_the_document_is_found() -> None:
    """The check that all other tests of the API make."""
    page = copy.deepcopy(SCHEMAS["Page"]["examples"][0])
    request = httpx.Request("POST", "http://shop/v1/collections/shop/search")

    def answer(status: int, document: Any, **headers: str) -> httpx.Response:
        return httpx.Response(status, json=document, headers={"X-Request-ID": "1", **headers}, request=request)

    check(answer(200, page))
    wrong: list[tuple[int, Any, str]] = [
        (200, {**page, "more": 1}, "more"),
        (200, {name: value for name, value in page.items() if name != "total"}, "total"),
        (200, {**page, "hits": [{**page["hits"][0], "relevance": None}]}, "relevance"),
        (204, {}, "search_of_collection 204 is not in the document"),
        (422, {"title": "x"}, "application/json"),
    ]
    for status, document, said in wrong:
        with pytest.raises(AssertionError, match=said):
            check(answer(status, document))
    bare = httpx.Response(200, json=page, request=request)
    with pytest.raises(AssertionError, match="X-Request-ID"):
        check(bare)


@pytest.fixture(scope="module")
def shop(jobs_zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fuzzed, httpx.Client]]:
    with (
        fuzzed_shop(tmp_path_factory.mktemp("fuzzed"), jobs_zygote) as server,
        conforming(server.url, headers={"X-API-Key": server.key}, timeout=60) as client,
    ):
        yield server, client


def examples_of(name: str) -> dict[str, Any]:
    """What the document sends to an operation, by what it shows."""
    shown = OPERATIONS[name][2]["requestBody"]["content"]["application/json"]["examples"]
    return {each["summary"]: each["value"] for each in shown.values()}


def test_examples_of_requests_are_answered(shop: tuple[Fuzzed, httpx.Client]) -> None:
    """Each as it stands in the document, at the address that the examples of parameters make."""
    client = shop[1]
    for name, (method, path, operation) in OPERATIONS.items():
        for summary, sent in examples_of(name).items() if "requestBody" in operation else ():
            place = path.format(**(PARAMETERS | {"collection": "mine"} if name == "create_collection" else PARAMETERS))
            answer = client.request(method, place, json=sent)
            assert answer.status_code in (200, 201, 202), (name, summary, answer.text)


def test_examples_of_parameters_are_answered(shop: tuple[Fuzzed, httpx.Client]) -> None:
    client = shop[1]
    client.put("/v1/aliases/live", json={"collection": "shop"})
    for name, (method, path, operation) in OPERATIONS.items():
        if method != "get" or "{job}" in path:
            continue
        asked = [each for each in operation.get("parameters", ()) if each["in"] == "query" and "example" in each]
        query = {each["name"]: each["example"] for each in asked}
        answer = client.get(path.format(**PARAMETERS), params=query)
        assert answer.status_code == 200, (name, answer.text)


def test_events_are_such_as_the_document_says(shop: tuple[Fuzzed, httpx.Client]) -> None:
    client = shop[1]
    asked = {"query": "red", "k": 3, "rerank": True, "explain": 2, "facets": ["colour"]}
    names = [name for name, _ in events_of(client.post("/v1/search", json=asked, headers=STREAM))]
    assert names == ["hits", "order", "explanation", "explanation", "done"]
    answer = client.post("/v1/items/demo-00004/ask", json={"question": "Which colour?"}, headers=STREAM)
    told = list(events_of(answer))
    assert [name for name, _ in told] == ["text", "text", "text", "answer"]
    assert "".join(data["text"] for name, data in told if name == "text") == told[-1][1]["answer"]
    job = client.post("/v1/jobs", json={"source": "catalog.jsonl"}).json()["id"]
    states = [data["state"] for name, data in events_of(client.get(f"/v1/jobs/{job}/events")) if name == "state"]
    assert states[-1] == "failed", "no other process has this encoder"
    assert client.get(f"/v1/jobs/{job}").json()["error"]["code"] == "model"


def test_methods_that_an_address_does_not_have(shop: tuple[Fuzzed, httpx.Client]) -> None:
    client = shop[1]
    allowed = {
        "/v1/items": "HEAD, GET, POST, PATCH",
        "/v1/collections/shop/items": "HEAD, GET, POST, PATCH",
        "/v1/items/demo-00001": "HEAD, GET, PUT, DELETE",
        "/v1/items/a/b.jpg": "HEAD, GET, PUT, DELETE",
        "/v1/items/demo-00001/ask": "POST",
        "/v1/items/demo-00001/picture": "HEAD, GET",
        "/v1/items/demo-00001/pictures/0/thumbnail": "HEAD, GET",
        "/v1/items/delete": "HEAD, GET, POST, PUT, DELETE",
        "/v1/keys": "HEAD, GET, POST",
        "/page/main.js": "GET, HEAD",
    }
    for path, methods in allowed.items():
        for method in {"PUT", "PATCH", "DELETE", "TRACE"} - set(methods.split(", ")):
            answer = client.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, methods), (method, path)
            assert answer.json()["code"] == "method_not_allowed"


def test_what_ends_as_a_picture_does_is_an_item_once_it_is_encoded(shop: tuple[Fuzzed, httpx.Client]) -> None:
    client = shop[1]
    item = client.get("/v1/items/demo-00004").json()
    picture = {"pictures": examples_of("put_item")["With its picture"]["pictures"]}
    assert client.put("/v1/items/demo-00004/picture", json=picture).status_code == 405
    assert client.put("/v1/items/demo-00004%2Fpicture", json=picture).status_code == 201
    assert client.get("/v1/items/demo-00004%2Fpicture").json()["id"] == "demo-00004/picture"
    assert client.delete("/v1/items/demo-00004/picture").status_code == 405
    assert client.delete("/v1/items/demo-00004%2Fpicture").status_code == 200
    assert client.get("/v1/items/demo-00004").json() == item


def test_forms_hold_as_many_texts_as_json(shop: tuple[Fuzzed, httpx.Client]) -> None:
    sent = [("texts", (None, "red"))] * 256
    assert len(shop[1].post("/v1/embed", files=sent).json()["texts"]) == 256
    assert shop[1].post("/v1/embed", files=[*sent, ("texts", (None, "red"))]).status_code == 422


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
