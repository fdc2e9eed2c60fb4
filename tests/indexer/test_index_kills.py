"""Twenty real SIGKILLs during one indexing job, then the comparison with a job that nobody disturbed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from shops import picture_bytes, python_path

from shelfsight.core.protocols import Store
from shelfsight.stores import open_store

ITEMS = 200
KILLS = 20
EARLY = 2  # kills at a random moment from the start on; all others come after a commit
ITEMS_A_ROUND = 9
ENCODER = "embedded"

pytestmark = pytest.mark.slow


def write_catalogue(folder: Path) -> Path:
    """A JSONL catalogue: items with one or two JPEG pictures of 200 pixels."""
    folder.mkdir()
    lines = []
    for number in range(ITEMS):
        names = [f"{number:03}-{each}.jpg" for each in range(number % 2 + 1)]
        for each, name in enumerate(names):
            (folder / name).write_bytes(picture_bytes(10 * number + each, (200, 200), "JPEG"))
        lines.append(json.dumps({"id": f"{number:03}", "title": f"Thing {number}", "price": number, "images": names}))
    path = folder / "catalog.jsonl"
    path.write_text("\n".join(lines))
    return path


class Nursery:
    """``kill_child.py`` at work: jobs that can be killed without losing the loaded encoder."""

    def __init__(self, catalogue: Path, log: Path) -> None:
        environment = os.environ | {"PYTHONPATH": python_path(), "OMP_NUM_THREADS": "1"}
        script = Path(__file__).with_name("kill_child.py")
        command = [sys.executable, str(script), str(catalogue), str(log), ENCODER]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.hashes: dict[str, str] = json.loads(self.wait_for("hashes"))

    def start(self, collection: Path) -> int:
        """A job; its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{collection}\n")
        self.process.stdin.flush()
        return int(self.wait_for("pid"))

    def wait_for(self, word: str, least: int | None = None) -> str:
        """What is said with ``word``, and, where ``least`` is given, is a number as large."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said, _, value = line.strip().partition(" ")
            if said == word and (least is None or int(value) >= least):
                return value
            assert said != "ended", f"the job ended before it said {word} {least}"
        raise AssertionError("the process that starts the jobs is gone")

    def finish(self, collection: Path) -> dict[str, int]:
        """A job that nobody disturbs; its report."""
        self.start(collection)
        report: dict[str, int] = json.loads(self.wait_for("report"))
        assert self.wait_for("ended") == "0"
        return report


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "shop")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "encoded.log"


@pytest.fixture
def nursery(catalogue: Path, log: Path) -> Iterator[Nursery]:
    nursery = Nursery(catalogue, log)
    yield nursery
    nursery.process.kill()
    nursery.process.communicate()


def committed_pictures(collection: Path) -> dict[str, set[str]]:
    """Item -> paths of its pictures, as the collection says right after a kill."""
    if not (collection / "manifest.json").exists():
        return {}
    with closing(open_store(collection)) as store:
        found = store.snapshot().items(list(store.ids()))
        assert len(found) == store.manifest.items
        assert store.manifest.pictures == sum(len(item.pictures) for item in found.values())
    return {id: {str(picture.path) for picture in item.pictures} for id, item in found.items()}


def kill_one(nursery: Nursery, collection: Path, least: int, chance: random.Random) -> None:
    """Start a job and kill it at a random moment after ``least`` items are committed."""
    pid = nursery.start(collection)
    if least:
        nursery.wait_for("committed", least)
    time.sleep(chance.uniform(0, 0.06))
    os.kill(pid, signal.SIGKILL)
    assert nursery.wait_for("ended") == str(-signal.SIGKILL)


def contents(store: Store) -> dict[str, object]:
    """Everything but the vectors."""
    return dict(store.snapshot().items(list(store.ids())))


def test_twenty_kills_lose_nothing_double_nothing_and_repeat_nothing(nursery, log, tmp_path):
    chance = random.Random(11)
    killed, calm = tmp_path / "killed.collection", tmp_path / "calm.collection"
    before: dict[str, set[str]] = {}
    after_a_commit = 0
    for kill in range(KILLS):
        log.write_text("")
        goal = 0 if kill < EARLY else len(before) + chance.randint(1, ITEMS_A_ROUND - 2)
        kill_one(nursery, killed, goal, chance)
        now = committed_pictures(killed)
        assert before.items() <= now.items(), "a committed item is lost or changed"
        check_log(log, nursery.hashes, before)
        after_a_commit += 0 < len(now) < ITEMS
        before = now
    assert after_a_commit >= 15

    log.write_text("")
    report = nursery.finish(killed)
    check_log(log, nursery.hashes, before)
    pictures, kept = len(nursery.hashes), sum(map(len, before.values()))
    assert (report["items"], report["pictures"]) == (ITEMS, pictures)
    assert (report["unchanged"], report["indexed"], report["failed"]) == (len(before), ITEMS - len(before), 0)
    assert report["encoded"] == pictures - kept

    assert nursery.finish(calm)["encoded"] == pictures
    with closing(open_store(killed)) as left, closing(open_store(calm)) as right:
        assert contents(left) == contents(right)
        for id in right.ids():
            np.testing.assert_allclose(left.snapshot().vectors(id), right.snapshot().vectors(id), atol=2e-5)


def check_log(log: Path, hashes: dict[str, str], committed: dict[str, set[str]]) -> None:
    """Nothing that was committed before this job went through the encoder in it, and nothing went twice."""
    encoded = log.read_text().split()
    assert len(encoded) == len(set(encoded))
    assert set(encoded) <= set(hashes.values())
    assert set(encoded).isdisjoint(hashes[path] for paths in committed.values() for path in paths)
