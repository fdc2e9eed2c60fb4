"""Jobs outlive what runs them: servers that stop, workers that go, processes that die."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from job_shop import JobServer, job_pids, job_server, row, until, write_shop
from served import serving
from zygote import Zygote

from shelfsight import open_engine
from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.jobs.book import JobBook
from shelfsight.api.service.service import Service

ITEMS = 240
"""Enough for a job to be stopped before it is done."""


def get_on(server: JobServer, job: str, pictures: int = 8) -> None:
    server.until(job, lambda found: found["progress"]["pictures"] >= pictures)


def test_a_stopped_server_commits_and_the_next_one_goes_on(tmp_path: Path, jobs_zygote: Zygote) -> None:
    with job_server(tmp_path, jobs_zygote) as server:
        write_shop(server.root, ITEMS)
        job = server.submit()
        waiting = server.submit("images")
        get_on(server, job)
    book = JobBook(tmp_path / "state")
    stopped = book.get(job.rpartition("/")[2])
    assert (stopped.state, stopped.error) == ("interrupted", None)
    assert stopped.report is not None
    assert 8 <= stopped.report["items"] == stopped.report["encoded"] == stopped.progress.pictures < ITEMS
    assert book.get(waiting.rpartition("/")[2]).state == "queued"
    assert job_pids() == []

    with job_server(tmp_path, jobs_zygote) as server:
        done, then = server.ended(job), server.ended(waiting)
        assert (done["state"], done["begun"], done["progress"]["pictures"]) == ("done", 2, ITEMS)
        assert done["report"]["unchanged"] == stopped.report["items"]
        assert (then["state"], then["begun"], then["report"]["indexed"]) == ("done", 1, ITEMS)
        assert done["ended"] <= then["started"]


def test_an_upload_is_there_for_the_next_server(tmp_path: Path, jobs_zygote: Zygote) -> None:
    lines = "".join(json.dumps(row(number)) + "\n" for number in range(ITEMS))
    with job_server(tmp_path, jobs_zygote) as server:
        answer = server.client.post("/v1/jobs", files={"catalogue": ("some.jsonl", lines.encode())})
        job = answer.headers["location"]
        get_on(server, job)
    with job_server(tmp_path, jobs_zygote) as server:
        done = server.ended(job)
        assert (done["state"], done["progress"]["pictures"], server.engine.count()) == ("done", ITEMS, ITEMS)


def test_one_worker_runs_jobs_and_another_takes_over(tmp_path: Path, jobs_zygote: Zygote) -> None:
    with job_server(tmp_path, jobs_zygote) as server:
        write_shop(server.root, ITEMS)
        job = server.submit()
        get_on(server, job)
        with open_engine(tmp_path / "shop", settings=server.service.settings) as engine:
            collections = Collections({"shop": engine}, "shop", aliases=Aliases(tmp_path / "state"))
            other = Service(settings=server.service.settings, collections=collections)
            other.jobs.command = server.service.jobs.command
            with serving(other):
                assert len(job_pids()) == 1
                assert other.jobs.get(job.rpartition("/")[2]).begun == 1
                server.service.jobs.stop()
                done = server.ended(job)
                assert (done["state"], done["begun"], done["progress"]["pictures"]) == ("done", 2, ITEMS)
                cancelled = server.submit()
                server.until(cancelled, lambda found: found["state"] != "queued")
                server.client.post(f"{cancelled}/cancel")
                assert server.ended(cancelled)["state"] in ("cancelled", "done"), "told by one, heard by the other"


def test_a_process_that_dies_is_begun_again_and_one_that_always_dies_is_not(
    tmp_path: Path, jobs_zygote: Zygote
) -> None:
    with job_server(tmp_path, jobs_zygote) as server:
        write_shop(server.root, ITEMS)
        job = server.submit()
        get_on(server, job)
        os.kill(until(job_pids)[0], signal.SIGKILL)
        died = server.until(job, lambda found: found["error"] is not None or found["begun"] > 1)
        assert died["begun"] > 1 or (died["state"], died["error"]["code"]) == ("queued", "job_died")
        done = server.ended(job)
        assert (done["state"], done["begun"], done["error"], server.engine.count()) == ("done", 2, None, ITEMS)

        server.service.jobs.stop()
        server.service.jobs.command = ["false"]
        server.service.jobs.start()
        failed = server.ended(server.submit())
        assert (failed["state"], failed["begun"], failed["error"]["code"]) == ("failed", 3, "job_died")
        assert "exit code 1" in failed["error"]["detail"]


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    with job_server(tmp_path, None, kept=3) as server:
        write_shop(server.root, 1)
        server.service.jobs.stop()
        jobs = [server.submit() for _ in range(6)]
        for job in jobs[:5]:
            server.client.post(f"{job}/cancel")
        folder = server.service.state / "jobs" / jobs[0].rpartition("/")[2]
        folder.mkdir(parents=True)
        server.service.jobs.command = ["false"]
        server.service.jobs.start()
        until(lambda: server.client.get(jobs[0]).status_code == 404)
        left = [each["id"] for each in server.client.get("/v1/jobs").json()["jobs"]]
        assert left == [job.rpartition("/")[2] for job in reversed(jobs[2:])]
        until(lambda: not folder.exists())


@pytest.mark.slow
def test_the_process_of_a_job_gives_way_to_searches_and_ends_with_the_server(tmp_path: Path) -> None:
    with job_server(tmp_path, None, niceness=7) as server:
        write_shop(server.root, 500)
        job = server.submit()
        get_on(server, job)
        (pid,) = job_pids()
        process = Path(f"/proc/{pid}")
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(os.getpriority(os.PRIO_PROCESS, 0) + 7, 19)
        settings = dict(each.partition("=")[::2] for each in (process / "environ").read_text().split("\0"))
        assert int(settings["OMP_NUM_THREADS"]) <= max(1, len(os.sched_getaffinity(0)) // 2)
        assert not any("jobs.lock" in str(handle.readlink()) for handle in (process / "fd").iterdir())
        pages = [server.client.post("/v1/search", json={"query": f"a blue thing {n}"}).status_code for n in range(5)]
        assert pages == [200] * 5
        os.kill(pid, signal.SIGSTOP)  # it does not listen
        server.client.post(f"{job}/cancel")
        time.sleep(1)
        assert server.get(job)["cancelling"]
        os.kill(pid, signal.SIGCONT)
        assert server.ended(job)["state"] == "cancelled"
    assert job_pids() == []
