"""What a Milvus server has beside gRPC, as small real HTTP servers: the REST interface of imports, and an object store.

https://milvus.io/api-reference/restful/v2.6.x/v2/Import%20(v2)/Create.md and the pages beside it say what is asked and
answered. A job does what Milvus does: it reads the Parquet files and inserts their rows, all at the end, or none.
"""

import _thread
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow.parquet
import pymilvus


@dataclass
class Job:
    """A job; each look at it takes it a step on."""

    collection: str
    files: list[str]
    steps: list[tuple[str, int]]
    rows: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""


@dataclass
class Importer:
    """The REST interface of the Milvus at ``uri``.

    Attributes:
        folder: where files are that have no absolute path.
        fails: why the next job fails.
        refuses: why the next job does not begin.
        dies: hang up on so many looks.
        kills: interrupt whoever looks, as a person does who presses a key.
        steps: what a job says of itself, look by look, before it is over; it stays at the last while ``held``.
    """

    uri: str
    folder: Path
    url: str = ""
    fails: str = ""
    refuses: str = ""
    dies: int = 0
    kills: bool = False
    held: bool = False
    steps: tuple[tuple[str, int], ...] = (("Pending", 0), ("Importing", 40), ("Importing", 80))
    jobs: dict[str, Job] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """``None``: hang up."""
        request = path.rsplit("/", 1)[1]
        if request == "create":
            return self._create(body)
        if request == "list":
            records = [
                {"jobId": name, "collectionName": job.collection, "state": self._state(job)[0], "progress": 0}
                for name, job in self.jobs.items()
            ]
            return {"code": 0, "data": {"records": records}}
        if self.kills:
            _thread.interrupt_main()
        if self.dies:
            self.dies -= 1
            return None
        return self._describe(body["jobId"])

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.refuses:
            return {"code": 2100, "message": self.refuses}
        name = str(450_000 + len(self.jobs))
        job = Job(body["collectionName"], [file for (file,) in body["files"]], list(self.steps), reason=self.fails)
        for file in job.files:
            job.rows += pyarrow.parquet.read_table(self.folder / file).to_pylist()
        self.jobs[name] = job
        return {"code": 0, "data": {"jobId": name}}

    def _state(self, job: Job) -> tuple[str, int]:
        return job.steps[0] if job.steps else ("Failed" if job.reason else "Completed", 100)

    def _describe(self, name: str) -> dict[str, Any]:
        job = self.jobs[name]
        state, percent = self._state(job)
        if job.steps and not (self.held and len(job.steps) == 1):
            job.steps.pop(0)
            if not job.steps and not job.reason:
                self._insert(job)
        data = {"jobId": name, "collectionName": job.collection, "state": state, "progress": percent}
        rows = len(job.rows) if state == "Completed" else 0
        failed = {"reason": job.reason} if state == "Failed" else {}
        return {"code": 0, "data": {**data, "importedRows": rows, "totalRows": len(job.rows), **failed}}

    def _insert(self, job: Job) -> None:
        client = pymilvus.MilvusClient(self.uri, dedicated=True)
        rows = [{**row, **json.loads(row["$meta"])} for row in job.rows]
        client.insert(job.collection, [{k: v for k, v in row.items() if k != "$meta"} for row in rows])
        client.close()


@contextmanager
def importing(uri: str, folder: Path) -> Iterator[Importer]:
    """The REST interface of the Milvus at ``uri``."""
    importer = Importer(uri, folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            importer.asked.append((self.path, body, self.headers["Authorization"]))
            answer = importer.answer(self.path, body)
            if answer is None:
                self.connection.close()
                return
            _send(self, 200, json.dumps(answer).encode(), "application/json")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with _serving(Handler) as address:
        importer.url = address
        yield importer


@contextmanager
def object_store(folder: Path, *, full: bool = False) -> Iterator[str]:
    """The address of a store that speaks as much of S3 as uploads need, and keeps objects in ``folder``."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if full:
                text = "<Error><Code>StorageFull</Code><Message>no room</Message></Error>"
                _send(self, 507, text.encode(), "application/xml")
                return
            target = folder / unquote(urlsplit(self.path).path).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            _send(self, 200, b"", "text/plain")

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            bucket = asked.path.strip("/")
            prefix = parse_qs(asked.query).get("prefix", [""])[0]
            names = [str(f.relative_to(folder / bucket)) for f in sorted((folder / bucket).rglob("*")) if f.is_file()]
            rows = "".join(
                f"<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size>"
                "<ETag>x</ETag></Contents>"
                for name in names
                if name.startswith(prefix)
            )
            text = f"<ListBucketResult><Name>{bucket}</Name><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
            _send(self, 200, text.encode(), "application/xml")

        def do_DELETE(self) -> None:
            (folder / unquote(urlsplit(self.path).path).lstrip("/")).unlink()
            _send(self, 204, b"", "text/plain")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with _serving(Handler) as address:
        yield address


def _send(handler: BaseHTTPRequestHandler, status: int, data: bytes, kind: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    handler.send_header("ETag", '"x"')
    handler.end_headers()
    handler.wfile.write(data)


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
