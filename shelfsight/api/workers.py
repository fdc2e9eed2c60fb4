"""Several processes that answer on one socket, and one that sees to it that there are as many as there should be."""

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from types import FrameType

from shelfsight.api.console import say
from shelfsight.api.service import logs, metrics_files
from shelfsight.api.service.opening import Served
from shelfsight.core.cores import cores
from shelfsight.core.errors import ShelfsightError, StoreError, status_of

__all__ = ["serve_workers"]

_TICK = 0.25
_MARGIN = 5.0
"""Seconds beyond the grace after which a worker that does not end is killed."""
_PAUSES = (0.0, 1.0, 2.0, 5.0, 15.0)
"""Seconds between a worker's end before it could answer and the next try: the more such ends, the longer."""
_THREADS = "OMP_NUM_THREADS"


def serve_workers(bound: socket.socket, served: Served) -> int:
    """Serve in ``settings.server.workers`` processes until SIGINT or SIGTERM; the exit code.

    The processes share the socket and the files that are mapped into memory; each has its share of the cores'
    threads. One that dies is replaced. When it is over each of them gets ``settings.server.grace_seconds`` to end what
    is open; a second signal ends all of them at once.
    """
    count = served.settings.server.workers
    os.environ.setdefault(_THREADS, str(max(1, cores() // count)))  # read by the workers before they load a library
    with bound:
        metrics_files.prepare(served.state)
        return _Supervisor(bound, served, count).run()


@dataclass(slots=True, eq=False)
class _Worker:
    """One process. ``heard``: what it tells when it answers, and ``answers``: whether it has."""

    process: SpawnProcess
    heard: Connection
    answers: bool = False

    def listen(self) -> None:
        with suppress(EOFError, OSError):
            if not self.answers and self.heard.poll():
                self.answers = bool(self.heard.recv())


class _Supervisor:
    """The first worker comes alone, so that what keeps it from serving is told once and ends the start; the others
    when it answers. From then on whoever dies is replaced."""

    def __init__(self, bound: socket.socket, served: Served, count: int) -> None:
        self._bound, self._served, self._count = bound, served, count
        self._workers: list[_Worker] = []
        self._started = 0
        self._settled = False
        self._fruitless = 0
        self._next_start = 0.0
        self._signals = 0
        self._killed_at: float | None = None
        self._code = 0

    def run(self) -> int:
        """Serve until the end; the exit code."""
        with self._signalled():
            self._start()
            while self._workers:
                wait([worker.process.sentinel for worker in self._workers], timeout=_TICK)
                self._look()
        return self._code

    def _look(self) -> None:
        for worker in self._workers:
            worker.listen()
            self._settled |= worker.answers
        for worker in [each for each in self._workers if not each.process.is_alive()]:
            self._workers.remove(worker)
            self._bury(worker)
        if self._signals:
            self._end()
        elif self._settled and monotonic() >= self._next_start:
            self._fill()

    def _fill(self) -> None:
        """As many as there should be; where the system gives no more now, it is asked again later."""
        try:
            while len(self._workers) < self._count:
                self._start()
        except OSError as error:
            self._put_off(self._fruitless + 1)
            logs.say(self._served.settings.log, f"a worker cannot be started for now: {error.strerror}")

    def _put_off(self, fruitless: int) -> None:
        self._fruitless = fruitless
        self._next_start = monotonic() + _PAUSES[min(fruitless, len(_PAUSES) - 1)]

    def _start(self) -> None:
        """One more; one that takes another's place is ready before it answers."""
        spawn = multiprocessing.get_context("spawn")
        heard, told = spawn.Pipe(duplex=False)
        place = {"first": not self._started, "warm": self._started >= self._count}
        process = spawn.Process(target=_work, args=(self._bound, self._served, told, os.getpid()), kwargs=place)
        process.start()
        told.close()
        self._workers.append(_Worker(process, heard))
        self._started += 1

    def _bury(self, worker: _Worker) -> None:
        code = worker.process.exitcode or 0
        with suppress(StoreError):  # what it counted is not lost: it is where it wrote it
            metrics_files.bury(worker.process.pid or 0)
        worker.process.close()
        worker.heard.close()
        if self._signals or not self._settled:
            self._code = self._code or max(code, 0 if self._signals else 1)
            return
        self._put_off(0 if worker.answers else self._fruitless + 1)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        logs.say(self._served.settings.log, f"a worker {how}; another one takes its place")

    def _end(self) -> None:
        if self._killed_at is None:
            self._killed_at = monotonic() + self._served.settings.server.grace_seconds + _MARGIN
            for worker in self._workers:
                worker.process.terminate()
        elif monotonic() > self._killed_at:
            self._kill()

    def _kill(self) -> None:
        for worker in self._workers:
            worker.process.kill()

    @contextmanager
    def _signalled(self) -> Iterator[None]:
        def count(number: int, _frame: FrameType | None) -> None:
            self._signals += 1
            if self._signals > 1:
                self._kill()
                os._exit(128 + number)

        before = {number: signal.signal(number, count) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _work(bound: socket.socket, served: Served, told: Connection, parent: int, *, first: bool, warm: bool) -> None:
    """What a worker does. It hears of the end from its parent alone: Ctrl-C reaches both at a time."""
    from shelfsight.api.http.readiness import Readiness
    from shelfsight.api.server import announce, check_reachable, server_for

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure(served.settings.log)
    try:
        with bound, served.open() as service:
            check_reachable(bound, service)
            if first:
                announce(bound, service)
            if warm:
                Readiness(service).load()
            server = server_for(service, orphaned=lambda: os.getppid() != parent, on_start=lambda: told.send(True))
            server.run(sockets=[bound])
    except ShelfsightError as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
        sys.exit(status_of(error).exit)
