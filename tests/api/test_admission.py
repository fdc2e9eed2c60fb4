"""Who is let through, who waits, and who is refused at once: by the hour of a test, and on real servers."""

import asyncio
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import httpx
import pytest
import uvicorn
from served import serving
from starlette.types import Receive, Scope, Send

from shelfsight import open_engine
from shelfsight.api.http.admission import Admitted, Gates
from shelfsight.api.server import address_of, bind
from shelfsight.api.service.admission import Admission, Place
from shelfsight.api.service.service import Service
from shelfsight.core.errors import Busy
from shelfsight.core.settings import LoadSettings, ServerSettings, Settings


class Hours:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Door:
    """Requests by name at an admission whose clock is the test's."""

    def __init__(self, *, running: int, waiting: int, wait_seconds: float = 10.0) -> None:
        self.clock = Hours()
        self.admission = Admission(running=running, waiting=waiting, wait_seconds=wait_seconds, clock=self.clock)
        self.places: dict[str, Place] = {}
        self.turns: list[str] = []

    def come(self, *names: str) -> None:
        for name in names:
            self.places[name] = self.admission.enter(lambda name=name: self.turns.append(name))  # type: ignore[misc]

    def go(self, *names: str) -> None:
        for name in names:
            self.places[name].leave()

    @property
    def state(self) -> tuple[int, int]:
        return self.admission.running, self.admission.waiting


def test_places_are_taken_in_order_of_arrival() -> None:
    door = Door(running=2, waiting=3)
    door.come("a", "b", "c", "d", "e")
    assert door.state == (2, 3)
    door.go("b", "b")  # leaving twice is leaving once
    assert (door.turns, door.state) == (["c"], (2, 2))
    door.go("d")  # gave up waiting
    door.go("a", "c")
    assert (door.turns, door.state) == (["c", "e"], (1, 0))
    door.go("e")
    assert door.admission.idle
    assert (door.admission.admitted, door.admission.refused) == (4, 0)


def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    door = Door(running=1, waiting=1)
    door.come("a")
    door.clock.now = 3.5
    door.go("a")  # requests take 3.5 seconds
    door.come("b", "c")
    with pytest.raises(Busy, match="1 requests are worked on and 1 wait") as refusal:
        door.come("d")
    assert refusal.value.retry_after == 7  # c first, and then it: 2 x 3.5
    assert (door.state, door.admission.refused) == ((1, 1), 1)
    door.go("b")
    door.clock.now += 1.0
    door.come("d")
    assert (door.turns, door.state) == (["c"], (1, 1))


def test_who_would_wait_too_long_is_refused_while_there_is_room() -> None:
    door = Door(running=2, waiting=100, wait_seconds=2.0)
    door.come("a", "b")
    door.clock.now = 1.0
    door.go("a", "b")  # a second each: with two at a time, every half a second one is done
    door.come("c", "d", "1", "2", "3", "4")
    assert door.admission.expected_wait == 2.5
    with pytest.raises(Busy) as refusal:
        door.come("5")
    assert refusal.value.retry_after == 3
    assert door.state == (2, 4)


def test_few_are_let_in_for_a_second_after_a_refusal() -> None:
    door = Door(running=6, waiting=2)
    door.come(*"abcdef", *"12")
    with pytest.raises(Busy):
        door.come("3")
    door.go(*"abcde")
    assert door.state == (3, 0)
    with pytest.raises(Busy):  # three of six places are free, but a quarter of them is taken
        door.come("4")
    door.go("f", "1", "2")
    door.clock.now = 0.9
    door.come("5", "6")
    with pytest.raises(Busy) as refusal:
        door.come("7")
    assert refusal.value.retry_after == 1
    door.clock.now = 1.8
    with pytest.raises(Busy):  # a second after the last refusal, not the first
        door.come("7")
    door.clock.now = 2.8
    door.come(*"ghij", "8", "9")
    assert door.state == (6, 2)


def test_slow_requests_keep_nobody_out_after_a_refusal() -> None:
    door = Door(running=4, waiting=2)
    door.come("model")  # a question that takes half a minute
    door.come(*"abc", "1", "2")
    with pytest.raises(Busy):
        door.come("3")
    door.go(*"abc", "1", "2")
    for tenth in range(1, 11):
        door.clock.now = tenth / 10
        with pytest.raises(Busy):  # it may still be a quick one
            door.come("4")
    door.clock.now = 1.1
    for name in "5678":
        door.come(name)
        with pytest.raises(Busy):  # one at a time
            door.come("9")
        door.go(name)


def test_the_time_that_requests_take_follows_them() -> None:
    door = Door(running=1, waiting=0)
    for _ in range(200):
        door.come("slow")
        door.clock.now += 4.0
        door.go("slow")
    assert door.admission.service_seconds == pytest.approx(4.0)
    door.come("quick")
    door.clock.now += 1.0
    door.go("quick")
    assert door.admission.service_seconds == pytest.approx(0.95 * 4.0 + 0.05 * 1.0)


class Held:
    """A tiny app behind the gates: an answer begins when ``go`` is set, has its length only where it is asked for,
    and ends when ``end`` is set."""

    def __init__(self) -> None:
        self.go, self.end = Event(), Event()
        self.end.set()
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        held = scope["path"].startswith("/v1/") and scope["method"] != "OPTIONS"
        while held and not self.go.is_set():
            await asyncio.sleep(0.002)
        length = [(b"content-length", b"2")] if scope["query_string"] == b"length" else []
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        while not self.end.is_set():
            await asyncio.sleep(0.002)
        await send({"type": "http.response.body", "body": b"k"})


@contextmanager
def gated(held: Held, load: LoadSettings, **server: int) -> Iterator[tuple[Gates, httpx.Client]]:
    gates = Gates(Settings(load=load, server=ServerSettings(**server)))
    running = uvicorn.Server(uvicorn.Config(Admitted(held, gates), log_level="warning", lifespan="off"))
    with bind("127.0.0.1", 0) as bound:
        thread = Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            with httpx.Client(base_url=address_of(bound), timeout=20) as client:
                until(lambda: running.started)
                yield gates, client
        finally:
            held.go.set()
            held.end.set()
            running.should_exit = True
            thread.join(20)


def until(condition: object) -> None:
    assert callable(condition)
    deadline = monotonic() + 20
    while not condition():
        assert monotonic() < deadline
        sleep(0.002)


def test_what_is_over_the_limits_is_refused_at_once_and_the_rest_is_answered() -> None:
    held = Held()
    with gated(held, LoadSettings(running=2, waiting=3)) as (gates, client), ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(client.post, "/v1/search", content=b"x" * n) for n in range(5)]
        until(lambda: (gates.requests.running, gates.requests.waiting) == (2, 3))
        refused = client.post("/v1/search", content=b"late")
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["code"] == "busy"
        for path in ("/", "/healthz", "/readyz", "/metrics", "/page/app.js"):
            assert client.get(path).text == "ok"
        assert client.options("/v1/search").text == "ok"
        held.go.set()
        assert [future.result(20).text for future in asked] == ["ok"] * 5
        until(lambda: gates.idle)
    assert sorted(body for body in held.bodies if body) == [b"x", b"xx", b"xxx", b"xxxx"]
    assert gates.received == 0


def raw(client: httpx.Client, head: str, body: bytes = b"") -> socket.socket:
    """A connection on which that was sent."""
    connection = socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=20)
    connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    return connection


def test_a_slow_sender_has_no_place_until_its_body_is_there() -> None:
    held = Held()
    held.go.set()
    with gated(held, LoadSettings(running=1, waiting=0)) as (gates, client):
        slow = raw(client, "POST /v1/search HTTP/1.1\nHost: x\nContent-Length: 6", b"half")
        until(lambda: gates.received == 6)
        assert client.post("/v1/search", content=b"quick").text == "ok"
        slow.sendall(b"ed")
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")
        slow.close()
        gone = raw(client, "POST /v1/search HTTP/1.1\nHost: x\nContent-Length: 6", b"half")
        until(lambda: gates.received == 6)
        gone.close()
        until(lambda: gates.received == 0)
        assert gates.idle
    assert held.bodies == [b"quick", b"halfed"]


def test_bodies_in_arrival_are_bounded() -> None:
    held = Held()
    held.go.set()
    with gated(held, LoadSettings(running=1, waiting=0), max_request=100) as (gates, client):
        slow = [raw(client, "POST /v1/search HTTP/1.1\nHost: x\nContent-Length: 100", b"half") for _ in range(8)]
        until(lambda: gates.received == 800)
        refused = client.post("/v1/search", content=b"x")
        assert (refused.status_code, refused.json()["code"]) == (429, "busy")
        for connection in slow:
            connection.close()
        until(lambda: gates.received == 0)
        assert client.post("/v1/search", content=b"x").text == "ok"


def test_bodies_that_wait_for_a_place_are_bounded_with_them() -> None:
    held = Held()
    load = LoadSettings(running=1, waiting=20)
    with gated(held, load, max_request=100) as (gates, client), ThreadPoolExecutor(9) as threads:
        asked = [threads.submit(client.post, "/v1/search", content=b"x" * 100) for _ in range(9)]
        until(lambda: gates.requests.waiting == 8)
        assert gates.received == 800
        refused = client.post("/v1/search", content=b"x")
        assert (refused.status_code, refused.headers["retry-after"], refused.json()["code"]) == (429, "1", "busy")
        held.go.set()
        assert [each.result(20).text for each in asked] == ["ok"] * 9
        until(lambda: gates.idle)
        assert gates.received == 0


def test_large_uploads_have_places_of_their_own() -> None:
    held = Held()
    with gated(held, LoadSettings(running=4, waiting=0), max_request=100) as (gates, client):
        with ThreadPoolExecutor(5) as threads:
            upload = threads.submit(client.post, "/v1/jobs", content=b"x" * 101)
            until(lambda: gates.uploads.running == 1)
            chunked = client.post("/v1/jobs", content=iter([b"more"]))
            assert chunked.status_code == 429
            others = [threads.submit(client.get, "/v1/items") for _ in range(4)]
            until(lambda: gates.requests.running == 4)
            held.go.set()
            assert [each.result(20).text for each in (upload, *others)] == ["ok"] * 5
        until(lambda: gates.idle)


def test_who_hangs_up_while_it_waits_is_not_worked_for() -> None:
    held = Held()
    with gated(held, LoadSettings(running=1, waiting=1)) as (gates, client), ThreadPoolExecutor(1) as threads:
        first = threads.submit(client.post, "/v1/search", content=b"first")
        until(lambda: gates.requests.running == 1)
        gone = raw(client, "POST /v1/search HTTP/1.1\nHost: x\nContent-Length: 4", b"gone")
        until(lambda: gates.requests.waiting == 1)
        gone.close()
        until(lambda: gates.requests.waiting == 0)
        held.go.set()
        assert first.result(20).text == "ok"
    assert held.bodies == [b"first"]


@pytest.mark.parametrize(("query", "at_work"), [("?length", 0), ("", 1)])
def test_an_answer_of_known_length_is_ready_when_it_begins(query: str, at_work: int) -> None:
    held = Held()
    held.go.set()
    held.end.clear()
    with gated(held, LoadSettings(running=1, waiting=0)) as (gates, client):
        reader = raw(client, f"GET /v1/items{query} HTTP/1.1\nHost: x")
        assert reader.recv(1000).startswith(b"HTTP/1.1 200")
        assert gates.requests.running == at_work
        held.end.set()
        until(lambda: gates.idle)
        reader.close()


def test_a_server_that_ends_takes_nothing_new() -> None:
    held = Held()
    held.go.set()
    with gated(held, LoadSettings()) as (gates, client):
        assert client.get("/v1/items").status_code == 200
        gates.ending = True
        refused = client.get("/v1/items")
        assert (refused.status_code, refused.json()["code"]) == (503, "ending")
        assert (refused.headers["connection"], refused.headers["retry-after"]) == ("close", "1")
        assert client.get("/readyz").status_code == 200


def test_a_busy_shop_refuses_searches_and_stays_healthy(demo_collection: Path) -> None:
    load = LoadSettings(running=2, waiting=2)
    with open_engine(demo_collection, settings=Settings(load=load)) as engine:
        alone = {text: [hit.id for hit in engine.search(text, k=5).hits] for text in ("a mug", "a red hat", "shoes")}
        with serving(Service.of(engine)) as url, httpx.Client(base_url=url) as client:
            until(lambda: client.get("/readyz").status_code == 200)

            def ask(turn: int) -> int:
                text = [*alone][turn % 3]
                answer = client.post("/v1/search", json={"query": text, "k": 5})
                if answer.status_code == 200:
                    assert [hit["id"] for hit in answer.json()["hits"]] == alone[text]
                else:
                    assert json.loads(answer.text)["code"] == "busy"
                    assert int(answer.headers["retry-after"]) >= 1
                assert client.get("/healthz").status_code == 200
                return answer.status_code

            with ThreadPoolExecutor(12) as threads:
                codes = [*threads.map(ask, range(240))]
            assert {*codes} == {200, 429}
            assert client.post("/v1/search", json={"query": "a mug"}).status_code == 200
