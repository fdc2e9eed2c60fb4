"""A real server of pictures on loopback that keeps count, and remembers what it was asked with."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Answer", "PictureServer", "served_pictures"]


@dataclass(frozen=True)
class Answer:
    """What a path answers. An ``ETag`` or ``Last-Modified`` among the headers is honoured."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class PictureServer:
    """A running server.

    Attributes:
        host: ``127.0.0.1:PORT``.
        answers: by path; others answer 404.
        sent: how often each path sent a body.
        asked: how often each path was asked for.
        seen: headers of the last request, in lower case.
    """

    host: str
    answers: dict[str, Answer] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    seen: dict[str, str] = field(default_factory=dict)

    def put(self, path: str, body: bytes, **headers: str) -> str:
        """The address of ``body`` from now on. Header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = Answer(body, headers=named)
        return f"http://{self.host}{path}"

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        self.answers[path] = Answer(status=status, headers={"Location": to})
        return f"http://{self.host}{path}"


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that has had enough hangs up."""


@contextmanager
def served_pictures() -> Iterator[PictureServer]:
    """A server for as long as a test needs it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are written one after the other

        def do_GET(self) -> None:
            answer = shop.answers.get(self.path, Answer(b"no such picture", 404))
            shop.asked[self.path] += 1
            shop.seen = {name.lower(): value for name, value in self.headers.items()}
            known = (self.headers["If-None-Match"], self.headers["If-Modified-Since"])
            given = (answer.headers.get("ETag"), answer.headers.get("Last-Modified"))
            same = any(one is not None and one == other for one, other in zip(known, given, strict=True))
            self.send_response(304 if same else answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if not same:
                shop.sent[self.path] += 1
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if not same:
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    shop = PictureServer(f"127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
