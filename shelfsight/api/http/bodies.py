"""What ``POST /v1/search`` takes: JSON, or a form with a picture upload; never more bytes than the limit."""

import base64
import binascii
import json
from typing import Any

from fastapi import HTTPException, Request
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.types import Message, Receive

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Mode

__all__ = ["SEARCH_BODY", "SearchRequest", "read_search"]

_MAX_FIELDS = 200
_LISTS = ("negative", "facets")


class SearchRequest(BaseModel):
    """A search. At least one of ``query`` and ``image`` is given."""

    model_config = ConfigDict(extra="forbid")

    query: str | None = Field(
        default=None,
        validation_alias=AliasChoices("query", "text"),
        description="A phrase or sentence; hits should not show what is written `-floral`. Also called `text`.",
    )
    image: str | None = Field(default=None, description="A picture, base64; in a form: an uploaded file.")
    image_weight: float = Field(default=0.5, ge=0, le=1, description="Share of the picture beside the query.")
    negative: list[str] = Field(default=[], description="What hits should not show.")
    filter: str | None = Field(default=None, description='Such as `price < 80 and color in ["red"]`.')
    k: int = Field(default=10, description="Hits wanted, 1 or more.")
    offset: int = Field(default=0, description="Hits skipped.")
    facets: list[str] = Field(default=[], description="Fields whose value counts are wanted.")
    mode: Mode = Field(default="vector", description="`vector` looks at pictures alone.")
    rerank: bool = Field(default=False, description="Not available in this version.")
    explain: bool = Field(default=False, description="Not available in this version.")

    def arguments(self, image: bytes | None) -> dict[str, Any]:
        """Keyword arguments of ``Engine.search``; an uploaded picture goes before one in base64."""
        found = self.model_dump(exclude={"query", "image"})
        return {"text": self.query, "image": image if image is not None else _decoded(self.image), **found}


def _form_schema() -> dict[str, Any]:
    schema = SearchRequest.model_json_schema()
    schema["properties"]["image"] = {"type": "string", "format": "binary", "description": "The picture."}
    return schema


SEARCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SearchRequest.model_json_schema()},
            "multipart/form-data": {"schema": _form_schema()},
        },
    }
}
"""The request body as the OpenAPI document shows it; it is read by hand, so that its size is bounded."""


async def read_search(request: Request, limit: int) -> dict[str, Any]:
    """The body as keyword arguments of ``Engine.search``.

    Raises:
        HTTPException: 413 when the body is larger than ``limit`` bytes, 415 when it is neither JSON nor a form.
        UsageError: a field is missing, unknown or of the wrong type.
    """
    request = Request(request.scope, _limited(request, limit))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _validated(_parsed(await request.body())).arguments(None)
    if kind == "multipart/form-data":
        try:
            async with request.form(max_files=1, max_fields=_MAX_FIELDS) as form:
                image = form.get("image")
                data = await image.read() if isinstance(image, UploadFile) else None
                return _validated(_fields(form)).arguments(data)
        except UnicodeError as error:
            raise UsageError(f"the form cannot be read as text: {error}", hint="send it in UTF-8") from error
    raise HTTPException(415, "send application/json or multipart/form-data")


def _limited(request: Request, limit: int) -> Receive:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(limit)
        return message

    return receive


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"a request holds at most {limit:,} bytes", headers={"Connection": "close"})


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not JSON: {error}") from error


def _fields(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "image":
                raise UsageError(f"a file in field {name!r}", hint="upload the picture in the field 'image'")
        elif name in _LISTS:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return fields


def _validated(fields: Any) -> SearchRequest:
    try:
        return SearchRequest.model_validate(fields)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors()]
        raise UsageError("; ".join(faults), hint="/docs says what a search takes") from error


def _decoded(image: str | None) -> bytes | None:
    if image is None:
        return None
    text = image.partition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"image is not base64: {error}", hint="or upload it as multipart/form-data") from error
