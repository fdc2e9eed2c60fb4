"""The Python client: what generation gives, typed, and at work on a real server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import serving

from clients.generate import PYTHON, generate
from shelfsight import Engine, open_engine
from shelfsight.api.service.keys import Order, Scope
from shelfsight.api.service.service import Service
from shelfsight.core.settings import AccessSettings, ServerSettings

CLIENT = PYTHON.parents[1]


def contents(folder: Path) -> dict[str, str]:
    """path -> text of every module below ``folder``."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.py"))}


@pytest.mark.slow
def test_the_generated_part_is_that_of_this_api(tmp_path: Path) -> None:
    generate(tmp_path / "rest")
    made, kept = contents(tmp_path / "rest"), contents(PYTHON)
    assert {path for path in {*made, *kept} if made.get(path) != kept.get(path)} == set(), "run `make client`"


@pytest.mark.slow
def test_it_is_typed(tmp_path: Path) -> None:
    options = ["--config-file=", "--strict", "--explicit-package-bases", "--cache-dir", str(tmp_path)]
    command = [sys.executable, "-m", "mypy", *options, "shelfsight_client", "examples"]
    found = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert (CLIENT / "shelfsight_client" / "py.typed").exists()


@pytest.fixture
def demo_copy(demo_collection: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a copy of the demo collection."""
    shutil.copytree(demo_collection, tmp_path / "demo.collection")
    with open_engine(tmp_path / "demo.collection") as engine:
        yield engine


@pytest.fixture
def guarded(demo_copy: Engine, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URL of a server on a copy of the demo, and a key for writing."""
    access, server = AccessSettings(keys="required"), ServerSettings(state=tmp_path / "state")
    settings = demo_copy.settings.model_copy(update={"access": access, "server": server})
    service = Service.of(demo_copy, settings)
    _, key = service.access.keys.create(Order(name="client", scope=Scope.WRITE))
    with serving(service) as url:
        yield url, key


def run_example(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CLIENT / "examples" / "shop.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(CLIENT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_the_example(guarded: tuple[str, str], demo_copy: Engine) -> None:
    url, key = guarded
    before = demo_copy.count()
    best = demo_copy.search("a red mug", k=5)
    alike = demo_copy.similar(best.hits[0].id, k=2)
    done = run_example(url, "--key", key)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"{before} items; the best for 'a red mug':"
    assert lines[1:6] == [f"  {hit.rank}. {hit.title} ({hit.score:.3f})" for hit in best.hits]
    assert lines[6] == f"put in: Copy of {best.hits[0].title}, {{'price': 1.5}}"
    titles = [best.hits[0].title, *(hit.title for hit in alike.hits)]
    assert lines[7] == f"like it: {', '.join(map(str, titles))}"
    assert lines[8].startswith(f"done: {before} items in ")
    assert lines[9] == "taken out again"
    assert demo_copy.count() == before


STREAM = """
import json, sys
from shelfsight_client import Done, connect, search_events
from shelfsight_client.rest.models.search_request import SearchRequest
first, *_, last = search_events(connect(sys.argv[1], key=sys.argv[2]), SearchRequest(query="a mug", k=1))
assert isinstance(last, Done)
print(json.dumps([hit.title for hit in first.page.hits]))
"""


def test_titles_that_hold_ends_of_lines_do_not_end_an_event(guarded: tuple[str, str], demo_copy: Engine) -> None:
    odd = "one\u2028two\u2029three\x85four"
    id = demo_copy.search("a mug", k=1).hits[0].id
    demo_copy.patch({id: {"title": odd}})
    done = subprocess.run(
        [sys.executable, "-c", STREAM, *guarded],
        env={**os.environ, "PYTHONPATH": str(CLIENT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout) == [odd]


def test_a_problem_is_an_error(guarded: tuple[str, str]) -> None:
    done = run_example(guarded[0])
    assert done.returncode == 1
    assert "ProblemError: unauthenticated: this needs an API key" in done.stderr
    done = run_example(guarded[0], "--key", guarded[1], "--collection", "nowhere")
    assert "ProblemError: not_found: there is no collection 'nowhere'" in done.stderr
