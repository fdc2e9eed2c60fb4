"""A client that asks an HTTP server for as much as it is told to, on few resources: one thread, no HTTP library."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import cast
from urllib.parse import urlsplit

import numpy as np

__all__ = ["Load", "closed_loop", "open_loop"]

_TIMEOUT = 30.0


@dataclass(slots=True)
class Load:
    """What came of it.

    Attributes:
        seconds: from the first request to the last answer.
        client_seconds: of processor time that asking took.
        latencies: (status, milliseconds) of every answer; 0 where the connection broke.
    """

    seconds: float = 0.0
    client_seconds: float = 0.0
    latencies: list[tuple[int, float]] = field(default_factory=list)

    @property
    def statuses(self) -> dict[int, int]:
        """Status -> answers."""
        return dict(sorted(Counter(status for status, _ in self.latencies).items()))

    @property
    def errors(self) -> int:
        """Answers that are neither 200 nor 429."""
        return sum(count for status, count in self.statuses.items() if status not in (200, 429))

    @property
    def throughput(self) -> float:
        """Answers with status 200 a second."""
        return self.statuses.get(200, 0) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of the answers with status 200 took at most."""
        accepted = [milliseconds for status, milliseconds in self.latencies if status == 200]
        return float(np.quantile(accepted, share)) if accepted else float("nan")


class _Connection(asyncio.Protocol):
    """One request at a time; answers have a ``Content-Length``."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[int] | None = None
        self._data = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        self._finish(0)

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> int:
        """The status of the answer; 0 where the connection broke."""
        if self._transport is None:
            return 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._data[:end]).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(self._data) >= end + 4 + length:
            self._data.clear()
            if b"connection: close" in head:
                assert self._transport is not None
                self._transport.close()
            self._finish(int(head.split(b" ", 2)[1]))

    def _finish(self, status: int) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(status)


class _Pool:
    """Connections to one server, opened as they are needed and used again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._host, self._port = parts.hostname, parts.port or 80
        self._free: deque[_Connection] = deque()

    async def timed(self, request: bytes, since: float) -> tuple[int, float]:
        """The status, and the milliseconds since ``since``."""
        try:
            status = await asyncio.wait_for(self._asked(request), _TIMEOUT)
        except (OSError, TimeoutError):
            status = 0
        return status, (perf_counter() - since) * 1000

    async def _asked(self, request: bytes) -> int:
        connection = await self._connection()
        status = await connection.ask(request)
        if connection.open:
            self._free.append(connection)
        return status

    async def _connection(self) -> _Connection:
        while self._free:
            connection = self._free.pop()
            if connection.open:
                return connection
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port or 80)
        return connection


def closed_loop(url: str, requests: Sequence[bytes], clients: int) -> Load:
    """Every request once, by so many clients, each of which asks again as soon as it is answered."""
    load, begun, used = Load(), perf_counter(), process_time()

    async def run() -> None:
        pool, left = _Pool(url), iter(requests)

        async def client() -> None:
            for request in left:
                load.latencies.append(await pool.timed(request, perf_counter()))

        await asyncio.gather(*(client() for _ in range(clients)))

    asyncio.run(run())
    load.seconds, load.client_seconds = perf_counter() - begun, process_time() - used
    return load


def open_loop(url: str, requests: Iterator[bytes], rate: float, seconds: float, *, seed: int = 0) -> Load:
    """Requests that come at random, ``rate`` a second on average, whether or not others were answered. What an answer
    took counts from the moment its request was due, even where this client was late."""
    load, used = Load(), process_time()

    async def run() -> None:
        pool, chance, tasks = _Pool(url), random.Random(seed), set[asyncio.Task[None]]()

        async def one(request: bytes, due: float) -> None:
            load.latencies.append(await pool.timed(request, due))

        begun = due = perf_counter()
        while due < begun + seconds:
            if (early := due - perf_counter()) > 0:
                await asyncio.sleep(early)
            tasks.add(task := asyncio.ensure_future(one(next(requests), due)))
            task.add_done_callback(tasks.discard)
            due += chance.expovariate(rate)
        load.seconds = seconds
        await asyncio.gather(*tasks)

    asyncio.run(run())
    load.client_seconds = process_time() - used
    return load
