"""Texts and pictures to vectors over HTTP, for programs that keep or compare them themselves."""

import base64
from typing import Any, Literal, Self

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, model_validator
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from shelfsight.api.documents import public_model
from shelfsight.api.engine import Engine
from shelfsight.api.http.bodies import (
    FORM,
    JSON,
    decoded,
    kind_of,
    read_form,
    read_json,
    unsupported,
    validated,
)
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.searching import json_response
from shelfsight.api.sent import Sent
from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray

__all__ = ["embed_routes"]

_MOST = 256


class EmbedRequest(Sent):
    """What is to be embedded; at least one text or picture."""

    texts: list[str] = Field(default=[], max_length=_MOST, description="Taken as they are: a minus is a minus.")
    pictures: list[str] = Field(default=[], max_length=_MOST, description="Encoded pictures, base64.")
    encoding: Literal["float", "base64"] = Field(
        default="float", description="`float`: lists of numbers. `base64`: float32, little-endian."
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.texts and not self.pictures:
            raise ValueError("give texts or pictures")
        return self


def embed_routes() -> APIRouter:
    """``POST /embed``."""
    routes = APIRouter(tags=["search"])

    @routes.post("/embed", summary="Vectors of texts and pictures")
    async def embed(request: Request, engine: Asked, service: Serving) -> Response:
        """Of length 1, in the order of what was sent; the cosine of two of them is their product."""
        limit = service.settings.server.max_request
        match kind_of(request):
            case "application/json":
                asked = await read_json(request, EmbedRequest, limit)
                pictures = [decoded(each, f"pictures.{place}") for place, each in enumerate(asked.pictures)]
            case "multipart/form-data":
                async with read_form(request, limit, files=_MOST) as form:
                    asked, pictures = await _read(form)
            case _:
                raise unsupported(JSON, FORM)
        return await run_in_threadpool(_embedded, engine, asked, pictures)

    return routes


async def _read(form: FormData) -> tuple[EmbedRequest, list[bytes]]:
    fields: dict[str, Any] = {}
    pictures = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "pictures":
                raise UsageError(f"a file in field {name!r}", hint="upload pictures in the field 'pictures'")
            pictures.append(await value.read())
        elif name == "texts":
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    if "pictures" in fields:
        raise UsageError("pictures of a form are files", hint="or send base64 as application/json")
    return validated(EmbedRequest, {**fields, "pictures": [""] * len(pictures)}), pictures


def _embedded(engine: Engine, asked: EmbedRequest, pictures: list[bytes]) -> Response:
    spec = engine.encoder.spec
    encoder = {"name": public_model(spec.name), "revision": spec.revision, "dimension": spec.dimension}
    texts, shown = engine.embed(asked.texts, pictures)
    told = {"texts": _told(texts, asked.encoding), "pictures": _told(shown, asked.encoding)}
    return json_response({"encoder": encoder, "encoding": asked.encoding, **told})


def _told(vectors: FloatArray, encoding: str) -> list[list[float]] | list[str]:
    if encoding == "float":
        rows: list[list[float]] = vectors.tolist()
        return rows
    return [base64.b64encode(row.astype("<f4").tobytes()).decode("ascii") for row in vectors]
