"""Names that were made to point here, pages of somebody else's, proxies in between, and what browsers are told."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served import serving

from shelfsight import Engine, open_engine
from shelfsight.api.app import create_app
from shelfsight.api.service.keys import KeyRing, Order
from shelfsight.api.service.service import Service
from shelfsight.core.errors import UsageError
from shelfsight.core.settings import AccessSettings, ServerSettings, Settings

SHOP, EVIL = "https://shop.example", "https://evil.example"
QUERY = {"query": "a red dress", "k": 1}


@pytest.fixture(scope="module")
def engine(demo_collection: Path) -> Iterator[Engine]:
    with open_engine(demo_collection) as opened:
        yield opened


@pytest.fixture(scope="module")
def open_(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that needs no key, as on everybody's own machine; one page elsewhere may ask it."""
    server = ServerSettings(state=tmp_path_factory.mktemp("state"), origins=("https://trusted.example",))
    with serving(Service.of(engine, Settings(server=server))) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture(scope="module")
def keyed(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str, str]]:
    """A server with keys: a client, the key of a page, and one for everything."""
    service = Service.of(engine, Settings(server=ServerSettings(state=tmp_path_factory.mktemp("state"))))
    _, page = service.access.keys.create(Order(name="page", origins=(SHOP,)))
    _, admin = service.access.keys.create(Order(name="admin", scope="admin"))
    with serving(service) as url, httpx.Client(base_url=url) as client:
        yield client, page, admin


HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "192.0.2.1", "0.0.0.0",
         "[2001:db8::1]", "127.1", "2130706433", "0x7f000001", "localhost.evil"]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/v1/items", "/", "/openapi.json"])
def test_dns_rebinding(open_: httpx.Client, host: str, path: str) -> None:
    answer = open_.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["code"] == "wrong_host"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1", "127.9.9.9:80", "[::1]:8000", "a.localhost"])
def test_names_of_this_machine(open_: httpx.Client, host: str) -> None:
    assert open_.get("/v1/items", headers={"Host": host}).status_code == 200


def test_probes_ask_by_whatever_name(open_: httpx.Client) -> None:
    assert open_.get("/healthz", headers={"Host": "10.1.2.3:8000"}).status_code == 200


FOREIGN = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_a_page_elsewhere_changes_nothing(open_: httpx.Client, method: str, headers: dict[str, str]) -> None:
    answer = open_.request(method, "/v1/items", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "wrong_origin"
    assert open_.post("/v1/search", files={"query": (None, "red")}, headers=headers).status_code == 403


def test_our_own_page_and_one_that_is_named_may(open_: httpx.Client) -> None:
    own = str(open_.base_url).rstrip("/")
    for headers in ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Origin": "https://trusted.example"}, {}):
        assert open_.post("/v1/search", json=QUERY, headers=headers).status_code == 200
    told = open_.post("/v1/search", json=QUERY, headers={"Origin": "https://trusted.example"})
    assert told.headers["access-control-allow-origin"] == "https://trusted.example"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_what_a_proxy_passes_on_comes_from_elsewhere(open_: httpx.Client, header: str) -> None:
    answer = open_.get("/v1/items", headers={header: "127.0.0.1"})
    assert answer.status_code == 401


def test_a_client_cannot_say_where_it_is(engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service.of(engine, Settings(server=ServerSettings(state=tmp_path)))
    service.access.keys.create(Order(name="page"))
    with serving(service) as url, httpx.Client(base_url=url) as client:
        wrong = [
            client.get("/v1/items", headers={"X-API-Key": "ss_s_a_b", "X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(12)
        ]
    assert [answer.status_code for answer in wrong] == [401] * 10 + [429] * 2
    assert int(wrong[-1].headers["retry-after"]) >= 1
    assert "192.0.2" not in caplog.text


def test_a_proxy_that_is_trusted_can(engine: Engine, tmp_path: Path) -> None:
    service = Service.of(engine, Settings(server=ServerSettings(state=tmp_path, proxies=("127.0.0.1",))))
    service.access.keys.create(Order(name="page"))
    with serving(service) as url, httpx.Client(base_url=url) as client:
        wrong = [
            client.get("/v1/items", headers={"X-API-Key": "ss_s_a_b", "X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(12)
        ]
    assert {answer.status_code for answer in wrong} == {401}


def test_named_hosts_are_the_only_ones(engine: Engine, tmp_path: Path) -> None:
    server = ServerSettings(state=tmp_path, hosts=("search.shop.example",))
    with serving(Service.of(engine, Settings(server=server))) as url, httpx.Client(base_url=url) as client:
        assert client.get("/v1/items", headers={"Host": "search.shop.example"}).status_code == 200
        assert client.get("/v1/items", headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/v1/items").status_code == 200, "this machine itself"


def preflight(client: httpx.Client, origin: str, method: str = "POST") -> httpx.Response:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    return client.options("/v1/search", headers={"Origin": origin, **asked})


def test_preflight_needs_no_key(keyed: tuple[httpx.Client, str, str]) -> None:
    client, _, _ = keyed
    allowed = preflight(client, SHOP)
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == SHOP
    assert {"Authorization", "Content-Type", "X-API-Key"} <= set(
        allowed.headers["access-control-allow-headers"].split(", ")
    )
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "Origin" in allowed.headers["vary"]
    assert "access-control-allow-credentials" not in allowed.headers
    refused = preflight(client, EVIL)
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


def test_the_key_of_a_page_is_for_that_page(keyed: tuple[httpx.Client, str, str]) -> None:
    client, page, admin = keyed
    key = {"Authorization": f"Bearer {page}"}
    answer = client.post("/v1/search", json=QUERY, headers={**key, "Origin": SHOP})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "Origin" in answer.headers["vary"]
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    elsewhere = client.post("/v1/search", json=QUERY, headers={**key, "Origin": EVIL})
    assert elsewhere.status_code == 403
    assert "access-control-allow-origin" not in elsewhere.headers
    assert client.post("/v1/search", json=QUERY, headers=key).status_code == 200, "no browser: no origin"
    every = client.post("/v1/search", json=QUERY, headers={"X-API-Key": admin, "Origin": EVIL})
    assert every.status_code == 200
    assert "access-control-allow-origin" not in every.headers, "a browser does not show the answer to that page"


def test_a_refusal_can_be_read_by_the_page(keyed: tuple[httpx.Client, str, str]) -> None:
    client, _, _ = keyed
    answer = client.post("/v1/search", json=QUERY, headers={"Origin": SHOP})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert client.get("/v1/items").headers["vary"] == "Origin", "a cache must not mix the answers up"


def test_other_names_are_no_danger_where_a_key_is_needed(keyed: tuple[httpx.Client, str, str]) -> None:
    client, _, admin = keyed
    host = {"Host": "search.shop.example"}
    assert client.get("/v1/items", headers=host).status_code == 401
    assert client.get("/v1/items", headers={**host, "X-API-Key": admin}).status_code == 200


def test_policies_stay_strict(keyed: tuple[httpx.Client, str, str]) -> None:
    client, page, _ = keyed
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    for answer in (
        client.get("/v1/items"),
        client.get("/v1/items", headers={"X-API-Key": page}),
        preflight(client, SHOP),
    ):
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_key_is_never_taken_from_the_address(keyed: tuple[httpx.Client, str, str]) -> None:
    client, page, _ = keyed
    for name in ("key", "api_key", "X-API-Key", "access_token", "token"):
        assert client.get("/v1/items", params={name: page}).status_code == 401
    assert client.get("/v1/items", headers={"Cookie": f"X-API-Key={page}"}).status_code == 401
    assert client.get("/v1/items", auth=("key", page)).status_code == 422


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/path", "null"])
def test_settings_name_origins(engine: Engine, tmp_path: Path, origin: str) -> None:
    service = Service.of(engine, Settings(server=ServerSettings(state=tmp_path, origins=(origin,))))
    with pytest.raises(UsageError, match="origin"):
        create_app(service)


def test_a_server_that_others_reach_needs_keys(engine: Engine, tmp_path: Path) -> None:
    def access(keys: str) -> None:
        settings = Settings(server=ServerSettings(state=tmp_path), access=AccessSettings(keys=keys))
        Service.of(engine, settings).access.check_reachable(local=False)

    for keys in ("auto", "required"):
        with pytest.raises(UsageError, match="no API keys") as refused:
            access(keys)
        assert "keys create" in (refused.value.hint or "")
    access("off")
    KeyRing(tmp_path).create(Order(name="one"))
    access("auto")
