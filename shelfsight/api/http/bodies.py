"""What requests carry: JSON, lines of JSON, or a form with pictures; never more bytes than the limit."""

import base64
import binascii
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.types import Message

from shelfsight.api.http.parameters import SearchRequest
from shelfsight.core.errors import UsageError

__all__ = [
    "FORM",
    "JSON",
    "LINES",
    "decoded",
    "kind_of",
    "limited",
    "parsed",
    "read_body",
    "read_form",
    "read_json",
    "read_lines",
    "read_search",
    "unsupported",
    "validated",
]

_Body = TypeVar("_Body", bound=BaseModel)

JSON = "application/json"
FORM = "multipart/form-data"
LINES = ("application/x-ndjson", "application/jsonl")

_MAX_FIELDS = 400
_MOST_FAULTS = 10
_NUMBER = re.compile("[0-9]{1,9}")
_LISTS = ("like", "unlike", "negative", "facets", "histograms", "sort")


async def read_search(request: Request, limit: int) -> dict[str, Any]:
    """The body as keyword arguments of ``Engine.search``; an uploaded picture goes before one in base64.

    Raises:
        HTTPException: 413 when the body is larger than ``limit`` bytes, 415 when it is neither JSON nor a form.
        UsageError: a field is missing, unknown or of the wrong type.
    """
    match kind_of(request):
        case "application/json":
            asked = validated(SearchRequest, parsed(await read_body(request, limit)), strict=True)
            data = None
        case "multipart/form-data":
            async with read_form(request, limit, files=1) as form:
                image = next((each for each in form.getlist("image") if isinstance(each, UploadFile)), None)
                data = None if image is None else await image.read()
                asked = validated(SearchRequest, _fields(form))
        case _:
            raise unsupported(JSON, FORM)
    return asked.arguments(decoded(asked.image, "image") if data is None and asked.image is not None else data)


async def read_json(request: Request, model: type[_Body], limit: int) -> _Body:
    """The body, which is JSON, as ``model`` describes it.

    Raises:
        HTTPException: 413 when the body is larger than ``limit`` bytes, 415 when it is not sent as JSON.
        UsageError: it is not JSON, or a field is missing, unknown or of the wrong type.
    """
    if kind_of(request) != JSON:
        raise unsupported(JSON)
    return validated(model, parsed(await read_body(request, limit)))


async def read_body(request: Request, limit: int) -> bytes:
    """The body as it is.

    Raises:
        HTTPException: 413 when it is larger than ``limit`` bytes.
    """
    return await limited(request, limit).body()


@asynccontextmanager
async def read_form(request: Request, limit: int, *, files: int) -> AsyncIterator[FormData]:
    """The body, which is a form, with at most so many files; they go with the block.

    Raises:
        HTTPException: 413 when it is larger than ``limit`` bytes, 400 when it is no form.
        UsageError: it is no text.
    """
    try:
        async with limited(request, limit).form(max_files=files, max_fields=_MAX_FIELDS, max_part_size=limit) as form:
            yield form
    except UnicodeError as error:
        raise UsageError(f"the form cannot be read as text: {error}", hint="send it in UTF-8") from error


async def read_lines(request: Request, *, line: int, total: int) -> AsyncIterator[Sequence[bytes]]:
    """The lines of the body as they come, those of each piece together.

    Args:
        line, total: bytes of one line and of all of them at most.

    Raises:
        HTTPException: 413 where there are more.
    """
    begun = bytearray()
    async for piece in limited(request, total).stream():
        first, *others = piece.split(b"\n")
        begun += first
        if others:
            lines = [bytes(begun), *others[:-1]]
            begun = bytearray(others[-1])
            _check_lines(lines, line)
            yield lines
        _check_lines([begun], line)
    yield [bytes(begun)]


def _check_lines(lines: Sequence[bytes | bytearray], limit: int) -> None:
    if any(len(each) > limit for each in lines):
        raise _too_large(limit, "a line of a request")


def kind_of(request: Request) -> str:
    """The media type of the body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def unsupported(*kinds: str) -> HTTPException:
    """The body is of another kind than these."""
    return HTTPException(415, f"send {' or '.join(kinds)}")


def limited(request: Request, limit: int) -> Request:
    """``request``, to be read from here on: a body of more than ``limit`` bytes is refused with 413."""
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

    return Request(request.scope, receive)


def _too_large(limit: int, what: str = "a request") -> HTTPException:
    return HTTPException(413, f"{what} holds at most {limit:,} bytes", headers={"Connection": "close"})


def parsed(text: bytes, what: str = "the body") -> Any:
    """``text`` as JSON.

    Raises:
        UsageError: it is none; ``NaN`` and its like are none.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is not JSON: {error}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _fields(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "image":
                raise UsageError(f"a file in field {name!r}", hint="upload the picture in the field 'image'")
        elif name in _LISTS:
            fields.setdefault(name, []).append(value)
        elif name == "atoms":
            fields[name] = parsed(value.encode("utf-8", "surrogatepass"), "the field 'atoms'")
        elif name == "explain" and _NUMBER.fullmatch(value):
            fields[name] = int(value)  # else 1 would be true
        else:
            fields[name] = value
    return fields


def validated(model: type[_Body], fields: Any, *, strict: bool = False) -> _Body:
    """``fields`` as ``model`` describes them.

    Args:
        strict: a text is no number and no truth value, as it is in a form.

    Raises:
        UsageError: a field is missing, unknown or of the wrong type.
    """
    try:
        return model.model_validate(fields, strict=strict or None)
    except ValidationError as error:
        found = error.errors()
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in found[:_MOST_FAULTS]]
        more = f"; and {len(found) - _MOST_FAULTS:,} more" if len(found) > _MOST_FAULTS else ""
        raise UsageError("; ".join(faults) + more, hint="/docs says what this operation takes") from error


def decoded(text: str, what: str) -> bytes:
    """Base64, with or without the beginning of a data URI.

    Raises:
        UsageError: it is none.
    """
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"{what} is not base64: {error}", hint="or upload it as multipart/form-data") from error
