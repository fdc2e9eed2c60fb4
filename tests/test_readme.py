"""The README's commands, run as written, in the README's order.

Every line of a ``sh`` block is a command. Those that serve are waited for until they answer, kept running while the
rest of their block runs, and then interrupted as a person would. ``make test`` is left out: this runs inside it.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVES = ("make demo", "shelfsight serve")
LEFT_OUT = ("make test", "git clone")
READY_SECONDS = 400


def blocks() -> list[list[str]]:
    joined = (block.replace("\\\n", " ") for block in BLOCK.findall((ROOT / "README.md").read_text("utf-8")))
    commands = ([line.strip() for line in block.splitlines() if line.strip()] for block in joined)
    return [[line for line in block if not line.startswith(LEFT_OUT)] for block in commands]


def environment() -> dict[str, str]:
    """The caller's, with ``.venv`` activated as the README tells, and no browser to pop up."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "BROWSER": "true", "PYTHONUNBUFFERED": "1"}


def serve_until_ready(command: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=ROOT, env=environment(), start_new_session=True)
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen("http://127.0.0.1:8000/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    kill(process)
    pytest.fail(f"{command!r} did not become ready; it left with {process.returncode}")


def kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        kill(process)
        pytest.fail("the server did not stop within 30 s of an interrupt")


def run_block(commands: list[str]) -> None:
    serving = None
    try:
        for command in commands:
            if any(words in command for words in SERVES):
                serving = serve_until_ready(command)
            else:
                done = subprocess.run(
                    ["bash", "-c", command], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"{command!r} failed:\n{done.stdout}\n{done.stderr}"
    finally:
        if serving is not None:
            interrupt(serving)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_command_of_the_readme_works_as_written() -> None:
    found = blocks()
    assert any("make demo" in block for block in found), "the README has lost its first command"
    for block in found:
        run_block(block)
