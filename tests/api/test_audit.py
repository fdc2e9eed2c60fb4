"""The audit log: every change, who asked for it and what became of it, on disk before the client is answered."""

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from front_door import Cli
from starlette.types import Receive, Scope, Send
from tint_shop import document, problem_of, served_tints, tinted

from shelfsight.api.http.audited import Audited
from shelfsight.api.service.access import Caller
from shelfsight.api.service.audit import AuditLog, Entry
from shelfsight.api.service.keys import Order
from shelfsight.api.service.service import Service
from shelfsight.core.settings import ServerSettings

Shop = tuple[Service, httpx.Client]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served_tints(tmp_path, "shoes", "hats", default="shoes") as served:
        yield served


def kept(service: Service) -> list[dict[str, Any]]:
    """The lines as they lie on disk, oldest first."""
    return [json.loads(line) for line in (service.state / "audit.jsonl").read_text().splitlines()]


def test_every_change_has_a_line(shop: Shop) -> None:
    service, client = shop
    key, token = service.access.keys.create(Order(name="nightly", scope="admin"))
    client.headers.update({"X-API-Key": token, "X-Request-ID": "run-7"})
    lines = "".join(json.dumps(document(f"n{number}", "red")) + "\n" for number in range(300))
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v1/items", {"json": {"items": [document("one", "red"), document("two", "blue")]}}),
        ("PUT", "/v1/collections/hats/items/a%2Fb", {"json": document("a/b", "red")}),
        ("POST", "/v1/items", {"content": lines, "headers": {"Content-Type": "application/x-ndjson"}}),
        ("PATCH", "/v1/items", {"json": {"items": [{"id": "one", "metadata": {"price": 1}}]}}),
        ("POST", "/v1/items/delete", {"json": {"ids": ["two", "none"]}}),
        ("POST", "/v1/items/delete", {"json": {"filter": "price =="}}),
        ("POST", "/v1/items/delete", {"json": {"filter": "price == 1"}}),
        ("DELETE", "/v1/items/none", {}),
        ("PUT", "/v1/aliases/live", {"json": {"collection": "hats"}}),
        ("DELETE", "/v1/keys/unknown", {}),
        ("PATCH", "/v1/items", {"json": {"items": [{"title": "T"}, {"id": None}, {"id": ["one"]}, {"id": 7}]}}),
    ]
    statuses = [client.request(method, path, **given).status_code for method, path, given in asked]
    assert statuses == [200, 201, 200, 200, 200, 422, 200, 404, 200, 404, 200]
    told = [
        (line["operation"], line["collection"], line["outcome"], line["status"], line["number"], line["ids"][:2])
        for line in kept(service)
    ]
    assert told == [
        ("upsert_items", "shoes", "done", 200, 2, ["one", "two"]),
        ("put_item", "hats", "done", 201, 1, ["a/b"]),
        ("upsert_items", "shoes", "begun", None, 256, ["n0", "n1"]),
        ("upsert_items", "shoes", "done", 200, 300, ["n0", "n1"]),
        ("update_items", "shoes", "done", 200, 1, ["one"]),
        ("delete_items", "shoes", "done", 200, 2, ["two", "none"]),
        ("delete_items", "shoes", "refused", 422, None, []),
        ("delete_items", "shoes", "done", 200, 1, []),
        ("delete_item", "shoes", "refused", 404, 1, ["none"]),
        ("put_alias", "hats", "done", 200, 1, ["live"]),
        ("revoke_key", None, "refused", 404, 1, ["unknown"]),
        ("update_items", "shoes", "done", 200, 1, ["7"]),
    ]
    first = kept(service)[0]
    assert (first["key"], first["name"], first["address"]) == (key.id, "nightly", "127.0.0.1")
    assert {line["request"] for line in kept(service)} == {"run-7"}
    assert token not in (service.state / "audit.jsonl").read_text()


def test_reading_and_refusals_have_none(shop: Shop) -> None:
    service, client = shop
    service.collections.engine().upsert([tinted("one", "red")])
    assert client.post("/v1/search", json={"query": "red"}).is_success
    assert client.post("/v1/items/one/why", json={"query": "red"}).is_success
    _, token = service.access.keys.create(Order(name="page"))
    problem_of(client.post("/v1/items", json={}, headers={"X-API-Key": token}), 403)
    problem_of(client.post("/v1/items", json={}), 401)
    assert not (service.state / "audit.jsonl").exists()


def test_what_came_before_a_bad_end_is_told(tmp_path: Path) -> None:
    """128 rows are in when the next line turns out to be too long."""
    server = ServerSettings(max_request=2_000)
    with served_tints(tmp_path, "shoes", default="shoes", server=server) as (service, client):
        lines = "".join(json.dumps(document(f"n{number}", "red")) + "\n" for number in range(128)) + "x" * 3_000
        answer = client.post("/v1/items", content=lines, headers={"Content-Type": "application/x-ndjson"})
        problem_of(answer, 413)
        assert service.collections.engine().count() == 128
        [line] = kept(service)
        assert (line["outcome"], line["status"], line["number"]) == ("failed", 413, 128)


def test_a_change_that_the_end_of_the_server_cuts_off_has_a_line(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        scope["state"]["entry"] = entry()
        await asyncio.sleep(60)

    async def cut_off() -> None:
        task = asyncio.create_task(Audited(app, log)({"type": "http", "state": {}}, _nothing, _nothing))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cut_off())
    [line] = log.read(10)
    assert (line["operation"], line["outcome"], line["status"]) == ("put_item", "failed", 503)


async def _nothing(*_: Any) -> Any:
    raise AssertionError("nobody is asked for anything")


def test_administrators_read_it(shop: Shop, cli: Cli) -> None:
    service, client = shop
    assert client.put("/v1/items/one", json=document("one", "red")).is_success
    assert client.put("/v1/collections/hats/items/two", json=document("two", "red")).is_success
    entries = client.get("/v1/audit").json()["entries"]
    assert [entry["ids"] for entry in entries] == [["two"], ["one"]], "newest first"
    assert [e["ids"] for e in client.get("/v1/audit", params={"collection": "shoes"}).json()["entries"]] == [["one"]]
    assert client.get("/v1/audit", params={"last": 1}).json()["entries"] == entries[:1]
    assert cli("audit", "--state", service.state, "--json").document["entries"] == entries
    table = cli("audit", "--state", service.state, "--last", 1).out
    assert "put_item" in table
    assert "shoes" not in table
    _, writer = service.access.keys.create(Order(name="writer", scope="write"))
    problem_of(client.get("/v1/audit", headers={"X-API-Key": writer}), 403, "forbidden")


def test_request_ids(shop: Shop) -> None:
    _, client = shop
    own = client.get("/v1/items").headers["x-request-id"]
    assert len(own) == 32
    assert client.get("/v1/items", headers={"X-Request-ID": "shop-1.2_3"}).headers["x-request-id"] == "shop-1.2_3"
    for bad in ("a b", "x" * 65, "a;b", ""):
        assert client.get("/v1/items", headers={"X-Request-ID": bad}).headers["x-request-id"] not in (bad, own)


def entry(operation: str = "put_item") -> Entry:
    return Entry(caller=Caller(key=None, address="192.0.2.1"), operation=operation, request_id="r")


def test_files_are_rotated_and_ours_alone(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "state", most_bytes=1000, kept=3)
    for number in range(40):
        log.write(entry(f"operation {number}").document("done", 200))
    files = sorted((tmp_path / "state").glob("audit.jsonl*"))
    assert [file.name for file in files] == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2", "audit.jsonl.3"]
    assert all(file.stat().st_size <= 1000 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    told = [line["operation"] for line in log.read(100)]
    assert told == [f"operation {number}" for number in range(39, 39 - len(told), -1)]
    assert len(told) >= 12
    assert [line["operation"] for line in log.read(7)] == told[:7]


def test_a_line_cut_short_by_a_crash_harms_no_other(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.write(entry("first").document("done", 200))
    with (tmp_path / "audit.jsonl").open("ab") as file:
        file.write(b'{"time": "20')
    log.write(entry("second").document("done", 200))
    assert [line["operation"] for line in log.read(10)] == ["second", "first"]


def test_processes_write_one_log(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom shelfsight.api.service.audit import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]), most_bytes=3000, kept=50)\n"
        "for n in range(50): log.write({'operation': f'{sys.argv[2]} {n}', 'key': None, 'name': None,"
        " 'collection': None})"
    )
    others = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(number)]) for number in range(3)]
    assert [other.wait() for other in others] == [0, 0, 0]
    told = [line["operation"] for line in AuditLog(tmp_path, kept=50).read(1000)]
    assert sorted(told) == sorted(f"{process} {number}" for process in range(3) for number in range(50))


def test_names_that_would_write_lines_of_their_own(tmp_path: Path) -> None:
    log, odd = AuditLog(tmp_path), entry()
    odd.add(['x\n{"operation": "forged"}', "half \ud800", "l" * 5000])
    log.write(odd.document("done", 200))
    [line] = log.read(10)
    assert line["number"] == 3
    assert line["ids"][0].startswith("x\n{")
    assert len(line["ids"][2]) == 200


def test_a_key_that_is_sent_in_place_of_its_id_is_not_kept(shop: Shop) -> None:
    service, client = shop
    key, token = service.access.keys.create(Order(name="boss", scope="admin"))
    problem_of(client.delete(f"/v1/keys/{token}", headers={"X-API-Key": token}), 404)
    assert kept(service)[0]["ids"] == [f"ss_a_{key.id}"]


def test_a_log_whose_place_is_taken_is_told_elsewhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file")
    AuditLog(tmp_path / "state").write(entry().document("done", 200))
    assert "put_item" in caplog.text
