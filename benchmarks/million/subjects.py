"""Whoever answers queries, each in a process of its own pinned to one processor, told from outside what to do when.

All are open at the same time and are timed in turns, so that a noisy machine hits all alike.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Protocol

import numpy as np

from benchmarks.million.data import Data
from benchmarks.million.exact import recall
from benchmarks.million.ours import OurIndex, OurStore
from benchmarks.million.peers import PEERS, Peer, Rows, Setting
from shelfsight.core.vectors import FloatArray

__all__ = ["OURS", "OUR_INDEX", "Rate", "Remote", "Subject"]

OURS, OUR_INDEX = "shelfsight", "shelfsight-index"
K = 10
_WARM_UP = 50
_RECALL_SECONDS = 20.0


class Subject(Protocol):
    """What a worker measures."""

    def sweep(self) -> Sequence[Setting]: ...
    def tune(self, setting: Setting) -> None: ...
    def search(self, queries: FloatArray, k: int) -> Any: ...
    def rows(self, found: Any) -> Rows: ...
    def memory(self) -> int | None: ...
    def describe(self) -> str: ...


class _Peer:
    def __init__(self, name: str, folder: Path) -> None:
        self._peer: Peer = PEERS[name]()
        self._peer.open(folder)
        self.sweep, self.tune, self.search = self._peer.sweep, self._peer.tune, self._peer.search
        self.memory, self.describe = self._peer.memory, self._peer.describe

    def rows(self, found: Rows) -> Rows:
        return found


def _open(name: str, folder: Path) -> Subject:
    if name in PEERS:
        return _Peer(name, folder)
    return OurIndex(folder) if name == OUR_INDEX else OurStore(folder)


@dataclass
class Rate:
    """Attributes: queries answered a second in each round, and for each second of processor, which a busy machine
    changes less; milliseconds of single answers."""

    rounds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def add(self, wall: float, processor: float, milliseconds: Sequence[float]) -> None:
        """A round."""
        self.rounds.append(wall)
        self.processor.append(processor)
        self.milliseconds.extend(milliseconds)

    @property
    def median(self) -> float:
        """Queries a second."""
        return float(np.median(self.rounds))

    @property
    def by_processor(self) -> float:
        """Queries a second of processor."""
        return float(np.median(self.processor))

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.milliseconds, share))


class Remote:
    """A subject in its process. Use as a context manager; one request at a time.

    Args:
        cpu: the processor it is pinned to.
        name: of a peer, or :data:`OURS` or :data:`OUR_INDEX`, whose ``folder`` is a collection.
    """

    def __init__(self, name: str, folder: Path, data: Data, cpu: int) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._mine, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, name, folder, data, cpu), daemon=True)
        with _environment({"OMP_NUM_THREADS": "1", "GRPC_VERBOSITY": "NONE"}):
            self._process.start()
        theirs.close()

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._mine.send(("stop",))
        self._process.join(20)
        if self._process.is_alive():
            self._process.kill()

    def opened(self) -> Mapping[str, Any]:
        """``seconds`` to the first answer, ``sweep``, ``describe``, ``memory`` and ``resident`` bytes.

        Raises:
            LookupError: there is nothing of that kind.
        """
        return dict(self._ask("opened"))

    def recall(self, setting: Setting) -> tuple[float, int]:
        """recall@10, and over how many queries: fewer than all where they take longer than 20 seconds."""
        return tuple(self._ask("recall", setting))

    def rate(self, setting: Setting, seconds: float, start: int) -> tuple[float, float, list[float]]:
        """Over ``seconds``, from query ``start`` on, one a call: queries a second, a second of processor, and each
        call's milliseconds."""
        return tuple(self._ask("rate", setting, seconds, start))

    def _ask(self, *request: object) -> Any:
        self._mine.send(request)
        try:
            answer = self._mine.recv()
        except EOFError:
            raise RuntimeError(f"{self.name} ended without an answer") from None
        if isinstance(answer, LookupError):
            raise answer
        if isinstance(answer, Exception):
            raise RuntimeError(f"{self.name}: {answer}") from answer
        return answer


def _serve(pipe: Connection, name: str, folder: Path, data: Data, cpu: int) -> None:
    with suppress(OSError):
        os.sched_setaffinity(0, {cpu})
    before = _resident()
    start = perf_counter()
    try:
        subject = _open(name, folder)
    except LookupError as error:  # nothing of that kind to measure
        pipe.recv()
        pipe.send(error)
        return
    subject.tune(subject.sweep()[0])
    subject.search(data.queries[:1], K)
    seconds = perf_counter() - start
    for query in data.queries[:_WARM_UP]:
        subject.search(query[None], K)
    facts = {
        "seconds": seconds,
        "sweep": list(subject.sweep()),
        "describe": subject.describe(),
        "memory": subject.memory(),
        "resident": _resident() - before,
    }
    answers: dict[str, Callable[..., Any]] = {
        "opened": lambda: facts,
        "recall": lambda setting: _recall(subject, data, setting),
        "rate": lambda setting, *arguments: _rate(subject, data, setting, *arguments),
    }
    while (request := pipe.recv())[0] != "stop":
        try:
            pipe.send(answers[request[0]](*request[1:]))
        except Exception as error:
            pipe.send(RuntimeError(repr(error)))


def _recall(subject: Subject, data: Data, setting: Setting) -> tuple[float, int]:
    subject.tune(setting)
    found: list[Rows] = []
    start = perf_counter()
    while len(found) < len(data.queries) and perf_counter() - start < _RECALL_SECONDS:
        found.append(subject.rows(subject.search(data.queries[len(found)][None], K))[0])
    rows, scores = data.truth
    return recall(np.stack(found), rows[: len(found), :K], scores[: len(found), :K]), len(found)


def _rate(
    subject: Subject, data: Data, setting: Setting, seconds: float, start: int
) -> tuple[float, float, list[float]]:
    subject.tune(setting)
    queries = data.throughput_queries
    took: list[float] = []
    begun, used = perf_counter(), process_time()
    while (now := perf_counter()) - begun < seconds:
        at = (start + len(took)) % len(queries)
        subject.search(queries[at : at + 1], K)
        took.append((perf_counter() - now) * 1000)
    return len(took) / (perf_counter() - begun), len(took) / max(process_time() - used, 1e-9), took


def _resident() -> int:
    """Bytes of this process's own memory, files that are mapped left out."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


class _environment:  # noqa: N801
    """Environment variables while children start."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._values}
        os.environ.update(self._values)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
