"""Searches over HTTP as server-sent events: at once, in order, adding up, and ended by whoever goes away."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from PIL import Image
from served import served
from square_vlms import COLOURS, FailingVlm, SquareVlm
from starlette.responses import StreamingResponse

from shelfsight import Engine, open_engine
from shelfsight.api.http.events import event, streamed
from shelfsight.core.errors import StoreError
from shelfsight.core.streaming import SearchDone, Stream, joined
from shelfsight.core.vectors import FloatArray
from shelfsight.core.vision import VisionLanguageModel

EVENTS = {"Accept": "text/event-stream"}
ASKED: dict[str, Any] = {"query": "a blue square", "rerank": True, "explain": 3, "facets": ["price"]}


class SteppingVlm(SquareVlm):
    """Answers each call when the test lets it, one after another."""

    def __init__(self) -> None:
        super().__init__("stepping")
        self.calls = 0
        self.began = Event()
        self.going_on = Event()

    def score(self, pairs: Sequence[tuple[Image.Image, str]]) -> FloatArray:
        self.calls += 1
        self.began.set()
        assert self.going_on.wait(20)
        return super().score(pairs)


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of four plain squares; not to be changed."""
    folder = tmp_path_factory.mktemp("squares")
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 64), colour).save(folder / f"{name}.png")
    rows = [{"id": name, "image": f"{name}.png", "price": 10 * n} for n, name in enumerate(COLOURS)]
    (folder / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_engine(folder / "c", create=True) as engine:
        assert engine.index(folder / "catalog.jsonl").failed == 0
    return folder / "c"


Opened = Callable[[VisionLanguageModel], tuple[Engine, httpx.Client]]


@pytest.fixture
def opened(squares: Path) -> Iterator[Opened]:
    """An engine on the squares with a vision-language model, and a client of a server on it."""
    open_ones: list[Any] = []

    def open_with(vlm: VisionLanguageModel) -> tuple[Engine, httpx.Client]:
        engine = open_engine(squares, vlm=vlm)
        server = served(engine)
        client = httpx.Client(base_url=server.__enter__(), timeout=30)
        open_ones.append((engine, server, client))
        return engine, client

    yield open_with
    for engine, server, client in open_ones:
        client.close()
        server.__exit__(None, None, None)
        engine.close()


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """As the standard reads them: a name, data, an empty line."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
        else:
            assert line == ""


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    stages = [{**stage, "milliseconds": 0} for stage in document.get("stages", ())]
    return {**document, "trace": {}, "stages": stages}


@pytest.mark.parametrize("asked", [ASKED, {"query": "a red square"}, {"query": "green", "explain": 9, "k": 2}])
def test_events_add_up_to_the_document(opened: Opened, asked: dict[str, Any]) -> None:
    _, client = opened(SquareVlm(sees={"blue": "green", "green": "blue"}))
    whole = client.post("/v1/search", json=asked).json()
    answer = client.post("/v1/search", json=asked, headers=EVENTS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = list(events_of(answer.iter_lines()))
    names = [name for name, _ in told]
    explained = min(asked.get("explain", 0), len(whole["hits"]))
    assert names == ["hits", *["order"] * asked.get("rerank", False), *["explanation"] * explained, "done"]
    hits: list[dict[str, Any]] = []
    for name, document in told:
        if name in ("hits", "order"):
            hits = document["hits"]
        elif name == "explanation":
            (hit,) = (hit for hit in hits if hit["id"] == document["id"])
            assert hit["rank"] == document["rank"]
            hit["explanation"] = document["explanation"]
    assert "hits" not in told[-1][1]
    assert timeless({"hits": hits, **told[-1][1]}) == timeless(whole)


def test_the_first_hits_do_not_wait_for_the_model(opened: Opened) -> None:
    vlm = SteppingVlm()
    _, client = opened(vlm)
    with client.stream("POST", "/v1/search", json=ASKED, headers=EVENTS) as answer:
        told = events_of(answer.iter_lines())
        name, page = next(told)
        assert name == "hits"
        assert page["hits"][0]["id"] == "blue"
        assert "stages" not in page
        assert vlm.began.wait(10)
        assert vlm.scored == 0
        vlm.going_on.set()
        assert [name for name, _ in told] == ["order", "explanation", "explanation", "explanation", "done"]


def test_a_client_that_goes_away_stops_the_work(opened: Opened) -> None:
    vlm = SteppingVlm()
    engine, client = opened(vlm)
    with client.stream("POST", "/v1/search", json={"query": "a blue thing", "explain": 4}, headers=EVENTS) as answer:
        told = events_of(answer.iter_lines())
        assert next(told)[0] == "hits"
        assert vlm.began.wait(10)
    # the connection is closed; what goes on ends with the call that it is in
    assert client.post("/v1/search", json={"query": "blue"}).status_code == 200
    vlm.going_on.set()
    assert len(joined(engine.search_events("a blue thing", explain=4)).hits) == 4  # waits for its turn
    assert vlm.calls == 1 + 3, "of one hit, then of two, then of the last"


def test_what_is_wrong_is_a_problem_with_its_status(opened: Opened) -> None:
    _, client = opened(SquareVlm())
    for asked, code in (({"query": "red", "filter": "price <"}, "bad_filter"), ({}, "usage")):
        answer = client.post("/v1/search", json=asked, headers=EVENTS)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == code


def test_a_model_that_fails_is_a_warning_and_not_the_end(opened: Opened) -> None:
    _, client = opened(FailingVlm())
    told = list(events_of(client.post("/v1/search", json=ASKED, headers=EVENTS).iter_lines()))
    assert [name for name, _ in told] == ["hits", "order", *["explanation"] * 3, "done"]
    assert any("killed" in warning for warning in told[-1][1]["warnings"])


def test_what_fails_later_is_the_last_event() -> None:
    def values() -> Iterator[int]:
        yield 1
        raise StoreError("the disk at /secret/place is gone")

    async def sent() -> list[str]:
        answer = await streamed(Stream(values(), Event()), lambda value: event("hits", {"value": value}))
        assert isinstance(answer, StreamingResponse)
        return [str(piece) async for piece in answer.body_iterator]

    told = list(events_of(iter("".join(asyncio.run(sent())).splitlines())))
    assert [name for name, _ in told] == ["hits", "error"]
    assert told[1][1]["code"] == StoreError.code
    assert "secret" not in told[1][1]["detail"]


def test_an_event_is_two_lines_whatever_it_tells() -> None:
    """Also for those who read lines as Python and JavaScript do."""
    document = {"title": "a\u2028b\u2029c\x85d\ne\rf\x0bg\x1ch"}
    assert [*events_of(iter(event("hits", document).splitlines()))] == [("hits", document)]


def test_in_python_the_last_page_is_the_answer(opened: Opened) -> None:
    engine, _ = opened(SquareVlm())
    with engine.search_events("a blue square", rerank=True, explain=True) as events:
        told = list(events)
    done = told[-1]
    assert isinstance(done, SearchDone)
    assert [hit.id for hit in done.page.hits] == [hit.id for hit in engine.search("a blue square", rerank=True).hits]
    assert all(hit.explanation is not None for hit in done.page.hits)
