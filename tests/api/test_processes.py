"""The command line as a process: how fast it answers, what it loads, and how it ends."""

import csv
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from shelfsight import open_engine
from shelfsight.api.commands.demo import SENTENCES

COMMAND = (sys.executable, "-m", "shelfsight")
PATIENCE = 120


def call(*arguments: object, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [*COMMAND, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)  # type: ignore[call-overload, no-any-return]


@contextmanager
def running(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A command that goes on; killed at the end if it still does."""
    command = [*COMMAND, *(str(argument) for argument in arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: object, seconds: float = PATIENCE) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def processor_seconds(arguments: Sequence[object]) -> float:
    before = os.times()
    assert call(*arguments).returncode == 0
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_help_answers_at_once() -> None:
    """Processor time, so that a busy machine does not fail it; on an idle one it is the wall clock."""
    assert statistics.median(processor_seconds(["--help"]) for _ in range(5)) < 0.5


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from shelfsight.api.cli import run; run(['--help']); run(['index', '--help']);"
        "heavy = {'torch', 'fastapi', 'faiss', 'numpy', 'PIL', 'pydantic', 'pyarrow', 'open_clip', 'rich'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "Usage: shelfsight [OPTIONS] COMMAND" in done.stdout


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, shelfsight; dir(shelfsight); print(sorted({'numpy', 'torch', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_stdout_is_one_document_and_nothing_else(demo_collection: Path) -> None:
    """Whatever libraries print or log goes elsewhere."""
    done = call("search", "a red floral dress", "-c", demo_collection, "-k", 2, "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["hits"]) == 2
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_terminal_without_the_letters(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "teal").save(tmp_path / "a.png")
    (tmp_path / "catalog.csv").write_text("id,image,title\nключ,a.png,Tür 靴\n", encoding="utf-8")
    poor = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    done = call("index", tmp_path / "catalog.csv", "-c", tmp_path / "c", env=poor)
    assert done.returncode == 0, done.stderr
    table = call("search", "teal", "-c", tmp_path / "c", env=poor)
    assert table.returncode == 0, table.stderr
    assert "T\\xfcr \\u9774" in table.stdout
    document = call("search", "teal", "-c", tmp_path / "c", "--json", env=poor)
    assert json.loads(document.stdout)["hits"][0]["id"] == "ключ"


def test_a_reader_that_leaves_early(demo_collection: Path) -> None:
    command = f"{' '.join(COMMAND)} search dress -c {demo_collection} -k 90 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stdout.startswith(" #") or done.stdout.startswith("#")
    assert done.stderr.replace("90 of 96 items", "").count("\n") <= 1
    assert "BrokenPipe" not in done.stderr


@pytest.fixture(scope="module")
def long_catalogue(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's pictures forty times over, enough to be stopped in the middle."""
    path = tmp_path_factory.mktemp("long") / "catalog.csv"
    pictures = sorted((demo_folder / "images").iterdir())
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "image"])
        table.writerows([f"{turn}-{picture.name}", picture] for turn in range(40) for picture in pictures)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_index_keeps_what_it_committed(long_catalogue: Path, tmp_path: Path, number: int, code: int) -> None:
    collection = tmp_path / "c"
    with running("index", long_catalogue, "-c", collection, "--json") as process:
        until(lambda: process.poll() is not None or items_in(collection) > 0)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (code, "")
    assert "everything committed so far is kept" in err
    assert "Traceback" not in err
    with open_engine(collection) as engine:
        kept = engine.manifest.items
        assert 0 < kept < 40 * 96
    beginning = long_catalogue.with_name(f"first-{kept + 20}.csv")
    beginning.write_text("".join(long_catalogue.read_text().splitlines(keepends=True)[: 1 + kept + 20]))
    report = json.loads(call("index", beginning, "-c", collection, "--json").stdout)
    assert (report["items"], report["unchanged"], report["encoded"]) == (kept + 20, kept, 20)


def items_in(collection: Path) -> int:
    if not (collection / "manifest.json").exists():
        return 0
    with open_engine(collection) as engine:
        return engine.manifest.items


@pytest.mark.slow
def test_serve_answers_and_ends_cleanly(demo_collection: Path) -> None:
    with running("serve", "-c", demo_collection, "--port", 0) as process:
        assert process.stderr is not None
        url = re.search(r"http://\S+/", process.stderr.readline())
        assert url is not None
        until(lambda: httpx.get(f"{url.group()}readyz").status_code == 200)
        found = httpx.post(f"{url.group()}v1/search", json={"query": "a mug", "k": 1}).json()
        assert len(found["hits"]) == 1
        assert "<title>Shelfsight</title>" in httpx.get(url.group()).text
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_serve_on_a_taken_port(demo_collection: Path) -> None:
    from shelfsight.api.server import bind

    with bind("127.0.0.1", 0) as taken:
        done = call("serve", "-c", demo_collection, "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "cannot listen on 127.0.0.1" in done.stderr


@pytest.mark.slow
def test_demo_runs_and_runs_again(tmp_path: Path) -> None:
    arguments = ("demo", "--no-serve", "--dir", tmp_path / "shop", "--items", 60)
    first = call(*arguments)
    assert first.returncode == 0, first.stderr
    assert "60 indexed; 60 pictures encoded" in first.stderr
    for sentence in SENTENCES:
        assert f'"{sentence}"' in first.stdout
    assert (tmp_path / "shop" / "catalog.csv").exists()
    assert (tmp_path / "shop" / "queries.jsonl").exists()
    second = call(*arguments)
    assert "60 unchanged; 0 pictures encoded" in second.stderr
    strip_times = re.compile(r", in \d+ ms")
    assert strip_times.sub("", second.stdout) == strip_times.sub("", first.stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_answer_that_cannot_be_written_is_a_clear_failure(demo_collection: Path, form: list[str]) -> None:
    command = [*COMMAND, "info", "-c", str(demo_collection), *form]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: the answer cannot be written: No space left on device\n"
