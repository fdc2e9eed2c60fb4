"""The components of the OpenAPI document: schemas of all that is sent and told, problems, headers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from shelfsight.api.http.schemas.contract import Body, Form
from shelfsight.api.http.schemas.operations import CONTRACTS
from shelfsight.api.http.schemas.problems import MEDIA_TYPE, PROBLEMS, Problem

__all__ = ["BYTES", "EVENTS", "JSON", "TEXT", "components", "form_of", "headers_of", "reference", "schema_of"]

JSON = "application/json"
EVENTS = "text/event-stream"
TEXT: dict[str, Any] = {"type": "string"}
BYTES: dict[str, Any] = {"type": "string", "format": "binary"}

_REQUEST_ID = "X-Request-ID"
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ETag": ("What `If-Match` and `If-None-Match` compare.", TEXT),
    "Location": ("Where it is.", {"type": "string", "format": "uri-reference"}),
    "Retry-After": ("Seconds after which asking again is worth it.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How a key is sent.", TEXT),
    _REQUEST_ID: ("The request's id, as the server's log has it; the client's own where it sent one.", TEXT),
}


def components() -> dict[str, dict[str, Any]]:
    """Schemas, problem documents and headers, by name."""
    headers = {
        name: {"description": text, "required": True, "schema": schema} for name, (text, schema) in _HEADERS.items()
    }
    problems = {
        kind.name: {
            "description": kind.description,
            "headers": headers_of(kind.headers),
            "content": {MEDIA_TYPE: {"schema": schema_of(Problem)}},
        }
        for kind in PROBLEMS.values()
    }
    return {"schemas": _schemas(), "responses": problems, "headers": headers}


def reference(kind: str, name: str) -> dict[str, Any]:
    """One of the components."""
    return {"$ref": f"#/components/{kind}/{name}"}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """That of a model, by reference."""
    return reference("schemas", model.__name__)


def form_of(body: Body) -> dict[str, Any]:
    """That of a body as a form, by reference."""
    return reference("schemas", _form_name(body))


def headers_of(names: Sequence[str]) -> dict[str, Any]:
    """What comes with an answer: these, and the request's id."""
    return {name: reference("headers", name) for name in (*names, _REQUEST_ID)}


class _Plain(GenerateJsonSchema):
    """Without titles, which say what the names say already."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _schemas() -> dict[str, Any]:
    mode: JsonSchemaMode = "validation"
    models = [(model, mode) for model in dict.fromkeys(_models())]
    _, found = models_json_schema(models, schema_generator=_Plain, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = found["$defs"]
    bodies = [contract.body for contract in CONTRACTS.values() if contract.body is not None]
    forms = {_form_name(body): _form(body.form, body.model, schemas) for body in bodies if body.form is not None}
    return dict(sorted({**schemas, **forms}.items()))


def _models() -> Iterator[type[BaseModel]]:
    """Of everything, some more than once."""
    yield Problem
    for contract in CONTRACTS.values():
        for answer in contract.answers.values():
            yield from filter(None, (answer.model, answer.other, answer.line, *answer.events.values()))
        if contract.body is not None:
            yield from filter(None, (contract.body.model, contract.body.line))


def _form_name(body: Body) -> str:
    return f"{body.model.__name__.removesuffix('Request')}Form"


def _form(form: Form, model: type[BaseModel], schemas: Mapping[str, Any]) -> dict[str, Any]:
    schema = schemas[model.__name__]
    files = {field: _files(text) for field, text in form.files.items()}
    if form.holds is not None:
        held = schema["properties"].get(form.holds, schema_of(model))
        said = {**TEXT, "contentMediaType": JSON, "contentSchema": held}
        return {"type": "object", "required": [form.holds], "properties": {form.holds: said, **files}}
    text = {**TEXT, "contentMediaType": JSON, "description": "As in JSON, as text."}
    return {
        "type": "object",
        "properties": {**schema["properties"], **dict.fromkeys(form.text, text), **files},
        "additionalProperties": False,
    }


def _files(text: str | list[str]) -> dict[str, Any]:
    if isinstance(text, str):
        return {**BYTES, "description": text}
    return {"type": "array", "items": BYTES, "description": text[0]}
