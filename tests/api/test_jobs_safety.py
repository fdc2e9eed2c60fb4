"""What jobs must not do: read where they may not, take what they cannot read, listen to whom they should not."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from job_shop import JobServer, job_server, write_shop
from tint_shop import problem_of
from zygote import Zygote

from shelfsight.api.service.jobs.jobs import check_room
from shelfsight.api.service.keys import KeyRing, Order
from shelfsight.core.errors import NotFound, StoreFull

SECRET = "id,image\nsecret,x.png\n"
NOWHERE = "in the folders that catalogues may be read from"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[JobServer]:
    """A server whose jobs never get to run: what is refused here is refused when it is submitted."""
    with job_server(folder, None, max_upload=100_000) as found:
        found.service.jobs.stop()
        yield found


def submit(server: JobServer, **body: Any) -> httpx.Response:
    return server.client.post("/v1/jobs", json=body)


def upload(server: JobServer, name: str, data: bytes, **fields: str) -> httpx.Response:
    return server.client.post("/v1/jobs", files={"catalogue": (name, data)}, data=fields)


def left(server: JobServer) -> list[Path]:
    """Files that uploads left behind."""
    return [path for path in (server.service.state / "jobs").rglob("*") if path.is_file()]


def test_paths_that_lead_out_are_as_if_they_were_not_there(server: JobServer, folder: Path) -> None:
    outside = folder / "outside"
    outside.mkdir()
    (outside / "catalog.csv").write_text(SECRET)
    (folder / "catalogues-2").mkdir()
    (folder / "catalogues-2" / "catalog.csv").write_text(SECRET)
    (server.root / "link.csv").symlink_to(outside / "catalog.csv")
    (server.root / "linked").symlink_to(outside)
    (server.root / "loop").symlink_to(server.root / "loop")
    absent = problem_of(submit(server, source="nothing.csv"), 404)
    for place in (
        "../outside/catalog.csv",
        "..",
        "../catalogues-2/catalog.csv",
        str(outside / "catalog.csv"),
        "/etc/passwd",
        "link.csv",
        "linked/catalog.csv",
        "linked",
        "loop",
        "x/../../outside/catalog.csv",
    ):
        told = problem_of(submit(server, source=place), 404, "not_found")
        assert told["detail"].endswith(NOWHERE)
        assert told["detail"].replace(repr(place), "") == absent["detail"].replace("'nothing.csv'", "")
    for place in ("", " ", "a\0b.csv", "/proc/self/environ\0.csv", "x" * 5000):
        problem_of(submit(server, source=place), 422)
    problem_of(submit(server, source="a" * 300 + ".csv"), 404)


def test_what_a_folder_links_to_elsewhere_is_not_read(server: JobServer, folder: Path) -> None:
    (folder / "secret.csv").write_text(SECRET)
    shards = server.root / "shards"
    shards.mkdir()
    (shards / "part-1.csv").write_text("id,image\na,a.png\n")
    (shards / "part-2.csv").symlink_to(folder / "secret.csv")
    told = problem_of(submit(server, source="shards"), 422, "bad_catalogue")
    assert "outside the folder" in told["detail"]


def test_a_path_that_is_absolute_and_allowed(server: JobServer) -> None:
    write_shop(server.root / "deep", 1)
    for place in (str(server.root / "deep" / "catalog.jsonl"), "deep/../deep/catalog.jsonl", "deep/images"):
        answer = submit(server, source=place)
        assert (answer.status_code, answer.json()["source"]) == (202, place)


def test_no_path_at_all_where_no_folder_is_allowed(tmp_path: Path) -> None:
    with job_server(tmp_path, None, roots=()) as server:
        assert problem_of(submit(server, source="x.csv"), 403)["hint"]
        problem_of(submit(server, source=str(tmp_path)), 403)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("ftp://shop.example/catalog.csv", 403),
        ("s3://bucket/catalog.csv", 403),
        ("memory://catalog.csv", 403),
        ("file:///etc/passwd", 403),
        ("https://shop.example/catalog.xlsx", 422),
        ("https://shop.example/", 422),
        ("https://[::1/catalog.csv", 422),
        ("s3://user:secret@bucket/catalog.csv", 422),
        ("s3://bucket/catalog.csv?versionId=3", 422),
    ],
)
def test_addresses_that_are_not_read(server: JobServer, source: str, status: int) -> None:
    told = problem_of(submit(server, source=source), status)
    assert "secret" not in told["detail"] or "://user" in source


def test_orders_that_cannot_be_understood(server: JobServer) -> None:
    write_shop(server.root, 1)
    for body in (
        {},
        {"source": 3},
        {"source": "catalog.jsonl", "prunes": True},
        {"source": "catalog.jsonl", "columns": {"ids": "x"}},
        {"source": "catalog.jsonl", "columns": {"id": "no_such_column"}},
        {"source": "catalog.jsonl", "columns": {"include": "x"}},
        {"source": "catalog.jsonl", "columns": {"include": ["x" * 201]}},
        {"source": "catalog.jsonl", "prune": "perhaps"},
        [1],
    ):
        problem_of(server.client.post("/v1/jobs", json=body), 422)
    problem_of(server.client.post("/v1/jobs", content=b"x", headers={"content-type": "text/csv"}), 415)
    for place in ("/v1/jobs/nothing", "/v1/jobs/nothing/events", "/v1/jobs/nothing/failures"):
        problem_of(server.client.get(place), 404)
    for place in ("cancel", "resume"):
        problem_of(server.client.post(f"/v1/jobs/nothing/{place}"), 404)
    problem_of(server.client.get("/v1/jobs?last=0"), 422)


@pytest.mark.parametrize("name", ["a.zip", "a.xlsx", "a", ".csv", "a.csv.exe", "", "a.csv/"])
def test_uploads_of_other_kinds_are_refused(server: JobServer, name: str) -> None:
    problem_of(upload(server, name, b"id,image\n"), 422)
    assert left(server) == []


def test_uploads_that_are_no_catalogue_are_refused_at_once_and_leave_nothing(server: JobServer) -> None:
    for name, data in {
        "a.csv": b"",
        "b.csv": b"name,price\nx,3\n",
        "c.parquet": b"PAR1 not really",
        "d.tar": b"not a tar" * 100,
        "e.jsonl.gz": b"not gzip",
    }.items():
        problem_of(upload(server, name, data), 422, "bad_catalogue")
    problem_of(upload(server, "a.csv", b"id,image\n1,x.png\n", prune="maybe"), 422)
    problem_of(upload(server, "a.csv", b"id,image\n1,x.png\n", columns="{"), 422)
    problem_of(upload(server, "a.csv", b"id,image\n1,x.png\n", source="b.csv"), 422)
    assert left(server) == []


def test_uploads_that_are_too_large_are_cut_off(server: JobServer) -> None:
    row = b"1,x.png\n"
    problem_of(upload(server, "a.csv", b"id,image\n" + row * 14_000), 422)
    problem_of(upload(server, "a.csv", b"id,image\n" + row * 200_000), 413)

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="catalogue"; filename="a.csv"\r\n\r\nid,image\n'
        for _ in range(300):
            yield row * 1000

    sent = 0
    try:
        answer = server.client.post(
            "/v1/jobs", content=endless(), headers={"content-type": "multipart/form-data; boundary=x"}
        )
        problem_of(answer, 422)
    except httpx.TransportError:  # it hung up on us while we were sending
        sent += 1
    assert left(server) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of the kind",
        b'--x\r\nContent-Disposition: form-data; name="catalogue"; filename="a.csv"\r\n\r\nid,image\n1,x',
        b'--x\r\nContent-Disposition: form-data; name="prune"\r\n\r\ntrue\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="other"; filename="a.csv"\r\n\r\nid,image\r\n--x--\r\n',
        b"--x\r\n" + b"A: b\r\n" * 100 + b"\r\nx\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="prune"\r\n\r\n' + b"t" * 70_000 + b"\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="prune"\r\n\r\ntrue\r\n' * 2 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="catalogue"; filename="a.csv"\r\n\r\nid,image\r\n' * 2
        + b"--x--\r\n",
    ],
)
def test_forms_that_are_none(server: JobServer, body: bytes) -> None:
    answer = server.client.post("/v1/jobs", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert left(server) == []
    answer = server.client.post("/v1/jobs", content=body, headers={"content-type": "multipart/form-data"})
    assert answer.status_code in (400, 422)


def test_a_full_disk_is_told_before_anything_is_written(small_disk: Path) -> None:
    with pytest.raises(StoreFull):
        check_room(small_disk)


def test_who_may(tmp_path: Path) -> None:
    with job_server(tmp_path, None, collections=("one", "two")) as server:
        server.service.jobs.stop()
        write_shop(server.root, 1)
        two = server.submit(path="/v1/collections/two/jobs")
        ring = KeyRing(server.service.state)
        keys = {
            name: ring.create(Order.model_validate({"name": name, **more}))[1]
            for name, more in {
                "search": {},
                "write": {"scope": "write"},
                "one": {"scope": "write", "collections": ["one"]},
                "looks": {"scope": "write", "looks_per_day": 5},
            }.items()
        }

        def ask(key: str, method: str, place: str, **more: Any) -> httpx.Response:
            return server.client.request(method, place, headers={"X-API-Key": keys[key]}, **more)

        order = {"source": "catalog.jsonl"}
        for method, place in (
            ("POST", "/v1/jobs"),
            ("GET", "/v1/jobs"),
            ("GET", two),
            ("GET", f"{two}/events"),
            ("GET", f"{two}/failures"),
            ("POST", f"{two}/cancel"),
            ("POST", f"{two}/resume"),
        ):
            problem_of(ask("search", method, place, json=order), 403, "forbidden")
            assert server.client.request(method, place, json=order).status_code == 401
        assert ask("one", "POST", "/v1/jobs", json=order).status_code == 202
        assert [job["collection"] for job in ask("one", "GET", "/v1/jobs").json()["jobs"]] == ["one"]
        assert [job["collection"] for job in ask("write", "GET", "/v1/jobs").json()["jobs"]] == ["one", "two"]
        id = two.rpartition("/")[2]
        problem_of(ask("one", "GET", two), 403)
        problem_of(ask("one", "GET", f"/v1/jobs/{id}"), 404)
        problem_of(ask("one", "POST", f"/v1/jobs/{id}/cancel"), 404)
        problem_of(ask("looks", "POST", "/v1/jobs", json={**order, "features": True}), 403)
        assert ask("write", "POST", f"/v1/jobs/{id}/cancel").json()["state"] == "cancelled"
        lines = (server.service.state / "audit.jsonl").read_text().splitlines()
        cancelled = [line for line in map(json.loads, lines) if line["operation"].startswith("cancel_job")]
        assert cancelled[-1]["ids"] == [id]


def test_the_paths_of_this_machine_are_not_told(tmp_path: Path, jobs_zygote: Zygote) -> None:
    with job_server(tmp_path, jobs_zygote) as server:
        (server.root / "catalog.csv").write_text("id,image\na,none.png\nb,../../x.png\n")
        job = server.submit("catalog.csv")
        found = server.ended(job)
        told = json.dumps(found) + server.client.get(f"{job}/failures").text
        assert found["report"]["failed"] == 2
        assert str(tmp_path) not in told
        server.service.jobs.stop()
        job = server.submit("catalog.csv")
        (server.root / "catalog.csv").unlink()
        with pytest.raises(NotFound) as vanished:
            server.service.jobs.submit(server.service.jobs.get(job.rpartition("/")[2]).order, None)
        server.service.jobs.start()
        found = server.ended(job)
        assert (found["state"], found["error"]["code"]) == ("failed", "not_found")
        assert str(tmp_path) not in json.dumps(found) + vanished.value.message


def test_a_job_that_was_resumed_is_not_told_as_it_was_before(server: JobServer) -> None:
    write_shop(server.root, 1)
    job = server.submit()
    server.client.post(f"{job}/cancel")
    assert [said["state"] for _, _, said in server.events(job)] == ["cancelled"]
    server.client.post(f"{job}/resume")
    with closing(server.events(job)) as events:
        assert next(events)[2]["state"] == "queued"
    server.client.post(f"{job}/cancel")


def test_a_client_that_has_seen_more_than_there_is(server: JobServer) -> None:
    write_shop(server.root, 1)
    job = server.submit()
    server.client.post(f"{job}/cancel")
    for last in ("9" * 5000, "-1", "1e3", "\xb2", ""):
        answer = server.client.get(f"{job}/events", headers={"Last-Event-ID": last.encode("latin-1")})
        assert answer.status_code == 200
        assert '"cancelled"' in answer.text
