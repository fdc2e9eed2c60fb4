"""What asking for an API key costs a request, and why its rate is counted in a mapped file.

    python -m benchmarks.access [--requests 20000] [--processes 4] [--json FILE]

Each process plays a worker of one server: it identifies the callers of so many requests with a public key that has a
rate: the key is checked, two numbers are looked up (wrong keys from that address, whether it is known by this one) and
two are counted (requests of the key, and of the address). Beside it the same four numbers alone in SQLite (WAL,
``synchronous=OFF``), which is what the mapped files replace. Times are those of one request.
"""

import json
import multiprocessing
import sqlite3
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shelfsight.api.service.access import Access
from shelfsight.api.service.keys import Order
from shelfsight.core.settings import AccessSettings

_LOOK_UP = "SELECT n FROM counts WHERE key = ?"
_UPSERT = "INSERT INTO counts VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
_PAUSE = 0.0005
"""Seconds between two requests of a process: it would encode a query in them."""


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    figures: dict[str, Any] = {}
    for processes in sorted({1, arguments.processes}):
        number = arguments.requests // processes
        with tempfile.TemporaryDirectory() as folder:
            access = Access(AccessSettings(visitor=1e6), Path(folder))
            _, token = access.keys.create(Order(name="page", rate=1e6, origins=("https://shop.example",)))
            figures[f"{processes} processes"] = {
                "identify": _together(partial(_identify, Path(folder), token, number), processes),
                "SQLite": _together(partial(_count, Path(folder) / "counts.sqlite", number), processes),
            }
    _show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


def _arguments(argv: Sequence[str] | None) -> Any:
    parser = ArgumentParser(prog="python -m benchmarks.access", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(argv)


def _together(work: Callable[[], list[float]], processes: int) -> dict[str, float]:
    """Percentiles in microseconds of what ``work`` measures in all processes at the same time."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        measured = [each.get() for each in [pool.apply_async(work) for _ in range(processes)]]
    micros = 1e6 * np.concatenate([np.asarray(each) for each in measured])
    return {"median": float(np.median(micros)), "p99": float(np.quantile(micros, 0.99)), "max": float(micros.max())}


def _identify(state: Path, token: str, number: int) -> list[float]:
    access = Access(AccessSettings(visitor=1e6), state)
    return _timed(lambda: access.identify(token, address="192.0.2.1", local=False), number)


def _count(path: Path, number: int) -> list[float]:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, n INTEGER)")

        def count() -> None:
            for statement, name in ((_LOOK_UP, "wrong"), (_LOOK_UP, "known"), (_UPSERT, "page"), (_UPSERT, "address")):
                connection.execute(statement, (name,)).fetchone()

        return _timed(count, number)


def _timed(work: Callable[[], object], number: int) -> list[float]:
    """Seconds of each call."""
    work()
    taken = []
    for _ in range(number):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
        time.sleep(_PAUSE)
    return taken


def _show(figures: dict[str, Any]) -> None:
    for processes, found in figures.items():
        print(processes)
        for what, times in found.items():
            print(f"  {what:9} " + "  ".join(f"{name} {value:9.1f} µs" for name, value in times.items()))
        ratio = found["SQLite"]["p99"] / found["identify"]["p99"]
        print(f"  p99 of SQLite / p99 of identify: {ratio:.1f}")


if __name__ == "__main__":
    main()
