"""The guarded fetcher against servers, names and addresses that mean harm. Real sockets; names by a resolver."""

import contextlib
import gzip
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fetch_network import PUBLIC, Names, Rerouted
from picture_server import Answer, PictureServer, served_pictures
from unruly_server import drip, served_unruly

from shelfsight.catalog.fetching import GuardedFetcher, resolve
from shelfsight.core.errors import PictureError, Reason, UsageError
from shelfsight.core.protocols import Fetched
from shelfsight.core.settings import FetchSettings

OK = b"HTTP/1.1 200 OK\r\n"
PEM = Path(__file__).with_name("shop_example.pem")


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with served_pictures() as running:
        yield running


def port_of(server: PictureServer) -> int:
    return int(server.host.rpartition(":")[2])


def fetch(url: str, *, max_bytes: int = 1_000_000, validator: str | None = None, **given: Any) -> Fetched:
    """One fetch; what is not about ``GuardedFetcher`` itself is a setting."""
    seams = {name: given.pop(name) for name in ("resolver", "network", "certificates") if name in given}
    settings = FetchSettings(**{"attempts": 1, "seconds": 5, **given})
    with GuardedFetcher(settings, **seams) as fetcher:
        return fetcher(url, max_bytes=max_bytes, validator=validator)


def reason(url: str, **given: Any) -> Reason:
    with pytest.raises(PictureError) as caught:
        fetch(url, **given)
    return caught.value.reason


def in_public(server: PictureServer, **given: Any) -> dict[str, Any]:
    """``http://shop.example`` is ``server``."""
    return {"resolver": Names(shop_example=[[PUBLIC]]), "network": Rerouted({PUBLIC: port_of(server)}), **given}


# --- what is to work ------------------------------------------------------------------------------------------------


def test_a_picture_of_a_public_host(server: PictureServer) -> None:
    server.put("/a.png?w=%20", b"picture", ETag='"7"')
    given = in_public(server)
    found = fetch("http://Shop.Example/a.png?w= #top", **given)
    assert (found.data, found.validator) == (b"picture", '"7"')
    assert given["network"].connected == [(PUBLIC, 80)]
    assert given["resolver"].asked == ["shop.example"]
    assert server.seen["host"] == "shop.example"
    assert server.seen["accept-encoding"] == "identity"
    assert not {"cookie", "authorization", "referer"} & set(server.seen)


def test_a_host_that_the_settings_name_may_be_inside(server: PictureServer) -> None:
    url = server.put("/a.png", b"picture")
    assert fetch(url, private_hosts=[server.host]).data == b"picture"
    assert fetch(url, private_hosts=["127.0.0.1"], ports=[port_of(server)]).data == b"picture"
    assert reason(url, private_hosts=["127.0.0.1"]) is Reason.ADDRESS_REFUSED  # of the ports, 80 and 443 only
    assert reason(url, private_hosts=["127.0.0.1:1"]) is Reason.ADDRESS_REFUSED
    assert reason(url, private_hosts=["localhost"], ports=[port_of(server)]) is Reason.ADDRESS_REFUSED


@pytest.mark.parametrize("host", ["", "a/b", "http://a", "a:b", "user@a", "a:0", "::1"])
def test_a_private_host_that_is_none(host: str) -> None:
    with pytest.raises(UsageError, match="private_hosts"):
        GuardedFetcher(FetchSettings(private_hosts=(host,)))


@pytest.mark.parametrize("to", ["/b.png", "b.png", "//shop.example/b.png", "http://shop.example:80/b.png"])
def test_redirects_are_followed(server: PictureServer, to: str) -> None:
    server.put("/b.png", b"picture")
    server.redirect("/a.png", to, 307)
    assert fetch("http://shop.example/a.png", **in_public(server)).data == b"picture"


def test_a_redirect_says_bytes_beyond_ascii_as_browsers_take_them(server: PictureServer) -> None:
    server.put("/%C3%BC.png", b"picture")
    server.put("/%C3%BF.png", b"old")
    for raw, found in (("/ü.png".encode(), b"picture"), (b"/\xff.png", b"old")):
        server.redirect("/a.png", raw.decode("latin-1"))
        assert fetch("http://shop.example/a.png", **in_public(server)).data == found


def test_a_validator_gets_nothing_where_nothing_changed(server: PictureServer) -> None:
    day = "Mon, 06 Jul 2026 10:00:00 GMT"
    for path, said in (("/a", {"ETag": '"1"'}), ("/b", {"Last_Modified": day})):
        url = server.put(path, b"picture", **said)
        given = {"private_hosts": [server.host]}
        known = fetch(url, **given).validator
        assert fetch(url, validator=known, **given) == Fetched(data=None, validator=known)
        server.put(path, b"other", **{name: f"{value[:-1]}2{value[-1]}" for name, value in said.items()})
        assert fetch(url, validator=known, **given).data == b"other"


def test_a_file_gets_the_bytes_of_the_last_attempt(server: PictureServer) -> None:
    url = server.put("/catalogue.csv", b"id,image\n1,a.png\n")
    file = io.BytesIO(b"what was there before, and longer than that")
    with GuardedFetcher(FetchSettings(private_hosts=(server.host,), max_bytes=1)) as fetcher:
        fetcher.save(url, file, max_bytes=100)
        assert file.getvalue() == b"id,image\n1,a.png\n"
        with pytest.raises(PictureError) as caught:
            fetcher.save(url, file, max_bytes=10)
    assert caught.value.reason is Reason.TOO_MANY_BYTES


def test_a_busy_server_is_asked_again() -> None:
    def handle(connection: socket.socket, number: int) -> None:
        answers = {1: b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 2: b"", 3: OK + b"Content-Length: 2\r\n\r\nok"}
        connection.sendall(answers[number])

    with served_unruly(handle) as unruly:
        assert fetch(unruly.url, attempts=3, private_hosts=[unruly.url[7:-3]]).data == b"ok"
        assert unruly.requests == 3


def test_a_server_that_stays_busy_or_wants_to_wait_too_long(server: PictureServer) -> None:
    server.answers["/busy"] = Answer(status=503)
    server.answers["/later"] = Answer(status=429, headers={"Retry-After": "3600"})
    server.answers["/gone"] = Answer(status=404)
    for path, asked in (("/busy", 2), ("/later", 1), ("/gone", 1)):
        assert reason(f"http://{server.host}{path}", attempts=2, private_hosts=[server.host]) is Reason.FETCH_FAILED
        assert server.asked[path] == asked


def test_no_more_than_so_many_at_a_host_at_a_time() -> None:
    most = now = 0
    lock = threading.Lock()

    def handle(connection: socket.socket, _: int) -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        connection.sendall(OK + b"Content-Length: 1\r\nConnection: close\r\n\r\nx")

    with served_unruly(handle) as unruly:
        settings = FetchSettings(private_hosts=(unruly.url[7:-3],), a_host=2)
        found: list[bytes | None] = []
        with GuardedFetcher(settings) as fetcher:
            asking = [
                threading.Thread(target=lambda: found.append(fetcher(unruly.url, max_bytes=9).data)) for _ in range(8)
            ]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join()
    assert (found, most) == ([b"x"] * 8, 2)


# --- where it may not go --------------------------------------------------------------------------------------------

LOOPBACK = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "017700000001"),
    *("0", "0.0.0.0", "127.127.127.127", "localhost", "LOCALHOST", "localhost.", "127.0.0.1."),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
)


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_in_any_spelling(server: PictureServer, host: str) -> None:
    """Names and addresses as the system resolves them; some systems do not know the odder ones."""
    server.put("/", b"secret")
    found = reason(f"http://{host}:{port_of(server)}/", ports=[port_of(server)])
    assert found is Reason.ADDRESS_REFUSED or (found is Reason.FETCH_FAILED and host.endswith("."))
    assert not server.asked


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:169.254.169.254]"),
        *("100.100.100.200", "10.0.0.1", "192.168.1.1", "172.16.0.1", "[fd00:ec2::254]", "[fe80::1]", "[ff02::1]"),
        *("[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "255.255.255.255", "168.63.129.16"),
    ],
)
def test_the_network_around(host: str) -> None:
    network = Rerouted({})
    assert reason(f"http://{host}/latest/meta-data/", network=network) is Reason.ADDRESS_REFUSED
    assert network.connected == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://shop.example@127.0.0.1/", "http://user:password@shop.example/", "http://@127.0.0.1@shop.example/"),
        *("http://shop.example\\@127.0.0.1/", "http://127.0.0.1\\.shop.example/", "http://shop.example:80\\@10.0.0.1/"),
        *("http://127.0.0.1%2f.shop.example/", "http://127.0.0.1%00.shop.example/", "http://127.0.0.1\t.shop.example/"),
        *(
            "http://shop.example/\r\nHost: inside",
            "http://shop.example /",
            "http://[::1%25lo]/",
            "http://[::1",
            "http://",
        ),
        *("http://①②⑦.0.0.1/", "http://127。0。0。1@/", "http://shop.example:0/", "http://shop.example:99999/"),
        *("file:///etc/passwd", "ftp://shop.example/a", "gopher://shop.example/_a", "data:,a", "unix:/run/docker.sock"),
        *("//shop.example/a", "/etc/passwd", "", "shop.example", "http:shop.example", "https:///a", "javascript:1"),
        *("http://shop.example:22/", "http://shop.example:6379/", "https://shop.example:8443/"),
        "http://shop.example/" + "a" * 9000,
    ],
)
def test_addresses_that_are_not_what_they_seem(server: PictureServer, url: str) -> None:
    given = in_public(server)
    assert reason(url, **given) is Reason.ADDRESS_REFUSED
    assert (given["resolver"].asked, given["network"].connected, server.asked.total()) == ([], [], 0)


def test_a_fragment_or_query_that_looks_like_a_host_is_none(server: PictureServer) -> None:
    server.put("/?@127.0.0.1", b"a")
    server.put("/", b"b")
    assert fetch("http://shop.example?@127.0.0.1", **in_public(server)).data == b"a"
    assert fetch("http://shop.example#@127.0.0.1", **in_public(server)).data == b"b"


@pytest.mark.parametrize("answer", [["10.0.0.5"], [PUBLIC, "10.0.0.5"], ["2606:4700::1", "::1"], ["::ffff:10.0.0.5"]])
def test_a_name_one_of_whose_addresses_is_inside(answer: list[str]) -> None:
    network = Rerouted({})
    with pytest.raises(PictureError) as caught:
        fetch("http://shop.example/", resolver=Names(shop_example=[answer]), network=network)
    assert (caught.value.reason, network.connected) == (Reason.ADDRESS_REFUSED, [])
    assert not any(address in str(caught.value) for address in answer)


def test_rebinding_a_name_is_resolved_once_and_what_was_checked_is_connected_to(server: PictureServer) -> None:
    server.put("/a", b"picture")
    given = in_public(server, resolver=Names(shop_example=[[PUBLIC], ["127.0.0.1"]]))
    assert fetch("http://shop.example/a", **given).data == b"picture"
    assert given["network"].connected == [(PUBLIC, 80)]
    assert given["resolver"].asked == ["shop.example"]


def test_rebinding_between_attempts_and_redirects(server: PictureServer) -> None:
    server.answers["/busy"] = Answer(status=503, headers={"Connection": "close"})
    server.answers["/on"] = Answer(status=302, headers={"Connection": "close", "Location": "/busy"})
    for path in ("/busy", "/on"):
        given = in_public(server, resolver=Names(shop_example=[[PUBLIC], ["127.0.0.1"]]))
        assert reason(f"http://shop.example{path}", attempts=3, **given) is Reason.ADDRESS_REFUSED
        assert given["network"].connected == [(PUBLIC, 80)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_to_the_inside(server: PictureServer, status: int) -> None:
    inside = (
        *(f"http://{server.host}/", "http://169.254.169.254/", "//127.0.0.1/", "http://inside.example/"),
        *(
            "http://[::1]/",
            "http://2130706433/",
            "http://u@shop.example/",
            "file:///etc/passwd",
            "http://shop.example:22/",
        ),
    )
    for number, to in enumerate(inside):
        server.redirect(f"/{number}", to, status)
        names = Names(shop_example=[[PUBLIC]], inside_example=[["10.0.0.5"]], otherwise=resolve)
        given = in_public(server, resolver=names)
        assert reason(f"http://shop.example/{number}", **given) is Reason.ADDRESS_REFUSED
        assert given["network"].connected == [(PUBLIC, 80)]
    assert not server.asked["/"]


def test_redirects_without_end(server: PictureServer) -> None:
    server.redirect("/a", "/b")
    server.redirect("/b", "/a")
    assert reason("http://shop.example/a", **in_public(server, redirects=3)) is Reason.ADDRESS_REFUSED
    assert server.asked.total() == 4
    for number in range(3):
        server.redirect(f"/{number}", f"/{number + 1}")
    server.put("/3", b"x")
    assert fetch("http://shop.example/0", **in_public(server, redirects=3)).data == b"x"
    assert reason("http://shop.example/0", **in_public(server, redirects=2)) is Reason.ADDRESS_REFUSED


def test_no_proxy_of_the_environment_is_asked(server: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{server.host}")
    assert reason("http://shop.example/", resolver=Names(shop_example=[[PUBLIC]]), network=Rerouted({}))
    assert not server.asked


def test_cookies_are_forgotten(server: PictureServer) -> None:
    server.answers["/a"] = Answer(status=302, headers={"Location": "/b", "Set-Cookie": "a=1; Path=/"})
    server.put("/b", b"x", Set_Cookie="b=1; Path=/")
    with GuardedFetcher(FetchSettings(private_hosts=(server.host,))) as fetcher:
        for _ in range(2):
            fetcher(f"http://{server.host}/a", max_bytes=9)
            assert "cookie" not in server.seen


def test_what_is_said_is_the_same_whether_nobody_listens_or_there_is_no_such_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        closed = bound.getsockname()[1]
    said = set()
    for names in (Names(), Names(shop_example=[[PUBLIC]])):
        with pytest.raises(PictureError) as caught:
            fetch("http://shop.example/", resolver=names, network=Rerouted({PUBLIC: closed}))
        assert caught.value.reason is Reason.FETCH_FAILED
        said.add(str(caught.value))
    assert said == {"shop.example: cannot be reached, or breaks off"}


# --- TLS ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def secured(location: bytes = b"") -> Iterator[tuple[int, list[str | None]]]:
    """A TLS server for shop.example: its port, and the names that it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    named: list[str | None] = []
    context.sni_callback = lambda _, name, __: named.append(name)

    def serve(bound: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = bound.accept()
                with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(1 << 16)
                    moved = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
                    connection.sendall(moved if location else OK + b"Content-Length: 2\r\n\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as bound:
        thread = threading.Thread(target=serve, args=[bound])
        thread.start()
        yield bound.getsockname()[1], named
        bound.shutdown(socket.SHUT_RDWR)
        thread.join()


def _asked_over_tls(port: int, host: str = "shop.example", trusted: bool = True) -> Fetched:
    names = Names(**{host.replace(".", "_"): [[PUBLIC]]})
    trust = {"certificates": ssl.create_default_context(cafile=str(PEM))} if trusted else {}
    return fetch(f"https://{host}/", resolver=names, network=Rerouted({PUBLIC: port}), **trust)


def test_certificates_are_verified_for_the_name_and_not_the_address() -> None:
    with secured() as (port, named):
        assert _asked_over_tls(port).data == b"ok"
        assert named == ["shop.example"]
        for wrong in ({"host": "other.example"}, {"trusted": False}):
            with pytest.raises(PictureError) as caught:
                _asked_over_tls(port, **wrong)  # type: ignore[arg-type]
            assert caught.value.reason is Reason.FETCH_FAILED


def test_https_never_leads_to_http() -> None:
    with (
        secured(b"http://shop.example/") as (port, _),
        pytest.raises(PictureError, match="from https to http") as caught,
    ):
        _asked_over_tls(port)
    assert caught.value.reason is Reason.ADDRESS_REFUSED


# --- what it may cost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (OK + b"Content-Length: 9000000000000\r\n\r\n", Reason.TOO_MANY_BYTES),
        (OK + b"Content-Length: 20\r\n\r\nbreaks off", Reason.FETCH_FAILED),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", Reason.FETCH_FAILED),
        (OK + b"Content-Length: 0\r\n\r\n", Reason.EMPTY_FILE),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", Reason.FETCH_FAILED),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Reason.FETCH_FAILED),
        (OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\na", Reason.FETCH_FAILED),
        (OK + b"X: " + b"a" * 300_000 + b"\r\n\r\n", Reason.FETCH_FAILED),
        (OK + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 50) for n in range(5000)) + b"\r\n", Reason.FETCH_FAILED),
        (OK + b"X: a\x00b\r\nContent-Length: 1\r\n\r\na", Reason.FETCH_FAILED),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\na", Reason.FETCH_FAILED),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", Reason.FETCH_FAILED),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", Reason.FETCH_FAILED),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Reason.FETCH_FAILED),
        (b"\x15\x03\x01\x00\x02\x02\x46", Reason.FETCH_FAILED),
        (b"", Reason.FETCH_FAILED),
    ],
)
def test_answers_that_are_none(answer: bytes, expected: Reason) -> None:
    def handle(connection: socket.socket, _: int) -> None:
        connection.sendall(answer)

    with served_unruly(handle) as unruly:
        assert reason(unruly.url, private_hosts=[unruly.url[7:-3]]) is expected


def test_a_gzip_bomb_is_neither_opened_nor_read(server: PictureServer) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    url = server.put("/a.png", bomb, Content_Encoding="gzip")
    assert reason(url, private_hosts=[server.host]) is Reason.FETCH_FAILED


@pytest.mark.parametrize(
    ("head", "again"),
    [
        (OK + b"\r\n", bytes(65536)),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(65536) + b"\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 60_000 + b"\r\na\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\nX: " + b"a" * 60_000 + b"\r\n\r\n"),
    ],
    ids=["body", "chunks", "extensions", "interim answers"],
)
def test_endless_answers(head: bytes, again: bytes) -> None:
    sent = 0

    def handle(connection: socket.socket, _: int) -> None:
        nonlocal sent
        connection.sendall(head)
        while True:
            connection.sendall(again)
            sent += len(again)

    with served_unruly(handle) as unruly:
        found = reason(unruly.url, max_bytes=500_000, private_hosts=[unruly.url[7:-3]])
    assert found is Reason.TOO_MANY_BYTES
    assert sent < 20_000_000  # of which most lies in the buffers of loopback


@pytest.mark.parametrize("head", [b"", OK, OK + b"Content-Length: 100000\r\n\r\n"], ids=["status", "headers", "body"])
def test_a_slow_drip_ends_in_time(head: bytes) -> None:
    def handle(connection: socket.socket, _: int) -> None:
        connection.sendall(head)
        drip(connection, b"HTTP/1.1 200 OK\r\nX: y\r\n" * 20, 0.03)

    with served_unruly(handle) as unruly:
        begun = time.monotonic()
        assert reason(unruly.url, seconds=0.3, private_hosts=[unruly.url[7:-3]]) is Reason.FETCH_TOO_SLOW
        assert time.monotonic() - begun < 2


def test_silence_ends_in_time_wherever_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # connects, and never says a word
        host = f"127.0.0.1:{mute.getsockname()[1]}"
        for scheme in ("http", "https"):
            begun = time.monotonic()
            assert reason(f"{scheme}://{host}/", seconds=0.3, private_hosts=[host]) is Reason.FETCH_TOO_SLOW
            assert time.monotonic() - begun < 2


def test_a_name_that_takes_long_to_resolve() -> None:
    asked = threading.Event()

    def slow(_: str, __: int) -> list[str]:
        asked.wait(5)
        return [PUBLIC]

    begun = time.monotonic()
    assert reason("http://shop.example/", seconds=0.2, resolver=slow) is Reason.FETCH_TOO_SLOW
    assert time.monotonic() - begun < 2
    asked.set()
