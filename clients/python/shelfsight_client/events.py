"""Answers that come as server-sent events, one by one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from shelfsight_client.answers import ProblemError
from shelfsight_client.connecting import AnyClient
from shelfsight_client.rest.models.answer_document import AnswerDocument
from shelfsight_client.rest.models.answer_piece import AnswerPiece
from shelfsight_client.rest.models.ask_request import AskRequest
from shelfsight_client.rest.models.event_error import EventError
from shelfsight_client.rest.models.hit_explanation import HitExplanation
from shelfsight_client.rest.models.job_document import JobDocument
from shelfsight_client.rest.models.job_progress import JobProgress
from shelfsight_client.rest.models.page import Page
from shelfsight_client.rest.models.page_end import PageEnd
from shelfsight_client.rest.models.problem import Problem
from shelfsight_client.rest.models.search_request import SearchRequest

__all__ = ["Done", "Explained", "FirstHits", "NewOrder", "SearchEvent", "ask_events", "job_events", "search_events"]

_STREAM = "text/event-stream"


@dataclass(frozen=True)
class FirstHits:
    """The page as the first stage has it; nobody has looked at the hits yet."""

    page: Page


@dataclass(frozen=True)
class NewOrder:
    """The page behind the second look; its hits may be others."""

    page: Page


@dataclass(frozen=True)
class Explained:
    """A hit is explained."""

    explanation: HitExplanation


@dataclass(frozen=True)
class Done:
    """The last event: what there is to say of the page beside its hits."""

    end: PageEnd


SearchEvent = FirstHits | NewOrder | Explained | Done


def search_events(client: AnyClient, request: SearchRequest) -> Iterator[SearchEvent]:
    """A search, told as it comes about.

    Raises:
        ProblemError: it cannot be answered, or not to its end.
    """
    for name, data in _events(client, "POST", "/search", request.to_dict()):
        match name:
            case "hits":
                yield FirstHits(Page.from_dict(data))
            case "order":
                yield NewOrder(Page.from_dict(data))
            case "explanation":
                yield Explained(HitExplanation.from_dict(data))
            case "done":
                yield Done(PageEnd.from_dict(data))


def ask_events(client: AnyClient, id: str, request: AskRequest) -> Iterator[AnswerPiece | AnswerDocument]:
    """What a model says of an item's picture, piece by piece; the last is the answer whole.

    Raises:
        ProblemError: it cannot be answered, or not to its end.
    """
    for name, data in _events(client, "POST", f"/items/{quote(id, safe='')}/ask", request.to_dict()):
        yield AnswerPiece.from_dict(data) if name == "text" else AnswerDocument.from_dict(data)


def job_events(client: AnyClient, job: str) -> Iterator[JobDocument | JobProgress]:
    """How far an indexing job is, until it has ended; the first is the job as it is now.

    Raises:
        ProblemError: there is no such job.
    """
    for name, data in _events(client, "GET", f"/jobs/{quote(job, safe='')}/events"):
        yield JobDocument.from_dict(data) if name == "state" else JobProgress.from_dict(data)


def _events(client: AnyClient, method: str, path: str, body: Any = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, data) of each event, up to an error."""
    with _stream(client, method, path, body) as response:
        name = ""
        for line in _lines(response):
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
                if name == "error":
                    raise ProblemError(EventError.from_dict(data))
                yield name, data


def _lines(response: httpx.Response) -> Iterator[str]:
    """The lines of a stream. ``iter_lines`` ends them at what titles may hold, too, such as U+2028."""
    rest = ""
    for text in response.iter_text():
        *lines, rest = (rest + text).split("\n")
        yield from lines


@contextmanager
def _stream(client: AnyClient, method: str, path: str, body: Any) -> Iterator[httpx.Response]:
    http = client.get_httpx_client()
    with http.stream(method, path, json=body, headers={"Accept": _STREAM}) as response:
        if response.status_code >= 400:
            response.read()
            raise ProblemError(Problem.from_dict(response.json()))
        yield response
