"""Indexing jobs over HTTP: submitted, followed, cancelled, resumed."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from time import monotonic
from typing import Annotated, Any, Self

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, model_validator
from starlette.responses import Response, StreamingResponse

from shelfsight.api.http.access import Asker
from shelfsight.api.http.admission import Gates, leave_place
from shelfsight.api.http.arriving import expect_upload
from shelfsight.api.http.audited import Noted
from shelfsight.api.http.bodies import (
    FORM,
    JSON,
    kind_of,
    parsed,
    read_json,
    unsupported,
    validated,
)
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.events import STREAM, STREAM_HEADERS, event
from shelfsight.api.http.searching import json_response
from shelfsight.api.http.uploads import UploadForm
from shelfsight.api.sent import Sent
from shelfsight.api.service.access import Caller
from shelfsight.api.service.jobs import ColumnsDocument, Job, Order, Source
from shelfsight.api.service.service import Service
from shelfsight.core.errors import Busy, NotFound, UsageError

__all__ = ["job_routes"]

_CATALOGUE = "catalogue"
_LISTED = 200
_TICK = 0.25
_FOLLOWERS = 100
_NUMBER = re.compile(r"[0-9]{1,18}")
_ALIVE = 15.0
"""Seconds after which a stream without news says that it is there."""

JobId = Annotated[str, Path(description="Id of a job.", max_length=64)]
Last = Annotated[int, Query(ge=1, le=_LISTED, description="How many.")]
LastEventId = Annotated[str | None, Header(description="The last event that was seen: later ones are sent.")]


class JobRequest(Sent):
    """What is to be indexed, and how. In a form the catalogue may come along, as a file."""

    source: str | None = Field(
        default=None,
        max_length=4096,
        description="Path below one of the folders of `jobs.roots`, http(s) address, or one of `jobs.remotes`.",
        examples=["shop/catalog.csv", "https://shop.example/catalog.parquet", "s3://bucket/catalog.parquet"],
    )
    prune: bool = Field(default=False, description="Take out items that are no longer in the catalogue.")
    columns: ColumnsDocument = ColumnsDocument()
    features: bool = Field(default=False, description="Keep what the vision-language model sees, for `rerank`.")


class _WithSource(JobRequest):
    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.source is None:
            raise ValueError(f"name a source, or upload a file in the field {_CATALOGUE!r}")
        return self


def job_routes() -> APIRouter:
    """``/jobs`` and what is below it."""
    routes = APIRouter(prefix="/jobs", tags=["jobs"])
    _add_submitting(routes)
    _add_reading(routes)
    _add_steering(routes)
    return routes


def _add_submitting(routes: APIRouter) -> None:
    @routes.post("", status_code=202, summary="Bring a collection up to date with a catalogue")
    async def submit_job(request: Request, engine: Asked, service: Serving, caller: Asker, noted: Noted) -> Response:
        """The catalogue is a path that the server may read, an address, or a file that comes along. The job runs in a
        process of its own, one at a time for a collection; what is in the collection already is not encoded again."""
        del engine  # it is there
        match kind_of(request):
            case "application/json":
                asked = await read_json(request, _WithSource, service.settings.server.max_request)
                job = await run_in_threadpool(_submit, request, service, caller, asked)
            case "multipart/form-data":
                job = await _receive(request, service, caller)
            case _:
                raise unsupported(JSON, FORM)
        noted.add([job.id])
        response = json_response(job.document(), 202)
        response.headers["Location"] = f"/v1/collections/{job.collection}/jobs/{job.id}"
        return response


def _add_reading(routes: APIRouter) -> None:
    @routes.get("", summary="Jobs, the newest first")
    def list_jobs(request: Request, service: Serving, caller: Asker, last: Last = 50) -> Response:
        """Without a collection in the path: those of all collections that the API key is for."""
        jobs = service.jobs.listed(last, _visible(request, service, caller))
        return json_response({"jobs": [job.document() for job in jobs]})

    @routes.get("/{job}", summary="A job")
    def get_job(request: Request, service: Serving, caller: Asker, job: JobId) -> Response:
        return json_response(_found(request, service, caller, job).document())

    @routes.get("/{job}/events", summary="How far a job is, as server-sent events")
    async def follow_job(
        request: Request, service: Serving, caller: Asker, job: JobId, last_event_id: LastEventId = None
    ) -> Response:
        """`state` comes first and with every change of it, `progress` as the job gets on. The stream ends when the job
        does. A client that comes back with `Last-Event-ID` gets what it has missed."""
        found = await run_in_threadpool(_found, request, service, caller, job)
        seen = int(last_event_id) if last_event_id and _NUMBER.fullmatch(last_event_id) else 0
        if found.state.ended and seen >= found.last_change:
            return Response(status_code=204)
        if service.jobs.followers >= _FOLLOWERS:
            raise Busy("too many clients follow jobs", retry_after=_ALIVE, hint="ask for the job now and then")
        leave_place(request)
        events = _followed(service, found, seen, request.app.state.gates)
        return StreamingResponse(events, media_type=STREAM, headers=STREAM_HEADERS)

    @routes.get("/{job}/failures", summary="What could not be used")
    def list_failures(request: Request, service: Serving, caller: Asker, job: JobId) -> Response:
        """All of it in the job's last run, so far."""
        _found(request, service, caller, job)
        leave_place(request)
        headers = {"Content-Disposition": f'attachment; filename="failures-{job}.jsonl"'}
        return StreamingResponse(service.jobs.failures(job), media_type="application/x-ndjson", headers=headers)


def _add_steering(routes: APIRouter) -> None:
    @routes.post("/{job}/cancel", summary="Let a job end")
    def cancel_job(request: Request, service: Serving, caller: Asker, job: JobId) -> Response:
        """What it has committed stays. One that runs is `cancelling` until it has ended."""
        _found(request, service, caller, job)
        return json_response(service.jobs.cancel(job).document())

    @routes.post("/{job}/resume", status_code=202, summary="Let a job go on that failed or was cancelled")
    def resume_job(request: Request, service: Serving, caller: Asker, job: JobId) -> Response:
        _found(request, service, caller, job)
        return json_response(service.jobs.resume(job).document(), 202)


def _submit(request: Request, service: Service, caller: Caller, asked: JobRequest) -> Job:
    assert asked.source is not None
    order = _order(service, caller, asked, service.jobs.source(asked.source))
    return service.jobs.submit(order, request.path_params.get("collection"))


async def _receive(request: Request, service: Service, caller: Caller) -> Job:
    """A job whose order is a form, with or without the catalogue."""
    expect_upload(request)
    with UploadForm(_CATALOGUE, service.jobs.receiving) as form:
        await form.read(request, service.settings.jobs.max_upload)
        fields: dict[str, Any] = dict(form.fields)
        if "columns" in fields:
            fields["columns"] = parsed(fields["columns"].encode(), "the field 'columns'")
        if form.upload is None:
            return await run_in_threadpool(_submit, request, service, caller, validated(_WithSource, fields))
        asked = validated(JobRequest, fields)
        if asked.source is not None:
            raise UsageError("both a source and a file", hint="send one of them")
        order = _order(service, caller, asked, form.upload.source)
        await run_in_threadpool(form.upload.flush)
        named = request.path_params.get("collection")
        return await run_in_threadpool(service.jobs.submit, order, named, id=form.upload.id)


def _order(service: Service, caller: Caller, asked: JobRequest, source: Source) -> Order:
    if asked.features:
        service.access.check_unlimited(caller)
    return Order(source=source, prune=asked.prune, columns=asked.columns, features=asked.features)


def _visible(request: Request, service: Service, caller: Caller) -> set[str] | None:
    """The collections whose jobs are asked for; ``None``: all."""
    resolve = service.collections.resolve
    if (named := request.path_params.get("collection")) is not None:
        return {resolve(named)}
    return {resolve(name) for name in caller.collections} or None


def _found(request: Request, service: Service, caller: Caller, id: str) -> Job:
    job = service.jobs.get(id)
    visible = _visible(request, service, caller)
    if visible is not None and job.collection not in visible:
        raise NotFound(f"there is no job {id[:80]!r} of that collection")
    return job


async def _followed(service: Service, job: Job, seen: int, gates: Gates) -> AsyncIterator[str]:
    """Events from ``job`` on; a glance may be older than that."""
    said = monotonic()
    service.jobs.followers += 1
    try:
        while True:
            glance = await run_in_threadpool(service.jobs.glance, job.id)
            job = max(job, glance, key=lambda each: each.last_change)
            for number, news in _news(job, seen):
                seen, said = number, monotonic()
                yield f"id: {number}\n{news}"
            if job.state.ended or gates.ending:
                return
            if monotonic() - said > _ALIVE:
                said = monotonic()
                yield ": \n\n"
            await asyncio.sleep(_TICK)
    finally:
        service.jobs.followers -= 1


def _news(job: Job, seen: int) -> Iterator[tuple[int, str]]:
    """What has changed since ``seen``, oldest first; the number of each change."""
    changes = [(job.change, "state"), (job.progress_change, "progress")]
    for number, name in sorted(change for change in changes if change[0] > seen):
        yield number, event(name, job.document() if name == "state" else job.progress.model_dump())
