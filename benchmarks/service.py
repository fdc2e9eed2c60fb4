"""Text search over HTTP under load: what batching brings, and what happens at four times the capacity.

    python -m benchmarks.service --collection PATH [--data DIR] [--clients 32] [--seconds 60] [--json FILE]

The servers are processes of their own; one process of one thread asks them all and says what of the cores it took.
Every query is another one, so that none is answered from memory. Throughput: the app as it is beside the same app
without batching (``load.batch`` and ``vectors.together`` 1, no embeddings kept), in turns, with so many clients that
each ask again when they are answered; ``cpu ms`` is the server's processor time a request, which other work on the
machine disturbs least. Overload: requests that come at random, at half of the capacity that was
measured and at four times, for ``--seconds`` each; what an answer took counts from when it was due.
"""

import json
import multiprocessing
import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np

from benchmarks.http_load import Load, closed_loop, open_loop
from shelfsight import open_engine
from shelfsight.core.settings import LoadSettings, Settings, VectorSettings
from shelfsight.stores import open_store

TARGET_RATIO = 1.5
TARGET_P99 = 3.0
_OVERLOAD = 4.0
_WARM = 64
_FLAT = 1.05
_ALONE = Settings(load=LoadSettings(batch=1, embeddings=0), vectors=VectorSettings(together=1))
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    collection = arguments.collection or _indexed(arguments.data, arguments.cache)
    figures: dict[str, Any] = {"cores": os.cpu_count(), "clients": arguments.clients}
    with _served(collection, Settings()) as batched, _served(collection, _ALONE) as alone:
        figures["ready, batched"] = batched.ready
        requests = _requests(collection, batched.url)
        _settle(batched, alone, requests)
        figures["throughput"] = _throughput(batched, alone, requests, arguments)
        _show_throughput(figures["throughput"])
    with _served(collection, Settings()) as server:
        closed_loop(server.url, [*islice(requests, _WARM)], 4)
        capacity = figures["throughput"]["batched"]["requests a second"]
        figures["overload"] = _overload(server, requests, capacity, arguments)
        _show_overload(figures["overload"])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Text search over HTTP under load.")
    parser.add_argument("--collection", type=Path, help="made beforehand; else it is made from --data")
    parser.add_argument("--data", type=Path, default=os.environ.get("SHELFSIGHT_DATA"), help="folder of data sets")
    parser.add_argument(
        "--cache", type=Path, default=Path(gettempdir()) / "shelfsight-benchmarks", help="default: %(default)s"
    )
    parser.add_argument("--clients", type=int, default=32, help="connections (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=1500, help="of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of each of the two (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each rate (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args(argv)
    if arguments.collection is None and arguments.data is None:
        parser.error("--collection must name a collection, or --data the folder of data sets")
    return arguments


def _indexed(data: Path, cache: Path) -> Path:
    """The fashion catalogue, indexed by the product where it was not."""
    path = cache / "fashion-service.collection"
    with open_engine(path, create=True) as engine:
        engine.index(data / "fashion")
    return path


@dataclass(frozen=True, slots=True)
class _Server:
    """A server in a process of its own; ``ready``: seconds until it answered a query."""

    url: str
    process: int
    ready: float

    @property
    def resident(self) -> float:
        """Megabytes of memory, shared pages of files included."""
        return int(Path(f"/proc/{self.process}/statm").read_text().split()[1]) * _PAGE / 1e6

    @property
    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _served(collection: Path, settings: Settings) -> Iterator[_Server]:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(str(collection), settings, there))
    process.start()
    begun = time.perf_counter()
    try:
        url = here.recv()
        while httpx.get(f"{url}readyz", timeout=60).status_code != 200:
            time.sleep(0.1)
        assert process.pid is not None
        yield _Server(url, process.pid, round(time.perf_counter() - begun, 2))
    finally:
        process.terminate()
        process.join(30)


def _serve(collection: str, settings: Settings, told: Connection) -> None:
    from shelfsight.api.server import address_of, bind, server_for
    from shelfsight.api.service.service import Service

    with open_engine(collection, settings=settings) as engine, bind("127.0.0.1", 0) as bound:
        told.send(address_of(bound))
        server_for(Service.of(engine)).run(sockets=[bound])


def _requests(collection: Path, url: str) -> Iterator[bytes]:
    """A search for each title of the collection, in an order of no meaning; from the first again after the last."""
    store = open_store(collection)
    snapshot = store.snapshot()
    items = snapshot.items(snapshot.select(max(1, snapshot.count())))
    titles = sorted({item.title for item in items.values() if item.title})
    store.close()
    np.random.default_rng(0).shuffle(titles)
    host = urlsplit(url).netloc
    return cycle([_request(host, title) for title in titles])


def _request(host: str, text: str) -> bytes:
    body = json.dumps({"query": text, "k": 10}).encode()
    head = f"POST /v1/search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def _settle(batched: _Server, alone: _Server, requests: Iterator[bytes]) -> None:
    """Whatever is loaded or made ready by the first searches; the second runtime is made ready beside them."""
    for _ in range(3):
        for server in (batched, alone):
            closed_loop(server.url, [*islice(requests, _WARM)], 8)
        time.sleep(1.0)


def _throughput(batched: _Server, alone: _Server, requests: Iterator[bytes], arguments: Namespace) -> dict[str, Any]:
    rounds: dict[str, list[dict[str, Any]]] = {"batched": [], "alone": []}
    for turn in range(arguments.rounds):
        both = [("batched", batched), ("alone", alone)]
        for name, server in both if turn % 2 else both[::-1]:
            before = server.processor_seconds
            load = closed_loop(server.url, [*islice(requests, arguments.requests)], arguments.clients)
            used = server.processor_seconds - before
            figures = {"server cores": used / load.seconds, "server ms": 1000 * used / arguments.requests}
            rounds[name].append({**_of(load), **figures})
    ratios = [b["requests a second"] / a["requests a second"] for b, a in zip(*rounds.values(), strict=True)]
    summary = {name: _median(each) for name, each in rounds.items()}
    return {**summary, "ratio": median(ratios), "ratios": ratios, "target": TARGET_RATIO, "rounds": rounds}


def _of(load: Load) -> dict[str, Any]:
    return {
        "requests a second": load.throughput,
        "p50 ms": load.quantile(0.5),
        "p99 ms": load.quantile(0.99),
        "statuses": load.statuses,
        "errors": load.errors,
        "client cores": load.client_seconds / load.seconds,
    }


def _median(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    numbers = {name: median(each[name] for each in rounds) for name in rounds[0] if name not in ("statuses", "errors")}
    return {**numbers, "errors": sum(each["errors"] + each["statuses"].get(429, 0) for each in rounds)}


def _overload(server: _Server, requests: Iterator[bytes], capacity: float, arguments: Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {"capacity": capacity, "target": TARGET_P99}
    for name, share in (("half", 0.5), ("over", _OVERLOAD)):
        with _watched(server) as resident:
            load = open_loop(server.url, requests, capacity * share, arguments.seconds)
        third = max(1, len(resident) // 3)
        figures[name] = {
            **_of(load),
            "asked a second": capacity * share,
            "MB at first": median(resident[:third]),
            "MB at last": median(resident[-third:]),
        }
    figures["p99 ratio"] = figures["over"]["p99 ms"] / figures["half"]["p99 ms"]
    return figures


@contextmanager
def _watched(server: _Server) -> Iterator[list[float]]:
    """The server's memory in megabytes, twice a second."""
    seen, over = [server.resident], Event()

    def watch() -> None:
        while not over.wait(0.5):
            seen.append(server.resident)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _show_throughput(figures: dict[str, Any]) -> None:
    print(f"{'':<10}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'errors':>8}{'cpu ms':>9}{'server cores':>14}{'client':>9}")
    for name in ("batched", "alone"):
        row = figures[name]
        print(
            f"{name:<10}{row['requests a second']:>9.1f}{row['p50 ms']:>9.1f}{row['p99 ms']:>9.1f}{row['errors']:>8}"
            f"{row['server ms']:>9.2f}{row['server cores']:>14.2f}{row['client cores']:>9.2f}"
        )
    print(f"batched to alone: {figures['ratio']:.2f} ({min(figures['ratios']):.2f} to {max(figures['ratios']):.2f})")
    print(f"target {TARGET_RATIO}: {'met' if figures['ratio'] >= TARGET_RATIO else 'MISSED'}", flush=True)


def _show_overload(figures: dict[str, Any]) -> None:
    print(f"\n{'':<6}{'asked/s':>9}{'200/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'MB first':>10}{'MB last':>9}  answers")
    for name in ("half", "over"):
        row = figures[name]
        print(
            f"{name:<6}{row['asked a second']:>9.1f}{row['requests a second']:>8.1f}{row['p50 ms']:>9.1f}"
            f"{row['p99 ms']:>9.1f}{row['MB at first']:>10.0f}{row['MB at last']:>9.0f}  {row['statuses']}"
        )
    over = figures["over"]
    flat = over["MB at last"] <= over["MB at first"] * _FLAT
    good = figures["p99 ratio"] < TARGET_P99 and not over["errors"] and flat
    print(f"p99 at {_OVERLOAD:.0f}x to p99 at half load: {figures['p99 ratio']:.2f}; errors {over['errors']}")
    print(f"target {TARGET_P99}, only 200 and 429, memory flat: {'met' if good else 'MISSED'}")


if __name__ == "__main__":
    main()
