"""Clients that hold every answer against the OpenAPI document: whatever a test asks, it asks this as well."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import httpx
import jsonschema_rs

from clients import generate

__all__ = ["check", "conforming", "events_of", "reference", "validator"]

_JSON = ("application/json", "application/problem+json")


@cache
def reference() -> dict[str, Any]:
    """The OpenAPI document."""
    return generate.reference()


def conforming(base_url: str, **given: Any) -> httpx.Client:
    """A client of a server; an answer that the document does not tell of is an error."""
    return httpx.Client(base_url=base_url, event_hooks={"response": [check]}, **given)


def check(response: httpx.Response) -> None:
    """Status, media type, headers and JSON of ``response`` are such as the document says."""
    operation = _operation(response.request)
    if operation is None or response.status_code == 405:
        return
    said = f"{operation['operationId']} {response.status_code}"
    assert str(response.status_code) in operation["responses"], f"{said} is not in the document"
    answer = _resolved(operation["responses"][str(response.status_code)])
    for name, header in answer["headers"].items():
        assert name in response.headers or not _resolved(header)["required"], f"{said} has no {name}"
    content = answer.get("content")
    if content is None:
        assert not response.read(), f"{said} has a body"
        return
    kind = response.headers["content-type"]
    assert kind in content or kind.partition(";")[0] in content, f"{said} is {kind}"
    if kind in _JSON and response.request.method != "HEAD":
        _validate(said, content[kind]["schema"], json.loads(response.read()))


def events_of(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """(name, data) of each server-sent event; data is such as the document says."""
    operation = _operation(response.request)
    assert operation is not None
    events = operation["responses"]["200"]["content"]["text/event-stream"]["schema"]["oneOf"]
    members = [event["properties"] for event in events]
    schemas = {each["event"]["const"]: each["data"]["contentSchema"] for each in members}
    for event in response.read().decode().split("\n\n"):
        said = dict(line.split(": ", 1) for line in event.splitlines() if not line.startswith(":"))
        if said:
            data = json.loads(said["data"])
            _validate(f"{operation['operationId']}, event {said['event']}", schemas[said["event"]], data)
            yield said["event"], data


def _validate(said: str, schema: Mapping[str, Any], document: Any) -> None:
    faults = [f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in _faults(schema, document)]
    assert not faults, f"{said}: {'; '.join(faults)[:2000]}"


def _faults(schema: Mapping[str, Any], document: Any) -> Iterator[Any]:
    return iter(validator(json.dumps(schema))(document))


@cache
def validator(schema: str) -> Callable[[Any], Iterator[Any]]:
    """The faults of a document, by a schema (as JSON) that may refer to the document's components."""
    whole = {**json.loads(schema), "components": reference()["components"]}
    return jsonschema_rs.Draft202012Validator(whole).iter_errors


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = reference()
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _operation(request: httpx.Request) -> dict[str, Any] | None:
    """The operation that a request asks for, if there is one."""
    method = "get" if request.method == "HEAD" else request.method.lower()
    sent = request.url.raw_path.decode().partition("?")[0]
    path = sent if re.match("/v1/(?:collections/[^/]+/)?items/", unquote(sent)) else unquote(sent)
    return next((found for pattern, found in _patterns()[method] if pattern.fullmatch(path)), None)


@cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], dict[str, Any]]]]:
    found: dict[str, list[tuple[re.Pattern[str], dict[str, Any]]]] = {
        method: [] for method in ("get", "put", "post", "patch", "delete", "options", "trace")
    }
    for path, methods in reference()["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", lambda name: ".+" if name[1] == "id" else "[^/]+", re.escape(path))
        for method, operation in methods.items():
            found[method].append((re.compile(pattern, re.DOTALL), operation))
    return found
