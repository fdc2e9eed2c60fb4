"""Malformed, slow and oversized requests: each is refused, and the server goes on answering."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from raw_http import exchange, request
from served import serving

from shelfsight import Engine, open_engine
from shelfsight.api.service.service import Service
from shelfsight.core.settings import ServerSettings, Settings

SEARCH = json.dumps({"query": "a red dress", "k": 1}).encode()
JSON = "Content-Type: application/json"
LIMIT = 100_000
GET = "GET /v1/items?k=1 HTTP/1.1"
POST = "POST /v1/search HTTP/1.1"


@pytest.fixture(scope="module")
def engine(demo_collection: Path) -> Iterator[Engine]:
    with open_engine(demo_collection) as opened:
        opened.search("warm", k=1)
        yield opened


@pytest.fixture(scope="module")
def url(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = ServerSettings(
        max_request=LIMIT, head_seconds=0.6, body_seconds=0.6, state=tmp_path_factory.mktemp("state")
    )
    with serving(Service.of(engine, Settings(server=server))) as found:
        yield found


@pytest.fixture(autouse=True)
def _goes_on(url: str) -> Iterator[None]:
    yield
    assert httpx.post(f"{url}/v1/search", content=SEARCH, headers={"Content-Type": "application/json"}).is_success


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def test_what_is_sent_here_is_answered_where_it_is_right(url: str) -> None:
    assert exchange(url, request(GET, "Connection: close")).status == 200
    length = f"Content-Length: {len(SEARCH)}"
    assert exchange(url, request(POST, JSON, length, "Connection: close", body=SEARCH)).status == 200
    parts = chunked(SEARCH[:5], SEARCH[5:])
    sent = request(POST, JSON, "Transfer-Encoding: chunked", "Connection: close", body=parts)
    assert exchange(url, sent).status == 200


BAD = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "HTTP/2's first words": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": request(GET, host=""),
    "two hosts": request(GET, "Host: 127.0.0.1"),
    "two lengths that differ": request(POST, JSON, "Content-Length: 5", "Content-Length: 6", body=b"{    }"),
    "a list of lengths": request(POST, JSON, "Content-Length: 5, 6", body=b"{    }"),
    "a negative length": request(POST, JSON, "Content-Length: -1"),
    "a length that is no number": request(POST, JSON, "Content-Length: 0x10", body=16 * b" "),
    "a signed length": request(POST, JSON, f"Content-Length: +{len(SEARCH)}", body=SEARCH),
    "length and chunks": request(
        POST, JSON, f"Content-Length: {len(SEARCH)}", "Transfer-Encoding: chunked", body=chunked(SEARCH)
    ),
    "chunks and another coding": request(POST, JSON, "Transfer-Encoding: gzip, chunked", body=chunked(SEARCH)),
    "chunked, hidden": request(POST, JSON, "Transfer-Encoding: xchunked", body=chunked(SEARCH)),
    "chunked twice": request(
        POST, JSON, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=chunked(SEARCH)
    ),
    "a space before the colon": request(POST, JSON, "Transfer-Encoding : chunked", body=chunked(SEARCH)),
    "a folded header": request(GET, "X-One: a\r\n b", "X-Two\r\n: c"),
    "a bare line feed in a header": request(GET, "X-One: a\nContent-Length: 7\rX: y"),
    "a null character in a header": request(GET, "X-One: a\0b"),
    "a control character in the path": request("GET /v1/items\x01 HTTP/1.1"),
    "a space in the path": request("GET /v1/items ?k=1 HTTP/1.1"),
    "letters beyond ASCII in the path": request("GET /v1/items/\xe4 HTTP/1.1"),
    "two keys": request(GET, "Authorization: Bearer a", "Authorization: Bearer b"),
    "two types of content": request(POST, JSON, JSON, f"Content-Length: {len(SEARCH)}", body=SEARCH),
    "the address of another server": request("GET http://example.org/v1/items HTTP/1.1"),
    "no address": request("OPTIONS * HTTP/1.1"),
    "a proxy's method": request("CONNECT example.org:443 HTTP/1.1"),
    "a null character in the path": request("GET /v1/items/%00 HTTP/1.1"),
    "a null character in a file's name": request("GET /page/style.css%00.html HTTP/1.1"),
    "a host with a path": request(GET, host="127.0.0.1/evil"),
    "a host with a user": request(GET, host="127.0.0.1@evil.example"),
    "two hosts in one": request(GET, host="127.0.0.1, evil.example"),
    "a host with a space": request(GET, host="127.0.0.1 evil"),
}


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD.keys())
def test_malformed(url: str, sent: bytes) -> None:
    answer = exchange(url, sent, seconds=3)
    assert 400 <= answer.status < 500 or answer.status == 501, answer.text
    assert answer.closed
    assert answer.text.count("HTTP/1.1 ") == 1, "one request has one answer"
    assert "Traceback" not in answer.text


def test_nothing_is_smuggled_behind_a_body(url: str) -> None:
    hidden = b"0\r\n\r\n" + request("GET /v1/facets HTTP/1.1")
    headers = (JSON, f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked")
    answer = exchange(url, request(POST, *headers, body=hidden), seconds=2)
    assert answer.status == 400
    assert "facets" not in answer.text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(GET, *(f"X-{number}: a" for number in range(200))), 431),
        (request(GET, f"X-Long: {'a' * 40_000}"), 431),
        (request(f"GET /v1/items?filter={'a' * 20_000} HTTP/1.1"), 414),
        (request(f"GET /v1/items/{'a' * 20_000} HTTP/1.1"), 414),
        (request(f"GET /{'a' * 300_000} HTTP/1.1"), 400),
    ],
    ids=["many headers", "a long header", "a long query", "a long path", "a line without end"],
)
def test_too_long_a_head(url: str, sent: bytes, status: int) -> None:
    answer = exchange(url, sent)
    assert answer.status in (status, 400)
    assert answer.closed


def test_headers_without_end(url: str) -> None:
    lines = [b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(400)]
    answer = exchange(url, request(GET)[:-2], *lines, seconds=5)
    assert answer.status in (400, 431, 0)
    assert answer.closed


@pytest.mark.parametrize("length", [LIMIT + 1, 10**12, 10**40], ids=["by one", "by far", "beyond any"])
def test_an_announced_body_that_is_too_large_is_not_waited_for(url: str, length: int) -> None:
    answer = exchange(url, request(POST, JSON, f"Content-Length: {length}"), seconds=5)
    assert answer.status in (400, 413)
    assert answer.closed


def test_chunks_without_end(url: str) -> None:
    parts = [chunked(b" " * 10_000)[:-5]] * 50
    answer = exchange(url, request(POST, JSON, "Transfer-Encoding: chunked"), *parts)
    assert answer.status == 413
    assert answer.closed


LIES = {
    "no number": b"zz\r\n{}\r\n0\r\n\r\n",
    "negative": b"-5\r\n{}\r\n",
    "a huge one": b"ffffffffffffffffffffff\r\n{}",
    "longer than it says": b"2\r\n{}XX0\r\n\r\n",
    "an extension without end": b"2;" + b"a" * 70_000,
}


@pytest.mark.parametrize("body", LIES.values(), ids=LIES.keys())
def test_chunks_that_lie(url: str, body: bytes) -> None:
    answer = exchange(url, request(POST, JSON, "Transfer-Encoding: chunked", body=body), seconds=4)
    assert 400 <= answer.status < 500
    assert answer.closed


def test_a_body_that_ends_before_its_length(url: str) -> None:
    answer = exchange(url, request(POST, JSON, "Content-Length: 1000", body=SEARCH), seconds=4)
    assert answer.status == 408
    assert answer.closed
    assert answer.seconds < 3


def test_a_body_that_trickles(url: str) -> None:
    parts = [request(POST, JSON, "Content-Length: 1000"), *([b" "] * 30)]
    answer = exchange(url, *parts, pause=0.1, seconds=5)
    assert answer.status == 408
    assert json.loads(answer.text.partition("\r\n\r\n")[2])["code"] == "too_slow"


def test_headers_that_trickle(url: str) -> None:
    parts = [request(GET)[:-2], *([b"X-A: b\r\n"] * 30)]
    answer = exchange(url, *parts, pause=0.1, seconds=5)
    assert answer.status in (408, 0)
    assert answer.closed
    if answer.status:
        head, _, document = answer.text.partition("\r\n\r\n")
        assert "application/problem+json" in head
        assert json.loads(document)["code"] == "too_slow"


def test_a_connection_that_says_nothing(url: str) -> None:
    answer = exchange(url, seconds=5)
    assert (answer.status, answer.closed) == (0, True)
    assert 0.4 < answer.seconds < 3


def test_slow_senders_keep_nobody_out(url: str) -> None:
    slow = [request(POST, JSON, f"Content-Length: {LIMIT}"), *([b" "] * 4)]
    with ThreadPoolExecutor(60) as pool:
        attacks = [pool.submit(exchange, url, *slow, pause=0.1) for _ in range(60)]
        time.sleep(0.2)
        with httpx.Client(base_url=url) as client:
            assert all(client.get("/v1/items?k=1").status_code == 200 for _ in range(20))
        assert {attack.result().status for attack in attacks} <= {408, 429}


def test_a_refused_body_does_not_hold_the_connection(url: str) -> None:
    """What is wrong with a request is said before its body is there; the rest is not read for ever."""
    sent = request("POST /v1/nothing HTTP/1.1", JSON, "Content-Length: 90000")
    answer = exchange(url, sent, *([b" "] * 40), pause=0.1, seconds=6)
    assert answer.status in (404, 408)
    assert answer.closed
    assert answer.seconds < 5


@pytest.mark.parametrize("header", ["X-Any: a", "Expect: 100-continue"])
def test_a_refused_host_does_not_hold_the_connection_either(url: str, header: str) -> None:
    sent = request("POST /v1/search HTTP/1.1", JSON, "Content-Length: 90000", header, host="evil.example")
    answer = exchange(url, sent, *([b" "] * 40), pause=0.1, seconds=6)
    assert answer.status == 421, "the body is not asked for first"
    assert answer.closed
    assert answer.seconds < 5.5


PATHS = [
    "//etc/passwd",
    "/page//etc/passwd",
    "/page/../app.py",
    "/page/%2e%2e/app.py",
    "/page/..%2fapp.py",
    "/page/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
    "/page/..\\app.py",
    "/page/%252e%252e/app.py",
    "/page/....//app.py",
    "//v1/items",
    "/./v1/items",
    "/v1/../v1/items",
    "/V1/items",
    "/v1/items/../../page/index.html",
    "/v1/items/..%2f..%2f..%2fetc%2fpasswd/picture",
    "/v1/items/%2e%2e/%2e%2e/picture",
    "/v1/collections/../items",
    "/v1/collections/..%2fdemo/items",
    "/v1/collections/%2e%2e/items",
    "/v1/collections/%2fetc/items",
]


@pytest.mark.parametrize("path", PATHS)
def test_paths_that_lead_elsewhere(url: str, path: str) -> None:
    answer = exchange(url, request(f"GET {path} HTTP/1.1", "Connection: close"))
    assert 400 <= answer.status < 500, answer.text
    assert "root:" not in answer.text
    assert "import" not in answer.text
