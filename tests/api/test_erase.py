"""Erasing at the front doors: nothing is left in the collection, in its versions, in caches nor in what jobs keep; a
receipt says so, and the audit log has it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from front_door import Cli
from tint_shop import document, open_tints, png, problem_of, served_tints, tinted

from shelfsight import Engine, Settings
from shelfsight.api.service.jobs.book import JobBook
from shelfsight.api.service.jobs.job import JobState, Order, Source
from shelfsight.api.service.keys import Order as KeyOrder
from shelfsight.api.service.opening import Served
from shelfsight.api.service.service import Service
from shelfsight.core.types import Suggestion

Shop = tuple[Service, httpx.Client]
REMARK = "a remark that nobody else makes"
SECRETS = (REMARK.encode(), png("red")[40:], b"a caption of that red thing", b"A red thing")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served_tints(tmp_path, "shop", default="shop") as (service, client):
        filled(client)
        yield service, client


def filled(client: httpx.Client) -> None:
    red = document("mug-red", "red", remark=REMARK)
    assert client.post("/v1/items", json={"items": [red, document("mug-blue", "blue", price=2)]}).status_code == 200


def traces(*folders: Path) -> list[str]:
    """Files, the audit log apart, that hold a secret."""
    files = (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())
    return [str(file) for file in files if any(secret in file.read_bytes() for secret in SECRETS)]


def noted(engine: Engine) -> None:
    store = engine._store
    pictures = {"mug-red": store.fingerprints(["mug-red"])["mug-red"].pictures}
    said = {"caption": Suggestion(value="a caption of that red thing", probability=None, model="m")}
    store.notes.keep_suggestions({"mug-red": said}, pictures)


def test_one_item_goes_for_good_and_the_receipt_is_in_the_audit_log(shop: Shop) -> None:
    service, client = shop
    engine = service.collections.engine()
    noted(engine)
    blue = client.post("/v1/search", json={"query": "blue", "k": 1}).json()["hits"]
    assert client.get("/v1/items/mug-red/thumbnail").status_code == 200
    assert len(traces(engine.path)) >= 2
    answer = client.delete("/v1/items/mug-red", params={"hard": True})
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["ids"], receipt["verified"], receipt["later"]) == (["mug-red"], True, [])
    assert receipt["caches"]["thumbnails"] == 1
    assert {place["name"] for place in receipt["places"]} >= {"items", "notes"}
    assert any("backups" in text for text in receipt["remains"])
    assert traces(engine.path) == []
    assert client.post("/v1/search", json={"query": "blue", "k": 1}).json()["hits"] == blue
    for path in ("/v1/items/mug-red", "/v1/items/mug-red/thumbnail", "/v1/items/mug-red/picture"):
        problem_of(client.get(path), 404, "not_found")
    problem_of(client.delete("/v1/items/mug-red", params={"hard": True}), 404, "not_found")
    lines = [json.loads(line) for line in (service.state / "audit.jsonl").read_text().splitlines()]
    assert next(line for line in lines if line["outcome"] == "done" and "receipt" in line)["receipt"] == receipt


def test_the_digest_is_that_of_the_rest(shop: Shop) -> None:
    _, client = shop
    receipt = client.post("/v1/items/erase", json={"ids": ["mug-red", "mug-none"]}).json()
    digest = receipt.pop("digest")
    text = json.dumps(receipt, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert (receipt["ids"], receipt["absent"]) == (["mug-red"], ["mug-none"])


def test_it_needs_a_key_for_administrators(shop: Shop) -> None:
    service, client = shop
    _, token = service.access.keys.create(KeyOrder(name="shop", scope="write"))
    client.headers["X-API-Key"] = token
    problem_of(client.post("/v1/items/erase", json={"ids": ["mug-red"]}), 403, "forbidden")
    problem_of(client.delete("/v1/items/mug-red", params={"hard": True}), 403, "forbidden")
    problem_of(client.post("/v1/items/erase", json={"ids": []}), 403, "forbidden")
    assert client.get("/v1/items/mug-red").status_code == 200
    _, token = service.access.keys.create(KeyOrder(name="boss", scope="admin"))
    client.headers["X-API-Key"] = token
    problem_of(client.post("/v1/items/erase", json={"ids": []}), 422, "usage")
    tag = client.get("/v1/items/mug-red").headers["etag"]
    client.patch("/v1/items", json={"items": [{"id": "mug-red", "metadata": {"price": 9}}]})
    stale = client.delete("/v1/items/mug-red", params={"hard": True}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert client.delete("/v1/items/mug-red", params={"hard": True}).status_code == 200


def test_what_jobs_keep_of_it_goes_too(shop: Shop) -> None:
    service, client = shop
    engine, book = service.collections.engine(), JobBook(service.state)
    ended, waiting = (_job(service.state, book, f"{name}.csv") for name in ("ended", "waiting"))
    book.change(ended, lambda job: job.with_(state=JobState.FAILED, report={"failures": [_failure("mug-red")]}))
    failures = service.state / "jobs" / ended / "failures.jsonl"
    failures.write_text("".join(json.dumps(_failure(id)) + "\n" for id in ("mug-red", "mug-green")))
    receipt = client.post("/v1/items/erase", json={"ids": ["mug-red"]}).json()
    assert not (service.state / "jobs" / ended / "catalogue" / "ended.csv").exists()
    assert (service.state / "jobs" / ended / "catalogue" / "other.csv").exists()
    assert [json.loads(line)["id"] for line in failures.read_text().splitlines()] == ["mug-green"]
    assert (book.get(ended).report or {})["failures"] == []
    assert len(receipt["later"]) == 1
    assert waiting in receipt["later"][0]
    assert not receipt["verified"]
    assert {Path(file).parent.parent.name for file in traces(engine.path)} == {waiting}


def _job(state: Path, book: JobBook, name: str) -> str:
    order = Order(source=Source(kind="upload", place=name, name=name))
    job = book.add(order, "shop")
    folder = state / "jobs" / job.id / "catalogue"
    folder.mkdir(parents=True)
    (folder / name).write_text(f"id,remark\nmug-red,{REMARK}\n")
    (folder / "other.csv").write_text("id,remark\nmug-blue,blue\n")
    return job.id


def _failure(id: str) -> dict[str, Any]:
    return {"id": id, "reason": "missing_file", "place": "row 1", "message": f"the file of {id} is missing"}


def test_from_the_command_line(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "shop.collection"
    with closing(open_tints(path, create=True)) as engine:
        engine.upsert([tinted("mug-red", "red", remark=REMARK), tinted("mug-blue", "blue")])
    result = cli("delete", "mug-red", "mug-none", "--hard", "-c", path, "--json")
    assert result.code == 0
    receipt = result.document
    assert (receipt["ids"], receipt["absent"], receipt["verified"]) == (["mug-red"], ["mug-none"], True)
    assert traces(path) == []
    assert cli("audit", "-c", path, "--json").document["entries"][0]["receipt"] == receipt
    told = cli("delete", "mug-blue", "--hard", "-c", path)
    assert "1 items erased" in told.out
    assert "backups" in told.err
    assert cli("delete", "--filter", "price < 3", "--hard", "-c", path).code == 2


def _kept_by_an_ended_job(state: Path) -> Path:
    """A copy of a catalogue with the item."""
    book = JobBook(state)
    ended = _job(state, book, "ended.csv")
    book.change(ended, lambda job: job.with_(state=JobState.FAILED))
    return state / "jobs" / ended / "catalogue" / "ended.csv"


def test_from_the_command_line_where_the_state_of_the_server_lies_elsewhere(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, state = tmp_path / "shop.collection", tmp_path / "state"
    with closing(open_tints(path, create=True)) as engine:
        engine.upsert([tinted("mug-red", "red", remark=REMARK)])
    kept = _kept_by_an_ended_job(state)
    monkeypatch.setenv("SHELFSIGHT_SERVER__STATE", str(state))
    receipt = cli("delete", "mug-red", "--hard", "-c", path, "--json").document
    assert receipt["verified"]
    assert not kept.exists()
    assert traces(path, state) == []
    assert cli("audit", "--json").document["entries"][0]["receipt"] == receipt


def test_what_jobs_keep_goes_whichever_collection_of_the_server_it_is(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with closing(open_tints(tmp_path / name, create=True)) as engine:
            engine.upsert([tinted("mug-red", "red", remark=REMARK)])
    served = Served(settings=Settings(), collections=tuple((name, tmp_path / name) for name in ("first", "second")))
    with served.open() as service:
        kept = _kept_by_an_ended_job(service.state)
        assert service.collections.engine("second").erase(["mug-red"]).verified
        assert not kept.exists()
