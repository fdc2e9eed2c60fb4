"""Forms with one large file, which goes where it belongs while it arrives; Starlette's would keep it in /tmp first."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Self

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from shelfsight.api.http.bodies import limited
from shelfsight.api.service.jobs.jobs import Upload
from shelfsight.core.errors import UsageError

__all__ = ["UploadForm"]

_FIELD = 65_536
_FIELDS = 20
_AROUND = 1_000_000
"""Bytes of a form beside its file."""


class UploadForm:
    """A form as it arrives. Left without an error, the upload stays.

    Attributes:
        fields: those that are no files.
        upload: the file.
    """

    def __init__(self, field: str, receive: Callable[[str], AbstractContextManager[Upload]]) -> None:
        """
        Args:
            field: where the file is.
            receive: opens a place for a file of that name.
        """
        self.fields: dict[str, str] = {}
        self.upload: Upload | None = None
        self._field = field
        self._receive = receive
        self._held = ExitStack()
        self._header = b""
        self._value = b""
        self._headers: dict[str, bytes] = {}
        self._name = ""
        self._text: bytearray | None = None
        self._whole = False

    def __enter__(self) -> Self:
        self._held.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._held.__exit__(kind, error, at)

    async def read(self, request: Request, limit: int) -> None:
        """Read the whole body.

        Args:
            limit: bytes of the file at most.

        Raises:
            HTTPException: 413 when it is larger, 400 when it is no form.
            UsageError: a field is too long, there are too many, or two of one name.
            Whatever the place for the file raises.
        """
        boundary = parse_options_header(request.headers.get("content-type", ""))[1].get(b"boundary")
        if not boundary:
            raise HTTPException(400, "the form has no boundary")
        try:
            parser = MultipartParser(boundary, self._callbacks())  # type: ignore[arg-type]  # a TypedDict of these
            async for piece in limited(request, limit + _AROUND).stream():
                await run_in_threadpool(parser.write, piece)
            await run_in_threadpool(parser.finalize)
        except FormParserError as error:
            raise HTTPException(400, f"the form cannot be read: {error}") from error
        if not self._whole:
            raise HTTPException(400, "the form breaks off")

    def _callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._begin_data,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._headers = {}
        self._text = None

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._value
        self._header = self._value = b""

    def _begin_data(self) -> None:
        said = parse_options_header(self._headers.get("content-disposition", b""))[1]
        self._name = said.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in said:
            if self._name in self.fields or len(self.fields) >= _FIELDS:
                raise UsageError(f"the form has a field {self._name!r} twice, or too many of them")
            self._text = bytearray()
            return
        if self._name != self._field or self.upload is not None:
            raise UsageError(f"a file in the field {self._name!r}", hint=f"upload one, in the field {self._field!r}")
        self.upload = self._held.enter_context(self._receive(said[b"filename"].decode("utf-8", "replace")))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._text is None:
            assert self.upload is not None
            self.upload.write(data[start:end])
        elif len(self._text) + end - start > _FIELD:
            raise UsageError(f"the field {self._name!r} is longer than {_FIELD:,} bytes")
        else:
            self._text += data[start:end]

    def _finish(self) -> None:
        self._whole = True

    def _end(self) -> None:
        if self._text is not None:
            self.fields[self._name] = self._text.decode("utf-8", "replace")
