"""Rows of a request into a collection: in one piece as JSON or a form, or line by line for as long as they come."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from shelfsight.api.http.arriving import expect_upload
from shelfsight.api.http.bodies import parsed, read_form, read_lines
from shelfsight.api.http.problems import answer_to
from shelfsight.api.http.searching import json_response
from shelfsight.api.sent import Sent
from shelfsight.api.service.writing import Rows
from shelfsight.core.errors import Reason, ShelfsightError, UsageError
from shelfsight.core.settings import Settings
from shelfsight.core.types import Failure

__all__ = ["MAX_ROWS", "RowsRequest", "read_uploads", "take_lines", "take_rows"]

MAX_ROWS = 1000
"""Of a request that is read in one piece."""

_CHUNK_ROWS = 128
_CHUNK_BYTES = 8_000_000
_MAX_FILES = 1000


class RowsRequest(Sent):
    """Rows; each is looked at by itself, so that a bad one does not speak for the others."""

    items: list[Any] = Field(min_length=1, max_length=MAX_ROWS)


async def take_rows(asked: RowsRequest, open_rows: Callable[[], Rows]) -> Response:
    """Put them in; the answer is the report."""

    def put() -> dict[str, Any]:
        rows = open_rows()
        try:
            for number, document in enumerate(asked.items):
                rows.read(document, f"items[{number}]")
            rows.put()
            return rows.document
        finally:
            rows.close()

    return json_response(await run_in_threadpool(put))


async def take_lines(request: Request, open_rows: Callable[[], Rows], settings: Settings) -> Response:
    """Put in the lines of the body, some at a time, while more of them come; the answer is the report of them all.

    An error that ends it early says in ``report`` what is in already.

    Raises:
        HTTPException: 413 for a line, or lines together, that are too long; what came before is in.
    """
    expect_upload(request)
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="shelfsight-write")  # not one of those that searches need
    try:
        rows = await loop.run_in_executor(thread, open_rows)
        lines = read_lines(request, line=settings.server.max_request, total=settings.jobs.max_upload)
        try:
            async for chunk in _chunks(lines):
                await loop.run_in_executor(thread, _put_lines, rows, chunk)
            return json_response(await loop.run_in_executor(thread, _document_of, rows))
        except ShelfsightError as error:
            return answer_to(error, report=await loop.run_in_executor(thread, _document_of, rows))
        finally:
            thread.submit(rows.close)
    finally:
        thread.shutdown(wait=False)


async def read_uploads(request: Request, limit: int, field: str) -> tuple[Any, dict[str, bytes]]:
    """The JSON in ``field`` of a form, and the files that came with it, by name.

    Raises:
        HTTPException: as :func:`~shelfsight.api.http.bodies.read_form`.
        UsageError: the field is missing or no JSON, or two files have one name.
    """
    async with read_form(request, limit, files=_MAX_FILES) as form:
        said = form.get(field)
        if not isinstance(said, str):
            raise UsageError(f"there is no field {field!r}", hint="it holds JSON; the other fields are files")
        if other := [name for name, value in form.multi_items() if name != field and isinstance(value, str)]:
            raise UsageError(f"a field {other[0]!r} that is no file", hint=f"say everything in the field {field!r}")
        return parsed(said.encode("utf-8", "surrogatepass"), f"the field {field!r}"), await _files(form)


async def _files(form: FormData) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            name = value.filename or ""
            if name in files:
                raise UsageError(f"two files are called {name!r}", hint="give each its own name")
            files[name] = await value.read()
    return files


async def _chunks(lines: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Lines with their numbers, some at a time; blank ones are left out."""
    number, size = 0, 0
    chunk: list[tuple[int, bytes]] = []
    async for some in lines:
        for line in some:
            number += 1
            if line.strip():
                chunk.append((number, line))
                size += len(line)
            if len(chunk) >= _CHUNK_ROWS or size >= _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    if chunk:
        yield chunk


def _document_of(rows: Rows) -> dict[str, Any]:
    return rows.document


def _put_lines(rows: Rows, lines: Sequence[tuple[int, bytes]]) -> None:
    for number, line in lines:
        try:
            rows.read(parsed(line, "it"), f"line {number}")
        except UsageError as error:
            rows.refuse(Failure(reason=Reason.BAD_ROW, place=f"line {number}", message=error.message))
    rows.put()
