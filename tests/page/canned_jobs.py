"""Indexing jobs whose course is written down, behind the real indexing page."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from canned import Document
from canned_shop import served_app, shop_app
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

__all__ = ["Works", "job", "works_server"]

_CREATED = "2026-01-05T08:00:00Z"
_NOTHING = {"stage": "indexing", "done": 0, "total": None, "pictures": 0, "failed": 0, "seconds": 0.0}


def job(id: str, state: str = "queued", **changes: Any) -> Document:
    """A job as the API writes it."""
    progress = {**_NOTHING, **changes.pop("progress", {})}
    empty = {"started": None, "ended": None, "report": None, "error": None, "cancelling": False, "begun": 1}
    fixed = {"id": id, "state": state, "source": f"{id}.csv", "collection": "shop", "created": _CREATED}
    return {**fixed, **empty, "prune": False, "progress": progress, **changes}


@dataclass
class Works:
    """What the server knows of jobs, and what it was asked to do.

    Attributes:
        jobs: oldest first.
        course: what becomes of a job that is followed, step by step, by its id: changes of it or of its progress.
        held: before these steps of a job the event has to be set, by its id and the place of the step.
        failures: the file of a job, by its id.
        refuses: answers to submissions that are refused.
        submitted, steered: what was asked for, oldest first.
    """

    jobs: list[Document] = field(default_factory=list)
    course: dict[str, list[Document]] = field(default_factory=dict)
    held: dict[tuple[str, int], Event] = field(default_factory=dict)
    failures: dict[str, list[Document]] = field(default_factory=dict)
    refuses: Document | None = None
    submitted: list[Document] = field(default_factory=list)
    steered: list[str] = field(default_factory=list)

    def find(self, id: str) -> Document:
        return next(each for each in self.jobs if each["id"] == id)

    async def list_jobs(self, _request: Request) -> Response:
        return JSONResponse({"jobs": list(reversed(self.jobs))})

    async def submit(self, request: Request) -> Response:
        if self.refuses is not None:
            return JSONResponse(self.refuses, 422)
        if request.headers["content-type"] == "application/json":
            asked = await request.json()
        else:
            async with request.form() as form:
                file = form["catalogue"]
                assert not isinstance(file, str)
                text = (await file.read()).decode()
                asked = {"source": file.filename, "text": text, "prune": form["prune"]}
        self.submitted.append(asked)
        self.jobs.append(job(f"job-{len(self.jobs)}", source=asked["source"]))
        return JSONResponse(self.jobs[-1], 202)

    async def events(self, request: Request) -> Response:
        return StreamingResponse(self._told(request.path_params["id"]), media_type="text/event-stream")

    async def _told(self, id: str) -> AsyncIterator[bytes]:
        known = self.find(id)
        yield _event("state", known)
        for place, step in enumerate(self.course.get(id, [])):
            if event := self.held.get((id, place)):
                assert await asyncio.to_thread(event.wait, 30)
            if "done" in step:
                known["progress"] = {**known["progress"], **step}
                yield _event("progress", known["progress"])
            else:
                known.update(step)
                yield _event("state", known)
        while known["state"] not in ("done", "failed", "cancelled"):
            await asyncio.sleep(0.05)
        yield _event("state", known)

    async def steer(self, request: Request) -> Response:
        id, how = request.path_params["id"], request.path_params["how"]
        self.steered.append(f"{how} {id}")
        state = {"cancel": "cancelled", "resume": "queued"}[how]
        self.find(id).update(state=state, error=None)
        return JSONResponse(self.find(id))

    async def list_failures(self, request: Request) -> Response:
        lines = [json.dumps(each) + "\n" for each in self.failures[request.path_params["id"]]]
        return Response("".join(lines), media_type="application/x-ndjson")

    async def list_collections(self, _request: Request) -> Response:
        return JSONResponse({"collections": [{"name": "shop", "aliases": [], "default": True}]})

    def app(self, key: str | None = None) -> ASGIApp:
        """The page, and the API over these jobs."""
        routes = [
            Route("/v1/collections", self.list_collections),
            Route("/v1/jobs", self.list_jobs),
            Route("/v1/jobs", self.submit, methods=["POST"]),
            Route("/v1/jobs/{id}/events", self.events),
            Route("/v1/jobs/{id}/failures", self.list_failures),
            Route("/v1/jobs/{id}/{how}", self.steer, methods=["POST"]),
        ]
        return shop_app(routes, key)


def _event(name: str, document: Document) -> bytes:
    return f"id: 7\nevent: {name}\ndata: {json.dumps(document)}\n\n".encode()


def works_server(works: Works, key: str | None = None) -> AbstractContextManager[str]:
    """The URL of ``works``."""
    return served_app(works.app(key))
