"""``shelfsight serve`` with several collections, as a process; and what they share."""

import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
from tint_shop import document, problem_of

from shelfsight import Engine, open_engine
from shelfsight.api.models import Models
from shelfsight.api.service.jobs.book import JobBook
from shelfsight.api.service.jobs.job import JobState, Source
from shelfsight.api.service.jobs.job import Order as JobOrder
from shelfsight.api.service.opening import Served
from shelfsight.core.settings import ServerSettings, Settings


def test_named_collections_and_a_folder(demo_collection: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shelfsight", "serve", "--port", "0", "-c", f"demo={demo_collection}"]
    more = ["--root", str(tmp_path)]
    with subprocess.Popen([*command, *more], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "/demo.collection on http://127.0.0.1:" in line, line
            with httpx.Client(base_url=line.split(" on ")[1].split()[0], timeout=240) as client:
                _use(client)
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".collection")] == ["squares.collection"]
    with open_engine(tmp_path / "squares.collection") as engine:
        assert sorted(engine.ids()) == ["a", "b"]


def _use(client: httpx.Client) -> None:
    assert client.put("/v1/collections/squares", json={}).status_code == 201
    items = [document("a", "red"), document("b", "blue")]
    lines = "".join(json.dumps(item) + "\n" for item in items)
    report = client.post(
        "/v1/collections/squares/items", content=lines, headers={"content-type": "application/x-ndjson"}
    ).json()
    assert (report["indexed"], report["failed"]) == (2, 0)
    client.put("/v1/aliases/colours", json={"collection": "squares"})
    names = [
        (each["name"], each["default"], each["aliases"]) for each in client.get("/v1/collections").json()["collections"]
    ]
    assert names == [("demo", True, []), ("squares", False, ["colours"])]
    for name, total in (("demo", 96), ("squares", 2), ("colours", 2)):
        page = client.post(f"/v1/collections/{name}/search", json={"query": "a blue square"}).json()
        assert page["total"] == total
    problem_of(client.put("/v1/collections/other", json={"encoder": "/etc"}), 422)


def test_collections_of_one_encoder_share_it(demo_collection: Path, tmp_path: Path) -> None:
    served = Served(settings=Settings(), collections=(("demo", demo_collection),), root=tmp_path)
    with served.open() as service:
        engine, new = service.collections.create("other", encoder="embedded", store="exact")
        again: list[Engine] = [service.collections.engine(name) for name in ("demo", "other", "other")]
        assert new
        assert again[1] is again[2] is engine
        shared = again[0].encoder
        assert engine.encoder is shared
        service.collections.remove("other")
        service.collections.create("third", encoder="embedded", store="exact")
        assert service.collections.engine("third").encoder is shared


def test_erasing_reaches_what_jobs_of_the_server_keep(tmp_path: Path) -> None:
    """Jobs of all its collections lie in the one state."""
    settings = Settings(server=ServerSettings(state=tmp_path / "state"))
    for given in (settings, Settings()):
        served = Served(settings=given, root=tmp_path)
        with served.open() as service:
            assert service.state == served.state
            engine, _ = service.collections.create("other", encoder="embedded", store="exact")
            book = JobBook(service.state)
            job = book.add(JobOrder(source=Source(kind="upload", place="a.csv", name="a.csv")), "other")
            book.change(job.id, lambda found: found.with_(state=JobState.FAILED))
            failures = service.state / "jobs" / job.id / "failures.jsonl"
            failures.parent.mkdir(parents=True)
            failures.write_text(json.dumps({"id": "mug-red", "reason": "missing_file"}) + "\n")
            engine.erase(["mug-red"])
            assert failures.read_text() == ""


def test_a_server_may_open_as_many_files_as_the_system_lets_it(tmp_path: Path) -> None:
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, soft), hard))
    try:
        with Served(settings=Settings(), root=tmp_path).open():
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_an_encoder_is_opened_once_for_those_who_want_it(demo_collection: Path) -> None:
    models = Models()
    with open_engine(demo_collection, models=models) as one, open_engine(demo_collection, models=models) as other:
        spec = one.manifest.encoder
        assert one.encoder is other.encoder is models.encoder("embedded") is models.encoder("embedded", spec)
        assert models.encoder("embedded", replace(spec, revision="of tomorrow")) is not one.encoder
