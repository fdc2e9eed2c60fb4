"""The OpenAPI document: paths and parameters as the routes declare them, bodies and answers of :mod:`.operations`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from shelfsight.api.http.schemas.components import (
    BYTES,
    EVENTS,
    JSON,
    TEXT,
    components,
    form_of,
    headers_of,
    reference,
    schema_of,
)
from shelfsight.api.http.schemas.contract import Answer, Body, Contract, Link
from shelfsight.api.http.schemas.examples import PARAMETERS
from shelfsight.api.http.schemas.operations import CONTRACTS
from shelfsight.api.http.schemas.problems import PROBLEMS

__all__ = ["OF_A_COLLECTION", "contract_of", "install_reference", "operations_of"]

OF_A_COLLECTION = "_of_collection"
"""What the name of an operation ends in where the path names the collection."""

_FORM = "multipart/form-data"
_LINES = ("application/x-ndjson", "application/jsonl")
_UNKNOWN = Contract(answers={})

_ANY = (400, 414, 431)
_METRICS = (401, 403, 421, 422, 429, 500, 503)
_API = (*_METRICS, 404, 409, 501)
_CHANGE = (507,)
_BODY = (408, 413, 415)


def install_reference(app: FastAPI) -> None:
    """Let ``app.openapi`` describe bodies and answers too."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(plain())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operations_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of each operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def contract_of(operation: Mapping[str, Any]) -> Contract:
    """What an operation takes and answers; nothing where nobody has said it."""
    return CONTRACTS.get(operation["operationId"].removesuffix(OF_A_COLLECTION), _UNKNOWN)


def _described(document: dict[str, Any]) -> dict[str, Any]:
    for method, path, operation in operations_of(document):
        contract = contract_of(operation)
        if "parameters" in operation:
            operation["parameters"] = [_parameter(each) for each in operation["parameters"]]
        operation.pop("requestBody", None)
        if contract.body is not None:
            operation["requestBody"] = _body(contract.body)
        named = operation["operationId"].endswith(OF_A_COLLECTION)
        answers = {str(status): _answer(each, named=named) for status, each in contract.answers.items()}
        operation["responses"] = {**answers, **_problems(method, path, contract)}
    document["components"] = {**document.get("components", {}), **components()}
    return document


def _problems(method: str, path: str, contract: Contract) -> dict[str, Any]:
    found = {*_ANY, *contract.problems}
    if path.startswith("/v1"):
        found.update(_API)
        found.update(() if method == "get" else _CHANGE)
    if path == "/metrics":
        found.update(_METRICS)
    if contract.body is not None:
        found.update(_BODY)
    return {str(status): reference("responses", PROBLEMS[status].name) for status in sorted(found)}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter is text: there is no way to send null."""
    schema = {name: value for name, value in parameter["schema"].items() if name not in ("title", "description")}
    some = [each for each in schema.pop("anyOf", ()) if each.get("type") != "null"]
    if some:
        schema = {**(some[0] if len(some) == 1 else {"anyOf": some}), **schema}
    if schema.get("default", 0) is None:
        del schema["default"]
    shown = {"example": PARAMETERS[parameter["name"]]} if parameter["name"] in PARAMETERS else {}
    return {**parameter, "schema": schema, **shown}


def _body(body: Body) -> dict[str, Any]:
    examples = {
        re.sub(r"\W+", "_", text.lower()): {"summary": text, "value": value} for text, value in body.examples.items()
    }
    content: dict[str, Any] = {JSON: {"schema": schema_of(body.model), "examples": examples}}
    if body.form is not None:
        content[_FORM] = {"schema": form_of(body)}
    if body.line is not None:
        content.update(dict.fromkeys(_LINES, _lines(body.line)))
    return {"required": True, "content": content}


def _answer(answer: Answer, *, named: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "description": answer.description or _first_line(answer.model),
        "headers": headers_of(answer.headers),
    }
    if content := _content(answer):
        said["content"] = content
    if answer.links:
        said["links"] = {each.operation: _link(each, named=named) for each in answer.links}
    return said


def _content(answer: Answer) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if answer.model is not None:
        either = [schema_of(model) for model in (answer.model, answer.other) if model is not None]
        content[JSON] = {"schema": either[0] if len(either) == 1 else {"anyOf": either}}
    if answer.events:
        events = [_event(name, model) for name, model in answer.events.items()]
        content[EVENTS] = {"schema": {"description": "Each server-sent event is one of these.", "oneOf": events}}
    if answer.line is not None:
        content[_LINES[0]] = _lines(answer.line)
    for kind in answer.media:
        content[kind] = {"schema": TEXT if kind.startswith("text/") else BYTES}
    return content


def _event(name: str, model: type[BaseModel]) -> dict[str, Any]:
    data = {**TEXT, "contentMediaType": JSON, "contentSchema": schema_of(model)}
    members = {"event": {"const": name}, "data": data, "id": TEXT}
    return {"type": "object", "required": ["event", "data"], "properties": members, "additionalProperties": False}


def _lines(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {**TEXT, "description": "JSON, a document a line: see `x-line`."}, "x-line": schema_of(model)}


def _link(link: Link, *, named: bool) -> dict[str, Any]:
    if not named:
        return {"operationId": link.operation, "parameters": dict(link.parameters)}
    return {
        "operationId": link.operation + OF_A_COLLECTION,
        "parameters": {"collection": "$request.path.collection", **link.parameters},
    }


def _first_line(model: type[BaseModel] | None) -> str:
    """What a model is."""
    assert model is not None
    assert model.__doc__ is not None
    return model.__doc__.splitlines()[0]
