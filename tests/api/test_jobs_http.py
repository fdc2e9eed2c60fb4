"""Indexing jobs over HTTP, each in a process of its own, compared with the same catalogue indexed here."""

import io
import json
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from job_shop import JobServer, job_server, picture, row, until, write_shop
from picture_server import served_pictures
from tint_shop import problem_of
from zygote import Zygote

from shelfsight import open_engine

COUNTS = ("items", "indexed", "unchanged", "updated", "failed", "deleted", "encoded")


@pytest.fixture
def server(tmp_path: Path, jobs_zygote: Zygote) -> Iterator[JobServer]:
    with job_server(tmp_path, jobs_zygote) as found:
        yield found


def counts(job: dict[str, Any]) -> dict[str, int]:
    assert job["state"] == "done", job
    return {name: job["report"][name] for name in COUNTS if job["report"][name]}


def test_a_job_tells_how_far_it_is_and_leaves_what_the_command_leaves(server: JobServer, tmp_path: Path) -> None:
    catalogue = write_shop(server.root / "autumn", 20)
    job = server.submit("autumn/catalog.jsonl")
    events = list(server.events(job))
    assert [id for id, _, _ in events] == sorted({id for id, _, _ in events})
    states = [said["state"] for _, name, said in events if name == "state"]
    assert states[-2:] == ["running", "done"]
    progress = [said for _, name, said in events if name == "progress"]
    assert [each["done"] for each in progress] == sorted(each["done"] for each in progress)
    assert {name: progress[-1][name] for name in ("done", "total", "pictures", "failed")} == {
        "done": 20,
        "total": 20,
        "pictures": 20,
        "failed": 0,
    }
    found = server.get(job)
    assert found == events[-1][2]
    assert counts(found) == {"items": 20, "indexed": 20, "encoded": 20}
    assert (found["source"], found["collection"], found["error"]) == ("autumn/catalog.jsonl", "shop", None)
    with open_engine(tmp_path / "here", create=True) as here:
        here.index(catalogue)
        for id in here.ids():
            assert server.engine.get(id).metadata == here.get(id).metadata
        page = server.client.post("/v1/search", json={"query": "a green thing", "k": 20}).json()
        assert [hit["id"] for hit in page["hits"]] == [hit.id for hit in here.search("a green thing", k=20).hits]

    write_shop(server.root / "autumn", 15)
    assert counts(server.ended(server.submit("autumn/catalog.jsonl"))) == {"items": 20, "unchanged": 15}
    assert counts(server.ended(server.submit("autumn/catalog.jsonl", prune=True))) == {
        "items": 15,
        "unchanged": 15,
        "deleted": 5,
    }
    listed = server.client.get("/v1/jobs").json()["jobs"]
    assert [each["prune"] for each in listed] == [True, False, False]
    assert listed[-1] == found
    assert server.client.get("/v1/jobs?last=1").json()["jobs"] == listed[:1]


def test_a_client_that_comes_back_gets_what_it_missed_and_then_nothing(server: JobServer) -> None:
    write_shop(server.root, 8)
    job = server.submit()
    events = list(server.events(job))
    for seen in (events[0][0], events[-2][0]):
        assert list(server.events(job, last=seen))[-1] == events[-1]
        assert all(id > seen for id, _, _ in server.events(job, last=seen))
    for odd in ("9" * 5000, "-1", "last", ""):
        again = server.client.get(f"{job}/events", headers={"Last-Event-ID": odd})
        assert (again.status_code, again.text.count("event: state")) == (200, 1)
    end = server.client.get(f"{job}/events", headers={"Last-Event-ID": str(events[-1][0])})
    assert (end.status_code, end.content) == (204, b"")
    assert list(server.events(job))[-1] == events[-1]


def test_those_who_follow_are_told_together_and_bounded(server: JobServer) -> None:
    write_shop(server.root, 40)
    job = server.submit()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: list(server.events(job)), range(8)))
    assert all(events[-1] == told[0][-1] for events in told)
    until(lambda: server.service.jobs.followers == 0)
    server.service.jobs.followers = 100
    again = server.submit()
    refused = server.client.get(f"{again}/events")
    assert problem_of(refused, 429, "busy")["hint"]
    server.service.jobs.followers = 0
    assert server.ended(again)["state"] == "done"


def test_features_for_re_ranking(server: JobServer) -> None:
    write_shop(server.root, 3)
    job = server.submit(features=True)
    stages = [said["stage"] for _, name, said in server.events(job) if name == "progress"]
    assert stages == sorted(stages, reverse=True)
    assert stages[-1] == "features"
    done = server.get(job)
    assert (done["state"], done["report"]["indexed"], done["report"]["features"]) == ("done", 3, 3)
    assert list(server.engine.noted().features.values()) == [3]


def test_uploads_of_every_kind_and_their_failures(server: JobServer) -> None:
    good = [row(number) for number in range(4)]
    bad = [{"id": "b1", "image": "nowhere.png"}, {"id": "b2", "image": "/etc/hostname"}, {"id": "", "image": "x.png"}]
    lines = "".join(json.dumps(each) + "\n" for each in [*good[:2], *bad]).encode()
    cells = [f'{each["id"]},"{each["image"]}",{each["title"]}\n' for each in good[2:]]
    table = f"sku,photo,label\n{''.join(cells)}".encode()
    for number, (name, data, fields) in enumerate(
        [
            ("a.jsonl", lines, {}),
            ("../../b .csv", table, {"columns": json.dumps({"id": "sku", "image": "photo", "title": "label"})}),
            ("c.tar", tarred({"t1.png": picture(8), "t1.json": b'{"title": "In a tar"}', "t2.png": b"no picture"}), {}),
        ]
    ):
        answer = server.client.post("/v1/jobs", files={"catalogue": (name, data)}, data=fields)
        assert answer.status_code == 202, answer.text
        found = server.ended(answer.headers["location"])
        assert not any(server.service.state.rglob(f"{name[-5:]}*")), "it is kept no longer"
        failures = server.client.get(f"{answer.headers['location']}/failures")
        assert failures.headers["content-type"].startswith("application/x-ndjson")
        assert "attachment" in failures.headers["content-disposition"]
        told = [(said["id"], said["reason"]) for said in map(json.loads, failures.text.splitlines())]
        assert (counts(found), told) == [
            (
                {"items": 2, "indexed": 2, "failed": 3, "encoded": 2},
                [("b1", "missing_file"), ("b2", "outside_root"), (None, "empty_id")],
            ),
            ({"items": 4, "indexed": 2, "encoded": 2}, []),
            ({"items": 5, "indexed": 1, "failed": 1, "encoded": 1}, [("t2", "not_a_picture")]),
        ][number]
        assert [(said["id"], said["reason"]) for said in found["report"]["failures"]] == told
    assert server.engine.get("i0003").title == "Thing 3"
    assert server.engine.get("t1").title == "In a tar"


def tarred(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def test_a_catalogue_at_an_address_with_pictures_beside_it(tmp_path: Path, jobs_zygote: Zygote) -> None:
    with served_pictures() as shop:
        table = (
            f"id,image\none,images/1.png\ntwo,http://{shop.host}/2.png\nthree,images/none.png\nfour,../../etc/x.png\n"
        )
        address = shop.put("/feeds/catalog.csv?token=s3cret", table.encode())
        shop.put("/feeds/images/1.png", picture(1), ETag='"1"')
        shop.put("/2.png", picture(2), ETag='"2"')
        with job_server(tmp_path, jobs_zygote, fetch={"private_hosts": (shop.host,), "attempts": 1}) as server:
            for expected in ({"indexed": 2, "encoded": 2}, {"unchanged": 2}):
                job = server.submit(address)
                found = server.ended(job)
                assert counts(found) == {"items": 2, "failed": 2, **expected}
                assert found["source"] == f"http://{shop.host}/feeds/catalog.csv"
                reasons = [each["reason"] for each in found["report"]["failures"]]
                assert sorted(reasons) == ["fetch_failed", "outside_root"]
            assert (shop.sent["/feeds/images/1.png"], shop.sent["/2.png"]) == (1, 1)
            assert server.client.get("/v1/items/one/pictures/0").status_code == 200
            failed = server.ended(server.submit(f"http://{shop.host}/no.csv"))
            assert (failed["state"], failed["error"]["code"]) == ("failed", "bad_catalogue")
        with job_server(tmp_path, jobs_zygote) as server:
            refused = server.ended(server.submit(address))
            assert refused["state"] == "failed"
            assert "refused" in refused["error"]["detail"]
        assert shop.asked["/feeds/catalog.csv?token=s3cret"] == 2


def test_a_catalogue_that_was_mended_at_its_address_is_fetched_again(tmp_path: Path, jobs_zygote: Zygote) -> None:
    with served_pictures() as shop:
        address = shop.put("/catalog.csv", b"name,price\nx,3\n")
        shop.put("/1.png", picture(1))
        with job_server(tmp_path, jobs_zygote, fetch={"private_hosts": (shop.host,)}) as server:
            job = server.submit(address)
            assert server.ended(job)["error"]["code"] == "bad_catalogue"
            shop.put("/catalog.csv", b"id,image\none,1.png\n")
            assert server.client.post(f"{job}/resume").status_code == 202
            assert counts(server.ended(job))["indexed"] == 1


def test_a_catalogue_in_a_store_that_is_allowed(tmp_path: Path, jobs_zygote: Zygote) -> None:
    store = tmp_path / "bucket"
    write_shop(store / "open", 3)
    write_shop(store / "closed", 3)
    with job_server(tmp_path, jobs_zygote, remotes=(f"local://{store}/open",)) as server:
        assert counts(server.ended(server.submit(f"local://{store}/open/catalog.jsonl")))["encoded"] == 3
        assert counts(server.ended(server.submit(f"local://{store}/open/catalog.jsonl"))) == {
            "items": 3,
            "unchanged": 3,
        }
        assert counts(server.ended(server.submit(f"local://{store}/open/images", prune=True)))["deleted"] == 3
        for place, status in {
            f"local://{store}/closed/catalog.jsonl": 403,
            f"local://{store}/openness/catalog.jsonl": 403,
            f"local://{store}/open/../closed/catalog.jsonl": 422,
            f"local://{store}/open/%2e%2e/closed/catalog.jsonl": 422,
            f"file://{store}/open/catalog.jsonl": 403,
            f"simplecache::local://{store}/open/catalog.jsonl": 404,
            f"local://{store}/open/x::local://{store}/closed/catalog.jsonl": 422,
            "s3://bucket/catalog.csv": 403,
        }.items():
            problem_of(server.client.post("/v1/jobs", json={"source": place}), status)


def test_a_job_that_is_cancelled_keeps_what_it_has_and_goes_on_when_told(server: JobServer) -> None:
    write_shop(server.root, 100)
    job = server.submit()
    waiting = server.submit()
    server.until(job, lambda found: found["progress"]["pictures"] >= 16)
    assert server.client.post(f"{job}/cancel").json()["cancelling"]
    cancelled = server.ended(job)
    assert (cancelled["state"], cancelled["cancelling"], cancelled["error"]) == ("cancelled", False, None)
    kept = server.engine.count()
    assert 16 <= kept == cancelled["report"]["indexed"] < 100

    other = server.submit()
    ended = server.client.post(f"{other}/cancel").json()
    assert (ended["state"], ended["ended"] is None) == ("cancelled", False)
    problem_of(server.client.post(f"{other}/cancel"), 409, "conflict")
    server.client.post(f"{waiting}/cancel")
    assert server.ended(waiting)["state"] == "cancelled"

    resumed = server.client.post(f"{job}/resume")
    assert (resumed.status_code, resumed.json()["state"]) == (202, "queued")
    found = server.ended(job)
    before = server.engine.count()
    assert (found["state"], found["begun"], before) == ("done", 2, 100)
    assert found["progress"]["pictures"] == 100, "no picture went through the encoder twice"
    problem_of(server.client.post(f"{job}/resume"), 409, "conflict")


def test_one_job_a_collection_and_as_many_as_are_allowed(tmp_path: Path, jobs_zygote: Zygote) -> None:
    with job_server(tmp_path, jobs_zygote, collections=("one", "two", "three"), running=2) as server:
        write_shop(server.root, 60)
        places = {name: f"/v1/collections/{name}/jobs" for name in ("one", "two", "three")}
        jobs = [server.submit(path=places[name]) for name in ("one", "one", "two", "three")]
        together = set()
        while not all(server.get(job)["ended"] for job in jobs):
            listed = server.client.get("/v1/jobs").json()["jobs"]
            together.add(tuple(sorted(each["collection"] for each in listed if each["state"] == "running")))
        assert ("one", "two") in together
        assert all(len(names) <= 2 and len(names) == len(set(names)) for names in together), together
        listed = server.client.get(places["two"]).json()["jobs"]
        assert [each["collection"] for each in listed] == ["two"]
        problem_of(server.client.get(jobs[2].replace("/two/", "/one/")), 404)
        assert server.client.get(f"/v1/jobs/{listed[0]['id']}").status_code == 200
        problem_of(server.client.post("/v1/collections/four/jobs", json={"source": "catalog.jsonl"}), 404)


def test_a_job_waits_for_one_of_the_command_line(server: JobServer) -> None:
    write_shop(server.root, 3)
    with server.engine.lease("somebody else"):
        job = server.submit()
        waiting = server.until(job, lambda found: found["error"] is not None)
        assert (waiting["state"], waiting["error"]["code"]) == ("queued", "lease_held")
    assert server.client.post(f"{job}/cancel").json()["state"] == "cancelled"
    server.client.post(f"{job}/resume")
    assert counts(server.ended(job))["indexed"] == 3
