"""Fifty real SIGKILLs of a real server, in the middle of bulk upserts and of jobs: what was acknowledged is there.

On a slow machine there are fewer; SHELFSIGHT_KILL_SECONDS=1000 makes it all of them anywhere.
"""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from job_shop import JOB, row, until, write_shop
from zygote import Zygote

from shelfsight.stores import open_store

pytestmark = pytest.mark.slow

KILLS = 50
LEAST, SECONDS = 20, float(os.environ.get("SHELFSIGHT_KILL_SECONDS", "90"))
"""Kills that are enough where all of them would take longer than so many seconds."""
CATALOGUE = 700
A_REQUEST = 4
FORMS = ("json", "lines")


@dataclass
class Acknowledged:
    """What the server said it has.

    Attributes:
        prices: id -> the price that was acknowledged last; ``None``: it was acknowledged as deleted.
        unsure: ids whose last change was not answered.
        jobs: place of a job -> ids of its catalogue.
    """

    prices: dict[str, float | None] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    jobs: dict[str, list[str]] = field(default_factory=dict)

    def check(self, collection: Path) -> None:
        """Compare with what is on disk."""
        with closing(open_store(collection)) as store:
            sure = [id for id in self.prices if id not in self.unsure]
            found = store.snapshot().items(sure)
        for id in sure:
            expected = self.prices[id]
            assert (id in found) == (expected is not None), f"{id} was acknowledged with {expected}"
            assert expected is None or found[id].metadata["price"] == expected


class Writer(Thread):
    """A client that writes until the server is gone."""

    def __init__(self, url: str, number: int, acknowledged: Acknowledged) -> None:
        super().__init__(name=f"writer-{number}")
        self._client = httpx.Client(base_url=url, timeout=60)
        self._number = number
        self._acknowledged = acknowledged
        self._chance = random.Random(number)
        self.mine: list[str] = []
        self.error: AssertionError | None = None
        self.answered = 0

    def run(self) -> None:
        with self._client, suppress(httpx.TransportError):
            try:
                while True:
                    self._write()
                    self.answered += 1
            except AssertionError as error:
                self.error = error

    def _write(self) -> None:
        change = self._chance.choice(["upsert", "upsert", "price", "delete"]) if self.mine else "upsert"
        if change == "upsert":
            ids = [f"w{self._number}-{len(self.mine) + place}" for place in range(A_REQUEST)]
            self.mine += ids
        else:
            ids = self._chance.sample(self.mine, min(A_REQUEST, len(self.mine)))
        price = float(self._chance.randrange(1000))
        self._acknowledged.unsure.update(ids)
        answer = self._send(change, ids, price)
        assert answer.status_code == 200, answer.text
        assert not answer.json().get("failures") or change == "price"
        for id in ids:
            there = change == "upsert" or (change == "price" and self._acknowledged.prices[id] is not None)
            self._acknowledged.prices[id] = price if there else None
        self._acknowledged.unsure.difference_update(ids)

    def _send(self, change: str, ids: list[str], price: float) -> httpx.Response:
        if change == "delete":
            return self._client.post("/v1/items/delete", json={"ids": ids})
        rows: list[dict[str, Any]] = [{"id": id, "metadata": {"price": price}} for id in ids]
        if change == "upsert":
            for number, each in enumerate(rows):
                each["pictures"] = [{"data": row(97 * self._number + number)["image"].partition(",")[2]}]
        method = "PATCH" if change == "price" else "POST"
        if self._chance.choice(FORMS) == "json":
            return self._client.request(method, "/v1/items", json={"items": rows})
        lines = "".join(json.dumps(each) + "\n" for each in rows)
        headers = {"content-type": "application/x-ndjson"}
        return self._client.request(method, "/v1/items", content=lines, headers=headers)


@dataclass(frozen=True)
class Life:
    """A server from its start to its end."""

    pid: int
    url: str
    process: "subprocess.Popen[str]"

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self.process.wait(30) == -signal.SIGKILL


@contextmanager
def life(folder: Path, zygote: Zygote, socket: Path) -> Iterator[Life]:
    command = zygote.command("kill_server:serve", folder, socket)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            pid, _, url = process.stdout.readline().strip().partition(" ")
            assert url, "the server does not start"
            yield Life(int(pid), url.rstrip("/"), process)
        finally:
            process.kill()


def job_relays(socket: Path) -> list[int]:
    """Processes that stand for those of jobs."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            command = (process / "cmdline").read_bytes() if process.name.isdecimal() else b""
            if str(socket).encode() in command and JOB.encode() in command:
                found.append(int(process.name))
    return found


def submit(url: str, folder: Path, number: int, acknowledged: Acknowledged) -> None:
    """A job, now and then; it counts once it is acknowledged."""
    with suppress(httpx.TransportError), httpx.Client(base_url=url, timeout=60) as client:
        if number == 0:
            write_shop(folder, CATALOGUE)
            answer = client.post("/v1/jobs", json={"source": "catalog.jsonl"})
            ids = [f"i{place:04}" for place in range(CATALOGUE)]
        else:
            rows = [{**row(place), "id": f"u{number}-{place}"} for place in range(6)]
            lines = "".join(json.dumps(each) + "\n" for each in rows)
            answer = client.post("/v1/jobs", files={"catalogue": ("few.jsonl", lines.encode())})
            ids = [each["id"] for each in rows]
        assert answer.status_code == 202, answer.text
        acknowledged.jobs[answer.headers["location"]] = ids


def wait_for(writer: Writer, answers: int) -> None:
    deadline = time.monotonic() + 10
    while writer.answered < answers and writer.is_alive() and time.monotonic() < deadline:
        time.sleep(0.002)


def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path, jobs_zygote: Zygote) -> None:
    chance, acknowledged, socket = random.Random(5), Acknowledged(), jobs_zygote.path
    busy = running = kills = 0
    begun = time.monotonic()
    for kill in range(KILLS):
        if kills >= LEAST and time.monotonic() - begun > SECONDS:
            break
        with life(tmp_path, jobs_zygote, socket) as server:
            if kill % 7 == 0:
                submit(server.url, tmp_path, kill, acknowledged)
            writer = Writer(server.url, kill, acknowledged)
            writer.start()
            wait_for(writer, chance.choice([0, 1, 1, 2, 3]))
            time.sleep(chance.uniform(0.0, 0.15))
            relays = job_relays(socket)
            running += bool(relays)
            server.kill()
            for pid in relays if kill % 3 == 0 else ():  # else it ends by itself, with what it has in hand
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            writer.join(30)
            assert writer.error is None, writer.error
            busy += writer.answered > 0
        acknowledged.check(tmp_path / "shop")
        kills += 1
    assert busy >= kills // 2
    assert running >= kills // 2
    with life(tmp_path, jobs_zygote, socket) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        for job, ids in acknowledged.jobs.items():
            found = until(lambda job=job: ended(client.get(job)))  # type: ignore[misc]
            assert (found["state"], found["report"]["failed"]) == ("done", 0), found
            assert found["report"]["indexed"] + found["report"]["unchanged"] == len(ids)
            for id in (ids[0], ids[-1]):
                assert client.get(f"/v1/items/{id}").status_code == 200
        first = client.get(next(iter(acknowledged.jobs))).json()
        assert first["begun"] > kills // 3
        server.kill()
    acknowledged.check(tmp_path / "shop")


def ended(answer: httpx.Response) -> dict[str, Any] | None:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found if found["ended"] else None
