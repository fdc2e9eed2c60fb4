"""How servers end, and several processes on one socket: what is open is answered, and who is killed is replaced."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import httpx
import pytest
from job_shop import job_pids, write_shop
from square_vlms import StuckVlm

from shelfsight import open_engine
from shelfsight.api.draining import DrainingServer
from shelfsight.api.server import address_of, bind, server_for
from shelfsight.api.service.service import Service
from shelfsight.core.settings import ServerSettings, Settings

PATIENCE = 120


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it does not happen"
        sleep(0.02)


@contextmanager
def stuck_server(collection: Path, grace: float) -> Iterator[tuple[StuckVlm, DrainingServer, Thread, httpx.Client]]:
    """A server on a vision-language model that answers when the test lets it."""
    vlm, settings = StuckVlm(), Settings(server=ServerSettings(grace_seconds=grace))
    with open_engine(collection, vlm=vlm, settings=settings) as engine, bind("127.0.0.1", 0) as bound:
        server = server_for(Service.of(engine))
        thread = Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            with httpx.Client(base_url=address_of(bound), timeout=30) as client:
                until(lambda: client.get("/readyz").status_code == 200)
                yield vlm, server, thread, client
        finally:
            vlm.released.set()
            server.should_exit = True
            thread.join(20)


def asked_about(client: httpx.Client) -> httpx.Response:
    item = client.get("/v1/items?k=1").json()["hits"][0]["id"]
    return client.post(f"/v1/items/{item}/ask", json={"question": "What is it?"})


def test_what_is_open_is_answered_and_nothing_new_begins(demo_collection: Path) -> None:
    with stuck_server(demo_collection, 20.0) as (vlm, server, thread, client), ThreadPoolExecutor(1) as threads:
        gates = server.config.app.state.gates  # type: ignore[union-attr]
        open_request = threads.submit(asked_about, client)
        until(lambda: gates.requests.admitted == 2 and gates.requests.running == 1)
        server.drain()
        unready = client.get("/readyz")
        assert (unready.status_code, unready.json()["code"]) == (503, "ending")
        assert client.get("/healthz").status_code == 200
        refused = client.post("/v1/search", json={"query": "a mug"})
        assert (refused.status_code, refused.json()["code"]) == (503, "ending")
        sleep(0.3)
        assert thread.is_alive()
        vlm.released.set()
        assert open_request.result(20).status_code == 200
        thread.join(10)
        assert not thread.is_alive()


def test_the_grace_has_an_end(demo_collection: Path) -> None:
    with stuck_server(demo_collection, 0.5) as (_, server, thread, client), ThreadPoolExecutor(1) as threads:
        gates = server.config.app.state.gates  # type: ignore[union-attr]
        open_request = threads.submit(asked_about, client)
        until(lambda: gates.requests.admitted == 2 and gates.requests.running == 1)
        begun = monotonic()
        server.drain()
        thread.join(10)
        assert not thread.is_alive()
        assert 0.5 <= monotonic() - begun < 5.0
        given_up = open_request.result(20)
        assert (given_up.status_code, given_up.json()["code"]) == (503, "ending")


@contextmanager
def running(*arguments: object) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """``shelfsight serve`` on a free port, and its URL. One of a folder of collections loads no model until one of them
    is asked for something that takes it."""
    command = [sys.executable, "-m", "shelfsight", "serve", "--port", "0", *map(str, arguments)]
    quiet = os.environ | {"SHELFSIGHT_LOG__LEVEL": "warning"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=quiet) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://\S+(?=/)", line)
            assert found is not None, line + process.stderr.read()
            yield process, found.group()
        finally:
            process.kill()


def workers_of(process: "subprocess.Popen[str]") -> set[int]:
    """Children that answer requests: not the one that tracks their semaphores."""
    found = set()
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        try:
            if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                found.add(int(child))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are read from /proc")
def test_a_killed_worker_is_replaced_while_the_other_answers(tmp_path: Path) -> None:
    with running("--root", tmp_path, "--workers", "2") as (process, url):
        until(lambda: len(workers_of(process)) == 2)
        before = workers_of(process)
        lost, over = [], Event()

        def ask() -> None:
            while not over.is_set():
                try:
                    assert httpx.get(f"{url}/v1/collections", timeout=PATIENCE).status_code == 200
                except httpx.TransportError:
                    lost.append(1)

        with ThreadPoolExecutor(2) as threads:
            asking = [threads.submit(ask) for _ in range(2)]
            os.kill(min(before), signal.SIGKILL)
            until(lambda: len(workers_of(process) - before) == 1)
            until(lambda: min(before) not in workers_of(process))
            sleep(1.0)
            over.set()
            for each in asking:
                each.result(PATIENCE)
        assert len(lost) <= 2  # each client was in the middle of one request at most
        assert process.stderr is not None
        assert "a worker was killed by signal 9; another one takes its place" in process.stderr.readline()
        now = workers_of(process)
        assert len(now) == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert not any(Path(f"/proc/{worker}").exists() for worker in now)
        assert "Traceback" not in process.stderr.read()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are read from /proc")
def test_jobs_of_a_killed_worker_go_on_in_the_other_which_is_alone_while_none_can_be_started(tmp_path: Path) -> None:
    items = 120
    write_shop(tmp_path / "catalogues", items)
    with open_engine(tmp_path / "shop", create=True):
        pass
    roots = f'jobs.roots=["{tmp_path / "catalogues"}"]'
    with running("--root", tmp_path, "--workers", "2", "--set", roots, "--set", "jobs.niceness=0") as (process, url):
        until(lambda: len(workers_of(process)) == 2)
        before = workers_of(process)
        submitted = httpx.post(f"{url}/v1/collections/shop/jobs", json={"source": "catalog.jsonl"}, timeout=PATIENCE)
        job = url + submitted.headers["location"]
        until(lambda: httpx.get(job, timeout=PATIENCE).json()["progress"]["pictures"])
        (runner,) = (worker for worker in before if job_pids(worker))
        limits = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (5, limits[1]))  # no pipe to a new worker
        os.kill(runner, signal.SIGKILL)
        until(lambda: httpx.get(job, timeout=PATIENCE).json()["ended"])
        found = httpx.get(job, timeout=PATIENCE).json()
        assert (found["state"], found["begun"], found["error"]) == ("done", 2, None)
        assert found["report"]["unchanged"] > 0
        assert found["report"]["unchanged"] + found["report"]["indexed"] == items
        assert workers_of(process) == before - {runner}
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, limits)
        until(lambda: len(workers_of(process)) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        said = process.stderr.read()
        assert "a worker cannot be started for now" in said
        assert "Traceback" not in said


@pytest.mark.slow
def test_a_second_signal_ends_at_once(demo_collection: Path) -> None:
    with running("-c", demo_collection) as (process, url):
        until(lambda: httpx.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200)
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            head = f"POST /v1/search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json"
            slow.sendall(f"{head}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            sleep(0.5)
            process.send_signal(signal.SIGTERM)
            until(lambda: httpx.get(f"{url}/readyz").json()["code"] == "ending")
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 128 + signal.SIGTERM


@pytest.mark.slow
def test_what_keeps_workers_from_serving_is_told_once(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "shelfsight",
        "serve",
        "-c",
        str(tmp_path / "none"),
        "--port",
        "0",
        "--workers",
        "3",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1
