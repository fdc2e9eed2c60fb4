"""Servers that run indexing jobs, catalogues for them, and what the jobs tell."""

import base64
import io
import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from conforming import conforming
from PIL import Image
from served import serving
from zygote import Zygote

from shelfsight import Engine, open_engine
from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.service import Service
from shelfsight.core.settings import IndexSettings, JobSettings, ServerSettings, Settings

__all__ = ["JOB", "JobServer", "job_pids", "job_server", "picture", "row", "until", "write_shop"]

JOB = "shelfsight.api.service.jobs.child:main"
_PATIENCE = 120.0


def picture(number: int, side: int = 24) -> bytes:
    """A PNG that no other number gives."""
    file = io.BytesIO()
    colour = (number * 37 % 256, number * 101 % 256, number // 256 % 256)
    image = Image.new("RGB", (side, side), colour)
    image.putpixel((number % side, number // side % side), (255, 255, 255))
    image.save(file, "PNG")
    return file.getvalue()


def row(number: int) -> dict[str, Any]:
    """An item that carries its picture itself."""
    data = base64.b64encode(picture(number)).decode()
    return {"id": f"i{number:04}", "title": f"Thing {number}", "image": f"data:image/png;base64,{data}"}


def write_shop(folder: Path, count: int, name: str = "catalog.jsonl") -> Path:
    """A catalogue of ``count`` items, each with a picture file beside it."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(count):
        path = folder / "images" / f"{number:04}.png"
        if not path.exists():
            path.write_bytes(picture(number))
        lines.append(
            {"id": f"i{number:04}", "title": f"Thing {number}", "price": number, "image": f"images/{path.name}"}
        )
    catalogue = folder / name
    catalogue.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return catalogue


@dataclass(frozen=True)
class JobServer:
    """A running server.

    Attributes:
        root: the folder that catalogues may be read from.
    """

    service: Service
    client: httpx.Client
    root: Path

    @property
    def engine(self) -> Engine:
        return self.service.collections.engine()

    def submit(self, source: str = "catalog.jsonl", path: str = "/v1/jobs", **more: Any) -> str:
        """The place of a new job."""
        answer = self.client.post(path, json={"source": source, **more})
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "queued"
        return answer.headers["location"]

    def events(self, job: str, last: int | None = None) -> Generator[tuple[int, str, dict[str, Any]], None, None]:
        """(id, name, document) of every event until the stream ends."""
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        with self.client.stream("GET", f"{job}/events", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            said: dict[str, str] = {}
            for line in answer.iter_lines():
                if line.startswith(":"):
                    continue
                if line:
                    name, _, value = line.partition(": ")
                    said[name] = value
                elif said:
                    yield int(said["id"]), said["event"], json.loads(said["data"])
                    said = {}

    def ended(self, job: str) -> dict[str, Any]:
        """The job when it has ended."""
        for _ in self.events(job):
            pass
        return self.get(job)

    def get(self, job: str) -> dict[str, Any]:
        answer = self.client.get(job)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def until(self, job: str, when: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The job as soon as it is so."""
        return until(lambda: (found := self.get(job)) if when(self.get(job)) else None)


def until(found: Callable[[], Any]) -> Any:
    """What ``found`` gives as soon as it is something."""
    deadline = time.monotonic() + _PATIENCE
    while not (value := found()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
    return value


@contextmanager
def job_server(
    folder: Path,
    zygote: Zygote | None,
    *,
    collections: Sequence[str] = ("shop",),
    server: dict[str, Any] | None = None,
    fetch: dict[str, Any] | None = None,
    **jobs: Any,
) -> Iterator[JobServer]:
    """A server on collections in ``folder``, the first of them the default one, that reads catalogues in
    ``folder/catalogues``.

    Args:
        zygote: what its jobs' processes come from; ``None``: they are begun as they are everywhere.
        jobs: of the settings of jobs.
    """
    root = folder / "catalogues"
    root.mkdir(exist_ok=True)
    settings = Settings.model_validate(
        {
            "jobs": JobSettings(**{"roots": (root,), **jobs}),
            "server": ServerSettings(state=folder / "state", **(server or {})),
            "index": IndexSettings(batch_size=8, commit_items=8, decode_threads=2),
            "fetch": fetch or {},
        }
    )
    with ExitStack() as held:
        engines = {
            name: held.enter_context(open_engine(folder / name, create=True, settings=settings)) for name in collections
        }
        found = Collections(engines, collections[0], aliases=Aliases(folder / "state"))
        service = Service(settings=settings, collections=found)
        if zygote is not None:
            service.jobs.command = zygote.command(JOB)
        url = held.enter_context(serving(service))
        yield JobServer(service, held.enter_context(conforming(url, timeout=_PATIENCE)), root)


def job_pids(parent: int | None = None) -> list[int]:
    """Processes of jobs that ``parent`` has begun; this process, where it is left out."""
    parent = parent or os.getpid()
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and _is_job(path, parent)]


def _is_job(process: Path, parent: int) -> bool:
    try:
        its_parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        return its_parent == parent and b"service.jobs" in (process / "cmdline").read_bytes()
    except OSError:
        return False
