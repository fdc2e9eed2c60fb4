"""What requests carry: JSON, or for a search a form with a picture upload; never more bytes than the limit."""

import base64
import binascii
import json
from typing import Annotated, Any, TypeVar

from fastapi import HTTPException, Request
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.datastructures import FormData, UploadFile
from starlette.types import Message, Receive

from shelfsight.api.atoms import AtomDocument
from shelfsight.core.errors import UsageError
from shelfsight.core.types import Mode

__all__ = ["SEARCH_BODY", "SearchRequest", "inlined", "read_json", "read_search"]

_Body = TypeVar("_Body", bound=BaseModel)

_MAX_FIELDS = 200
_LISTS = ("negative", "facets", "histograms", "sort")


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
    histograms: list[str] = Field(default=[], description="Number fields whose spread is wanted.")
    mode: Mode = Field(
        default="vector",
        description="`vector` looks at pictures alone, `hybrid` for the query's words in titles and metadata too.",
    )
    min_relevance: float | None = Field(
        default=None,
        description="Leave out hits less likely relevant than this, 0 to 1, also of total, facets and histograms.",
    )
    sort: list[str] = Field(
        default=[], description="Fields to order by in place of relevance: `price`, or `-price` for descending."
    )
    group_by: str | None = Field(
        default=None, description="One hit for each value of this field; the others of its group are its `variants`."
    )
    duplicates: float | None = Field(
        default=None,
        description="Fold hits into better ones whose picture has at least this cosine with theirs: 0.95, say.",
    )
    diversity: float = Field(default=0.0, description="How far hits that look alike make room for others, 0 to 1.")
    snapshot: str | None = Field(
        default=None, description="`snapshot` of the page before, so that this one is of the same state."
    )
    rules: bool = Field(default=True, description="Whether the merchandiser's rules count.")
    rerank: bool = Field(default=False, description="Let a vision-language model look at the best candidates again.")
    explain: bool | Annotated[int, Field(ge=0)] = Field(
        default=False, description="Say why hits are there; a number: of so many, from the first on."
    )
    depth: int | None = Field(default=None, ge=1, description="Candidates that are looked at.")
    budget_ms: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Milliseconds that looking may take; then the best so far."
    )
    atoms: list[AtomDocument] | None = Field(
        default=None,
        description="What the query asks for, in place of what would be read from it: `atoms` of an answer, edited. "
        "In a form: as JSON text.",
    )

    @field_validator("explain", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        """In a form ``1`` is a number of hits, as it is in JSON."""
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value

    def arguments(self, image: bytes | None) -> dict[str, Any]:
        """Keyword arguments of ``Engine.search``; an uploaded picture goes before one in base64."""
        found = self.model_dump(exclude={"query", "image", "atoms"})
        atoms = None if self.atoms is None else [atom.atom() for atom in self.atoms]
        image = image if image is not None else _decoded(self.image)
        return {"text": self.query, "image": image, "atoms": atoms, **found}


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of ``model`` in one piece: a reference into it would point nowhere in an OpenAPI document."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def put_in(node: Any) -> Any:
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            return put_in(parts[name]) if name in parts else {key: put_in(value) for key, value in node.items()}
        return [put_in(each) for each in node] if isinstance(node, list) else node

    found: dict[str, Any] = put_in(schema)
    return found


def _form_schema() -> dict[str, Any]:
    schema = inlined(SearchRequest)
    schema["properties"]["image"] = {"type": "string", "format": "binary", "description": "The picture."}
    schema["properties"]["atoms"] = {"type": "string", "description": "As in JSON, as text."}
    return schema


SEARCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": inlined(SearchRequest)},
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
        return _validated(SearchRequest, _parsed(await request.body())).arguments(None)
    if kind == "multipart/form-data":
        try:
            async with request.form(max_files=1, max_fields=_MAX_FIELDS) as form:
                image = form.get("image")
                data = await image.read() if isinstance(image, UploadFile) else None
                return _validated(SearchRequest, _fields(form)).arguments(data)
        except UnicodeError as error:
            raise UsageError(f"the form cannot be read as text: {error}", hint="send it in UTF-8") from error
    raise HTTPException(415, "send application/json or multipart/form-data")


async def read_json(request: Request, model: type[_Body], limit: int) -> _Body:
    """The body, which is JSON, as ``model`` describes it.

    Raises:
        HTTPException: 413 when the body is larger than ``limit`` bytes, 415 when it is not sent as JSON.
        UsageError: it is not JSON, or a field is missing, unknown or of the wrong type.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send application/json")
    return _validated(model, _parsed(await Request(request.scope, _limited(request, limit)).body()))


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


def _parsed(text: bytes, what: str = "the body") -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is not JSON: {error}") from error


def _fields(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "image":
                raise UsageError(f"a file in field {name!r}", hint="upload the picture in the field 'image'")
        elif name in _LISTS:
            fields.setdefault(name, []).append(value)
        elif name == "atoms":
            fields[name] = _parsed(value.encode("utf-8", "surrogatepass"), "the field 'atoms'")
        else:
            fields[name] = value
    return fields


def _validated(model: type[_Body], fields: Any) -> _Body:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors()]
        raise UsageError("; ".join(faults), hint="/docs says what this operation takes") from error


def _decoded(image: str | None) -> bytes | None:
    if image is None:
        return None
    text = image.partition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"image is not base64: {error}", hint="or upload it as multipart/form-data") from error
